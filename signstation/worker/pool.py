"""All worker processes of one station, from the first to the last."""

from __future__ import annotations

import asyncio
from pathlib import Path

from signstation.interfaces.workers import Prompter
from signstation.system.sandbox import Protection, WorkerKind
from signstation.worker.checkpool import CheckPool
from signstation.worker.hashpool import HashPool
from signstation.worker.keypool import KeyPool, KeyProcesses
from signstation.worker.seats import Pool
from signstation.worker.settings import WorkerSettings
from signstation.worker.start import Starter
from signstation.worker.toolpool import ToolPool

FEWEST = 2
"""Check and hash workers even on one core: a recheck needs another worker than the signing."""


class Workers:
    """The pools; processes start when they are first needed. Use it on one event loop.

    The kernel kills the workers when the thread that runs the loop ends.
    """

    def __init__(self, settings: WorkerSettings) -> None:
        """Start nothing yet."""
        starter = Starter(settings)
        size = max(FEWEST, settings.cores)
        self._pools = {
            WorkerKind.CHECK: Pool(starter, WorkerKind.CHECK, size),
            WorkerKind.HASH: Pool(starter, WorkerKind.HASH, size),
            WorkerKind.TOOL: Pool(starter, WorkerKind.TOOL, size, window=1),
        }
        self._keys = KeyProcesses(starter, settings.cores, tokens=bool(settings.tokens.modules))
        self.check = CheckPool(self._pools[WorkerKind.CHECK])
        self.hashes = HashPool(self._pools[WorkerKind.HASH])
        self.tools = ToolPool(self._pools[WorkerKind.TOOL])

    def keys(
        self, gnupg_home: Path | None, prompter: Prompter, ssh_agent: Path | None = None
    ) -> KeyPool:
        """Return the key workers that serve a caller: with his places, and prompts to him."""
        return self._keys.workers(gnupg_home, prompter, ssh_agent)

    def warm(self, gnupg_home: Path | None) -> None:
        """Start, all at once, the workers that the first artifact of an order goes through."""
        self._keys.desk(gnupg_home).warm(1)
        self._pools[WorkerKind.CHECK].warm(FEWEST)  # one signs, the other rechecks
        self._pools[WorkerKind.HASH].warm(1)

    async def protections(self) -> dict[WorkerKind, tuple[Protection, ...]]:
        """Say what one worker of each kind could give up, for ``doctor``. Raises HostError."""
        found = {kind: await pool.protections() for kind, pool in self._pools.items()}
        return found | {WorkerKind.KEY: await self._keys.protections()}

    async def close(self) -> None:
        """End every worker, all at once: none needs another to end."""
        await asyncio.gather(self._keys.close(), *(pool.close() for pool in self._pools.values()))
