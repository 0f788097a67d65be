"""What many calls share, sent to a worker once and then named by number: the DEFINE frame."""

from __future__ import annotations

from dataclasses import dataclass

from signstation.codec.plain import from_plain, to_plain
from signstation.errors import ProtocolViolation
from signstation.interfaces.workers import SigningItem
from signstation.model.keys import Slot
from signstation.model.options import Options
from signstation.model.trust import Trust
from signstation.worker.frames import put_json, take_json

MAX_TERMS = 256
"""Definitions that a worker keeps; the numbers go round."""


@dataclass(frozen=True, slots=True)
class SigningTerms:
    """What the items of one order with the same format and signers have in common."""

    format: str
    slots: tuple[Slot, ...]
    options: Options
    time: int


Terms = SigningTerms | Trust


class Interned:
    """Gives equal terms of items as one object, so that they are hashed once and not per item."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._latest: SigningTerms | None = None
        self._known: dict[SigningTerms, SigningTerms] = {}

    def terms(self, item: SigningItem) -> SigningTerms:
        """Return the terms of an item."""
        latest = self._latest
        if (
            latest is not None
            and latest.slots is item.slots
            and latest.options is item.options
            and (latest.format, latest.time) == (item.format, item.time)
        ):
            return latest
        fresh = SigningTerms(item.format, item.slots, item.options, item.time)
        if len(self._known) >= MAX_TERMS:
            self._known.clear()
        self._latest = self._known.setdefault(fresh, fresh)
        return self._latest


def put_terms(terms: Terms) -> bytes:
    """Write the body of DEFINE."""
    return put_json({"is": type(terms).__name__, "value": to_plain(terms)})


def take_terms(body: bytes) -> Terms:
    """Read the body of DEFINE. Raises ProtocolViolation."""
    data = take_json(body)
    match data.get("is"):
        case "SigningTerms":
            return from_plain(data.get("value"), SigningTerms)
        case "Trust":
            return from_plain(data.get("value"), Trust)
        case _:
            raise ProtocolViolation(reason="unknown terms")
