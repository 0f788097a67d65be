"""What the audit log is told of calls: changes of keys and trust, refusals, consent to go on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from signstation.app.methods import Method
from signstation.errors import Cancelled, PolicyError, SignstationError
from signstation.jobs.accounts import joined, storable
from signstation.jobs.commits import Body
from signstation.model.audit import AuditKind
from signstation.model.orders import Refusal, SignOrder
from signstation.model.station import Caller

Append = Callable[[AuditKind, Caller, Body], Awaitable[None]]
"""Appends a record to the log and returns when it is durable (``Runner.note``)."""

ORDERS = frozenset(
    {
        Method.SUBMIT,
        Method.CANCEL,
        Method.RETRY,
        Method.RESUME,
        Method.GENERATE,
        Method.CERTIFY,
        Method.IMPORT_KEY,
        Method.EXPORT_KEY,
        Method.PIN,
        Method.UNPIN,
        Method.RESTORE,
    }
)
"""Calls that use or change keys, trust or results: that one was refused is recorded."""


@dataclass(frozen=True, slots=True)
class Notes:
    """Records what one caller does. Every method returns when the record is durable.

    They raise DiskFull, NotWritable and StoreDamaged where the log cannot be written.
    """

    append: Append
    caller: Caller

    async def key(self, change: str, key: object, **facts: str) -> None:
        """A key was made, taken in or given out."""
        await self._note(AuditKind.KEY_CHANGE, change=change, key=str(key), **facts)

    async def trust(self, change: str, identity: str, **facts: str) -> None:
        """What the station trusts is about to change: recorded before it does."""
        await self._note(AuditKind.TRUST_CHANGE, change=change, key=identity, **facts)

    async def again(self, job: int, order: Method) -> None:
        """A job is to go on: who resumes it allows that something may be signed a second time."""
        facts: dict[str, str | int] = {"job": job, "order": order.value}
        await self.append(AuditKind.SUBMITTED, self.caller, facts)

    async def left_out(self, order: SignOrder, refused: Sequence[Refusal]) -> None:
        """Artifacts were refused while planning; one record each. Raises nothing."""
        keys = joined(tuple(str(each) for each in order.keys))
        plan = Method.PLAN.value
        records = [
            self._note(
                AuditKind.REFUSAL, order=plan, path=str(each.path), code=_code(each), key=keys
            )
            for each in refused
        ]
        await asyncio.gather(*records, return_exceptions=True)

    async def refused(self, order: Method, error: SignstationError) -> None:
        """An order was refused or called off; what the policy refuses, whatever was asked.

        Raises nothing: the caller hears of the refusal in any case.
        """
        if order not in ORDERS and not isinstance(error, PolicyError):
            return
        kind = AuditKind.CANCELLED if isinstance(error, Cancelled) else AuditKind.REFUSAL
        with suppress(SignstationError):
            await self._note(kind, order=order.value, code=error.code)

    async def _note(self, kind: AuditKind, **facts: str) -> None:
        plain = {name: storable(value) for name, value in facts.items() if value}
        await self.append(kind, self.caller, plain)


def _code(refusal: Refusal) -> str:
    return str(json.loads(refusal.error)["code"])
