"""Opens the window: ``signstation`` without a command."""

from __future__ import annotations

import gc
import importlib
import signal
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from threading import Thread
from types import FrameType, TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtWidgets import QApplication

from signstation.app.apart import WINDOW, StationNews, StationProcess
from signstation.app.home import prepare
from signstation.effects import ExitStatus
from signstation.errors import SignstationError
from signstation.gui.broken import BrokenWindow
from signstation.gui.errors import error_lines
from signstation.gui.frame import Window
from signstation.gui.language import speak, system_language
from signstation.gui.lost import show_news
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
SWITCH_SECONDS = 0.001
"""How long what reads from the station may keep Python from the next picture; else it is 5 ms."""


def main(argv: Sequence[str], process: StationProcess) -> int:
    """Show the window and return the exit status when it was closed. Blocks until then.

    The window uses the station of ``process`` or, where that found one, its owner's; the caller
    closes the process.
    """
    if fault := binding_fault():
        sys.stderr.write(fault)
        return int(ExitStatus.HOST)
    application = make_application(argv)
    try:
        prepare(process.home)
        memory = Memory(process.home)
        speak(application, memory.language() or system_language())
    except SignstationError as error:
        return _say_broken(application, Theme(application), error)
    theme = Theme(application, memory.theme())
    station: Future[StationApi] = Future()
    window = Window(theme, station, PAGES)
    # The picture first: what speaks to the station takes 150 ms to import.
    binding = Thread(target=_bind, args=(process, station, window), name="bind")
    try:
        return _run(application, window, memory, binding.start)
    except SignstationError as error:
        return _say_broken(application, theme, error)
    finally:
        if not station.cancel():
            with suppress(SignstationError):
                station.result().close()


def _bind(process: StationProcess, station: Future[StationApi], window: Window) -> None:
    """Give the window a station whose calls wait until the process answers. In a thread."""
    if not station.set_running_or_notify_cancel():
        return
    try:
        transport = importlib.import_module("signstation.app.awaited").AwaitedTransport(
            process, WINDOW, partial(_tell_news, window)
        )
        bound = importlib.import_module("signstation.app.bound").BoundStation(transport)
    except Exception as error:  # noqa: BLE001 - the window says what it was
        station.set_exception(error)
        return
    station.set_result(bound)
    transport.reached.add_done_callback(partial(_tell_broken, window))


def _tell_broken(window: Window, reached: Future[None]) -> None:
    error = reached.exception()
    if isinstance(error, SignstationError):
        window.bridge.later(lambda: window.broken.emit(error))


def _tell_news(window: Window, news: StationNews | SignstationError) -> None:
    window.bridge.later(lambda: show_news(window, news))


def _run(
    application: QApplication, window: Window, memory: Memory, connect: Callable[[], None]
) -> int:
    """Show the window until it is closed. Raises why there is no station."""
    failures: list[SignstationError] = []
    window.painted.connect(connect)
    window.all_built.connect(settle)
    sys.setswitchinterval(SWITCH_SECONDS)
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


def settle() -> None:
    """Keep Python's collector from what stays until the end: the pages, their words and the rest.

    A full collection looked at all of it again, for 50 to 70 ms in the midst of a job.
    """
    gc.collect()
    gc.freeze()


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
