"""kill -9 while a job is paused: it is paused afterwards, begins nothing, and loses nothing."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from signstation.model.jobs import JobState
from tests.crash.paused import SAID
from tests.crash.scene import ROOT
from tests.support.engine import local_station
from tests.support.release import names_of, release, signed


def test_a_paused_job_is_paused_after_a_crash(tmp_path: Path) -> None:
    goods = release(tmp_path, 3)
    command = [sys.executable, "-m", "tests.crash.paused", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as station:
        assert station.stdout is not None
        assert station.stdout.readline() == SAID
        station.kill()
    assert station.returncode == -signal.SIGKILL

    (tmp_path / "b").mkdir()
    other = replace(release(tmp_path / "b", 1), key=goods.key)

    async def go_on() -> None:
        async with local_station(tmp_path / "home") as opened:
            runner = opened.runner
            (job,) = await runner.recover()
            row = await runner.job(job)
            assert (row.paused, row.state, row.done) == (True, JobState.QUEUED, 1)
            assert (await signed(runner, other.order)).state is JobState.DONE
            assert (await runner.job(job)).done == 1
            await runner.unpause(job)
            assert (await runner.wait(job)).state is JobState.DONE

    asyncio.run(go_on())
    assert goods.names() == names_of(3)
    assert goods.leftovers() == []
