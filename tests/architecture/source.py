"""The tracked files of the repository as the architecture tests look at them."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]


def tracked_files(*patterns: str) -> list[Path]:
    """Return the files of the repository, new ones included, ignored and deleted ones not."""
    listed = subprocess.run(
        ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns),
        cwd=TREE,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [
        TREE / name for name in sorted(filter(None, listed.split("\0"))) if (TREE / name).is_file()
    ]


def modules(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    """Yield path (relative to the tree) and syntax tree of each Python module in `folders`."""
    for path in tracked_files(*(f"{folder}/*.py" for folder in folders)):
        yield str(path.relative_to(TREE)), ast.parse(path.read_bytes())
