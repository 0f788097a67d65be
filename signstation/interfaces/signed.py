"""What a check worker gives back of a signing; apart, as hash workers know nothing else of it."""

from __future__ import annotations

from dataclasses import dataclass

from signstation.model.outputs import Output


@dataclass(frozen=True, slots=True)
class Signed:
    """What came out of the generator, before anything is written."""

    outputs: tuple[Output, ...]
    sha256: bytes  # of the artifact as read
    worker: int  # which worker it was, so that the recheck can avoid it
    hash_ns: int
