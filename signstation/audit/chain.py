"""The chain in which the journal keeps its audit records, walked from the first to the last."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

GENESIS = bytes(32)
"""What the first record is chained to."""


@dataclass(frozen=True, slots=True)
class Link:
    """A row of the journal: its number from 1, the record in canonical JSON, the chain's hashes."""

    number: int
    body: bytes
    previous: bytes
    hash: bytes


def first_bad(links: Iterable[Link]) -> int | None:
    """Return the number of the first record that is not what was written, None where all are.

    Changes, insertions, removals and reorderings are found; a removal of the newest records only
    leaves a shorter chain, which nothing but a checkpoint can tell.
    """
    previous = GENESIS
    for number, link in enumerate(links, start=1):
        expected = hashlib.sha256(previous + link.body).digest()
        if (link.number, link.previous, link.hash) != (number, previous, expected):
            return number
        previous = link.hash
    return None
