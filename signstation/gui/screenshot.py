"""Takes a picture of the real window: ``python -m signstation.gui.screenshot --output FILE``.

With ``--report`` the Verify page shows results that were written before, with ``--path`` files are
verified; the station is a private one that is gone afterwards, unless ``--home`` names another.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from signstation.app.connect import connect
from signstation.effects import ExitStatus
from signstation.errors import SignstationError
from signstation.gui.errors import error_lines
from signstation.gui.frame import Window
from signstation.gui.pages import PageName
from signstation.gui.registered import PAGES
from signstation.gui.reportfile import read_report
from signstation.gui.start import make_application
from signstation.gui.theme import Theme
from signstation.gui.tokens import ThemeName
from signstation.gui.verify import VerifyPage
from signstation.model.station import VerifiedPath

LOOK_MS = 50
STILL = 4
"""Looks in a row that must find the window at rest before the picture is taken."""
LIMIT_MS = 30_000
SMALLEST, LARGEST = 320, 8192


def _size(typed: str) -> tuple[int, int]:
    width, _, height = typed.partition("x")
    size = int(width), int(height)
    if not all(SMALLEST <= each <= LARGEST for each in size):
        raise ValueError(typed)
    return size


def _arguments(typed: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="signstation.gui.screenshot", description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="PNG file to write")
    parser.add_argument("--size", type=_size, default=(1280, 720), help="as in 1280x720")
    parser.add_argument("--theme", type=ThemeName, default=ThemeName.LIGHT)
    parser.add_argument("--page", type=PageName, default=PageName.VERIFY)
    parser.add_argument("--report", type=Path, action="append", default=[])
    parser.add_argument("--path", type=Path, action="append", default=[])
    parser.add_argument("--select", default="", help="file whose result is shown")
    parser.add_argument("--home", type=Path, help="state directory of an existing station")
    return parser.parse_args(typed)


class Photographer(QObject):
    """Waits until nothing is under way, writes the picture and ends the application."""

    def __init__(self, window: Window, target: Path) -> None:
        """Begin to look."""
        super().__init__(window)
        self._window, self._target = window, target
        self._still = 0
        self._waited = 0
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def _look(self) -> None:
        self._waited += LOOK_MS
        self._still = 0 if self._window.bridge.waiting else self._still + 1
        if self._still < STILL and self._waited < LIMIT_MS:
            return
        self._timer.stop()
        written = self._window.grab().save(str(self._target), "PNG")
        at_rest = self._still >= STILL
        QApplication.exit(0 if written and at_rest else int(ExitStatus.HOST))


def take(options: argparse.Namespace, home: Path) -> int:
    """Open the window, fill it, take the picture; returns the exit status. Blocks."""
    application = make_application(sys.argv)
    station = connect(home, "screenshot")
    try:
        window = Window(Theme(application, options.theme), station, PAGES)
        window.resize(*options.size)
        page = window.page(PageName.VERIFY)
        if not isinstance(page, VerifyPage):
            raise TypeError(type(page))
        page.select(options.select)
        if options.report:
            found = [each for path in options.report for each in read_report(path)]
            page.show_results(tuple(VerifiedPath(Path(each.path), each) for each in found))
        window.open(options.page, tuple(path.absolute() for path in options.path))
        window.show()
        Photographer(window, options.output)
        return application.exec()
    finally:
        station.close()


def main(typed: Sequence[str] | None = None) -> int:
    """Run the program and return the exit status."""
    options = _arguments(typed)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # no display is needed for a picture
    with ExitStack() as stack:
        if options.home is not None:
            home = options.home.absolute()
        else:
            made = stack.enter_context(tempfile.TemporaryDirectory(prefix="signstation-"))
            home = Path(made)
        try:
            return take(options, home)
        except SignstationError as error:
            sys.stderr.write("\n".join(error_lines(error)) + "\n")
            return int(error.status)


if __name__ == "__main__":
    sys.exit(main())
