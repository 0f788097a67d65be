"""The tests themselves are held to something: surprises fail, and the sum of the suites is true."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import TREE

INNER = f"""
import logging, os, warnings
import pytest
from PySide6.QtCore import qWarning

def test_log_record():
    logging.error("x")

@pytest.mark.expects_log("x")
def test_announced_record():
    logging.error("x")

@pytest.mark.expects_log("x")
def test_announced_in_vain():
    pass

def test_warning():
    warnings.warn("x")

def test_qt_warning():
    qWarning("x")

def test_no_display(qapp):
    assert qapp.platformName() == "offscreen"

def test_own_home():
    assert os.environ["HOME"] != "{Path.home()}"
"""
"""Tests that surprise, run under our conftest and settings in a pytest of their own."""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the last outcome of each inner test by its name."""
    path = tmp_path_factory.mktemp("inner") / "test_inner.py"
    path.write_text(INNER, encoding="utf-8")
    command = (sys.executable, "-m", "pytest", "-v", "-p", "tests.conftest", "-c", "pyproject.toml")
    done = subprocess.run((*command, path), cwd=TREE, capture_output=True, text=True, check=False)
    return dict(re.findall(r"::test_(\w+) (PASSED|FAILED|ERROR) +\[", done.stdout))


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("log_record", "ERROR"),
        ("announced_record", "PASSED"),
        ("announced_in_vain", "ERROR"),
        ("warning", "FAILED"),
        ("qt_warning", "FAILED"),
        ("no_display", "PASSED"),
        ("own_home", "PASSED"),
    ],
)
def test_a_surprise_fails_the_test_that_caused_it(
    outcomes: dict[str, str], name: str, outcome: str
) -> None:
    assert outcomes[name] == outcome


def run_suites(*arguments: str) -> tuple[int, str]:
    """Run packaging/suites.py; return its status and what it wrote to standard output."""
    done = subprocess.run(
        (sys.executable, "packaging/suites.py", *arguments),
        cwd=TREE,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "closing"),
    [
        pytest.param(("-k", "unknown_suite"), 0, "1 passed, 0 failed, 0 skipped", id="one"),
        pytest.param(("-k", "no_such_test"), 1, "0 passed, 1 failed, 0 skipped", id="no test"),
        pytest.param(("--no-such",), 1, "0 passed, 1 failed, 0 skipped", id="cannot start"),
    ],
)
def test_the_suites_are_added_up(arguments: tuple[str, ...], status: int, closing: str) -> None:
    ended, printed = run_suites("architecture", "--", *arguments)
    assert (ended, printed.splitlines()[-1]) == (status, closing)


def test_an_unknown_suite_is_a_usage_error() -> None:
    assert run_suites("units") == (2, "")
