"""The engine for tests over real worker processes, as a station has them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from signstation.errors import Cancelled, SecretMissing
from signstation.interfaces.workers import KeyWorkers
from signstation.jobs.checkpoints import Checkpoints, NoCheckpoints
from signstation.jobs.journal import Journal
from signstation.jobs.runner import Runner, RunnerSettings
from signstation.jobs.workers import Workers
from signstation.model.jobs import JobEvent
from signstation.model.prompts import Prompt
from signstation.model.secret import Secret
from signstation.model.station import Caller
from signstation.worker.pool import Workers as Pools
from signstation.worker.settings import WorkerSettings
from tests.support.contract_keystores import CANCEL
from tests.support.engine import FORMATS


@dataclass
class ScriptedPrompter:
    """Answers prompts from a list; with none left, nobody can be asked."""

    answers: list[bytes] = field(default_factory=list, repr=False)
    prompts: list[Prompt] = field(default_factory=list)

    async def ask(self, prompt: Prompt) -> Secret:
        """Record the prompt and give the next answer."""
        self.prompts.append(prompt)
        if not self.answers:
            raise SecretMissing(prompt=prompt.name)
        answer = self.answers.pop(0)
        if answer == CANCEL:
            raise Cancelled
        return Secret(answer)


@dataclass
class PoolStation:
    """A runner and what it was made of."""

    runner: Runner
    journal: Journal
    pools: Pools
    prompter: ScriptedPrompter
    events: list[JobEvent] = field(default_factory=list)


@asynccontextmanager
async def pool_station(
    home: Path,
    *,
    answers: Sequence[bytes] = (),
    checkpoints: Checkpoints | None = None,
    settings: WorkerSettings | None = None,
    prompter: ScriptedPrompter | None = None,
) -> AsyncIterator[PoolStation]:
    """Run a station with real workers."""
    home.mkdir(exist_ok=True, mode=0o700)
    points = checkpoints or NoCheckpoints()
    pools = Pools(settings or WorkerSettings(state=home))
    asked = prompter or ScriptedPrompter(list(answers))

    def keys(caller: Caller, _job: int | None) -> KeyWorkers:
        return pools.keys(caller.gnupg_home, asked)

    journal = Journal(home / "journal.db", points)
    events: list[JobEvent] = []
    runner = Runner(
        journal,
        Workers(pools.check, pools.hashes, keys),
        FORMATS,
        RunnerSettings(private=home, checkpoints=points),
        events.append,
    )
    try:
        yield PoolStation(runner, journal, pools, asked, events)
    finally:
        await runner.close()
        journal.close()
        await pools.close()
