"""The keys of a running job: opened when first needed, once for all steps, given up as a whole."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Sequence
from contextlib import suppress

from signstation.errors import (
    AgentMissing,
    Cancelled,
    CertificateMismatch,
    KeyChanged,
    KeyNotFound,
    KeyStoreUnknown,
    KeyUnreadable,
    KeyUnusable,
    PassphraseWrong,
    PinLocked,
    PolicyError,
    SecretMissing,
    SignstationError,
    TokenFailed,
    TokenMissing,
    WorkerDied,
    WorkerHung,
)
from signstation.interfaces.guardterms import GuardTerms
from signstation.interfaces.workers import KeySession, KeyWorkers
from signstation.model.asks import ToSign
from signstation.model.keys import Protection, SignerProfile

KEY_DEPTH = 8
"""Asks in flight per key worker: it never waits for the runner (measured: 4 to 8 suffice)."""
SOFTWARE_PLACES = 4 * KEY_DEPTH
"""Steps that use one software key at a time: KEY_DEPTH for each of up to four key workers."""
MAX_LOSSES = 3
"""Key workers that may die in one job before its key is given up."""

_ONE_AT_A_TIME = frozenset({Protection.TOKEN, Protection.HSM, Protection.REMOTE})
_WHOLE_KEY = (
    AgentMissing,
    Cancelled,
    CertificateMismatch,
    KeyChanged,
    KeyNotFound,
    KeyStoreUnknown,
    KeyUnreadable,
    KeyUnusable,
    PassphraseWrong,
    PinLocked,
    PolicyError,
    SecretMissing,
    TokenFailed,
    TokenMissing,
)
"""Errors that every further use of the key would meet too: nobody is asked again for each step."""


class Signer:
    """One key under one request. Lives on the event loop; ends with ``close``."""

    def __init__(
        self, workers: KeyWorkers, profile: SignerProfile, terms: GuardTerms, count: int
    ) -> None:
        """``count``: signatures that will be wanted at most."""
        self.profile = profile
        # An intent of a token is committed only when the key is free: after a crash at most one
        # signature is unknown, and the card's counter settles it (DESIGN.md section 6).
        self.exclusive = profile.protection in _ONE_AT_A_TIME
        self.places = asyncio.Semaphore(1 if self.exclusive else SOFTWARE_PLACES)
        self._workers = workers
        self._terms = terms
        self._count = count
        self._opening: asyncio.Task[KeySession] | None = None
        self._session: KeySession | None = None
        self._losses = 0
        self._failed: SignstationError | None = None

    async def ready(self) -> KeySession:
        """Return the open session; the first to come opens it, which may prompt.

        Raises what opening raised, to everybody; after a lost worker the next call opens again.
        """
        if self._failed is not None:
            raise copy.copy(self._failed)
        if self._session is not None:
            return self._session
        if self._opening is None:
            self._opening = asyncio.create_task(
                self._workers.open(self.profile, self._terms, self._count)
            )
            self._opening.add_done_callback(_taken_note_of)
        opening = self._opening
        try:
            # whoever is cancelled leaves; the key is opened for the others
            session = await asyncio.shield(opening)
        except asyncio.CancelledError as error:
            if opening.cancelled():
                raise Cancelled from error
            raise
        except SignstationError as error:
            if opening is self._opening:
                self._opening = None
                self._note(error, opening=True)
            raise copy.copy(error) from error
        if opening is self._opening:
            self._opening, self._session = None, session
        return session

    async def sign(
        self, session: KeySession, item: int, round_number: int, asks: Sequence[ToSign]
    ) -> tuple[bytes | SignstationError, ...]:
        """Use the key. Raises WorkerDied and WorkerHung: the next ``ready`` opens a new session."""
        try:
            answers = await session.sign(item, round_number, asks)
        except (WorkerDied, WorkerHung) as error:
            if session is self._session:
                self._session = None
                self._note(error, opening=False)
                with suppress(SignstationError):
                    await session.close()
            raise
        except SignstationError as error:
            self._note(error, opening=False)
            raise
        for answer in answers:
            if isinstance(answer, SignstationError):
                self._note(answer, opening=False)
        return answers

    def _note(self, error: SignstationError, *, opening: bool) -> None:
        """Decide whether an error is the key's as a whole."""
        if isinstance(error, WorkerDied | WorkerHung):
            self._losses += 1
            if self._losses >= MAX_LOSSES:
                self._failed = error
        elif opening or isinstance(error, _WHOLE_KEY):
            self._failed = error

    async def close(self) -> None:
        """End the session and what is being opened; what is in flight there is given up."""
        self._failed = self._failed or Cancelled()
        opening, self._opening = self._opening, None
        session, self._session = self._session, None
        with suppress(SignstationError, asyncio.CancelledError):
            if opening is not None:
                opening.cancel()
                session = await opening
        if session is not None:
            with suppress(SignstationError):
                await session.close()


def _taken_note_of(opening: asyncio.Task[KeySession]) -> None:
    """Look at how an opening ended, for the case that nobody waits for it any more."""
    if not opening.cancelled():
        opening.exception()
