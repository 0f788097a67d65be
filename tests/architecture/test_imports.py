"""Who may use what of the standard library, and where imports stand."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.source import modules

PROGRAMS = "signstation/system/programs.py"
"""The only module that starts programs: absolute paths, cleaned environment, no shell."""

PROCESS_MODULES = {"multiprocessing", "pty", "subprocess"}
PROCESS_CALLS = {"fork", "forkpty", "popen", "posix_spawn", "posix_spawnp", "spawnv", "system"}
"""`os` functions that start processes; workers are started by exec, never by fork."""

UNSAFE_LOADERS = {"dill", "marshal", "pickle", "shelve"}
"""Loaders that run code of the bytes they are given."""

LAZY_FOLDER = "signstation/keystores/"
"""A heavy optional library may be imported inside a function of one key store, nowhere else."""


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and full name of all imports below a node."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def starts_processes(path: str, tree: ast.Module) -> Iterator[str]:
    """Yield the places that could start a process."""
    for line, name in imported(tree):
        top, _, rest = name.partition(".")
        if top in PROCESS_MODULES or (top == "os" and rest in PROCESS_CALLS):
            yield f"{path}:{line} {name}"
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="os"), attr=attr) if attr in PROCESS_CALLS:
                yield f"{path}:{node.lineno} os.{attr}"


def loads_unsafely(path: str, tree: ast.Module) -> Iterator[str]:
    """Yield the imports of loaders that are not for bytes that others may write."""
    for line, name in imported(tree):
        if name.partition(".")[0] in UNSAFE_LOADERS:
            yield f"{path}:{line} {name}"


def imports_inside_functions(path: str, tree: ast.Module) -> Iterator[str]:
    """Yield imports that hide in functions and so would hide a cycle."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from (f"{path}:{line} {name}" for line, name in imported(node))


def test_programs_are_started_in_one_place_only() -> None:
    found = [
        place
        for path, tree in modules("signstation")
        if path != PROGRAMS
        for place in starts_processes(path, tree)
    ]
    assert found == []


def test_nothing_of_ours_loads_pickles() -> None:
    found = [p for path, tree in modules("signstation") for p in loads_unsafely(path, tree)]
    assert found == []


def test_imports_stand_at_the_top() -> None:
    found = [
        place
        for path, tree in modules("signstation")
        if not path.startswith(LAZY_FOLDER)
        for place in imports_inside_functions(path, tree)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (starts_processes, "import subprocess"),
        (starts_processes, "from subprocess import run"),
        (starts_processes, "from os import system"),
        (starts_processes, "import os\nos.fork()"),
        (starts_processes, "import multiprocessing.pool"),
        (loads_unsafely, "from pickle import loads"),
        (imports_inside_functions, "def f():\n    import json"),
        (imports_inside_functions, "class A:\n    async def f(self):\n        from json import x"),
    ],
)
def test_the_rules_can_say_no(rule: object, text: str) -> None:
    assert callable(rule)
    assert list(rule("x.py", ast.parse(text)))


PLUGIN_FOLDERS = ("signstation.formats", "signstation.keystores")
"""Plug-ins that never import one another; ``rpm_verify`` is a part of ``rpm``."""


def plugin_of(name: str) -> tuple[str, str] | None:
    """Return (folder, plug-in) of a module's full name, or None outside the two folders."""
    for folder in PLUGIN_FOLDERS:
        if name.startswith(folder + "."):
            return folder, name.removeprefix(folder + ".").partition(".")[0].partition("_")[0]
    return None


def imports_a_neighbour(path: str, tree: ast.Module) -> Iterator[str]:
    """Yield imports by which one format or key store knows another."""
    own = plugin_of(path.removesuffix(".py").replace("/", "."))
    if own is None:
        return
    for line, name in imported(tree):
        other = plugin_of(name)
        if other is not None and other[0] == own[0] and other[1] not in {own[1], ""}:
            yield f"{path}:{line} {name}"


def test_no_format_and_no_key_store_imports_another() -> None:
    found = [
        place for path, tree in modules("signstation") for place in imports_a_neighbour(path, tree)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("path", "line", "refused"),
    [
        ("signstation/formats/rpm.py", "from signstation.formats import blob", True),
        ("signstation/formats/rpm_verify.py", "import signstation.formats.kmod_read", True),
        ("signstation/formats/rpm.py", "from signstation.formats.rpm_verify import x", False),
        ("signstation/keystores/gnupg.py", "from signstation.keystores.gnupg_home import x", False),
        ("signstation/keystores/gnupg.py", "from signstation.keystores.keyfile import x", True),
    ],
)
def test_a_neighbour_is_found(path: str, line: str, *, refused: bool) -> None:
    assert bool(list(imports_a_neighbour(path, ast.parse(line)))) is refused
