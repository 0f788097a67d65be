"""Debian's descriptions of a build: .dsc, .buildinfo and .changes, and the files that they name.

Each is one paragraph (deb822(5)). Files with digests stand in ``Files`` (MD5) and ``Checksums-*``:
deb-src-control(5), deb-buildinfo(5), deb-changes(5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NoReturn

from signstation.codec.deb822 import Paragraph, paragraph
from signstation.errors import ArtifactMalformed, LimitReached
from signstation.model.hashes import HashAlgorithm

NAME = "debsource"
MAX_CONTROL = 16 * 1024 * 1024
"""Most bytes of one description (codec.cleartext.MAX_TEXT); the kernel's .buildinfo has 0.2 MB."""
MAX_FILES = 10_000
"""Most files that one names: the largest builds in Debian make some hundred packages."""


class Kind(Enum):
    """What is described; the value is the usual end of the file's name."""

    SOURCE = "dsc"
    BUILD = "buildinfo"
    UPLOAD = "changes"


LISTS = {
    "files": (HashAlgorithm.MD5, 3, 5),
    "checksums-md5": (HashAlgorithm.MD5, 3, 3),
    "checksums-sha1": (HashAlgorithm.SHA1, 3, 3),
    "checksums-sha256": (HashAlgorithm.SHA256, 3, 3),
    "checksums-sha512": (HashAlgorithm.SHA512, 3, 3),
}
"""Fields with digests: algorithm, and words of a line at least and at most (section and priority
stand before the name in the ``Files`` of a .changes)."""
STRONG = frozenset({HashAlgorithm.SHA256, HashAlgorithm.SHA512})
"""Without one of these a file could be exchanged for another of the same digest."""
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9+.:,=_~-]*")
"""Names of files as dpkg and dak take them: no directory, nothing hidden, no blanks."""
_SIZE = re.compile(r"[0-9]{1,15}")
_HEX = re.compile(r"[0-9A-Fa-f]+")


@dataclass(frozen=True, slots=True)
class NamedFile:
    """One file: its name as written, its size in bytes and the digests that are given."""

    name: str
    size: int
    digests: Mapping[HashAlgorithm, bytes]

    @property
    def place(self) -> str:
        """The name, empty where it is not that of a file in the same directory."""
        return self.name if _FILE_NAME.fullmatch(self.name) else ""

    @property
    def strong(self) -> bool:
        """Whether a digest that counts is given."""
        return not STRONG.isdisjoint(self.digests)


@dataclass(frozen=True, slots=True)
class Description:
    """One description: its kind, its fields, and its files in the order of their first line.

    ``contradictions`` are names that lists give different sizes, or that a list lacks.
    """

    kind: Kind
    paragraph: Paragraph
    files: tuple[NamedFile, ...]
    contradictions: tuple[str, ...]

    def field(self, name: str) -> str:
        """Return a field's value, empty where it is missing."""
        return self.paragraph.field(name)


def parse_description(content: bytes, offset: int = 0) -> Description:
    """Read one without its signature. Raises ArtifactMalformed and LimitReached."""
    if len(content) > MAX_CONTROL:
        raise LimitReached(what="bytes of a description of a build", limit=MAX_CONTROL)
    fields = paragraph(content, format_id=NAME, offset=offset)
    kind = _kind(frozenset(each.lower() for each in fields.names))
    if kind is None:
        _fail(offset, "the fields of a .dsc, .buildinfo or .changes", "others")
    lists = _Lists()
    for name in LISTS:
        lists.take(name, fields.field(name), offset)
    return Description(kind, fields, lists.files(), lists.contradictions())


@dataclass(slots=True)
class _Lists:
    """Puts together what the lists say of each file."""

    digests: dict[str, dict[HashAlgorithm, bytes]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    differ: set[str] = field(default_factory=set)
    named: list[frozenset[str]] = field(default_factory=list)

    def take(self, name: str, value: str, offset: int) -> None:
        """Read one field. Raises ArtifactMalformed and LimitReached."""
        names: set[str] = set()
        for algorithm, digest, size, file in _lines(name, value, offset):
            if file in names:
                _fail(offset, f"{file} once in {name}", "twice")
            names.add(file)
            known = self.digests.setdefault(file, {})
            same = self.sizes.setdefault(file, size) == size
            if known.setdefault(algorithm, digest) != digest or not same:
                self.differ.add(file)
            if len(self.digests) > MAX_FILES:
                raise LimitReached(what="files of a description of a build", limit=MAX_FILES)
        if names:
            self.named.append(frozenset(names))

    def files(self) -> tuple[NamedFile, ...]:
        """Return the files in the order of their first line."""
        return tuple(NamedFile(each, self.sizes[each], said) for each, said in self.digests.items())

    def contradictions(self) -> tuple[str, ...]:
        """Return names of which lists say different things, or one of them nothing."""
        missing = (self.digests.keys() - each for each in self.named)
        return tuple(sorted(self.differ.union(*missing)))


def looks_like_description(head: bytes) -> bool:
    """Whether the beginning of a text is that of a description."""
    lines = head.decode("utf-8", "replace").split("\n")
    found = {each.partition(":")[0].lower() for each in lines if each[:1] not in {" ", "\t", "#"}}
    return _kind(frozenset(found)) is not None


def _kind(names: frozenset[str]) -> Kind | None:
    if "source" not in names or names.isdisjoint(LISTS):
        return None
    if {"distribution", "files"} <= names:
        return Kind.UPLOAD
    if "files" in names and "format" in names:
        return Kind.SOURCE
    return Kind.BUILD if "files" not in names and "architecture" in names else None


def _lines(field: str, value: str, offset: int) -> Iterator[tuple[HashAlgorithm, bytes, int, str]]:
    algorithm, least, most = LISTS[field]
    for line in value.split("\n"):
        words = line.split()
        if not words:
            continue
        good = (
            len(words) in {least, most}
            and len(words[0]) == 2 * algorithm.size
            and _HEX.fullmatch(words[0]) is not None
            and _SIZE.fullmatch(words[1]) is not None
        )
        if not good:
            _fail(offset, f"{algorithm.title}, a size and a name in {field}", repr(line[:80]))
        yield algorithm, bytes.fromhex(words[0]), int(words[1]), words[-1]


def _fail(offset: int, expected: str, found: str) -> NoReturn:
    raise ArtifactMalformed(format=NAME, offset=offset, expected=expected, found=found)
