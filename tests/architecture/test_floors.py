"""The floors of the house hold (DESIGN.md section 3), and the linter that says so can say no."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import TREE

LINTER = Path(sys.executable).with_name("lint-imports")


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter with the contracts of `tree`."""
    return subprocess.run(
        (LINTER, "--no-cache"), cwd=tree, capture_output=True, text=True, check=False
    )


def test_the_floors_hold() -> None:
    done = lint(TREE)
    assert done.returncode == 0, done.stdout


@pytest.fixture
def small_house(tmp_path: Path) -> Path:
    """Build a house with the real contracts and a clean room on six floors."""
    shutil.copy(TREE / "pyproject.toml", tmp_path)
    for room in ("gui", "formats", "keystores", "codec", "model", "system"):
        (tmp_path / "signstation" / room).mkdir(parents=True)
        (tmp_path / "signstation" / room / "__init__.py").touch()
    (tmp_path / "signstation/__init__.py").touch()
    (tmp_path / "signstation/errors.py").touch()
    (tmp_path / "signstation/formats/one.py").write_text("import signstation.codec\n")
    (tmp_path / "signstation/formats/two.py").write_text("import signstation.errors\n")
    (tmp_path / "signstation/gui/window.py").write_text("from PySide6 import QtCore\n")
    return tmp_path


def test_a_clean_house_passes(small_house: Path) -> None:
    done = lint(small_house)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "line"),
    [
        pytest.param("codec/bad.py", "import signstation.formats.one", id="upwards"),
        pytest.param("model/bad.py", "def f():\n    import signstation.gui", id="in a function"),
        pytest.param("codec/bad.py", "import signstation.system", id="codec and system"),
        pytest.param("keystores/bad.py", "import signstation.formats", id="store and format"),
        pytest.param("codec/bad.py", "import PySide6.QtCore", id="Qt outside gui"),
        pytest.param("codec/bad.py", "import shiboken6", id="shiboken outside gui"),
        pytest.param("helpers.py", "import signstation.errors", id="a helper imports ours"),
        pytest.param("misc.py", "", id="a package that has no floor"),
    ],
)
def test_a_wrong_import_is_found(small_house: Path, module: str, line: str) -> None:
    (small_house / "signstation" / module).write_text(line + "\n")
    done = lint(small_house)
    assert done.returncode != 0, done.stdout
