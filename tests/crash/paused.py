"""A station whose one job is paused, that then waits to be killed: ``python -m … BASE``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from signstation.jobs import runner as running
from signstation.model.jobs import JobState
from signstation.model.keys import KeyRef
from tests.support.engine import CALLER, local_station
from tests.support.release import Release, planned

SAID = "paused\n"


def goods(base: Path) -> Release:
    """Return the release below ``base`` as ``tests.support.release.release`` made it."""
    return Release(base / "release", base / "out", KeyRef("file", str(base / "key.pem")))


async def station(base: Path) -> None:
    """Submit, pause, say so when nothing is under way any more, and wait for ever."""
    running.WINDOW = 1
    async with local_station(base / "home") as opened:
        runner = opened.runner
        plan = await planned(runner, goods(base).order)
        job = await runner.submit(plan.id, CALLER)
        await runner.pause(job)
        while any(step.state is JobState.RUNNING for step in await runner.steps(job)):
            await asyncio.sleep(0.01)
        sys.stdout.write(SAID)
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(station(Path(sys.argv[1])))
