"""Date and Valid-Until of a Release file, set anew before it is signed.

The two options are ``date`` (keep, now, or a moment as ISO 8601 in UTC) and ``valid_for`` (keep, or
days from that date). What a repository's own tool wrote long ago can be signed as the state of now.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate

from signstation.codec.aptrelease import Release
from signstation.errors import ContentDamaged, UsageError
from signstation.model.asks import Literal, Range
from signstation.model.options import Field, FieldKind, Options
from signstation.model.outputs import Patch
from signstation.model.text import Text

KEEP, NOW = "keep", "now"
MAX_DAYS = 3650
"""Longest validity: ten years; Debian's own is a week."""
DAY = 86_400
FIELDS = (
    Field("date", Text("Date of the repository"), FieldKind.TEXT, KEEP),
    Field("valid_for", Text("Days for which it is valid"), FieldKind.TEXT, KEEP),
)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\dZ)?")


@dataclass(frozen=True, slots=True)
class Dates:
    """What the fields will say, in Unix seconds; None leaves a field as it is."""

    date: int | None = None
    until: int | None = None


def rewrites(options: Options) -> bool:
    """Whether the Release file itself changes."""
    given = dict(options)
    return any(given.get(each.name, KEEP) != KEEP for each in FIELDS)


def check(options: Options) -> None:
    """Raise UsageError for values that are none of the two options."""
    dates(options, 0, 0)


def dates(options: Options, stated: int | None, time: int) -> Dates:
    """Return what to write; ``stated`` is the file's own date. Raises UsageError."""
    given = dict(options)
    date = _date(given.get("date", KEEP), time)
    days = given.get("valid_for", KEEP)
    if days == KEEP:
        return Dates(date)
    if not (days.isascii() and days.isdigit() and 0 < int(days[:9]) <= MAX_DAYS):
        raise UsageError(reason=f"valid_for is keep, or 1 to {MAX_DAYS} days")
    start = date if date is not None else stated
    if start is None:
        raise UsageError(reason="the Release file has no Date to count valid_for from: set date")
    return Dates(date, start + int(days) * DAY)


def _date(value: str, time: int) -> int | None:
    if value == KEEP:
        return None
    if value == NOW:
        return time
    if not _MOMENT.fullmatch(value):
        raise UsageError(reason="date is keep, now, or as 2026-01-31 or 2026-01-31T12:00:00Z")
    try:
        moment = datetime.fromisoformat(value.removesuffix("Z"))
    except ValueError as error:
        raise UsageError(reason=f"{value} is no date") from error
    return int(moment.replace(tzinfo=UTC).timestamp())


def patches(data: bytes, release: Release, options: Options, time: int) -> tuple[Patch, ...]:
    """Return how a Release file becomes what is signed, in the order of the offsets.

    Raises UsageError, and ContentDamaged for a field that goes on in a second line.
    """
    wanted = dates(options, release.moment("date"), time)
    found = [
        each
        for name, moment in (("Date", wanted.date), ("Valid-Until", wanted.until))
        if moment is not None
        for each in _patch(data, name, moment)
    ]
    added = b"".join(each.new for each in found if not each.offset)
    others = sorted((each for each in found if each.offset), key=lambda each: each.offset)
    return (*((Patch(0, 0, added),) if added else ()), *others)


def _patch(data: bytes, name: str, moment: int) -> Iterator[Patch]:
    value = formatdate(moment, usegmt=True).replace("GMT", "UTC").encode()
    line = re.search(rb"(?im)^%s:([^\r\n]*)(\r?\n?)([ \t]?)" % name.encode(), data)
    if line is None:
        yield Patch(0, 0, name.encode() + b": " + value + b"\n")
        return
    if line[3]:
        raise ContentDamaged(what=f"the field {name} has more than one line")
    if line[1].strip() != value:
        yield Patch(line.start(1), len(line[1]), b" " + value)


def patched(data: bytes, changes: Sequence[Patch]) -> bytes:
    """Return the bytes with the patches applied."""
    parts, at = [], 0
    for each in changes:
        parts += [data[at : each.offset], each.new]
        at = each.offset + each.old_length
    return b"".join((*parts, data[at:]))


def traced(
    segments: Sequence[Range | Literal], changes: Sequence[Patch], size: int
) -> tuple[Range | Literal, ...]:
    """Return segments of patched bytes in terms of the artifact of ``size`` bytes and literals."""
    pieces = tuple(_pieces(changes, size))
    found: list[Range | Literal] = []
    for each in segments:
        if isinstance(each, Literal):
            found.append(each)
        else:
            found += _within(pieces, each)
    return tuple(found)


def _pieces(changes: Sequence[Patch], size: int) -> Iterator[tuple[int, Range | Literal]]:
    """Yield (offset in the patched bytes, where they come from)."""
    at = start = 0
    for each in changes:
        yield at, Range(start, each.offset - start)
        at += each.offset - start
        yield at, Literal(each.new)
        at += len(each.new)
        start = each.offset + each.old_length
    yield at, Range(start, size - start)


def _within(
    pieces: Sequence[tuple[int, Range | Literal]], wanted: Range
) -> Iterator[Range | Literal]:
    end = wanted.offset + wanted.length
    for at, piece in pieces:
        length = piece.length if isinstance(piece, Range) else len(piece.value)
        first, last = max(wanted.offset, at), min(end, at + length)
        if first >= last:
            continue
        if isinstance(piece, Range):
            yield Range(piece.offset + first - at, last - first)
        else:
            yield Literal(piece.value[first - at : last - at])
