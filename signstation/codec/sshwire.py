"""The data types of the SSH protocols (RFC 4251 section 5), read with bounds and offsets."""

from __future__ import annotations

from typing import NoReturn

from signstation.errors import ArtifactMalformed

MAX_STRING = 256 * 1024
"""Longest string in bytes: the limit of ssh-agent's messages (OpenSSH, authfd.c)."""
_LENGTH = 4


class SshReader:
    """Reads values one after another from bytes that it does not trust."""

    __slots__ = ("_at", "_data", "_name")

    def __init__(self, data: bytes, name: str) -> None:
        """``name`` is what errors call the format."""
        self._data = data
        self._name = name
        self._at = 0

    def fail(self, expected: str, found: str) -> NoReturn:
        """Raise ArtifactMalformed at the present place."""
        raise ArtifactMalformed(format=self._name, offset=self._at, expected=expected, found=found)

    def raw(self, length: int) -> bytes:
        """Return the next ``length`` bytes. Raises ArtifactMalformed where there are fewer."""
        value = self._data[self._at : self._at + length]
        if len(value) != length:
            self.fail(f"{length} bytes", f"{len(value)} bytes")
        self._at += length
        return value

    def uint32(self) -> int:
        """Return the next unsigned 32-bit number."""
        return int.from_bytes(self.raw(_LENGTH), "big")

    def uint64(self) -> int:
        """Return the next unsigned 64-bit number."""
        return int.from_bytes(self.raw(2 * _LENGTH), "big")

    def string(self) -> bytes:
        """Return the next string. Raises ArtifactMalformed, also above MAX_STRING."""
        length = self.uint32()
        if length > MAX_STRING:
            self.fail(f"at most {MAX_STRING} bytes", f"{length} bytes")
        return self.raw(length)

    def mpint(self) -> int:
        """Return the next positive number in its shortest form."""
        value = self.string()
        number = int.from_bytes(value, "big", signed=True)
        if number <= 0 or value != mpint(number)[_LENGTH:]:
            self.fail("a positive number in its shortest form", "another form")
        return number

    @property
    def left(self) -> int:
        """How many bytes are left."""
        return len(self._data) - self._at

    def end(self) -> None:
        """Raise ArtifactMalformed where something is left."""
        if self.left:
            self.fail("the end", f"{self.left} more bytes")


def uint32(value: int) -> bytes:
    """Encode an unsigned 32-bit number."""
    return value.to_bytes(_LENGTH, "big")


def string(value: bytes) -> bytes:
    """Encode a string: its length and its bytes."""
    return uint32(len(value)) + value


def mpint(value: int) -> bytes:
    """Encode a number that is not negative, in its shortest form."""
    return string(value.to_bytes(value.bit_length() // 8 + 1, "big") if value else b"")
