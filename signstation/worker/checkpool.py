"""The check workers as the runner sees them (``interfaces.workers.CheckWorkers``)."""

from __future__ import annotations

import os
from collections.abc import Sequence

from signstation.codec.plain import from_plain, to_plain
from signstation.errors import ArtifactUnreadable, ProtocolViolation, ReplayDiverged
from signstation.interfaces.signed import Signed
from signstation.interfaces.workers import Asker, Progress, SigningItem
from signstation.model.artifacts import Inspection
from signstation.model.asks import ToSign
from signstation.model.checks import Verified
from signstation.model.hashes import Digest
from signstation.model.members import NamedMember, OpenedMember, Surroundings
from signstation.model.outputs import Patch
from signstation.model.trust import Trust
from signstation.worker.desk import HEAVY
from signstation.worker.frames import FrameType, put_json, take_json
from signstation.worker.seats import Pool, Task
from signstation.worker.terms import Interned
from signstation.worker.wire import (
    Job,
    put_answers,
    put_job,
    put_recheck,
    take_asks,
    take_digests,
    take_signed,
    whole,
)

RECOGNISE_WEIGHT = 1024 * 1024
"""Bytes that recognising a file of any size may read, for the scheduler."""


def size_of(descriptor: int) -> int:
    """Return the size of an open file. Raises ArtifactUnreadable."""
    try:
        return os.fstat(descriptor).st_size
    except OSError as error:
        raise ArtifactUnreadable(reason=error.strerror or "") from error


class CheckPool:
    """Implements ``CheckWorkers`` over a pool of check workers."""

    def __init__(self, pool: Pool) -> None:
        """Use ``pool``, which somebody else closes."""
        self._pool = pool
        self._terms = Interned()

    async def recognise(self, artifact: int) -> str:
        """Return the format's id by content. Raises FormatUnknown."""
        weight = min(size_of(artifact), RECOGNISE_WEIGHT)
        data = await self._call({"method": "recognise"}, (artifact,), weight, None)
        return from_plain(data.get("format"), str)

    async def inspect(
        self,
        artifact: int,
        format_id: str | None,
        progress: Progress,
        surroundings: Surroundings | None = None,
    ) -> Inspection:
        """Run ``Format.inspect``."""
        call: dict[str, object] = {
            "method": "inspect",
            "format": format_id,
            "surroundings": None if surroundings is None else to_plain(surroundings),
        }
        data = await self._call(call, (artifact,), size_of(artifact), progress)
        return from_plain(data.get("inspection"), Inspection)

    async def members(self, artifact: int, format_id: str) -> tuple[NamedMember, ...]:
        """Run ``Surrounded.members``."""
        call: dict[str, object] = {"method": "members", "format": format_id}
        data = await self._call(call, (artifact,), size_of(artifact), None)
        return from_plain(data.get("members"), tuple[NamedMember, ...])

    async def open_member(
        self, artifact: int, place: str, member: int, format_id: str
    ) -> OpenedMember:
        """Run ``Nested.open_member``."""
        call: dict[str, object] = {"method": "open", "format": format_id, "place": place}
        files = (artifact, member)
        data = await self._call(call, files, sum(map(size_of, files)), None)
        return from_plain(data.get("opened"), OpenedMember)

    async def glance(self, artifact: int, format_id: str) -> Inspection:
        """Run ``Format.inspect`` and bring back little of it."""
        call: dict[str, object] = {"method": "glance", "format": format_id}
        data = await self._call(call, (artifact,), size_of(artifact), None)
        return from_plain(data.get("inspection"), Inspection)

    async def verify(  # noqa: PLR0913 - each names a thing that a caller has to decide
        self,
        artifact: int,
        signatures: Sequence[int],
        format_id: str | None,
        trust: Trust,
        time: int,
        progress: Progress,
        *,
        surroundings: Surroundings | None = None,
    ) -> tuple[Inspection, Verified]:
        """Inspect and verify in one go.

        The second OpenPGP library reads a large file by itself, in one go and by its path, and
        cannot be cancelled: then it is given a process of its own that may open just these files.
        """
        files = (artifact, *signatures)
        weight = sum(map(size_of, files))

        async def work(task: Task) -> tuple[Inspection, Verified]:
            task.call.on_progress = progress
            call = {
                "method": "verify",
                "format": format_id,
                "trust": task.lane.define(trust),
                "time": time,
                "surroundings": None if surroundings is None else to_plain(surroundings),
            }
            frame = await task.call.request(FrameType.CALL, put_json(call), files)
            data = take_json(frame.body)
            return (
                from_plain(data.get("inspection"), Inspection),
                from_plain(data.get("verified"), Verified),
            )

        return await self._pool.run(weight, work, alone=files if weight > HEAVY else ())

    async def _call(
        self,
        call: dict[str, object],
        files: Sequence[int],
        weight: int,
        progress: Progress | None,
    ) -> dict[str, object]:
        async def work(task: Task) -> dict[str, object]:
            if progress is not None:
                task.call.on_progress = progress
            frame = await task.call.request(FrameType.CALL, put_json(call), files)
            return take_json(frame.body)

        return await self._pool.run(weight, work)

    async def sign(
        self, item: SigningItem, artifact: int, ask: Asker, progress: Progress
    ) -> Signed:
        """Drive the signing generator.

        When the worker ends for another item's sake, the generator is run again in another one: it
        is a pure function, so it asks for the same and is given the answers that are known, without
        asking a key twice. Asks that differ are ReplayDiverged.
        """
        known: list[tuple[tuple[ToSign, ...], tuple[bytes, ...]]] = []

        async def work(task: Task) -> Signed:
            task.call.on_progress = progress
            frame = await task.call.request(
                FrameType.SIGN, put_job(self._job(task, item)), (artifact,)
            )
            task.read()
            number = 0
            while frame.type is FrameType.ASKS:
                asks = whole(frame.body, take_asks)
                if number == len(known):
                    known.append((asks, await ask(number, asks)))
                elif known[number][0] != asks:
                    raise ReplayDiverged(step=item.step)
                answers = put_answers(known[number][1])
                number += 1
                frame = await task.call.request(FrameType.ANSWERS, answers)
            return take_signed(frame.body, task.seat.number)

        return await self._pool.run(size_of(artifact), work)

    async def recheck(
        self,
        item: SigningItem,
        artifact: int,
        staged: Sequence[int],
        avoid: int,
        progress: Progress,
    ) -> tuple[Digest, ...]:
        """Run ``Format.recheck`` in another worker than ``avoid`` where there is one."""
        return await self._recheck(item, (artifact, *staged), (), avoid, progress)

    async def recheck_in_place(
        self,
        item: SigningItem,
        artifact: int,
        patches: Sequence[Patch],
        avoid: int,
        progress: Progress,
    ) -> tuple[Digest, ...]:
        """As ``recheck``, of the artifact as it would be with ``patches``."""
        if not patches:
            raise ProtocolViolation(reason="a recheck of no patches")
        return await self._recheck(item, (artifact,), patches, avoid, progress)

    async def _recheck(
        self,
        item: SigningItem,
        files: Sequence[int],
        patches: Sequence[Patch],
        avoid: int,
        progress: Progress,
    ) -> tuple[Digest, ...]:
        async def work(task: Task) -> tuple[Digest, ...]:
            task.call.on_progress = progress
            body = put_recheck(self._job(task, item), patches)
            frame = await task.call.request(FrameType.RECHECK, body, files)
            if frame.type is not FrameType.RESULT:
                raise ProtocolViolation(reason="asks from a recheck")
            return take_digests(frame.body, max(1, len(files) - 1))

        return await self._pool.run(sum(map(size_of, files)), work, avoid=avoid)

    def _job(self, task: Task, item: SigningItem) -> Job:
        number = task.lane.define(self._terms.terms(item))
        return Job(number, item.step, item.size, item.seed, item.sha256)
