"""What many calls share, sent to a worker once and then named by number: the DEFINE frame."""

from __future__ import annotations

from dataclasses import dataclass

from signstation.codec.plain import from_plain, to_plain
from signstation.errors import ProtocolViolation
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
