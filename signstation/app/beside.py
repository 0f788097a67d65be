"""Which signature files lie beside an artifact, and which format reads each of them.

A suffix alone does not tell: ``NAME.asc`` is a detached signature, or a text that is signed in the
clear and belongs to the format that recognises it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from signstation.errors import InputError, PathMissing
from signstation.interfaces.format import Format
from signstation.interfaces.workers import CheckWorkers
from signstation.jobs.candidates import Candidate, open_candidate
from signstation.jobs.examine import ANY_FILE


def open_in(stack: ExitStack, root: Path, name: str) -> int:
    """Open a file until the stack ends. Blocks; raises as ``open_candidate``."""
    descriptor, _ = open_candidate(root, name)
    stack.callback(os.close, descriptor)
    return descriptor


class Beside:
    """Finds signature files by their suffix and pairs them by their content."""

    def __init__(self, check: CheckWorkers, formats: Mapping[str, Format]) -> None:
        self._check = check
        self._formats = formats

    def suffixes(self, format_id: str | None) -> frozenset[str]:
        """Return all suffixes of signature files, or those of one format."""
        kinds = self._formats.values() if format_id is None else (self._formats[format_id],)
        return frozenset(suffix for kind in kinds for suffix in kind.siblings())

    def rare(self, suffix: str) -> bool:
        """Return whether files of other kinds have this suffix too: ``.gpg`` may be encrypted."""
        return not self._reads(ANY_FILE, suffix)

    async def find(
        self, stack: ExitStack, each: Candidate, found: str, named: str | None
    ) -> dict[str, tuple[int, ...]]:
        """Return open signature files by the format that reads them with this artifact.

        ``found`` is the artifact's format, ``named`` what a person said. A package with a detached
        signature beside it is judged twice: as a package and as a file.
        """
        opened: dict[str, list[int]] = {}
        own = self._formats[found].siblings()
        suffixes = own if named else (*own, *sorted(self.suffixes(None) - set(own)))
        for suffix in suffixes:
            try:
                name = each.name + suffix
                descriptor = await asyncio.to_thread(open_in, stack, each.root, name)
            except PathMissing:
                continue
            reader = found if named else await self._reader(descriptor, suffix, found)
            if reader:
                opened.setdefault(reader, []).append(descriptor)
        if found != ANY_FILE or not opened:
            opened.setdefault(found, [])
        order = sorted(opened, key=lambda kind: kind != found)
        return {kind: tuple(opened[kind]) for kind in order}

    async def claimed(self, each: Candidate) -> bool:
        """Return whether the file is a signature of what lies beside it, whatever its suffix."""
        name = each.name.removesuffix(each.path.suffix)
        with ExitStack() as stack:
            try:
                artifact = await asyncio.to_thread(open_in, stack, each.root, name)
            except InputError:
                return False
            return self._reads(await self._check.recognise(artifact), each.path.suffix)

    async def _reader(self, descriptor: int, suffix: str, found: str) -> str:
        """Return the format that reads a signature file, empty where none does."""
        usual = [each for each in (found, ANY_FILE) if self._reads(each, suffix)]
        others = [each for each in self._formats if each not in usual]
        if any(self._reads(each, suffix) for each in others):
            own = await self._check.recognise(descriptor)
            if own != ANY_FILE and self._reads(own, suffix):
                return own
        return usual[0] if usual else ""

    def _reads(self, format_id: str, suffix: str) -> bool:
        return suffix in self._formats[format_id].siblings()
