"""Reading a list of checksums, plain or signed in the clear, and telling it from other texts."""

from __future__ import annotations

from dataclasses import dataclass

from signstation.codec.checksums import MAX_LIST, Entry, looks_like_list, parse_list
from signstation.codec.cleartext import BEGIN, BEGIN_SIGNATURE, ClearText, parse_cleartext
from signstation.errors import LimitReached
from signstation.interfaces.artifact import Artifact, Source

HEAD = 64 * 1024
"""Bytes at the start that have to be a list."""
_PLAIN, _CLEAR = 80, 95
"""How sure it is of a list, and of a signed one: surer than that it is some signed text."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A list: the bytes of its file, what they say, and the signed text where it is one."""

    data: bytes
    entries: tuple[Entry, ...]
    clear: ClearText | None = None


def read_whole(artifact: Artifact) -> bytes:
    """Return the bytes. Raises LimitReached and ArtifactUnreadable."""
    if artifact.size > MAX_LIST:
        raise LimitReached(what="bytes of a list of checksums", limit=MAX_LIST)
    return artifact.read(0, MAX_LIST)


def read_list(artifact: Artifact) -> Listed:
    """Read a list; of a signed one only what is signed. Raises ArtifactMalformed, LimitReached."""
    data = read_whole(artifact)
    if not data.startswith(BEGIN):
        return Listed(data, parse_list(data))
    clear = parse_cleartext(data)
    return Listed(data, parse_list(clear.shown), clear)


def recognise(source: Source) -> int:
    """Return how sure it is that this is a list (0 to 100). Raises what ``source.read`` raises."""
    head = source.read(0, HEAD)
    whole = len(head) == source.size
    if not head.startswith(BEGIN):
        return _PLAIN if looks_like_list(head, whole=whole) else 0
    _, _, text = head.replace(b"\r\n", b"\n").partition(b"\n\n")
    body, ended, _ = text.partition(b"\n" + BEGIN_SIGNATURE)
    return _CLEAR if looks_like_list(body, whole=bool(ended)) else 0
