"""How the window keeps up: ticks of its event loop while a queue is at work, and its memory."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer

from signstation.model.jobs import JobEvent, JobState
from tests.support.window import RecordedStation

TICK_MS = 5
BATCH = 20
"""Steps whose new states become visible to the window together."""


@dataclass(frozen=True, slots=True)
class Lateness:
    """How much later than asked a tick came, in ms: median, 99th percentile, worst."""

    median: float
    p99: float
    worst: float
    ticks: int

    def __str__(self) -> str:
        """Say it on one line."""
        return (
            f"p50 {self.median:.1f} ms, p99 {self.p99:.1f} ms, worst {self.worst:.1f} ms"
            f" late of {self.ticks} ticks"
        )


class Ticks(QObject):
    """A timer of ``TICK_MS`` that writes down when it was called."""

    def __init__(self) -> None:
        """Start."""
        super().__init__()
        self._times = [time.perf_counter()]
        self._work = [time.thread_time()]
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        self._times.append(time.perf_counter())
        self._work.append(time.thread_time())

    def work_p99(self) -> float:
        """Return the 99th percentile of the processor time, in ms, that lay between two ticks.

        What other programs take of the machine is not in it, so a test may judge it.
        """
        pairs = zip(self._work, self._work[1:], strict=False)
        spent = sorted((after - before) * 1000 for before, after in pairs)
        return spent[int((len(spent) - 1) * 0.99)]

    def lateness(self) -> Lateness:
        """Return what was seen until now."""
        pairs = zip(self._times, self._times[1:], strict=False)
        late = sorted(max(0.0, (after - before) * 1000 - TICK_MS) for before, after in pairs)
        last = len(late) - 1
        return Lateness(late[last // 2], late[int(last * 0.99)], late[last], len(late))


def work_through(station: RecordedStation, job: int, seconds: float) -> threading.Thread:
    """Let every step of a job run and end within ``seconds``, in a thread of its own."""

    def work() -> None:
        rows = list(station.script.steps[job])
        for number, each in enumerate(rows):
            for state in (JobState.RUNNING, JobState.DONE):
                rows[number] = replace(each, state=state)
                if number % BATCH == 0:
                    station.script.steps[job] = tuple(rows)
                station.emit(JobEvent(job, each.id))
            if number % BATCH == 0:
                time.sleep(max(0.0, began + seconds * number / len(rows) - time.monotonic()))
        station.script.steps[job] = tuple(rows)
        station.emit(JobEvent(job))

    began = time.monotonic()
    thread = threading.Thread(target=work, name="recorded-work")
    thread.start()
    return thread


def resident_mb() -> float:
    """Return the memory of this process that is not swapped out, in MB."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1000
    raise ValueError("/proc/self/status has no VmRSS")
