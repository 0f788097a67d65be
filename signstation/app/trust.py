"""What a verification trusts: the files that were named, else the pins of this station."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from signstation.app.reading import read_file
from signstation.app.trustpins import Pin, TrustPins, pins_of
from signstation.errors import LimitReached
from signstation.interfaces.workers import ToolWorkers
from signstation.model.trust import Origin, Purpose, Trust
from signstation.system.files import shown

MAX_TRUST_FILE = 16 * 1024 * 1024
"""Largest trust file in bytes: a distribution's whole keyring has about 2 MB."""
MAX_TRUST_FILES = 1000
"""Most trust files of one order."""


class TrustSource:
    """Prepares trust in tool workers; pins are prepared once until they change."""

    def __init__(self, pins: TrustPins, tools: ToolWorkers, clock: Callable[[], int]) -> None:
        """``clock`` gives Unix seconds: since when a new pin is trusted."""
        self._pins = pins
        self._tools = tools
        self._clock = clock
        self._prepared: Trust | None = None
        self._changing = asyncio.Lock()  # the index is read, changed and written by one at a time

    async def trust(self, files: Sequence[Path]) -> Trust:
        """Return the anchors of ``files``, or of the pins where none is named.

        Raises the errors of reading, StoreDamaged, and KeyUnreadable naming the file.
        """
        if files:
            contents = await asyncio.to_thread(_read_all, files)
            return await self._tools.prepare_trust(contents)
        async with self._changing:
            if self._prepared is None:
                materials = await asyncio.to_thread(self._pins.materials)
                raw = await self._tools.prepare_trust(materials) if materials else Trust()
                self._prepared = self._pins.stamp(raw)
            return self._prepared

    async def pins(self) -> tuple[Pin, ...]:
        """Return the pins, oldest first. Raises StoreDamaged."""
        return await asyncio.to_thread(self._pins.all)

    async def prepare(self, materials: Sequence[tuple[str, bytes]]) -> Trust:
        """Return the anchors in certificates (label, content) without trusting them.

        Raises KeyUnreadable naming the label.
        """
        return await self._tools.prepare_trust(materials)

    def origin(self, source: str) -> Origin:
        """Return the origin of what is pinned now."""
        return Origin(source, self._clock())

    async def keep(self, prepared: Trust, origin: Origin, purposes: Sequence[Purpose]) -> None:
        """Trust prepared anchors from now on. Raises StoreDamaged, DiskFull, NotWritable."""
        async with self._changing:
            for pin, material in pins_of(prepared, origin, purposes):
                await asyncio.to_thread(self._pins.add, pin, material)
            self._prepared = None

    async def unpin(self, identity: str) -> tuple[Pin, bytes]:
        """Trust an anchor no longer; returns what it was. Raises UsageError for an unknown one."""
        async with self._changing:
            gone = await asyncio.to_thread(self._pins.remove, identity)
            self._prepared = None
            return gone


def _read_all(files: Sequence[Path]) -> list[tuple[str, bytes]]:
    if len(files) > MAX_TRUST_FILES:
        raise LimitReached(what="trust files", limit=MAX_TRUST_FILES)
    return [(shown(each), read_file(each, MAX_TRUST_FILE)) for each in files]
