"""Errors on their way from a worker: typed ones as they are, others as InternalError."""

from __future__ import annotations

import traceback
import uuid

from signstation.errors import (
    Effect,
    InternalError,
    LimitReached,
    ProtocolViolation,
    SignstationError,
    from_wire,
)
from signstation.worker.frames import put_json, take_json

MAX_TRACE = 16 * 1024
"""Characters of a traceback that are sent to the log."""
MAX_FIELD = 64 * 1024
"""Characters of one field of an error: the tail of a tool's output is the longest."""


def typed(raised: Exception) -> SignstationError:
    """Return a typed error as it is, and a new one for what nobody expected."""
    if isinstance(raised, SignstationError):
        return raised
    if isinstance(raised, MemoryError):
        return LimitReached(what="memory of a worker")
    return InternalError(id=uuid.uuid4().hex, effect=Effect.UNKNOWN)


def put_failure(raised: Exception, *, secretive: bool = False) -> bytes:
    """Write the body of ERROR. ``secretive`` leaves out what exceptions say about their values."""
    error, trace = typed(raised), ""
    if isinstance(error, InternalError) and error is not raised:
        said = "" if secretive else str(raised)
        frames = "".join(traceback.format_tb(raised.__traceback__))
        trace = f"{frames}{type(raised).__name__}: {said}"[-MAX_TRACE:]
    return put_json({"error": error.to_wire(), "trace": trace})


def take_failure(body: bytes) -> tuple[SignstationError, str]:
    """Read the body of ERROR and the traceback for the log. Raises ProtocolViolation."""
    data = take_json(body)
    return take_error(data.get("error")), str(data.get("trace", ""))[:MAX_TRACE]


def take_error(wire: object) -> SignstationError:
    """Read an error's wire form from a peer that may be hostile. Raises ProtocolViolation."""
    if not isinstance(wire, dict) or not isinstance(fields := wire.get("fields"), dict):
        raise ProtocolViolation(reason="an error without fields")
    for value in fields.values():
        fits = value is None or isinstance(value, int | str)
        if not fits or (isinstance(value, str) and len(value) > MAX_FIELD):
            raise ProtocolViolation(reason="an error with a strange field")
    try:
        return from_wire(wire)
    except (TypeError, ValueError) as error:
        raise ProtocolViolation(reason="an error of another shape") from error
