"""Copies and patches give what slicing gives, keep holes, and never overwrite by chance."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signstation.errors import (
    ArtifactUnreadable,
    NotWritable,
    OutputExists,
    ProtocolViolation,
)
from signstation.model.outputs import Patch
from signstation.system import files_copy, files_publish
from signstation.system.files_copy import (
    MAX_PATCHES,
    check_patches,
    copy_patched,
    copy_whole,
    in_place,
    keep_metadata,
    unnamed_file,
)
from signstation.system.files_publish import rename_into, sync_data, sync_directory

MIB = 1024 * 1024


@contextmanager
def two_files(folder: Path, content: bytes) -> Iterator[tuple[int, int]]:
    """Open a source with ``content`` and an empty target."""
    (folder / "source").write_bytes(content)
    source = os.open(folder / "source", os.O_RDONLY)
    target = os.open(folder / "target", os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        yield source, target
    finally:
        os.close(source)
        os.close(target)


def sliced(content: bytes, patches: list[Patch]) -> bytes:
    """Apply patches in the obvious way."""
    parts, at = [], 0
    for patch in patches:
        parts += [content[at : patch.offset], patch.new]
        at = patch.offset + patch.old_length
    return b"".join([*parts, content[at:]])


@st.composite
def patched(draw: st.DrawFn) -> tuple[bytes, list[Patch]]:
    """Draw a file with zeros in it and patches that fit it."""
    content = b"".join(
        bytes(n) if zero else os.urandom(n)
        for n, zero in draw(st.lists(st.tuples(st.integers(0, 9000), st.booleans()), max_size=4))
    )
    cuts = sorted(draw(st.lists(st.integers(0, len(content)), max_size=6)))
    pairs = zip(cuts[::2], cuts[1::2], strict=False)
    return content, [Patch(a, b - a, draw(st.binary(max_size=50))) for a, b in pairs]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give one directory to all examples of a property."""
    return tmp_path_factory.mktemp("copies")


@settings(max_examples=80)
@given(patched(), st.sampled_from([0, 1, 10**9]))
def test_patches_are_applied_as_slicing_would(
    folder: Path, example: tuple[bytes, list[Patch]], clone_from: int
) -> None:
    content, patches = example
    with pytest.MonkeyPatch.context() as patcher, two_files(folder, content) as (source, target):
        patcher.setattr(files_copy, "CLONE_FROM", clone_from)
        size = copy_patched(source, target, len(content), patches)
    wanted = sliced(content, patches)
    assert (folder / "target").read_bytes() == wanted
    assert size == len(wanted) == check_patches(patches, len(content))


def test_holes_stay_holes(tmp_path: Path) -> None:
    with two_files(tmp_path, b"") as (_, target):
        source = os.open(tmp_path / "source", os.O_RDWR)
        os.pwrite(source, b"head", 0)
        os.pwrite(source, b"tail", 64 * MIB - 4)
        copy_patched(source, target, 64 * MIB, [Patch(0, 4, b"HEAD!"), Patch(64 * MIB, 0, b"end")])
        os.close(source)
        status = os.fstat(target)
        assert status.st_size == 64 * MIB + 4
        assert status.st_blocks * 512 < MIB
        assert os.pread(target, 5, 0) == b"HEAD!"
        assert os.pread(target, 7, 64 * MIB - 3) == b"tailend"


def test_a_copy_goes_through_memory_where_the_kernel_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between some file systems copy_file_range answers EXDEV."""

    def refused(*_: object) -> int:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "copy_file_range", refused)
    content = os.urandom(3 * MIB + 5)
    with two_files(tmp_path, content) as (source, target):
        copy_whole(source, target, len(content))
    assert (tmp_path / "target").read_bytes() == content


@pytest.mark.parametrize("size", [10, MIB])
def test_a_file_that_became_shorter_is_noticed(tmp_path: Path, size: int) -> None:
    with two_files(tmp_path, bytes(size)) as (source, target):
        os.truncate(tmp_path / "source", size - 5)
        with pytest.raises(ArtifactUnreadable):
            copy_whole(source, target, size)


@pytest.mark.parametrize(
    "patches",
    [
        [Patch(-1, 0, b"")],
        [Patch(0, -1, b"")],
        [Patch(8, 3, b"")],
        [Patch(11, 0, b"")],
        [Patch(5, 0, b""), Patch(0, 1, b"")],
        [Patch(0, 6, b""), Patch(5, 1, b"")],
        [Patch(0, 0, b"")] * (MAX_PATCHES + 1),
        [Patch(0, 0, bytes(65 * MIB))],
    ],
)
def test_patches_that_do_not_fit_are_refused(patches: list[Patch]) -> None:
    with pytest.raises(ProtocolViolation):
        check_patches(patches, 10)


@pytest.mark.parametrize(
    ("patches", "expected"),
    [
        ([], True),
        ([Patch(0, 2, b"ab")], True),
        ([Patch(0, 2, b"ab"), Patch(10, 0, b"more")], True),
        ([Patch(6, 4, b"x")], True),
        ([Patch(0, 2, b"abc")], False),
        ([Patch(0, 2, b"abc"), Patch(10, 0, b"")], False),
    ],
)
def test_what_can_be_done_in_place(patches: list[Patch], *, expected: bool) -> None:
    assert in_place(patches, 10) is expected


def test_mode_owner_and_attributes_are_kept(tmp_path: Path) -> None:
    """But not the attributes that sign the old bytes."""
    with two_files(tmp_path, b"x") as (source, target):
        os.setxattr(tmp_path / "source", "user.origin", b"builder")
        os.fchmod(target, 0o600)
        (tmp_path / "source").chmod(0o4750)
        keep_metadata(os.fstat(source), source, target)
        assert stat.S_IMODE(os.fstat(target).st_mode) == 0o4750
        assert os.getxattr(target, "user.origin") == b"builder"
        assert os.fstat(target).st_uid == os.fstat(source).st_uid


def test_a_rename_never_overwrites_by_chance(tmp_path: Path) -> None:
    (tmp_path / "new").write_bytes(b"new")
    (tmp_path / "taken").write_bytes(b"old")
    directory = os.open(tmp_path, os.O_RDONLY)
    with pytest.raises(OutputExists):
        rename_into((directory, "new"), (directory, "taken"), "taken", replace=False)
    assert (tmp_path / "taken").read_bytes() == b"old"
    rename_into((directory, "new"), (directory, "free"), "free", replace=False)
    rename_into((directory, "free"), (directory, "taken"), "taken", replace=True)
    assert (tmp_path / "taken").read_bytes() == b"new"
    sync_directory(directory, tmp_path)
    os.close(directory)


def test_a_rename_without_flags_goes_by_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NFS refuses flags of renameat2: link(2) does not overwrite either."""
    monkeypatch.setattr(files_publish, "_RENAME_NOREPLACE", 1 << 30)
    (tmp_path / "new").write_bytes(b"new")
    directory = os.open(tmp_path, os.O_RDONLY)
    rename_into((directory, "new"), (directory, "free"), "free", replace=False)
    assert list(tmp_path.iterdir()) == [tmp_path / "free"]
    (tmp_path / "new").write_bytes(b"newer")
    with pytest.raises(OutputExists):
        rename_into((directory, "new"), (directory, "free"), "free", replace=False)
    os.close(directory)
    assert (tmp_path / "free").read_bytes() == b"new"


def test_a_file_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the file system knows no O_TMPFILE."""
    for flag in (os.O_TMPFILE, os.O_DIRECTORY):  # the second: "is a directory", for writing
        monkeypatch.setattr(os, "O_TMPFILE", flag)
        descriptor = unnamed_file(tmp_path)
        assert os.write(descriptor, b"x") == 1
        os.close(descriptor)
        assert list(tmp_path.iterdir()) == []


def test_syncing_tells_errors(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    descriptor = os.open(tmp_path / "file", os.O_RDONLY)
    sync_data([(descriptor, "file")])
    os.close(descriptor)
    with pytest.raises(NotWritable):
        sync_data([(descriptor, "file")])
