"""Files are opened beneath a root, by content of the name and kind, and walked in bounds."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.errors import (
    DiskFull,
    LeavesTree,
    LimitReached,
    NameRefused,
    NotARegularFile,
    NotWritable,
    OutputExists,
    PathMissing,
    SignstationError,
)
from signstation.system import files_walk
from signstation.system.files import (
    MAX_DEPTH,
    check_name,
    components,
    make_directories,
    open_directory,
    open_regular,
    open_root,
    shown,
    writing,
)
from signstation.system.files_mounts import (
    changeable_by_others,
    file_system_of,
    foreign_place,
    removable,
)
from signstation.system.files_walk import FoundFile, LeftOut, identity, walk


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Make a small tree with everything that a release directory should not hold."""
    root = tmp_path / "root"
    (root / "sub/deep").mkdir(parents=True)
    (root / "a.ko").write_bytes(b"a")
    (root / "sub/b.ko").write_bytes(b"b")
    (root / "sub/deep/c.ko").write_bytes(b"c")
    (tmp_path / "secret").write_bytes(b"s")
    (root / "inside").symlink_to("sub/b.ko")
    (root / "outside").symlink_to("../secret")
    (root / "way").symlink_to("..")
    os.mkfifo(root / "pipe")
    return root


@pytest.fixture
def root(tree: Path) -> Iterator[int]:
    """Open the tree."""
    descriptor = open_root(tree)
    yield descriptor
    os.close(descriptor)


def opened(root: int, name: str) -> bytes:
    """Return the content of a file that may be opened."""
    descriptor = open_regular(root, name, name)
    try:
        return os.read(descriptor, 10)
    finally:
        os.close(descriptor)


def test_a_regular_file_is_opened(root: int) -> None:
    assert opened(root, "sub/deep/c.ko") == b"c"


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("outside", NotARegularFile),
        ("inside", NotARegularFile),
        ("sub", NotARegularFile),
        ("pipe", NotARegularFile),
        ("way/secret", LeavesTree),
        ("../secret", LeavesTree),
        ("/etc/passwd", LeavesTree),
        ("sub//b.ko", LeavesTree),
        ("./a.ko", LeavesTree),
        ("", LeavesTree),
        ("missing", PathMissing),
        ("a.ko/b", PathMissing),
    ],
)
def test_nothing_else_is_opened(root: int, name: str, error: type[SignstationError]) -> None:
    with pytest.raises(error):
        opened(root, name)


def test_a_socket_and_a_device_are_told_by_their_kind(tree: Path, root: int) -> None:
    """A device is not opened at all: opening some has effects."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tree / "socket"))
        with pytest.raises(NotARegularFile) as caught:
            opened(root, "socket")
    assert caught.value.kind == "socket"
    devices = open_root(Path("/dev"))
    with pytest.raises(NotARegularFile) as caught:
        opened(devices, "null")
    os.close(devices)
    assert caught.value.kind == "character device"


def test_too_many_components_are_refused() -> None:
    with pytest.raises(LeavesTree):
        components("/".join("a" * (MAX_DEPTH + 1)), "x")


@pytest.mark.parametrize(
    "name",
    [
        "a\nb",
        "a\x1b[31m",
        "a\u202eb",
        "a\u200bb",
        "a\ufeff",
        "a\x7f",
        "a\x85",
        "a\u2028",
        "a\udcff",
    ],
)
def test_deceiving_names_are_refused(name: str) -> None:
    with pytest.raises(NameRefused):
        check_name(name, name)


@pytest.mark.parametrize("name", ["linux-6.1_amd64.deb", "Größe 5.tar", "日本語.rpm", "-rf", "a b"])
def test_honest_names_pass(name: str) -> None:
    check_name(name, name)


@given(st.binary(min_size=1, max_size=20))
def test_any_name_can_be_shown(raw: bytes) -> None:
    assert shown(os.fsdecode(raw)).encode()


def test_a_walk_keeps_order_and_tells_what_it_leaves_out(tree: Path, root: int) -> None:
    (tree / os.fsdecode(b"bad\xff")).write_bytes(b"")
    found = {entry.name: entry for entry in walk(root, tree)}
    assert [n for n, e in found.items() if isinstance(e, FoundFile)] == [
        "a.ko",
        "sub/b.ko",
        "sub/deep/c.ko",
    ]
    errors = {n: type(e.error) for n, e in found.items() if isinstance(e, LeftOut) and e.error}
    assert errors == {
        "bad\\xff": NameRefused,
        "outside": LeavesTree,
        "way": LeavesTree,
        "pipe": NotARegularFile,
    }
    assert found["inside"] == LeftOut("inside")


def test_a_walk_leaves_out_what_it_is_told_to(tree: Path, root: int) -> None:
    left_out = {identity((tree / "sub/deep").stat())}
    names = [each.name for each in walk(root, tree, leave_out=left_out, hidden_prefix="a.")]
    assert "sub/deep" in names
    assert "sub/deep/c.ko" not in names
    assert "a.ko" not in names


def test_a_walk_is_bounded(tree: Path, root: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_walk, "MAX_ENTRIES", 3)
    with pytest.raises(LimitReached):
        list(walk(root, tree))
    monkeypatch.undo()
    (tree / "/".join("d" * (MAX_DEPTH + 1))).mkdir(parents=True)
    with pytest.raises(LimitReached):
        list(walk(root, tree))


def test_new_directories_are_as_open_as_their_parent(tree: Path, root: int) -> None:
    tree.chmod(0o750)
    before = os.umask(0o077)
    try:
        descriptor = make_directories(root, ("x", "y"), tree / "x/y")
    finally:
        os.umask(before)
    assert os.fstat(descriptor).st_mode & 0o7777 == 0o750
    os.close(descriptor)
    again = make_directories(root, ("x", "y"), tree / "x/y")
    os.close(again)


def test_new_directories_are_not_made_through_a_link(tree: Path, root: int) -> None:
    with pytest.raises(LeavesTree):
        make_directories(root, ("way", "new"), tree / "way/new")
    assert not (tree.parent / "new").exists()


def test_a_missing_directory_is_a_missing_path(root: int, tree: Path) -> None:
    with pytest.raises(PathMissing):
        open_directory(root, ("no",), tree / "no")
    with pytest.raises(PathMissing):
        open_root(tree / "no")


@pytest.mark.parametrize(
    ("number", "error"),
    [(28, DiskFull), (122, DiskFull), (30, NotWritable), (13, NotWritable), (17, OutputExists)],
)
def test_errors_of_writing_are_told_apart(number: int, error: type[SignstationError]) -> None:
    with pytest.raises(error), writing("x"):
        raise OSError(number, os.strerror(number))


def test_who_can_change_a_file(tmp_path: Path) -> None:
    """Another owner, or a world-writable file or directory, lets others change the bytes."""
    path = tmp_path / "file"
    path.write_bytes(b"")
    path.chmod(0o644)
    tmp_path.chmod(0o755)
    assert not changeable_by_others(path.stat(), tmp_path.stat())
    path.chmod(0o666)
    assert changeable_by_others(path.stat(), tmp_path.stat())
    path.chmod(0o644)
    tmp_path.chmod(0o777)
    assert changeable_by_others(path.stat(), tmp_path.stat())
    tmp_path.chmod(0o1777)
    assert not changeable_by_others(path.stat(), tmp_path.stat())
    other = list(path.stat())
    other[4] = os.geteuid() + 1
    assert changeable_by_others(os.stat_result(other), tmp_path.stat())


def test_the_place_of_a_file(tmp_path: Path) -> None:
    assert file_system_of(Path("/proc").stat().st_dev) == "proc"
    assert file_system_of(0xFFFFF) == ""
    assert not removable(tmp_path.stat().st_dev)
    assert not foreign_place(Path("/proc").stat().st_dev)
