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


def test_signing_and_verifying_need_no_mouse_at_two_hundred_per_cent(tmp_path: Path) -> None:
    """The scale belongs to a process, so the journeys have one of their own."""
    journeys = Path(__file__).with_name("scaled_journeys.py")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"),
            *("-o", "python_functions=journey_*"),
            *("--basetemp", str(tmp_path / "inner"), str(journeys)),
        ],
        cwd=journeys.parents[2],
        env={**os.environ, "QT_SCALE_FACTOR": "2"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert "2 passed" in done.stdout
