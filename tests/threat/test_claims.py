"""The page of what is protected against: each claim names tests, and each test that it names is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2]
PAGE = TREE / "resources/help/threat-model.md"
HEAD = "| Claim | Tests |"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rows(markdown: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return each claim with path and name of the tests behind it."""
    table = markdown.partition(HEAD)[2].partition("\n\n")[0]
    lines = [line for line in table.splitlines()[2:] if line.startswith("|")]
    return [(line.split("|")[1].strip(), NAMED.findall(line.split("|")[2])) for line in lines]


def exists(path: str, name: str) -> bool:
    """Say whether a file has a test function of that name."""
    file = TREE / path
    if not file.is_file():
        return False
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return any(
        isinstance(node, functions) and node.name == name
        for node in ast.walk(ast.parse(file.read_bytes()))
    )


ROWS = rows(PAGE.read_text("utf-8"))


def test_the_page_makes_claims() -> None:
    assert len(ROWS) >= 12


@pytest.mark.parametrize(("claim", "tests"), ROWS, ids=[claim for claim, _ in ROWS])
def test_a_claim_has_tests_and_they_are_there(claim: str, tests: list[tuple[str, str]]) -> None:
    assert tests, f"nothing stands behind: {claim}"
    assert [each for each in tests if not exists(*each)] == []


def test_a_claim_without_tests_or_with_a_lost_one_is_found() -> None:
    page = f"{HEAD}\n|---|---|\n| A | none |\n| B | `tests/x.py::test_y` |\n\n| C | D |"
    assert rows(page) == [("A", []), ("B", [("tests/x.py", "test_y")])]
    assert not exists("tests/x.py", "test_y")
    assert not exists("tests/threat/test_claims.py", "test_that_is_not_there")
