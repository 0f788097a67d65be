"""The Release file of an APT repository: its fields, and the indexes that it names with digests.

The layout is that of Debian's repository format: one paragraph (deb822(5)); MD5Sum, SHA1, SHA256
and SHA512 hold a line for each index: digest, size in bytes, path below the file's own directory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_tz
from typing import NoReturn

from signstation.codec.deb822 import Paragraph, paragraph
from signstation.errors import ArtifactMalformed, LimitReached
from signstation.model.hashes import HashAlgorithm

NAME = "aptrepo"
MAX_RELEASE = 16 * 1024 * 1024
"""Most bytes of a Release file: that of Debian's unstable has 200 KB."""
MAX_INDEXES = 50_000
"""Most indexes: Debian's unstable names 1,400."""
MAX_PATH = 4096
"""Most bytes of a path (PATH_MAX, include/uapi/linux/limits.h)."""
LISTS = {
    "md5sum": HashAlgorithm.MD5,
    "sha1": HashAlgorithm.SHA1,
    "sha256": HashAlgorithm.SHA256,
    "sha512": HashAlgorithm.SHA512,
}
"""Fields with digests, weakest first."""
STRONG = (HashAlgorithm.SHA512, HashAlgorithm.SHA256)
"""What counts; apt since 1.1 trusts no list of MD5 or SHA-1 alone."""
COMPRESSED = (".gz", ".xz", ".bz2", ".lzma", ".lz4", ".zst")
"""Suffixes of forms of one index; clients fetch one of them (apt-pkg/aptconfiguration.cc)."""
_LINE = re.compile(r"([0-9A-Fa-f]+)[ \t]+([0-9]{1,15})[ \t]+(\S(?:.*\S)?)")


@dataclass(frozen=True, slots=True)
class Index:
    """One index: path, size in bytes, and a digest of each list that names it."""

    path: str
    size: int
    digests: Mapping[HashAlgorithm, bytes]

    @property
    def place(self) -> str:
        """The path below the Release file's directory; empty where it would leave it."""
        parts = self.path.split("/")
        good = all(part not in {"", ".", ".."} for part in parts)
        return self.path if good else ""

    @property
    def stem(self) -> str:
        """The path without its compression: forms of one index share it."""
        for suffix in COMPRESSED:
            if self.path.endswith(suffix):
                return self.path.removesuffix(suffix)
        return self.path

    @property
    def strongest(self) -> HashAlgorithm | None:
        """The strongest digest that is given, None where all are weak."""
        return next((each for each in STRONG if each in self.digests), None)


@dataclass(frozen=True, slots=True)
class Release:
    """A Release file: its paragraph and its indexes in the order of their first line."""

    paragraph: Paragraph
    indexes: tuple[Index, ...]
    sizes_differ: tuple[str, ...]  # paths that two lists give different sizes

    def field(self, name: str) -> str:
        """Return a field's value, empty where it is missing."""
        return self.paragraph.field(name)

    def moment(self, name: str) -> int | None:
        """Return a date field in Unix seconds, None where it is missing or no date (RFC 5322)."""
        found = parsedate_tz(self.field(name))
        if found is None or self.field(name).rsplit(" ", 1)[-1] not in {"UTC", "GMT", "+0000"}:
            return None
        try:
            return int(datetime(*found[:6], tzinfo=UTC).timestamp())
        except (ValueError, OverflowError):
            return None


def parse_release(content: bytes, offset: int = 0) -> Release:
    """Read a Release file without its signature. Raises ArtifactMalformed and LimitReached."""
    if len(content) > MAX_RELEASE:
        raise LimitReached(what="bytes of a Release file", limit=MAX_RELEASE)
    fields = paragraph(content, format_id=NAME, offset=offset)
    digests: dict[str, dict[HashAlgorithm, bytes]] = {}
    sizes: dict[str, int] = {}
    differ: list[str] = []
    for name, algorithm in LISTS.items():
        for digest, size, path in _lines(fields.field(name), algorithm, offset):
            if sizes.setdefault(path, size) != size:
                differ.append(path)
            known = digests.setdefault(path, {})
            if algorithm in known:
                _fail(offset, f"{path} once in {name}", "twice")
            known[algorithm] = digest
            if len(digests) > MAX_INDEXES:
                raise LimitReached(what="indexes of a Release file", limit=MAX_INDEXES)
    indexes = tuple(Index(path, sizes[path], known) for path, known in digests.items())
    return Release(fields, indexes, tuple(dict.fromkeys(differ)))


def looks_like_release(content: bytes) -> bool:
    """Whether the beginning of a text is one of a Release file: a list of digests and a name."""
    lines = content.decode("utf-8", "replace").split("\n")
    names = {each.partition(":")[0].lower() for each in lines if each[:1] not in {" ", "\t", "#"}}
    named = names & {"suite", "codename", "origin", "label", "components", "architectures", "date"}
    return bool(names & LISTS.keys()) and len(named) > 1


def _lines(value: str, algorithm: HashAlgorithm, offset: int) -> Iterator[tuple[bytes, int, str]]:
    for line in value.split("\n"):
        if not line.strip():
            continue
        found = _LINE.fullmatch(line.strip())
        if found is None or len(found[1]) != 2 * algorithm.size:
            _fail(offset, f"{algorithm.title}, a size and a path", repr(line[:80]))
        if len(found[3].encode()) > MAX_PATH:
            _fail(offset, f"a path of at most {MAX_PATH} bytes", "a longer one")
        yield bytes.fromhex(found[1]), int(found[2]), found[3]


def _fail(offset: int, expected: str, found: str) -> NoReturn:
    raise ArtifactMalformed(format=NAME, offset=offset, expected=expected, found=found)
