"""Reading a text whole, and telling a signed one from others."""

from __future__ import annotations

from signstation.codec.cleartext import BEGIN, END_SIGNATURE, MAX_TEXT, is_cleartext
from signstation.errors import LimitReached
from signstation.interfaces.artifact import Artifact, Source

HEAD = 64 * 1024
"""Bytes at the start in which a signed text is looked for."""
_TAIL = 4096
_SURE, _PERHAPS = 90, 40
"""How sure it is of a signed text, and of one with something before it."""


def read_text(artifact: Artifact) -> bytes:
    """Return the bytes. Raises LimitReached and ArtifactUnreadable."""
    if artifact.size > MAX_TEXT:
        raise LimitReached(what="bytes of a text", limit=MAX_TEXT)
    return artifact.read(0, MAX_TEXT)


def is_document(source: Source) -> int:
    """Return how sure it is (0 to 100) that this is a signed text, not one that speaks of such."""
    head = source.read(0, HEAD)
    if not is_cleartext(head):
        return 0
    if head.startswith(BEGIN):
        return _SURE
    tail = source.read(max(0, source.size - _TAIL), _TAIL)
    return _PERHAPS if END_SIGNATURE in tail else 0
