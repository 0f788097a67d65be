"""A passphrase, PIN or key in memory, with no printable, comparable or serialised form."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn


class Secret:
    """Bytes that are opened only in the narrowest ``with`` and wiped afterwards on request.

    Wiping is best effort: CPython and the libraries below may hold copies of their own.
    """

    __slots__ = ("_bytes",)

    def __init__(self, value: bytes | bytearray) -> None:
        """Copy ``value``; the caller wipes its own copy."""
        self._bytes = bytearray(value)

    @contextmanager
    def open(self) -> Iterator[bytearray]:
        """Give the live bytes for the length of the ``with``; do not keep a reference."""
        yield self._bytes

    def wipe(self) -> None:
        """Overwrite with zeros and empty it."""
        self._bytes[:] = bytes(len(self._bytes))
        self._bytes.clear()

    def __len__(self) -> int:
        """Return the length in bytes (0 after ``wipe``)."""
        return len(self._bytes)

    def __repr__(self) -> str:
        """Never show anything of the content."""
        return "Secret(…)"

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled or copied."""
        raise TypeError("a Secret has no serialised form")

    def __eq__(self, other: object) -> NoReturn:
        """Refuse comparison: it would not be constant-time."""
        raise TypeError("a Secret is not compared")

    __hash__ = None  # type: ignore[assignment]
