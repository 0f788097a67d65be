"""Before the window: whether the Qt binding can be trusted, the application, and its fonts."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import PySide6
from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QGuiApplication, QIcon, QImage, QPainter
from PySide6.QtWidgets import QApplication

import signstation
from signstation.gui.icons import Icons
from signstation.gui.tokens import LIGHT

CALLS = 100
NOISE = 20
"""References to None that other code may take or give meanwhile; the fault takes CALLS."""

FAULT = """\
signstation: The window does not open with PySide6 {version} on Python {python}.
  Why: This version gives away a reference with each call; after some thousand calls the program
       would be aborted in the middle of a signature.
  Effect: Nothing was signed and no file was changed.
  Do: Install the version that signstation asks for: pip install "PySide6-Essentials<6.12"
  Do: Use the command line meanwhile: signstation --help
"""


def binding_fault() -> str:
    """Return why this pair of Qt binding and Python is refused, or nothing.

    PySide6 6.12.0 loses one reference to None with each painter call before Python 3.12.
    """
    image = QImage(8, 8, QImage.Format.Format_ARGB32)
    painter = QPainter(image)
    before = sys.getrefcount(None)
    for _ in range(CALLS):
        painter.save()
    lost = before - sys.getrefcount(None)
    for _ in range(CALLS):
        painter.restore()
    painter.end()
    if lost < NOISE:
        return ""
    return FAULT.format(version=PySide6.__version__, python=sys.version.split()[0])


def make_application(arguments: Sequence[str]) -> QApplication:
    """Create the one application of this process."""
    QCoreApplication.setApplicationName("signstation")
    QCoreApplication.setApplicationVersion(signstation.__version__)
    QGuiApplication.setDesktopFileName("signstation")
    application = QApplication(list(arguments[:1]))
    application.setWindowIcon(QIcon(Icons().pixmap("logo", LIGHT.accent, 64, 1.0)))
    return application
