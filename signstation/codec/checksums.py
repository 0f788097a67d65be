"""Lists of checksums as sha256sum writes them (GNU), or with ``--tag`` (BSD): read and written.

GNU form: digest, a space, a space or ``*`` (binary), name. BSD form: ``SHA256 (name) = digest``.
A line that starts with a backslash has LF, CR and backslashes of its name escaped (coreutils,
src/digest.c). Empty lines and lines that start with ``#`` are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from signstation.errors import ArtifactMalformed, LimitReached
from signstation.model.hashes import HashAlgorithm

MAX_LIST = 16 * 1024 * 1024
"""Most bytes of a list: ten times what MAX_ENTRIES names of usual length take."""
MAX_ENTRIES = 10_000
"""Most entries: a release has a few hundred files, the largest mirror lists some thousands."""
MAX_NAME = 4096
"""Most bytes of a name (PATH_MAX, include/uapi/linux/limits.h)."""

ALGORITHMS = (HashAlgorithm.SHA256, HashAlgorithm.SHA384, HashAlgorithm.SHA512)
"""What a list may use; MD5 and SHA-1 prove nothing, and nobody writes others."""
_BY_DIGITS = {2 * each.size: each for each in ALGORITHMS}
_BY_TAG = {each.value.upper().encode(): each for each in ALGORITHMS}
_GNU = re.compile(rb"(\\?)([0-9A-Fa-f]{64,128}) [ *](.+)\Z", re.DOTALL)
_BSD = re.compile(rb"(\\?)(SHA\d{3}) \((.+)\) = ([0-9A-Fa-f]{64,128})\Z", re.DOTALL)
_ESCAPES = {b"\\\\": b"\\", b"\\n": b"\n", b"\\r": b"\r"}
_ESCAPED = re.compile(rb"\\.?", re.DOTALL)


class ListForm(Enum):
    """The two forms of a line."""

    GNU = "gnu"
    BSD = "bsd"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file that a list names, with its digest; ``offset`` of its line in bytes."""

    name: str
    algorithm: HashAlgorithm
    digest: bytes
    form: ListForm = ListForm.GNU
    offset: int = 0

    @property
    def place(self) -> str:
        """The path below the list's directory, ``./`` and ``//`` taken out; empty if it leaves."""
        if self.name.startswith("/"):
            return ""
        parts = [each for each in self.name.split("/") if each not in {"", "."}]
        return "" if ".." in parts or self.name.endswith("/") else "/".join(parts)


def parse_list(data: bytes) -> tuple[Entry, ...]:
    """Read a list of at least one entry.

    Raises ArtifactMalformed for a line that is no entry, and LimitReached.
    """
    if len(data) > MAX_LIST:
        raise LimitReached(what="bytes of a list of checksums", limit=MAX_LIST)
    found: list[Entry] = []
    for offset, line in _lines(data):
        if line and not line.startswith(b"#"):
            if len(found) >= MAX_ENTRIES:
                raise LimitReached(what="entries of a list of checksums", limit=MAX_ENTRIES)
            found.append(_entry(line, offset))
    if not found:
        raise _malformed(0, "a digest and a name", "none")
    return tuple(found)


def looks_like_list(head: bytes, *, whole: bool) -> bool:
    """Return whether all lines of ``head`` are entries; without ``whole`` but for the last one."""
    kept = head if whole else head[: head.rfind(b"\n") + 1]
    try:
        return bool(parse_list(kept))
    except ArtifactMalformed:
        return False
    except LimitReached:
        return True


def _lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        found = data.find(b"\n", at)
        end = len(data) if found < 0 else found
        yield at, data[at:end].removesuffix(b"\r")
        at = end + 1


def _entry(line: bytes, offset: int) -> Entry:
    if gnu := _GNU.match(line):
        escaped, digits, name = gnu.groups()
        algorithm, form = _BY_DIGITS.get(len(digits)), ListForm.GNU
    elif bsd := _BSD.match(line):
        escaped, tag, name, digits = bsd.groups()
        algorithm, form = _BY_TAG.get(tag), ListForm.BSD
    else:
        raise _malformed(offset, "a digest and a name", "another line")
    if algorithm is None or len(digits) != 2 * algorithm.size:
        raise _malformed(offset, "SHA-256, SHA-384 or SHA-512", "another digest")
    if len(name) > MAX_NAME:
        raise _malformed(offset, f"a name of at most {MAX_NAME} bytes", "a longer one")
    try:
        plain = (_unescape(name, offset) if escaped else name).decode("utf-8")
    except UnicodeDecodeError as error:
        raise _malformed(offset, "a name in UTF-8", "other bytes") from error
    if "\0" in plain:
        raise _malformed(offset, "a name", "a NUL byte")
    return Entry(plain, algorithm, bytes.fromhex(digits.decode("ascii")), form, offset)


def _unescape(name: bytes, offset: int) -> bytes:
    def plain(found: re.Match[bytes]) -> bytes:
        if found.group() not in _ESCAPES:
            raise _malformed(offset, "an escape of LF, CR or backslash", "another one")
        return _ESCAPES[found.group()]

    return _ESCAPED.sub(plain, name)


def write_list(entries: Iterable[Entry], form: ListForm) -> bytes:
    """Return the lines that ``sha256sum --text`` and ``--tag`` of coreutils 9 write."""
    return b"".join(_line(each, form) for each in entries)


def _line(entry: Entry, form: ListForm) -> bytes:
    name = entry.name.encode("utf-8")
    escaped = name.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")
    mark = b"\\" if escaped != name else b""
    digits = entry.digest.hex().encode("ascii")
    if form is ListForm.GNU:
        return mark + digits + b"  " + escaped + b"\n"
    tag = entry.algorithm.value.upper().encode("ascii")
    return mark + tag + b" (" + escaped + b") = " + digits + b"\n"


def _malformed(offset: int, expected: str, found: str) -> ArtifactMalformed:
    return ArtifactMalformed(format="checksums", offset=offset, expected=expected, found=found)
