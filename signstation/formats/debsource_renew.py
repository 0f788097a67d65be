"""Files that were signed since a description named them: told from others, and stated anew.

debsign signs the .dsc, puts its size and digests into the .buildinfo and signs that, and does the
same with the .changes. Here the new digests are taken only where the signed file holds the very
text that was named: the digests of that text are the old ones.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from signstation.codec.debsource import LISTS, Description, Kind, NamedFile
from signstation.errors import ArtifactMalformed, LimitReached, UsageError
from signstation.formats.debsource_read import Fate, Read, fates, read_description, text_of
from signstation.interfaces.artifact import Artifact
from signstation.model.hashes import HashAlgorithm
from signstation.model.members import (
    FoundMember,
    MemberState,
    NamedMember,
    OpenedMember,
    OpenedState,
    Surroundings,
)

RENEWED = "renewed"
"""Name of the option with the new sizes and digests: ``NAME SIZE ALGORITHM:HEX …``, parted by
``;``."""
MAX_RENEWED = 8
"""Most files that are stated anew: a .changes names a .dsc and a .buildinfo."""
_CARRIES = {Kind.SOURCE: (), Kind.BUILD: (".dsc",), Kind.UPLOAD: (".dsc", ".buildinfo")}
"""Ends of the names of files that are signed themselves."""
_LINE = re.compile(r"( *)([0-9A-Fa-f]+)( +)([0-9]+)( .*)")
_ENTRY = re.compile(r"(\S+) ([0-9]{1,15})((?: [a-z0-9_]+:[0-9a-f]+)+)")


@dataclass(frozen=True, slots=True)
class Renewed:
    """A file as it is now: size in bytes, and a digest of each kind that was stated."""

    name: str
    size: int
    digests: tuple[tuple[HashAlgorithm, bytes], ...]


def members(description: Description) -> Iterator[NamedMember]:
    """Yield each file once for each of its digests; those that can carry signatures are opened."""
    ends = _CARRIES[description.kind]
    for each in description.files:
        if each.place:
            opened = each.name.endswith(ends)
            for algorithm in each.digests:
                yield NamedMember(each.place, algorithm, opened)


def open_member(artifact: Artifact, place: str, member: Artifact) -> OpenedMember:
    """Tell whether the file at ``place`` holds the text that is named there, but for a signature.

    Raises ArtifactMalformed and LimitReached of the artifact.
    """
    described = read_description(artifact).description
    named = {each.place: each for each in described.files if each.place}
    try:
        inside = read_description(member)
        before = _before(inside, named.values())
    except (ArtifactMalformed, LimitReached) as error:
        return OpenedMember(place, OpenedState.UNREADABLE, str(error))
    wanted = named.get(place)
    good = (
        inside.clear is not None and not inside.clear.odd and not inside.description.contradictions
    )
    if wanted is None or not good or not _fits(wanted, before):
        return OpenedMember(place, OpenedState.CHANGED)
    return OpenedMember(place, OpenedState.SAME)


def _before(inside: Read, named: Iterable[NamedFile]) -> bytes:
    """Return the text without signature, its own files as the description above it names them."""
    old = {each.place: each for each in named}
    again = tuple(
        Renewed(each.name, old[each.name].size, tuple(old[each.name].digests.items()))
        for each in inside.description.files
        if each.name in old and inside.description.kind is Kind.BUILD
    )
    text, _ = text_of(inside, lambda lines: tuple(restated(lines, again)))
    return text.rstrip(b"\n") + b"\n"


def _fits(wanted: NamedFile, content: bytes) -> bool:
    return (
        wanted.strong
        and wanted.size == len(content)
        and all(
            hashlib.new(algorithm.value, content, usedforsecurity=False).digest() == digest
            for algorithm, digest in wanted.digests.items()
        )
    )


def restated(lines: Sequence[bytes], renewed: Sequence[Renewed]) -> Iterator[bytes]:
    """Yield lines of a description; those that name a renewed file say its new size and digest."""
    new = {each.name: each for each in renewed}
    algorithm: HashAlgorithm | None = None
    for line in lines:
        words = line.decode("utf-8", "surrogateescape")
        if not words.startswith((" ", "\t")):
            found = LISTS.get(words.partition(":")[0].lower())
            algorithm = found[0] if found else None
        each = new.get(words.split()[-1]) if algorithm and words.split() else None
        matched = _LINE.fullmatch(words) if each else None
        digest = dict(each.digests).get(algorithm) if each and algorithm else None
        if matched is None or each is None or digest is None:
            yield line
        else:
            stated = f"{matched[1]}{digest.hex()}{matched[3]}{each.size}{matched[5]}"
            yield stated.encode("utf-8", "surrogateescape")


def renewals(description: Description, around: Surroundings | None) -> tuple[Renewed, ...]:
    """Return the files that were signed since they were named."""
    if around is None:
        return ()
    signed = {each.place for each in around.opened if each.state is OpenedState.SAME}
    found: dict[str, list[FoundMember]] = {}
    for each in around.members:
        if each.state is MemberState.READ:
            found.setdefault(each.place, []).append(each)
    return tuple(
        Renewed(
            file.name,
            found[file.place][0].size,
            tuple((each.algorithm, each.digest) for each in found[file.place]),
        )
        for file, fate in fates(description, around)
        if fate is Fate.CHANGED and file.place in signed
    )[:MAX_RENEWED]


def written(renewed: Iterable[Renewed]) -> str:
    """Return the value of the option."""
    return "; ".join(
        " ".join(
            [each.name, str(each.size)]
            + [f"{algorithm.value}:{digest.hex()}" for algorithm, digest in each.digests]
        )
        for each in renewed
    )


def taken(value: str, description: Description) -> tuple[Renewed, ...]:
    """Read the value of the option. Raises UsageError for files that are not named so."""
    named = {each.place: each for each in description.files if each.place}
    found: list[Renewed] = []
    for entry in value.split("; ") if value else ():
        matched = _ENTRY.fullmatch(entry)
        file = named.get(matched[1]) if matched else None
        if matched is None or file is None or len(found) == MAX_RENEWED:
            raise UsageError(reason=f"option {RENEWED} cannot be {value[:200]}")
        pairs = [each.partition(":") for each in matched[3].split()]
        digests = {name: bytes.fromhex(digest) for name, _, digest in pairs if len(digest) % 2 == 0}
        if {each.value: each.size for each in file.digests} != {
            name: len(digest) for name, digest in digests.items()
        }:
            raise UsageError(reason=f"option {RENEWED} has other digests than {file.name}")
        found.append(
            Renewed(
                file.name,
                int(matched[2]),
                tuple((each, digests[each.value]) for each in file.digests),
            )
        )
    return tuple(found)
