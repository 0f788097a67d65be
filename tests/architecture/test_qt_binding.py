"""The Qt binding counts references right.

PySide6 6.12.0 takes a reference away from True with each Signal.emit and from None with each call
that returns nothing; after some thousand calls the interpreter aborts. Ordinary window tests do
not notice. Python 3.12 made these objects immortal, which hides the fault: there only the version
bound protects, so the bound is tested too.
"""

from __future__ import annotations

import sys

import PySide6
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage, QPainter

FIRST_BAD = (6, 12)
EMITS = 50
CALLS = 100
NOISE = 5
"""References that other code of the interpreter may take or give meanwhile."""


class Bell(QObject):
    """A signal to emit."""

    rung = Signal()


def test_the_version_is_below_the_first_bad_one() -> None:
    assert PySide6.__version_info__[:2] < FIRST_BAD


def test_emitting_takes_no_reference_from_true() -> None:
    bell = Bell()
    before = sys.getrefcount(True)
    for _ in range(EMITS):
        bell.rung.emit()
    assert abs(sys.getrefcount(True) - before) < NOISE


def test_painting_takes_no_reference_from_none() -> None:
    image = QImage(8, 8, QImage.Format.Format_ARGB32)
    painter = QPainter(image)
    before = sys.getrefcount(None)
    for _ in range(CALLS):
        painter.save()
    after = sys.getrefcount(None)
    for _ in range(CALLS):
        painter.restore()
    painter.end()
    assert abs(after - before) < NOISE
