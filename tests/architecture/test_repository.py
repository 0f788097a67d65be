"""What may not stand in the repository, and that no test is left out of the suites."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from tests.architecture.source import TREE, tracked_files

# Written apart, so that this file does not hold what it forbids. A package server belongs to the
# machine's own configuration; a path of somebody's machine belongs to nobody else's.
SERVERS = ("pypi", "pythonhosted", "deb.debian", "security.debian", "npmjs", "golang")
ENDINGS = ("org", "com")
MACHINE_FOLDERS = ("work", "root", "opt")
FORBIDDEN = re.compile(
    rf"\b(?:{'|'.join(map(re.escape, SERVERS))})\.(?:{'|'.join(ENDINGS)})\b"
    rf"|(?<![\w.~}})*-])/(?:{'|'.join(MACHINE_FOLDERS)})/"
)

LARGEST = 512 * 1024
"""Test input is generated or made small; releases and sample archives are not committed."""

TEST_FOLDERS_WITHOUT_TESTS = {"support"}


def forbidden_words(path: Path) -> list[str]:
    """Return the lines of a text file that name a package server or a path of one machine."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return []
    name = path.relative_to(TREE)
    return [f"{name}:{n} {line}" for n, line in enumerate(lines, 1) if FORBIDDEN.search(line)]


def test_no_file_names_a_package_server_or_a_path_of_one_machine() -> None:
    assert [line for path in tracked_files() for line in forbidden_words(path)] == []


@pytest.mark.parametrize(
    "line",
    [
        "pip install -i https://" + "pypi" + ".org/simple",
        "deb http://" + "deb.debian" + ".org/debian trixie main",
        'PATH = "/' + 'work/main"',
        "cd /" + "root/.gnupg",
    ],
)
def test_forbidden_words_are_found(line: str) -> None:
    assert FORBIDDEN.search(line)


@pytest.mark.parametrize("line", ["packaging/work/area", "~/work/x", "the root/folder", "pypi"])
def test_ordinary_words_are_not(line: str) -> None:
    assert not FORBIDDEN.search(line)


def test_no_file_is_large() -> None:
    large = [str(p.relative_to(TREE)) for p in tracked_files() if p.stat().st_size > LARGEST]
    assert large == []


def test_every_test_belongs_to_a_suite() -> None:
    suites = runpy.run_path(str(TREE / "packaging/suites.py"))["SUITES"]
    run = {folder for suite in suites for folder in suite.folders}
    there = {path.relative_to(TREE / "tests").parts[0] for path in tracked_files("tests/*/*.py")}
    assert there - TEST_FOLDERS_WITHOUT_TESTS - run == set()


def test_files_of_tests_are_named_so_that_pytest_finds_them() -> None:
    """A module with test functions under another name would never run."""
    lost = [
        str(path.relative_to(TREE))
        for path in tracked_files("tests/*.py")
        if not path.name.startswith("test_")
        and re.search(r"^(?:async )?def test_", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert lost == []
