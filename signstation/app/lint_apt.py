"""Reads an APT repository's signed lists and says what every apt will answer alike."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from signstation.acceptance.lint import Issue, SignedThing
from signstation.acceptance.matrix import Answer
from signstation.acceptance.properties import Certified, look
from signstation.app.reading import read_file
from signstation.codec.aptrelease import MAX_RELEASE, Release, parse_release
from signstation.codec.armor import MAX_ARMOR, ArmorKind, dearmor
from signstation.codec.cleartext import parse_cleartext
from signstation.codec.openpgp import SignaturePacket, parse_signatures
from signstation.errors import ArtifactMalformed, LimitReached
from signstation.model.hashes import HashAlgorithm

MAX_SUITES = 1000
"""Most suites of one repository: a distribution's archive has about thirty."""
PIECE = 1024 * 1024
_NAMES = ("InRelease", "Release")
_LISTS = re.compile(r"binary-.*|source|i18n")


@dataclass(frozen=True, slots=True)
class AptSuite:
    """What was read of one suite."""

    issues: tuple[Issue, ...]
    signed: tuple[SignedThing, ...]


def suites(root: Path) -> list[Path]:
    """Return the directories that hold Release files: those below dists, or the root itself.

    Release files beside lists of one architecture are never signed and are passed over. Raises
    LimitReached.
    """
    found = {each.parent for name in _NAMES for each in root.glob(f"dists/**/{name}")}
    found = {each for each in found if not _LISTS.fullmatch(each.name)}
    if not found and any((root / name).is_file() for name in _NAMES):
        found = {root}
    if len(found) > MAX_SUITES:
        raise LimitReached(what="suites of a repository", limit=MAX_SUITES)
    return sorted(found)


def read_suite(root: Path, directory: Path, certificates: Sequence[Certified], at: int) -> AptSuite:
    """Read a suite. Blocks for every index that is named. Raises what keeps a file unread."""
    issues: list[Issue] = []
    signed: list[SignedThing] = []
    texts: list[bytes] = []
    for name, text, packets in _documents(directory, issues, root):
        texts.append(text)
        seen = tuple(look(each, certificates, at) for each in packets)
        if seen:
            signed.append(SignedThing(_below(root, directory / name), seen))
    if not signed:
        subject = _below(root, directory)
        says = "E: The repository is not signed."
        issues.append(Issue("apt.unsigned", Answer.REFUSES, subject, "no signature", says))
    elif len({each.strip() for each in texts}) > 1:
        says = "clients get one or the other"
        what = "InRelease and Release differ"
        issues.append(Issue("apt.differ", Answer.ACCEPTS, _below(root, directory), what, says))
    if texts:
        issues += _of_release(root, directory, texts[0], at)
    return AptSuite(tuple(issues), tuple(signed))


def _documents(
    directory: Path, issues: list[Issue], root: Path
) -> Iterator[tuple[str, bytes, tuple[SignaturePacket, ...]]]:
    """Yield name, text and signatures of InRelease and of Release; InRelease first, as apt asks."""
    inline, plain = (directory / each for each in _NAMES)
    beside = directory / "Release.gpg"
    try:
        if inline.is_file():
            clear = parse_cleartext(read_file(inline, MAX_RELEASE))
            yield inline.name, clear.shown, parse_signatures(clear.packets)
        if plain.is_file():
            content = read_file(plain, MAX_RELEASE)
            blocks = dearmor(read_file(beside, MAX_ARMOR)) if beside.is_file() else ()
            data = b"".join(each.data for each in blocks if each.kind is ArmorKind.SIGNATURE)
            yield plain.name, content, parse_signatures(data)
    except (ArtifactMalformed, LimitReached) as error:
        says = "Clearsigned file isn't valid"
        what = f"a signed file that cannot be read: {error.code}"
        issues.append(Issue("apt.malformed", Answer.REFUSES, _below(root, directory), what, says))


def _of_release(root: Path, directory: Path, text: bytes, at: int) -> Iterator[Issue]:
    subject = _below(root, directory)
    try:
        release = parse_release(text)
    except (ArtifactMalformed, LimitReached) as error:
        what = f"a Release file that cannot be read: {error.code}"
        says = "E: Unable to parse Release file"
        yield Issue("apt.malformed", Answer.REFUSES, subject, what, says)
        return
    yield from _dates(release, subject, at)
    names = {release.field("Suite"), release.field("Codename")}
    if directory != root and not any(names):
        says = "W: Conflicting distribution"
        yield Issue("apt.no-suite", Answer.WARNS, subject, "neither Suite nor Codename", says)
    elif directory != root and _suite(root, directory) not in names:
        says = "W: Conflicting distribution"
        what = "Suite and Codename are not the directory's name"
        yield Issue("apt.other-suite", Answer.WARNS, subject, what, says)
    strong = {HashAlgorithm.SHA256, HashAlgorithm.SHA512}
    if release.indexes and not any(strong & each.digests.keys() for each in release.indexes):
        says = "No Hash entry in Release file which is considered strong enough"
        yield Issue("apt.weak-hashes", Answer.REFUSES, subject, "MD5 and SHA-1 only", says)
    if release.field("Acquire-By-Hash").lower() != "yes":
        says = "Hash Sum mismatch, while a new version is being published"
        yield Issue("apt.no-by-hash", Answer.ACCEPTS, subject, "no Acquire-By-Hash", says)
    yield from _indexes(root, directory, release)


def _dates(release: Release, subject: str, at: int) -> Iterator[Issue]:
    until, date = release.moment("Valid-Until"), release.moment("Date")
    if until is not None and until <= at:
        says = "E: Release file is expired. Updates for this repository will not be applied."
        yield Issue("apt.expired", Answer.REFUSES, subject, "Valid-Until is past", says)
    if date is not None and date > at:
        says = "E: Release file is not valid yet."
        yield Issue("apt.future", Answer.REFUSES, subject, "Date is in the future", says)


def _indexes(root: Path, directory: Path, release: Release) -> Iterator[Issue]:
    """Yield the indexes that are there with other bytes than the list says."""
    for each in release.indexes:
        path = directory / each.place
        algorithm = each.strongest
        if not each.place or algorithm is None or not path.is_file():
            continue
        if not path.resolve().is_relative_to(root.resolve()):
            continue
        if path.stat().st_size != each.size or _digest(path, algorithm) != each.digests[algorithm]:
            what = "an index with other bytes than the signed list says"
            says = "E: Hash Sum mismatch"
            yield Issue("apt.index", Answer.REFUSES, _below(root, path), what, says)


def _digest(path: Path, algorithm: HashAlgorithm) -> bytes:
    state = hashlib.new(algorithm.value)
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            state.update(piece)
    return state.digest()


def _suite(root: Path, directory: Path) -> str:
    return str(directory.relative_to(root / "dists"))


def _below(root: Path, path: Path) -> str:
    return str(path.relative_to(root)) if path != root else "."
