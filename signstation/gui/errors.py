"""Errors on the window's side: their wire form in words."""

from __future__ import annotations

import json

from signstation.errors import InternalError, SignstationError, from_wire
from signstation.gui.words import say
from signstation.reports.messages import explain


def parse_error(wire: str) -> SignstationError:
    """Rebuild an error from its JSON text; anything else is an internal error."""
    try:
        data = json.loads(wire)
    except ValueError:
        return InternalError(id="unreadable error")
    return from_wire(data) if isinstance(data, dict) else InternalError(id="unreadable error")


def error_lines(error: SignstationError) -> tuple[str, ...]:
    """Return what, why, effect and what to do as sentences."""
    message = explain(error)
    parts = (message.what, message.why, message.effect, *message.do)
    return tuple(say(each) for each in parts if each is not None)


def error_sentence(error: SignstationError) -> str:
    """Return what happened and why in one line."""
    message = explain(error)
    return " ".join(say(each) for each in (message.what, message.why) if each is not None)
