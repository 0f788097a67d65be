"""Canonical s-expressions, the form in which gpg-agent gives keys and signatures.

An expression is a string of octets or a list of expressions: ``(3:rsa(1:s2:..))`` (libgcrypt
manual, "S-expressions"). Lengths are decimal without leading zeros; there are no display hints.
"""

from __future__ import annotations

from typing import TypeAlias

from signstation.errors import ArtifactMalformed

MAX_SIZE = 64 * 1024
"""Most bytes of one expression: a private RSA-16384 key, the largest of libgcrypt, has 11 KiB."""
MAX_DEPTH = 16
"""Deepest nesting: the agent's own expressions have five levels."""
MAX_LENGTH_DIGITS = 5
"""Most digits of a length: enough for MAX_SIZE."""

Sexp: TypeAlias = "bytes | tuple[Sexp, ...]"
"""A string, or a list of expressions."""

_OPEN, _CLOSE, _ZERO = b"()0"


def _malformed(offset: int, expected: str, found: str) -> ArtifactMalformed:
    return ArtifactMalformed(format="s-expression", offset=offset, expected=expected, found=found)


def parse(data: bytes | bytearray) -> Sexp:
    """Parse exactly one canonical expression.

    Raises ArtifactMalformed with the offset, also above MAX_SIZE and MAX_DEPTH and where something
    follows the expression.
    """
    if len(data) > MAX_SIZE:
        raise _malformed(MAX_SIZE, f"at most {MAX_SIZE} bytes", str(len(data)))
    lists: list[list[Sexp]] = [[]]  # the first holds the one expression itself
    offset = 0
    while not lists[0] or len(lists) > 1:
        first = data[offset] if offset < len(data) else None
        if first == _OPEN:
            if len(lists) > MAX_DEPTH:
                raise _malformed(offset, f"at most {MAX_DEPTH} nested lists", "more")
            lists.append([])
            offset += 1
        elif first == _CLOSE and len(lists) > 1:
            closed = tuple(lists.pop())
            lists[-1].append(closed)
            offset += 1
        else:
            value, offset = _string(data, offset)
            lists[-1].append(value)
    if offset != len(data):
        raise _malformed(offset, "the end", f"{len(data) - offset} bytes more")
    return lists[0][0]


def _string(data: bytes | bytearray, offset: int) -> tuple[bytes, int]:
    colon = data.find(b":", offset, offset + MAX_LENGTH_DIGITS + 1)
    digits = bytes(data[offset:colon]) if colon > offset else b""
    if not digits.isdigit() or (digits[0] == _ZERO and len(digits) > 1):
        raise _malformed(offset, "a list or the length of a string", "something else")
    start, size = colon + 1, int(digits)
    if size > len(data) - start:
        raise _malformed(offset, f"{size} bytes", f"{len(data) - start}")
    return bytes(data[start : start + size]), start + size


def build(expression: Sexp) -> bytes:
    """Write an expression in canonical form: ``build(parse(data)) == data``."""
    if isinstance(expression, bytes):
        return b"%d:%b" % (len(expression), expression)
    return b"(" + b"".join(build(each) for each in expression) + b")"


def member(expression: Sexp, name: bytes) -> tuple[Sexp, ...]:
    """Return what follows ``name`` in the first list below ``expression`` that begins with it.

    ``member(parse(b"(3:rsa(1:e1:x))"), b"e") == (b"x",)``. Raises ArtifactMalformed without one.
    """
    if not isinstance(expression, bytes):
        for each in expression:
            if not isinstance(each, bytes) and each and each[0] == name:
                return each[1:]
    raise _malformed(0, f"a list ({name.decode('ascii', 'replace')} …)", "none")


def value(expression: Sexp, name: bytes) -> bytes:
    """Return the one string of the list ``(name string)`` below ``expression``.

    Raises ArtifactMalformed where there is none or it is no single string.
    """
    match member(expression, name):
        case (bytes(found),):
            return found
        case _:
            raise _malformed(0, f"one string in ({name.decode('ascii', 'replace')} …)", "a list")
