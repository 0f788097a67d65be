"""A station to be measured, and how: wall clock, processor time per process, memory."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from signstation.model.orders import SignOrder
from signstation.model.station import Caller
from tests.support.pools import PoolStation, pool_station

TICKS = os.sysconf("SC_CLK_TCK")
DISK = "/var/tmp"  # noqa: S108 - on a disk by the file-system hierarchy standard


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a directory on a disk: /tmp may be memory, which syncs at once."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=DISK) as base:
        yield Path(base)


def say(text: str) -> None:
    """Print at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def timed(
    command: Sequence[str | Path], cwd: Path, environment: dict[str, str] | None = None
) -> float:
    """Run a command to its good end and return the seconds that it took."""
    began = time.monotonic()
    subprocess.run(
        [str(each) for each in command],
        cwd=cwd,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return time.monotonic() - began


def processor_seconds(pid: int) -> float:
    """Return user and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory(pid: int) -> dict[str, int]:
    """Return VmRSS and RssAnon of a process in MiB; empty when it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return {}
    found = dict(line.split(":", 1) for line in lines if line.startswith(("VmRSS", "RssAnon")))
    return {name: int(value.split()[0]) // 1024 for name, value in found.items()}


def processes(station: PoolStation) -> dict[int, str]:
    """Return the processes of a station with their kinds."""
    found = {os.getpid(): "runner"}
    for kind, pool in station.pools._pools.items():
        for seat in pool._seats:
            if seat.lane is not None:
                found[seat.lane.pid] = kind.value
    for lane in station.pools._keys._sessions:
        if not lane.ended:
            found[lane.pid] = "key"
    for desk in station.pools._keys._desks.values():
        for seat in desk._seats:
            if seat.lane is not None:
                found[seat.lane.pid] = "key"
    return found


@dataclass
class Watch:
    """Samples the processes of a station while it works."""

    station: PoolStation
    began: dict[int, float] = field(default_factory=dict)
    spent: dict[int, float] = field(default_factory=dict)
    kinds: dict[int, str] = field(default_factory=dict)
    peak: dict[str, dict[str, int]] = field(default_factory=dict)

    async def run(self) -> None:
        """Sample until cancelled."""
        while True:
            self.sample()
            await asyncio.sleep(0.05)

    def sample(self) -> None:
        """Look once."""
        for pid, kind in processes(self.station).items():
            self.kinds[pid] = kind
            try:
                self.spent[pid] = processor_seconds(pid)
            except OSError:
                continue
            self.began.setdefault(pid, self.spent[pid] if kind == "runner" else 0.0)
            best = self.peak.setdefault(kind, {})
            for name, value in memory(pid).items():
                best[name] = max(best.get(name, 0), value)

    def by_kind(self) -> dict[str, float]:
        """Return processor seconds by kind of process since the watch began."""
        found: dict[str, float] = {}
        for pid, spent in self.spent.items():
            kind = self.kinds[pid]
            found[kind] = found.get(kind, 0.0) + spent - self.began[pid]
        return found


@dataclass(frozen=True)
class Run:
    """One order carried out: seconds of planning and of signing, processor seconds by kind."""

    plan: float
    sign: float
    processor: dict[str, float]
    peak: dict[str, dict[str, int]]
    phases: dict[str, float]
    count: int

    @property
    def total(self) -> float:
        """Seconds from the order to the end of the job."""
        return self.plan + self.sign

    def spent(self) -> str:
        """Seconds by phase, all steps together."""
        return ", ".join(f"{phase} {seconds:.2f}" for phase, seconds in self.phases.items())

    def above(self, smaller: Run) -> dict[str, float]:
        """Processor milliseconds for each item more than in a smaller order: no start-up."""
        return {
            kind: 1000 * (spent - smaller.processor.get(kind, 0.0)) / (self.count - smaller.count)
            for kind, spent in self.processor.items()
        }

    def per_item(self) -> str:
        """Processor milliseconds per item by kind."""
        parts = [
            f"{kind} {1000 * spent / self.count:.2f}" for kind, spent in self.processor.items()
        ]
        total = 1000 * sum(self.processor.values()) / self.count
        return f"{', '.join(parts)}; together {total:.2f} ms"


async def carried_out(
    home: Path,
    *orders: SignOrder,
    gnupg_home: Path | None = None,
    answers: Sequence[bytes] = (),
) -> tuple[Run, ...]:
    """Carry out orders one after another in one station; the first starts the workers."""
    caller = Caller(os.geteuid(), os.getpid(), "bench", gnupg_home)
    async with pool_station(home, answers=answers) as station:
        return tuple([await _one(station, order, caller) for order in orders])


async def _one(station: PoolStation, order: SignOrder, caller: Caller) -> Run:
    watch = Watch(station)
    watch.sample()
    watch.began = dict(watch.spent)
    sampling = asyncio.create_task(watch.run())
    began = time.monotonic()
    summary = await station.runner.plan(order, caller)
    if not summary.id or summary.refused:
        raise AssertionError(summary)
    planned = time.monotonic()
    row = await station.runner.wait(await station.runner.submit(summary.id, caller))
    ended = time.monotonic()
    sampling.cancel()
    watch.sample()
    steps = await station.runner.steps(row.id)
    if row.done != row.steps:
        raise AssertionError(steps)
    phases: dict[str, float] = {}
    for counter in (each for step in steps for each in step.counters):
        name = counter.phase.value
        phases[name] = phases.get(name, 0.0) + counter.nanoseconds / 1e9
    return Run(
        plan=planned - began,
        sign=ended - planned,
        processor=watch.by_kind(),
        peak=watch.peak,
        phases=phases,
        count=row.steps,
    )
