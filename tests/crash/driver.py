"""A station that dies on purpose: recovers, or carries out an order, and kills itself at a point.

``python -m tests.crash.driver BASE [POINT TURN]`` kills itself with SIGKILL the TURN-th time that
POINT is reached. BASE holds ``order.json``; every use of a key is noted in ``uses`` before it.
Prints the states of the steps as JSON when it comes to the end.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from signstation.codec.plain import from_plain
from signstation.errors import SecretMissing, SignstationError
from signstation.interfaces.guardterms import GuardTerms
from signstation.interfaces.workers import KeySession, KeyWorkers
from signstation.jobs import inplace
from signstation.jobs.checkpoints import Point
from signstation.jobs.journal import Journal
from signstation.jobs.runner import Runner, RunnerSettings
from signstation.jobs.workers import Workers
from signstation.model.asks import ToSign
from signstation.model.keys import KeyRef, SignerProfile
from signstation.model.orders import SignOrder
from signstation.model.prompts import Prompt
from signstation.model.secret import Secret
from signstation.model.station import Caller
from signstation.registry.plugins import load_formats
from signstation.worker.pool import Workers as Pools
from signstation.worker.settings import WorkerSettings

PAUSE = 0.2
"""Seconds between reaching the point and dying: what does not wait for it has run ahead."""


@dataclass
class KillAt:
    """Checkpoints that end this process the hard way."""

    point: Point | None
    turn: int

    def reached(self, point: Point) -> None:
        """Count, and die."""
        if point is self.point:
            self.turn -= 1
            if self.turn == 0:
                time.sleep(PAUSE)
                os.kill(os.getpid(), signal.SIGKILL)


class Nobody:
    """A prompter: the keys of the matrix need no passphrase."""

    async def ask(self, prompt: Prompt) -> Secret:
        """Refuse."""
        raise SecretMissing(prompt=prompt.name)


@dataclass
class NotedSession:
    """A key session whose uses are written down first."""

    session: KeySession
    notes: Path

    @property
    def in_memory(self) -> bool:
        """As the key itself says."""
        return self.session.in_memory

    async def sign(
        self, item: int, round_number: int, asks: Sequence[ToSign]
    ) -> tuple[bytes | SignstationError, ...]:
        """Note the hash of each ask, then sign."""
        lines = "".join(f"{ask.hash().hex}\n" for ask in asks)
        with self.notes.open("a") as notes:
            notes.write(lines)
        return await self.session.sign(item, round_number, asks)

    async def close(self) -> None:
        """Close."""
        await self.session.close()


@dataclass
class NotedKeys:
    """Key workers whose uses are written down."""

    workers: KeyWorkers
    notes: Path

    async def open(self, profile: SignerProfile, terms: GuardTerms, count: int) -> KeySession:
        """Open."""
        return NotedSession(await self.workers.open(profile, terms, count), self.notes)

    async def resolve(self, typed: str) -> KeyRef:
        """Resolve."""
        return await self.workers.resolve(typed)

    async def profile(self, key: KeyRef, certificates: Sequence[bytes]) -> SignerProfile:
        """Profile."""
        return await self.workers.profile(key, certificates)


async def station(base: Path, kill: KillAt, *, consent: bool) -> list[str]:
    """Recover or begin, wait for the end of all jobs and return the states of all steps."""
    data = json.loads((base / "order.json").read_text())
    order = from_plain(data["order"], SignOrder)
    home = from_plain(data["gnupg_home"], str)
    if data["patching"]:  # as if the files were large
        inplace.MIN_IN_PLACE = 0
    caller = Caller(os.geteuid(), os.getpid(), "crash test", Path(home) if home else None)
    pools = Pools(WorkerSettings(state=base / "home", cores=2))

    def keys(who: Caller, _job: int | None) -> KeyWorkers:
        real = pools.keys(who.gnupg_home, Nobody())
        return cast("KeyWorkers", NotedKeys(real, base / "uses"))  # what a runner needs of them

    with closing(Journal(base / "home/journal.db", kill)) as journal:
        runner = Runner(
            journal,
            Workers(pools.check, pools.hashes, keys),
            load_formats(),
            RunnerSettings(private=base / "home", checkpoints=kill),
            lambda _: None,
        )
        await runner.recover()
        jobs = await runner.jobs()
        if not jobs:
            summary = await runner.plan(order, caller)
            await runner.submit(summary.id, caller)
            jobs = await runner.jobs()
        for job in jobs:
            await runner.wait(job.id)
        if consent:
            for job_id in await runner.resume():
                await runner.wait(job_id)
        states = [step.state.value for job in jobs for step in await runner.steps(job.id)]
        await runner.close()
    await pools.close()
    return states


def main(arguments: Sequence[str]) -> None:
    """Run once."""
    base, *rest = arguments
    kill = KillAt(Point(rest[0]), int(rest[1])) if len(rest) == 2 else KillAt(None, 0)
    consent = rest == ["consent"]
    sys.stdout.write(json.dumps(asyncio.run(station(Path(base), kill, consent=consent))))


if __name__ == "__main__":
    main(sys.argv[1:])
