"""Between a format's questions and the key: recorded answers, intents, late answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from signstation.errors import (
    Cancelled,
    ProtocolViolation,
    ReplayDiverged,
    SignstationError,
    WorkerDied,
    WorkerHung,
)
from signstation.interfaces.workers import HashWorkers, KeySession, SigningItem
from signstation.jobs.accounts import Account
from signstation.jobs.clock import Clock
from signstation.jobs.journal import Intent, Journal
from signstation.jobs.rows import Recorded
from signstation.jobs.signers import Signer
from signstation.model.asks import MAX_BATCH, MAX_MESSAGE, MAX_ROUNDS, HashOf, ToSign, bytes_read
from signstation.model.audit import AuditKind
from signstation.model.jobs import Phase

CONFIRM_BYTES = 256 * 1024 * 1024
"""Covered bytes up to which a hash worker recomputes an ask before a key may see it (DESIGN.md
section 4); above, without approvals, the one pass of the check worker has to do."""
SETTLE_SECONDS = 5.0
"""How long a cancelled step waits for a key that is still working before its session is ended."""


def covered(asks: Sequence[ToSign]) -> int:
    """Return how many bytes a hash worker would read to confirm these asks."""
    total = 0
    for ask in asks:
        for segment in ask.covers:
            inner = segment.segments if isinstance(segment, HashOf) else (segment,)
            total += sum(map(bytes_read, inner))
    return total


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at one step. ``place`` is its place in the request, ``artifact`` the descriptor.

    ``signers`` has for each slot the key of the job that serves it; ``recorded`` the signatures of
    earlier attempts by ordinal; ``account`` is what the audit log is told.
    """

    step: int
    number: int
    place: int
    item: SigningItem
    artifact: int
    signers: tuple[Signer, ...]
    recorded: Mapping[int, Recorded]
    account: Account
    clock: Clock


class Keying:
    """Answers the asks of one attempt. Lives on the event loop."""

    def __init__(
        self,
        journal: Journal,
        hashes: HashWorkers,
        attempt: Attempt,
        enter: Callable[[Phase], None],
    ) -> None:
        """``enter`` is told which phase begins."""
        self._journal = journal
        self._hashes = hashes
        self._attempt = attempt
        self._enter = enter
        self._rounds = 0
        self._asked = 0
        self._stopped = False
        self._discarding = False
        self._questions: set[asyncio.Task[object]] = set()
        self.recorded = dict(attempt.recorded)
        self.uncertain = False  # a key worker died with an ask of ours in its hands
        self._working: dict[asyncio.Task[tuple[bytes, ...]], Signer] = {}

    @property
    def settled(self) -> bool:
        """True where nothing of this attempt is under way."""
        return not self._working and not self._questions

    async def answer(self, round_number: int, asks: tuple[ToSign, ...]) -> tuple[bytes, ...]:
        """Implements ``interfaces.workers.Asker``.

        Raises ReplayDiverged, GuardRefused, ProtocolViolation, the keys' errors, Cancelled.
        """
        question = asyncio.current_task()
        if question is None:  # never inside a coroutine
            raise AssertionError
        self._questions.add(question)
        try:
            return await self._answer(round_number, asks)
        finally:
            self._questions.discard(question)

    async def _answer(self, round_number: int, asks: tuple[ToSign, ...]) -> tuple[bytes, ...]:
        self._check(round_number, asks)
        intents = [Intent(self._asked + place, ask) for place, ask in enumerate(asks)]
        self._asked += len(asks)
        answers: dict[int, bytes] = {}
        missing: dict[Signer, list[Intent]] = {}
        for intent in intents:
            known = self.recorded.get(intent.ordinal)
            if known is None:
                signer = self._attempt.signers[intent.ask.slot]
                missing.setdefault(signer, []).append(intent)
            elif known.hash == intent.ask.hash().value:
                answers[intent.ordinal] = known.signature
            else:
                raise ReplayDiverged(step=self._attempt.step)
        if missing:
            self._enter(Phase.WAIT)
            for found in await self._ask_all(round_number, missing):
                answers.update(found)
            self._enter(Phase.HASH)
        return tuple(answers[intent.ordinal] for intent in intents)

    def _check(self, round_number: int, asks: tuple[ToSign, ...]) -> None:
        """Refuse what a generator that keeps the contract would not ask."""
        self._rounds += 1
        if self._rounds > MAX_ROUNDS or round_number != self._rounds - 1:
            raise ProtocolViolation(reason="a round out of turn")
        if not 0 < len(asks) <= MAX_BATCH:
            raise ProtocolViolation(reason="a batch without asks, or with too many")
        slots = self._attempt.item.slots
        for ask in asks:
            if not 0 <= ask.slot < len(slots):
                raise ProtocolViolation(reason="an ask for a slot that is not there")
            if ask.scheme is not slots[ask.slot].scheme:
                raise ProtocolViolation(reason="an ask with a scheme that was not planned")
            if (ask.digest is None) == (ask.message is None) or len(ask.input) > MAX_MESSAGE:
                raise ProtocolViolation(reason="an ask that is neither a digest nor a message")

    async def _ask_all(
        self, round_number: int, missing: Mapping[Signer, list[Intent]]
    ) -> list[dict[int, bytes]]:
        if len(missing) == 1:
            ((signer, intents),) = missing.items()
            return [await self._ask(signer, round_number, intents)]
        groups = [
            asyncio.ensure_future(self._ask(signer, round_number, intents))
            for signer, intents in missing.items()
        ]
        try:
            return await asyncio.gather(*groups)
        finally:
            for group in groups:
                group.cancel()
            await asyncio.gather(*groups, return_exceptions=True)

    async def _ask(
        self, signer: Signer, round_number: int, intents: list[Intent]
    ) -> dict[int, bytes]:
        session = await signer.ready()  # a prompt comes before any intent
        if signer.exclusive:
            await signer.places.acquire()
        else:
            await self._intend(signer, session, intents)
            with self._unless_used(signer, intents):
                await signer.places.acquire()
        try:
            if signer.exclusive:
                await self._intend(signer, session, intents)
            use = self._begin(signer, session, round_number, intents)
        except BaseException:
            signer.places.release()
            raise
        # the answer is recorded whatever becomes of the question
        signatures = await asyncio.shield(use)
        return {intent.ordinal: value for intent, value in zip(intents, signatures, strict=True)}

    def _begin(
        self, signer: Signer, session: KeySession, round_number: int, intents: list[Intent]
    ) -> asyncio.Task[tuple[bytes, ...]]:
        if self._stopped:
            self._unused(signer, intents)
            raise Cancelled
        use = asyncio.create_task(self._use(signer, session, round_number, intents))
        self._working[use] = signer
        use.add_done_callback(self._used)
        return use

    def _used(self, use: asyncio.Task[tuple[bytes, ...]]) -> None:
        self._working.pop(use).places.release()
        if not use.cancelled():
            use.exception()  # noted: the question may have been cancelled

    async def _intend(self, signer: Signer, session: KeySession, intents: list[Intent]) -> None:
        """Make the intents durable while a hash worker confirms what they cover."""
        attempt, asks = self._attempt, [intent.ask for intent in intents]
        now, held = attempt.clock(), session.in_memory
        durable = self._journal.intended(
            attempt.step,
            attempt.number,
            intents,
            urgent=signer.exclusive,
            records=[
                attempt.account.key_use(now, signer.profile, each, in_memory=held) for each in asks
            ],
        )
        with self._unless_used(signer, intents):
            if covered(asks) <= CONFIRM_BYTES:
                await self._hashes.confirm(self._attempt.artifact, self._attempt.item.size, asks)
            await durable

    @contextmanager
    def _unless_used(self, signer: Signer, intents: list[Intent]) -> Iterator[None]:
        """Note for intents whose ``with`` body fails that no key was used."""
        try:
            yield
        except BaseException:
            with suppress(SignstationError):  # the journal's own failure
                self._unused(signer, intents)
            raise

    def _unused(self, signer: Signer, intents: Sequence[Intent]) -> None:
        attempt = self._attempt
        record = attempt.account.record(
            AuditKind.KEY_UNUSED, attempt.clock(), key=str(signer.profile.key), count=len(intents)
        )
        ordinals = [intent.ordinal for intent in intents]
        self._journal.unused(attempt.step, attempt.number, ordinals, record)

    async def _use(
        self, signer: Signer, session: KeySession, round_number: int, intents: list[Intent]
    ) -> tuple[bytes, ...]:
        self._enter(Phase.KEY)
        asks = [intent.ask for intent in intents]
        try:
            answers = await signer.sign(session, self._attempt.place, round_number, asks)
        except (WorkerDied, WorkerHung):
            self.uncertain = True
            raise
        if len(answers) != len(asks):
            raise ProtocolViolation(reason="not one answer for each ask")
        signed: list[tuple[int, bytes]] = []
        refused: list[Intent] = []
        errors: list[SignstationError] = []
        for intent, answer in zip(intents, answers, strict=True):
            if isinstance(answer, SignstationError):
                errors.append(answer)
                refused.append(intent)
            else:
                signed.append((intent.ordinal, answer))
        if signed:
            self._record(signer, signed, intents)
        if errors:
            self._unused(signer, refused)
            raise errors[0]
        self._enter(Phase.WAIT)
        return tuple(value for _, value in signed)

    def _record(
        self, signer: Signer, signed: list[tuple[int, bytes]], intents: list[Intent]
    ) -> None:
        attempt, late = self._attempt, None
        if self._discarding:
            late = attempt.account.record(
                AuditKind.DISCARDED, attempt.clock(), key=str(signer.profile.key), count=len(signed)
            )
        self._journal.answered(attempt.step, attempt.number, signed, discarded=late)
        if late is None:
            hashes = {intent.ordinal: intent.ask.hash().value for intent in intents}
            for ordinal, signature in signed:
                self.recorded[ordinal] = Recorded(hashes[ordinal], signature)

    def stop(self, *, discard: bool) -> None:
        """Use no key from now on; an answer that still comes is recorded, or told as discarded."""
        self._stopped = True
        self._discarding = self._discarding or discard

    async def settle(self) -> None:
        """Return when nothing of this attempt is under way any more.

        A key that still works is waited for, its answer recorded; after SETTLE_SECONDS its session
        is ended. Questions that nobody waits for are cancelled.
        """
        for question in self._questions - {asyncio.current_task()}:
            question.cancel()
        if self._working:
            await asyncio.wait(self._working, timeout=SETTLE_SECONDS)
        if self._working:
            for signer in set(self._working.values()):
                await signer.close()
            await asyncio.wait(self._working, timeout=SETTLE_SECONDS)
        if questions := self._questions - {asyncio.current_task()}:
            await asyncio.wait(questions, timeout=SETTLE_SECONDS)
