"""Opens the window: ``signstation`` without a command."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import FrameType, TracebackType

from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtWidgets import QApplication

from signstation.app.api import StationApi
from signstation.app.connect import connect
from signstation.app.home import prepare, state_directory
from signstation.effects import ExitStatus
from signstation.errors import SignstationError
from signstation.gui.broken import BrokenWindow
from signstation.gui.errors import error_lines
from signstation.gui.frame import Window
from signstation.gui.language import speak, system_language
from signstation.gui.memory import Memory
from signstation.gui.registered import PAGES
from signstation.gui.start import binding_fault, make_application
from signstation.gui.theme import Theme
from signstation.jobs.bugs import bug

FIRST_SIZE = (1360, 860)
LARGE_SCREEN = (1500, 980)
"""On a smaller screen the window fills it the first time."""
SURFACE = "window"


def main(argv: Sequence[str]) -> int:
    """Show the window and return the exit status when it was closed. Blocks until then."""
    if fault := binding_fault():
        sys.stderr.write(fault)
        return int(ExitStatus.HOST)
    home = state_directory(os.environ)
    with ThreadPoolExecutor(1, thread_name_prefix="connect") as thread:
        # The station starts its processes while Qt starts: both take a few hundred milliseconds.
        connecting = thread.submit(connect, home, SURFACE)
        application = make_application(argv)
        try:
            prepare(home)
            memory = Memory(home)
            speak(application, memory.language() or system_language())
            theme = Theme(application, memory.theme())
            station = connecting.result()
        except SignstationError as error:
            return _say_broken(application, error)
    try:
        return _run(application, theme, station, memory)
    finally:
        station.close()


def _run(application: QApplication, theme: Theme, station: StationApi, memory: Memory) -> int:
    window = Window(theme, station, PAGES)
    window.strip.show_theme(memory.theme())
    window.theme_chosen.connect(memory.keep_theme)
    window.strip.show_language(memory.language())
    window.strip.language_chosen.connect(memory.keep_language)
    known = window.restoreGeometry(memory.geometry())
    sys.excepthook = partial(_tell, window.tell)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _quit)
    room = application.primaryScreen().availableSize()
    if known:
        window.show()
    elif room.width() < LARGE_SCREEN[0] or room.height() < LARGE_SCREEN[1]:
        window.showMaximized()
    else:
        window.resize(*FIRST_SIZE)
        window.show()
    status = application.exec()
    memory.keep_geometry(window.saveGeometry())
    sys.excepthook = sys.__excepthook__
    return status


def _tell(
    tell: Callable[[SignstationError], None],
    _kind: type[BaseException],
    value: BaseException,
    _traceback: TracebackType | None,
) -> None:
    """Log a bug with its traceback and tell the person its id, instead of losing it in Qt."""
    tell(bug(value) if isinstance(value, Exception) else bug(RuntimeError(repr(value))))


def _quit(_number: int, _frame: FrameType | None) -> None:
    # The bridge's timer gives Python the floor every 50 ms, so that this runs soon. A quit before
    # the event loop runs would be lost: the timer fires inside it.
    QTimer.singleShot(0, QCoreApplication.quit)


def _say_broken(application: QApplication, error: SignstationError) -> int:
    """Say why there is no station, in the terminal and in a small window."""
    lines = error_lines(error)
    sys.stderr.write("signstation: " + "\n  ".join(lines) + "\n")
    window = BrokenWindow(Theme(application), lines)
    window.show()
    application.exec()
    return int(error.status)
