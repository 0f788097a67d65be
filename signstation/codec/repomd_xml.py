"""XML of package repositories, read piece by piece: no document types, no entities, all bounded.

Names are compared as they are written, prefix and all, which is how librepo and libsolv read these
files: what means one thing to a namespace and another to a client is no question then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat  # nosec B411 - document types, and with them entities, are refused

from signstation.errors import ArtifactMalformed

NAME = "rpmrepo"
PIECE = 64 * 1024
"""Bytes that are given to the parser at a time."""
MAX_TOKEN = 1024 * 1024
"""Most bytes of one tag: expat before 2.6 reads an unfinished one again with every piece."""
MAX_DEPTH = 32
"""Most elements inside one another: createrepo_c writes five."""
MAX_TEXT = 4096
"""Most characters of a text that is wanted: a path (PATH_MAX), or a digest."""


@dataclass(frozen=True, slots=True)
class Element:
    """An element that has ended: ``path`` is ``repomd/data/checksum``, ``text`` its own text."""

    path: str
    attributes: Mapping[str, str]
    text: str


def elements(pieces: Iterable[bytes], wanted: frozenset[str]) -> Iterator[Element]:
    """Yield the elements with a path in ``wanted``, each when it ends: parents after children.

    Raises ArtifactMalformed for what is not well-formed UTF-8 XML, or beyond a bound.
    """
    reader = _Reader(wanted)
    for piece in pieces:
        for at in range(0, len(piece), PIECE):
            yield from reader.feed(piece[at : at + PIECE])
    yield from reader.feed(b"", last=True)


@dataclass(slots=True)
class _Open:
    """An element that has begun."""

    path: str
    attributes: Mapping[str, str]
    text: list[str] = field(default_factory=list)
    length: int = 0


class _Reader:
    """The handlers of one parser."""

    def __init__(self, wanted: frozenset[str]) -> None:
        self._wanted = wanted
        self._stack: list[str] = [""]
        self._open: list[_Open] = []
        self._ended: list[Element] = []
        self._fed = 0
        parser = expat.ParserCreate("UTF-8")
        parser.buffer_text = True
        parser.XmlDeclHandler = self._declaration
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        self._parser = parser

    def feed(self, piece: bytes, *, last: bool = False) -> list[Element]:
        """Parse a piece and return what ended in it."""
        self._fed += len(piece)
        try:
            self._parser.Parse(piece, last)
        except expat.ExpatError as error:
            found = expat.ErrorString(error.code)
            at = self._parser.ErrorByteIndex
            raise _malformed(at, "well-formed XML", found) from error
        if self._fed - max(0, self._parser.CurrentByteIndex) > MAX_TOKEN:
            self._fail(f"a tag of at most {MAX_TOKEN} bytes", "a longer one")
        ended, self._ended = self._ended, []
        return ended

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in {"utf-8", "us-ascii", "ascii"}:
            self._fail("UTF-8", repr(encoding[:40]))

    def _doctype(self, *_: object) -> None:
        self._fail("no document type", "one")

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._stack) > MAX_DEPTH:
            self._fail(f"at most {MAX_DEPTH} elements inside one another", "more")
        above = self._stack[-1]
        path = f"{above}/{name}" if above else name
        self._stack.append(path)
        if path in self._wanted:
            self._open.append(_Open(path, attributes))

    def _end(self, _name: str) -> None:
        path = self._stack.pop()
        if path in self._wanted:
            done = self._open.pop()
            self._ended.append(Element(path, done.attributes, "".join(done.text).strip()))

    def _characters(self, data: str) -> None:
        if not self._open or self._open[-1].path != self._stack[-1]:
            return
        inside = self._open[-1]
        inside.length += len(data)
        if not data.isspace():
            if inside.length > MAX_TEXT:
                self._fail(f"a text of at most {MAX_TEXT} characters", "a longer one")
            inside.text.append(data)

    def _fail(self, expected: str, found: str) -> NoReturn:
        raise _malformed(max(0, self._parser.CurrentByteIndex), expected, found)


def _malformed(offset: int, expected: str, found: str) -> ArtifactMalformed:
    return ArtifactMalformed(format=NAME, offset=offset, expected=expected, found=found)
