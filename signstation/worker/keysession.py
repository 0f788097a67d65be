"""One open key under one request, in one worker or, for a key in memory, in one per core."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from signstation.codec.plain import from_plain, to_plain
from signstation.errors import ProtocolViolation, SignstationError
from signstation.interfaces.guardterms import GuardTerms
from signstation.interfaces.workers import Prompter
from signstation.model.asks import ToSign
from signstation.model.keys import SignerProfile
from signstation.system.memory import in_memory
from signstation.worker.asking import answering
from signstation.worker.frames import FrameType, put_json, take_json
from signstation.worker.lane import Bystander, Lane
from signstation.worker.wire import UseKey, put_use_key, take_results

DEPTH = 8
"""Batches in one key worker at once, so that it never waits for the runner (measured: 4 to 8)."""


@dataclass(eq=False, slots=True)
class OpenedLane:
    """A key worker with an open session; the session's number is that of the call that opened."""

    lane: Lane
    session: int
    in_memory: bool
    free: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(DEPTH))


async def call(
    lane: Lane, prompter: Prompter, body: dict[str, object], descriptors: Sequence[int] = ()
) -> tuple[int, object]:
    """Make a JSON call to a key worker that is ours alone; return its number and value.

    Raises WorkerDied or WorkerHung when the worker ends. Cancelling this cancels the call.
    """
    made = lane.call()
    with answering(lane, made, prompter):
        try:
            frame = await made.request(FrameType.CALL, put_json(body), descriptors)
        except Bystander:
            raise lane.error from None
        finally:
            made.close()
    return made.number, take_json(frame.body).get("value")


async def open_in(
    lane: Lane, prompter: Prompter, profile: SignerProfile, terms: GuardTerms, count: int
) -> OpenedLane:
    """Open a key in a worker; the request travels in an anonymous file, however long it is."""
    body: dict[str, object] = {
        "method": "open",
        "profile": to_plain(profile),
        "count": count,
        "signer": terms.signer,
        "approvals": to_plain(terms.approvals),
    }
    with in_memory((terms.request,)) as descriptor:
        number, value = await call(lane, prompter, body, (descriptor,))
    if not isinstance(value, dict):
        raise ProtocolViolation(reason="a strange answer to an open")
    return OpenedLane(lane, number, from_plain(value.get("in_memory"), bool))


class Session:
    """Implements ``interfaces.workers.KeySession``.

    Items are dealt out by their number, so that each worker's guard admits its own and the workers
    together sign nothing twice.
    """

    def __init__(self, lanes: Sequence[OpenedLane], prompter: Prompter) -> None:
        """Use workers that are open and shared out."""
        self._lanes = tuple(lanes)
        self._prompter = prompter
        self.in_memory = any(each.in_memory for each in lanes)

    async def sign(
        self, item: int, round_number: int, asks: Sequence[ToSign]
    ) -> tuple[bytes | SignstationError, ...]:
        """Sign all asks of this signer in one round of one item; guard first, then key.

        Raises GuardRefused, WorkerDied and WorkerHung. When this is cancelled, asks that the key
        has not begun are dropped; a key that has begun is waited for a while, then its worker is
        killed and the session is of no more use.
        """
        opened = self._lanes[item % len(self._lanes)]
        body = put_use_key(UseKey(opened.session, item, round_number, tuple(asks)))
        async with opened.free:
            made = opened.lane.call()
            with answering(opened.lane, made, self._prompter):
                try:
                    frame = await made.request(FrameType.USE_KEY, body)
                except Bystander:
                    raise opened.lane.error from None
                finally:
                    made.close()
        results = take_results(frame.body)
        if len(results) != len(asks):
            raise ProtocolViolation(reason="another number of answers than asks")
        return results

    async def close(self) -> None:
        """Close the key in order, then end its workers: secrets go with the processes."""
        await asyncio.gather(*map(self._close, self._lanes))

    async def _close(self, opened: OpenedLane) -> None:
        try:
            if not opened.lane.ended:
                body: dict[str, object] = {"method": "close", "session": opened.session}
                await call(opened.lane, self._prompter, body)
        except SignstationError:
            pass  # a store that cannot close its key loses it with the process
        finally:
            opened.lane.hang_up()
