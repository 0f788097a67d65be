"""Size budgets: a module below 400 lines, a function of at most 60, empty package files."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.source import TREE, modules

MODULE_LINES = 400
FUNCTION_LINES = 60
FOLDERS = ("signstation", "packaging", "tests")


def long_functions(path: str, tree: ast.Module) -> Iterator[str]:
    """Yield functions over the budget, counted from `def` to the last line, docstring included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES:
                yield f"{path}:{node.lineno} {node.name} has {lines} lines"


def test_modules_are_small() -> None:
    long = []
    for path, _ in modules(*FOLDERS):
        lines = len((TREE / path).read_bytes().splitlines())
        if lines >= MODULE_LINES:
            long.append(f"{path} has {lines} lines")
    assert long == []


def test_functions_are_small() -> None:
    assert [f for path, tree in modules(*FOLDERS) for f in long_functions(path, tree)] == []


def test_a_long_function_is_found() -> None:
    text = "def f():\n" + "    a = 1\n" * FUNCTION_LINES
    assert list(long_functions("x.py", ast.parse(text)))
    assert list(long_functions("x.py", ast.parse(text.removesuffix("    a = 1\n")))) == []


def test_package_files_are_empty_but_for_the_version() -> None:
    full = [
        path
        for path, tree in modules("signstation")
        if path.endswith("__init__.py") and path != "signstation/__init__.py" and tree.body
    ]
    assert full == []


def test_every_module_says_what_it_is() -> None:
    silent = [
        path
        for path, tree in modules(*FOLDERS)
        if not path.endswith("__init__.py") and not ast.get_docstring(tree)
    ]
    assert silent == []
