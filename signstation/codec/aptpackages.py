"""Packages indexes of an APT repository: which package file lies where, with which digest.

The layout is that of Debian's repository format: paragraphs (deb822(5)) with Filename, Size and
digests. Read piece by piece; nothing but these fields is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from signstation.errors import ArtifactMalformed, LimitReached

NAME = "apt-packages"
MAX_LINE = 1024 * 1024
"""Most bytes of a line: descriptions and dependencies have a few thousand."""
MAX_PACKAGES = 45_000
"""Most packages of one index: what is told of them has to fit into 16 MiB of JSON. Those of Debian
are split by component and architecture; the largest has 64,000 and is said to be too large."""
_SHA256_DIGITS = 64


@dataclass(frozen=True, slots=True)
class Packaged:
    """A package as an index states it; ``sha256`` is empty where it does not stand there."""

    filename: str
    size: int
    sha256: bytes


def read_packages(pieces: Iterable[bytes]) -> Iterator[Packaged]:
    """Yield the packages of an unpacked index. Raises ArtifactMalformed and LimitReached."""
    count, fields = 0, dict[str, str]()
    for number, line in enumerate(_lines(pieces), start=1):
        if line.strip():
            _take(fields, line, number)
            continue
        if fields:
            count += 1
            yield _packaged(fields, number)
            fields = {}
        if count > MAX_PACKAGES:
            raise LimitReached(what="packages of an index", limit=MAX_PACKAGES)
    if fields:
        yield _packaged(fields, number)


_WANTED = (b"filename:", b"size:", b"sha256:")


def _take(fields: dict[str, str], line: bytes, number: int) -> None:
    name = line[: line.find(b":") + 1].lower()
    if name in _WANTED:
        key = name[:-1].decode()
        if key in fields:
            raise _malformed(number, f"{key} once in a paragraph")
        fields[key] = line[len(name) :].strip().decode(errors="backslashreplace")
    else:
        fields.setdefault("", "")


def _packaged(fields: dict[str, str], number: int) -> Packaged:
    filename, size = fields.get("filename", ""), fields.get("size", "")
    digest = fields.get("sha256", "")
    if not filename or not (size.isascii() and size.isdigit() and len(size) <= 15):  # noqa: PLR2004
        raise _malformed(number, "a Filename and a Size")
    if digest and len(digest) != _SHA256_DIGITS:
        raise _malformed(number, "a SHA-256")
    try:
        return Packaged(filename, int(size), bytes.fromhex(digest))
    except ValueError as error:
        raise _malformed(number, "a SHA-256") from error


def _malformed(number: int, expected: str) -> ArtifactMalformed:
    return ArtifactMalformed(
        format=NAME, offset=0, expected=expected, found=f"the paragraph that ends in line {number}"
    )


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
        if len(rest) > MAX_LINE:
            raise LimitReached(what="bytes of a line of an index", limit=MAX_LINE)
    yield rest
