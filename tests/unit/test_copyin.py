"""Private copies: what is taken, what is refused, and that nothing is left after a failure."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import time
from pathlib import Path

import pytest

from signstation.app.copyin import KEEP_SECONDS, PIECE, CopyIn, folded, needs_copy, remove_old
from signstation.errors import Cancelled, DiskFull, UsageError
from signstation.model.copies import CopiedIn, CopyNews


def _copy(area: Path, *paths: Path, news: list[CopyNews] | None = None) -> CopiedIn:
    return CopyIn(area, (news if news is not None else []).append).run(paths)


def _refused(result: CopiedIn) -> dict[str, str]:
    return {Path(each.path).name: json.loads(each.error)["code"] for each in result.refused}


def test_files_and_folders_come_to_lie_apart_with_their_digests(tmp_path: Path) -> None:
    tree, other = tmp_path / "stick/rel", tmp_path / "stick/two/rel"
    (tree / "sub").mkdir(parents=True)
    other.parent.mkdir()
    (tree / "sub/a.bin").write_bytes(b"a" * (PIECE + 3))
    (tree / "run").write_bytes(b"b")
    (tree / "run").chmod(0o4755)
    os.utime(tree / "run", (1, 1))
    other.write_bytes(b"c")
    result = _copy(tmp_path / "area", tree, other)
    first, second = result.paths
    assert (first / "sub/a.bin").read_bytes() == b"a" * (PIECE + 3)
    assert second.read_bytes() == b"c"
    assert (result.copied, result.files, result.size) == (True, 3, PIECE + 5)
    assert (first / "run").stat().st_mode & 0o7777 == 0o755
    assert (first / "run").stat().st_mtime == 1
    assert (tmp_path / "area").stat().st_mode & 0o777 == 0o700
    assert result.sums is not None
    done = subprocess.run(
        ["/usr/bin/sha256sum", "--strict", "--check", result.sums.name],
        cwd=result.sums.parent,
        check=True,
        capture_output=True,
    )
    assert done.stdout.count(b": OK") == 3


def test_what_is_no_plain_file_is_refused_with_its_reason(tmp_path: Path) -> None:
    tree = tmp_path / "rel"
    tree.mkdir()
    (tree / "good").write_bytes(b"x")
    (tree / "out").symlink_to("/etc/passwd")
    os.mkfifo(tree / "pipe")
    (tree / "b\u202ead").write_bytes(b"x")
    (tree / "Name").write_bytes(b"1")
    (tree / "name").write_bytes(b"2")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tree / "sock"))
        result = _copy(tmp_path / "area", tree)
    assert result.files == 1
    assert result.refusals == len(result.refused) == 6
    codes = _refused(result)
    assert codes["out"] == "input.leaves-tree"
    assert codes["pipe"] == codes["sock"] == "input.not-regular"
    assert codes["Name"] == codes["name"] == "output.clash"
    assert "input.name-refused" in codes.values()


def test_names_fold_as_media_without_case_do() -> None:
    assert folded("STRASSE") == folded("straße")
    assert folded("e\u0301") == folded("É")
    assert folded("a") != folded("b")


def test_a_stopped_copy_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x" * PIECE * 3)
    copy = CopyIn(tmp_path / "area", lambda _: copy.stop.set())
    with pytest.raises(Cancelled):
        copy.run((tmp_path / "f",))
    assert not (tmp_path / "area").exists()


def test_nothing_to_copy_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        _copy(tmp_path / "area", tmp_path / "missing")
    assert not (tmp_path / "area").exists()


def test_too_little_space_is_told_before_anything_is_copied(tmp_path: Path) -> None:
    with (tmp_path / "huge").open("wb") as sparse:
        sparse.truncate(1 << 43)
    with pytest.raises(DiskFull):
        _copy(tmp_path / "area", tmp_path / "huge")


def test_a_file_that_changes_meanwhile_is_refused(tmp_path: Path) -> None:
    tree = tmp_path / "rel"
    tree.mkdir()
    (tree / "a").write_bytes(b"x" * PIECE)
    (tree / "b").write_bytes(b"x")

    def touch(_: CopyNews) -> None:
        with (tree / "a").open("ab") as file:
            file.write(b"more")

    result = CopyIn(tmp_path / "area", touch).run((tree,))
    assert _refused(result) == {"a": "input.unreadable"}
    assert not (result.paths[0] / "a").exists()
    assert (result.paths[0] / "b").exists()


def test_news_tell_bytes_of_the_whole(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x" * PIECE * 2)
    news: list[CopyNews] = []
    _copy(tmp_path / "area", tmp_path / "f", news=news)
    assert news[0].total == PIECE * 2
    assert news[0].name == "f"


def test_only_what_others_could_change_needs_a_copy(tmp_path: Path) -> None:
    mine, shared = tmp_path / "mine", tmp_path / "shared"
    for each in (mine, shared):
        each.mkdir()
        (each / "f").write_bytes(hashlib.sha256(b"").digest())
    (shared / "f").chmod(0o666)
    assert not needs_copy([mine / "f"])
    assert needs_copy([mine / "f", shared / "f"])
    assert not needs_copy([tmp_path / "missing"])


def test_old_copies_go_and_those_of_open_jobs_stay(tmp_path: Path) -> None:
    now = time.time()
    for name, age in (("old", 2), ("used", 2), ("new", 0)):
        area = tmp_path / name
        area.mkdir()
        os.utime(area, (now - age * KEEP_SECONDS, now - age * KEEP_SECONDS))
    remove_old(tmp_path, [tmp_path / "used/0/rel/x.rpm"], now)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["new", "used"]
    remove_old(tmp_path / "missing", [], now)
