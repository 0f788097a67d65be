"""Planning: from an order to a sealed request, with everything foretold and nothing signed."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from signstation.codec.request import MAX_ITEMS
from signstation.errors import LimitReached, UsageError
from signstation.interfaces.format import Format
from signstation.jobs.candidates import Candidate, Skipped, candidates
from signstation.jobs.clock import Clock
from signstation.jobs.draft import Draft, signature_type
from signstation.jobs.examine import Examiner
from signstation.jobs.hands import Hands
from signstation.jobs.profiles import profiles_of
from signstation.jobs.release import read_release, worst_first
from signstation.jobs.sealed import SealedPlan
from signstation.jobs.targets import output_root
from signstation.jobs.workers import Workers
from signstation.model.orders import Destination, PlanSummary, SignOrder
from signstation.model.releases import Survey
from signstation.model.station import Caller


class Planner:
    """Makes sealed plans. Lives on the event loop; owns nothing."""

    def __init__(
        self, workers: Workers, formats: Mapping[str, Format], hands: Hands, clock: Clock
    ) -> None:
        """``formats`` by id: only what they declare is used here, they parse in check workers."""
        self._workers = workers
        self._formats = formats
        self._hands = hands
        self._clock = clock

    async def plan(
        self, order: SignOrder, caller: Caller, signed: frozenset[Path] = frozenset()
    ) -> SealedPlan | PlanSummary:
        """Return the plan, or just its summary (without id) where nothing of it can be signed.

        ``signed`` are files that carry good signatures of all keys of the order.
        May prompt for keys whose public half is not readable without. Raises UsageError and the
        errors of keys; those of single artifacts are in the summary.
        """
        self._check(order)
        profiles = await profiles_of(self._workers.keys(caller, None), order)
        found = await asyncio.to_thread(
            lambda: tuple(candidates(order.paths, order_output(order), order.root))
        )
        files = tuple(each for each in found if isinstance(each, Candidate))
        if len(files) > MAX_ITEMS:
            raise LimitReached(what="artifacts of one order", limit=MAX_ITEMS)
        examiner = Examiner(self._workers, self._hands, self._formats, order.format)
        draft = Draft(order, self._formats, profiles, secrets.token_hex(16))
        draft.take_skipped(each for each in found if isinstance(each, Skipped))
        results = await examiner.all(files)
        reading = await read_release(
            self._workers.check, self._formats, results, keys_allowed=order.private_keys
        )
        now = self._clock()
        time = now if order.time is None else order.time
        draft.take(results, replace(reading, signed=signed, time=time))
        return draft.seal(caller, now)

    async def survey(self, paths: tuple[Path, ...]) -> Survey:
        """Read a release before any key is chosen. Raises UsageError and the errors of workers."""
        found = await asyncio.to_thread(lambda: tuple(candidates(paths, None)))
        files = tuple(each for each in found if isinstance(each, Candidate))
        if len(files) > MAX_ITEMS:
            raise LimitReached(what="artifacts of one order", limit=MAX_ITEMS)
        results = await Examiner(self._workers, self._hands, self._formats, None).all(files)
        reading = await read_release(
            self._workers.check, self._formats, results, keys_allowed=False
        )
        return Survey(worst_first(*reading.findings), reading.covered, tuple(sorted(reading.left)))

    def _check(self, order: SignOrder) -> None:
        if not order.paths:
            raise UsageError(reason="no path was given")
        if not order.keys:
            raise UsageError(reason="no key was given")
        if order.format is not None and order.format not in self._formats:
            raise UsageError(reason=f"there is no format {order.format}")
        if order.signature is not None:
            signature_type(order.signature)
        if order.destination is Destination.IN_PLACE and order.output is not None:
            raise UsageError(reason="an output directory and in-place exclude one another")


def order_output(order: SignOrder) -> Path | None:
    """Return the directory that the order writes to, None in place."""
    if order.destination is Destination.IN_PLACE:
        return None
    return output_root(order, order.paths[0])
