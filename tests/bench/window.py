"""The window: first picture, theme switch, its event loop while a queue is at work, memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from signstation.app.apart import WINDOW, StationProcess
from signstation.app.api import StationApi
from signstation.app.awaited import AwaitedTransport
from signstation.app.bound import BoundStation
from signstation.app.connect import GNUPG_VARIABLE, connect
from signstation.gui.frame import Window
from signstation.gui.main import SWITCH_SECONDS, settle
from signstation.gui.pages import PageName
from signstation.gui.queue import QueuePage
from signstation.gui.registered import PAGES
from signstation.gui.theme import Theme
from signstation.gui.tokens import ThemeName
from signstation.model.jobs import JobState
from signstation.model.orders import SignOrder
from tests.bench.measure import say, scratch
from tests.support.kmod import module
from tests.support.release import key_file
from tests.support.window import RecordedStation, Script, make_job
from tests.support.windowpace import Ticks, resident_mb, work_through

STEPS = 10_000
MODULES = 2000
SECONDS = 5.0
LOOK_MS = 20
"""How often it is looked whether a measurement has ended."""
START = """
import sys, time
from signstation.app.api import StationApi
from signstation.app.apart import for_window
process = for_window()
from PySide6.QtWidgets import QApplication
from signstation.gui import main
from signstation.gui.frame import Window
class Timed(Window):
    def __init__(self, *given):
        super().__init__(*given)
        self.painted.connect(self.seen)
        self.station_came.connect(self.ready)
    def seen(self):
        print("painted", time.monotonic(), flush=True)
    def ready(self):
        self.repaint()
        print("ready", time.monotonic(), flush=True)
    def _show_jobs(self, rows):
        super()._show_jobs(rows)
        print("answered", time.monotonic(), flush=True)
        QApplication.exit()
main.Window = Timed
status = main.main(["signstation"], process)
process.close()
sys.exit(status)
"""
"""The program with a station of its own; says when the first picture and page and answer came."""


def main(command: list[str]) -> int:
    """Run in a process of its own: Qt and its application stay in the process that made them."""
    run = {"--inside": _inside}.get(command[0] if command else "")
    if run is None:
        return 2
    run()
    return 0


def run() -> None:
    """Measure and print."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    starts = zip(*(_start(environment) for _ in range(5)), strict=True)
    painted, ready, answered = (sorted(each)[2] for each in starts)
    say(
        f"window: from the start of the process to the first picture {painted} ms (aim 500),"
        f" to the first page {ready} ms, to the first answer of a new station {answered} ms"
    )
    say(_output(["-m", "tests.bench.window", "--inside"], environment).rstrip())


def _start(environment: dict[str, str]) -> tuple[int, ...]:
    """Return ms to the first picture, to the first page and to the station's first answer."""
    with scratch() as base:
        base.chmod(0o700)
        private = {"SIGNSTATION_HOME": str(base), "GNUPGHOME": str(_empty(base / "gnupg"))}
        began = time.monotonic()
        said = dict(
            line.split() for line in _output(["-c", START], environment | private).splitlines()
        )
    return tuple(
        round((float(said[name]) - began) * 1000) for name in ("painted", "ready", "answered")
    )


def _output(arguments: list[str], environment: dict[str, str]) -> str:
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    ).stdout


def _inside() -> None:
    application = QApplication([])
    sys.setswitchinterval(SWITCH_SECONDS)
    theme = Theme(application, ThemeName.LIGHT)
    job, steps = make_job(1, (JobState.RUNNING, *(JobState.QUEUED,) * (STEPS - 1)))
    recorded = RecordedStation(Script(jobs=(job,), steps={1: steps}))
    window = _window(theme, recorded)
    times = []
    for name in (ThemeName.DARK, ThemeName.CONTRAST, ThemeName.LIGHT) * 3:
        began = time.perf_counter()
        theme.choose(name)
        window.repaint()
        times.append((time.perf_counter() - began) * 1000)
    say(f"  theme switch {sorted(times)[len(times) // 2]:.0f} ms (aim 100)")
    ticks = Ticks()
    thread = work_through(recorded, 1, SECONDS)
    _until(lambda: not thread.is_alive())
    say(f"  {STEPS} recorded steps in {SECONDS:.0f} s: {ticks.lateness()} (aim p99 16)")
    say(f"  memory with {STEPS} steps: {resident_mb():.0f} MB")
    window.end()
    recorded.close()
    for apart in (True, False):
        _real(theme, apart=apart)


def _window(theme: Theme, station: StationApi) -> Window:
    window = Window(theme, station, PAGES)
    window.resize(1280, 720)
    window.show()
    window.all_built.connect(settle)
    window.open(PageName.QUEUE)
    _turn(0.5)
    return window


def _turn(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 10)


def _until(ended: Callable[[], bool]) -> None:
    """Run the event loop as the program does: processEvents with a time limit never sleeps."""
    loop, timer = QEventLoop(), QTimer()
    timer.setInterval(LOOK_MS)
    timer.timeout.connect(lambda: loop.quit() if ended() else None)
    timer.start()
    loop.exec()


def _apart(home: Path) -> BoundStation:
    return BoundStation(AwaitedTransport(StationProcess(home, WINDOW), WINDOW))


def _real(theme: Theme, *, apart: bool) -> None:
    with scratch() as base:
        source = base / "modules"
        source.mkdir()
        for number in range(MODULES):
            (source / f"m{number:04}.ko").write_bytes(module(code=os.urandom(64) * 60))
        os.environ[GNUPG_VARIABLE] = str(_empty(base / "gnupg"))
        station = _apart(base / "state") if apart else connect(base / "state", WINDOW)
        try:
            window = _window(theme, station)
            key = key_file(base / "key.pem", "rsa4096")
            plan = station.plan(SignOrder(paths=(source,), keys=(key,), output=base / "out"))
            _until(plan.done)
            ticks = Ticks()
            began = time.monotonic()
            done = station.wait(station.submit(plan.result().id).result())
            _until(done.done)
            spent = time.monotonic() - began
            found = ticks.lateness()
            page = window.page(PageName.QUEUE)
            _turn(1.0)
            rows = page.model.rowCount() if isinstance(page, QueuePage) else 0
            place = "a process of its own" if apart else "the window's process"
            say(f"  {MODULES} real modules, the station in {place}: {found} (aim p99 16)")
            say(f"    signed in {spent:.1f} s, {rows} rows; the window has {resident_mb():.0f} MB")
            window.end()
        finally:
            station.close()


def _empty(path: Path) -> Path:
    path.mkdir(mode=0o700)
    return path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
