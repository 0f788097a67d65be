"""Opens the window: ``signstation`` without a command."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Thread
from types import FrameType, TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtWidgets import QApplication

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

if TYPE_CHECKING:  # the engine takes 150 ms to import: the window is painted before
    from signstation.app.api import StationApi

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
    application = make_application(argv)
    try:
        prepare(home)
        memory = Memory(home)
        speak(application, memory.language() or system_language())
    except SignstationError as error:
        return _say_broken(application, Theme(application), error)
    theme = Theme(application, memory.theme())
    station: Future[StationApi] = Future()
    # The window first: the station's engine and processes take longer than a person likes to wait.
    connecting = Thread(target=_connect, args=(home, station), name="connect")
    try:
        return _run(application, Window(theme, station, PAGES), memory, connecting.start)
    except SignstationError as error:
        return _say_broken(application, theme, error)
    finally:
        if not station.cancel():
            with suppress(SignstationError):
                station.result().close()


def _connect(home: Path, station: Future[StationApi]) -> None:
    """Import the engine and reach or become the station. In a thread of its own."""
    if not station.set_running_or_notify_cancel():
        return
    try:
        found: StationApi = importlib.import_module("signstation.app.connect").connect(
            home, SURFACE
        )
    except Exception as error:  # noqa: BLE001 - the window says what it was
        station.set_exception(error)
    else:
        station.set_result(found)


def _run(
    application: QApplication, window: Window, memory: Memory, connect: Callable[[], None]
) -> int:
    """Show the window until it is closed. Raises why there is no station."""
    failures: list[SignstationError] = []
    window.painted.connect(connect)
    window.broken.connect(failures.append)
    window.broken.connect(application.quit)
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
    for each in failures:
        window.end()
        window.hide()
        raise each
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


def _say_broken(application: QApplication, theme: Theme, error: SignstationError) -> int:
    """Say why there is no station, in the terminal and in a small window."""
    lines = error_lines(error)
    sys.stderr.write("signstation: " + "\n  ".join(lines) + "\n")
    window = BrokenWindow(theme, lines)
    window.show()
    application.exec()
    return int(error.status)
