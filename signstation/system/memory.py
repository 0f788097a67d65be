"""Small contents handed to another process by descriptor instead of by name."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


@contextmanager
def in_memory(contents: Iterable[bytes]) -> Iterator[int]:
    """Give the descriptor of an anonymous file that holds ``contents`` one after another."""
    descriptor = os.memfd_create("signstation", os.MFD_CLOEXEC)
    try:
        for content in contents:
            left = memoryview(content)
            while left:
                left = left[os.write(descriptor, left) :]
        yield descriptor
    finally:
        os.close(descriptor)


def read_all(descriptor: int, limit: int) -> bytes:
    """Read a whole file of at most ``limit`` bytes from its start. Raises OSError."""
    size = os.fstat(descriptor).st_size
    if size > limit:
        raise OSError(0, f"more than {limit} bytes")
    parts: list[bytes] = []
    at = 0
    while at < size and (part := os.pread(descriptor, size - at, at)):
        parts.append(part)
        at += len(part)
    return b"".join(parts)
