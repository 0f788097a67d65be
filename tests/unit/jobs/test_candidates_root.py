"""Files that are named one by one keep their place below the chosen directory."""

from __future__ import annotations

import os
from pathlib import Path

from signstation.errors import LeavesTree, NameRefused
from signstation.jobs.candidates import Candidate, Skipped, candidates, open_candidate


def _file(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def test_a_named_file_below_the_root_keeps_its_subdirectories(tmp_path: Path) -> None:
    """Two files of one name in different directories stay apart."""
    root = tmp_path / "release"
    first, second = _file(root / "a/x.ko"), _file(root / "b/deep/x.ko")
    found = tuple(candidates((first, second), None, root))
    assert found == (
        Candidate(root, "a/x.ko", named=True),
        Candidate(root, "b/deep/x.ko", named=True),
    )


def test_a_file_elsewhere_is_named_by_its_own_directory(tmp_path: Path) -> None:
    """The root says nothing about what is not below it."""
    other = _file(tmp_path / "other/x.ko")
    assert tuple(candidates((other,), None, tmp_path / "release")) == (
        Candidate(other.parent, "x.ko", named=True),
    )


def test_hostile_directory_names_below_the_root_are_refused(tmp_path: Path) -> None:
    """Every component is checked, not only the last."""
    root = tmp_path / "release"
    bad = _file(root / "a\u202eb/x.ko")
    (found,) = candidates((bad,), None, root)
    assert isinstance(found, Skipped)
    assert isinstance(found.error, NameRefused)


def test_a_link_between_root_and_file_is_not_followed(tmp_path: Path) -> None:
    """The chosen directory bounds what is opened."""
    root = tmp_path / "release"
    _file(tmp_path / "outside/x.ko")
    root.mkdir()
    (root / "in").symlink_to(tmp_path / "outside")
    (found,) = candidates((root / "in/x.ko",), None, root)
    assert isinstance(found, Candidate)
    try:
        descriptor, _ = open_candidate(found.root, found.name)
    except LeavesTree:
        return
    os.close(descriptor)
    raise AssertionError("a link was followed")
