"""The window at 100 to 200 per cent, each in a process of its own: sharp, and laid out alike."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

SIZE = (1280, 720)


@pytest.mark.parametrize("scale", ["1", "1.25", "1.5", "2"])
def test_a_picture_grows_with_the_scale(tmp_path: Path, scale: str) -> None:
    target = tmp_path / "picture.png"
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "signstation.gui.screenshot", "--output", str(target)),
            *("--size", "x".join(map(str, SIZE)), "--page", "verify", "--home", str(home)),
        ],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": scale},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    picture = QImage(str(target))
    assert picture.width() == round(SIZE[0] * float(scale))
    assert picture.height() == round(SIZE[1] * float(scale))
    assert len({picture.pixel(x, 100) for x in range(0, picture.width(), 3)}) > 1
