"""Exports: names for the target, everything read back, nothing left after a failure."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from signstation.app.exporting import SHEET, Export, check_names
from signstation.errors import (
    Cancelled,
    ContentDamaged,
    LimitReached,
    NameRefused,
    OutputClash,
    OutputExists,
    SignstationError,
    UsageError,
)
from signstation.model.copies import CopyNews
from signstation.model.exports import ExportOrder


def _export(
    tmp_path: Path, *names: str, tell: Callable[[CopyNews], None] = lambda _: None
) -> Export:
    root, place = tmp_path / "signed", tmp_path / "stick"
    place.mkdir(exist_ok=True)
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode() * 100)
    files = tuple(root / name for name in names)
    return Export(ExportOrder(files, root, place, "rel-1"), tell, lambda: None)


def test_a_release_is_written_with_its_structure_and_digests(tmp_path: Path) -> None:
    export = _export(tmp_path, "a.rpm", "deep/er/b.ko")
    assert export.write() == (2, 1700)
    export.finish({"report.html": b"<p>", "report.json": b"{}"})
    assert (export.directory / "deep/er/b.ko").read_bytes() == b"deep/er/b.ko" * 100
    assert (export.directory / "report.html").read_bytes() == b"<p>"
    subprocess.run(
        ["/usr/bin/sha256sum", "--strict", "--check", SHEET],
        cwd=export.directory,
        check=True,
        capture_output=True,
    )


def test_an_existing_directory_is_never_written_into(tmp_path: Path) -> None:
    export = _export(tmp_path, "a")
    export.directory.mkdir()
    (export.directory / "mine").touch()
    with pytest.raises(OutputExists):
        export.write()
    assert [each.name for each in export.directory.iterdir()] == ["mine"]
    export.directory.joinpath("mine").unlink()
    export.directory.rmdir()
    export.directory.symlink_to(tmp_path)
    with pytest.raises(OutputExists):
        export.write()


def test_what_reads_back_differently_is_an_error_and_is_removed(tmp_path: Path) -> None:
    def spoil(news: CopyNews) -> None:
        written = tmp_path / "stick/rel-1" / news.name
        written.write_bytes(b"spoilt")

    export = _export(tmp_path, "a", "b", tell=spoil)
    with pytest.raises(ContentDamaged):
        export.write()
    assert not export.directory.exists()


def test_a_stopped_export_leaves_nothing(tmp_path: Path) -> None:
    export = _export(tmp_path, "a")

    def stop() -> None:
        raise Cancelled

    export.stop = stop
    with pytest.raises(Cancelled):
        export.write()
    assert not export.directory.exists()


@pytest.mark.parametrize("name", ["../x", "a/b", "..", "", "x\u202ey"])
def test_the_new_directory_is_one_plain_name(tmp_path: Path, name: str) -> None:
    export = _export(tmp_path, "a")
    export.order = ExportOrder(export.order.files, export.order.root, export.order.place, name)
    with pytest.raises(SignstationError):
        export.write()
    assert list((tmp_path / "stick").iterdir()) == []


def test_files_outside_the_root_and_names_of_ours_are_refused(tmp_path: Path) -> None:
    export = _export(tmp_path, SHEET)
    with pytest.raises(OutputClash):
        export.write()
    order = export.order
    export.order = ExportOrder((tmp_path / "x",), order.root, order.place, order.name)
    with pytest.raises(UsageError):
        export.write()
    export.order = ExportOrder((), order.root, order.place, order.name)
    with pytest.raises(UsageError):
        export.write()


@pytest.mark.parametrize("name", ["a:b", "a?", "trailing.", "x /y", "con", "d/COM1.txt", "a\\b"])
def test_names_that_windows_cannot_read_are_refused_on_its_file_systems(name: str) -> None:
    for kind in ("vfat", "exfat", "ntfs3"):
        with pytest.raises(NameRefused):
            check_names([name], kind)
    check_names([name], "ext4")


def test_names_that_fold_together_clash_where_case_is_not_kept() -> None:
    with pytest.raises(OutputClash):
        check_names(["a/Name", "A/name"], "vfat")
    check_names(["a/Name", "A/name"], "btrfs")


def test_names_are_bounded_as_the_file_system_counts() -> None:
    with pytest.raises(LimitReached):
        check_names(["é" * 128], "ext4")
    check_names(["é" * 128], "vfat")
    with pytest.raises(LimitReached):
        check_names(["é" * 256], "vfat")
