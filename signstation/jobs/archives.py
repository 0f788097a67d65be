"""Looks into the indexes of package archives: which packages a signed Release file covers.

Indexes are read by check workers; this process compares names and digests.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from signstation.errors import InputError
from signstation.interfaces.archive import Archive
from signstation.interfaces.format import Format
from signstation.interfaces.workers import CheckWorkers
from signstation.jobs.candidates import open_candidate
from signstation.jobs.examine import Examined, PassedOver
from signstation.model.artifacts import Finding, Severity
from signstation.model.hashes import HashAlgorithm
from signstation.model.members import OpenedState
from signstation.model.releases import CoveredFile, ReleaseFinding
from signstation.model.text import Text, text
from signstation.system.files import shown

MAX_NAMED = 5
"""Most packages of one finding that are named; the number of all is told."""
MAX_STATED = 200_000
"""Most packages of one Release file that are compared."""

Result = Examined | PassedOver


def named(paths: Collection[Path]) -> str:
    """Return the names of the first few files, and how many there are where it is more."""
    names = ", ".join(shown(each.name) for each in sorted(paths)[:MAX_NAMED])
    return names + (f" … ({len(paths)})" if len(paths) > MAX_NAMED else "")


@dataclass(frozen=True, slots=True)
class Covered:
    """``left`` are the packages of archives: not signed one by one, covered or not."""

    files: tuple[CoveredFile, ...] = ()
    left: frozenset[Path] = frozenset()
    findings: tuple[ReleaseFinding, ...] = ()


@dataclass(frozen=True, slots=True)
class _Opened:
    """An archive's Release file, where its packages are named from, and what is stated of them."""

    path: Path
    root: Path
    inner: str
    rebuild: tuple[str, ...]
    stated: dict[Path, bytes] = field(default_factory=dict)  # SHA-256, empty if not given
    unreadable: list[tuple[str, str]] = field(default_factory=list)  # index and why


async def read_archives(
    check: CheckWorkers, formats: Mapping[str, Format], results: Sequence[Result]
) -> Covered:
    """Return what the archives among the results say of the packages among them.

    Of a Release file and an InRelease file in one directory the one without a signature counts:
    it is what will be signed. Raises the errors of workers.
    """
    opened = [await _open(check, each, format_) for each, format_ in _archives(formats, results)]
    if not opened:
        return Covered()
    packages = {
        each.candidate.path: (each.format, each.inspection.sha256)
        for each in results
        if isinstance(each, Examined) and each.inspection and not each.candidate.named
    }
    here = {each.candidate.path for each in results}
    failed = {
        each.candidate.path
        for each in results
        if isinstance(each, PassedOver) and each.error is not None
    }
    files: dict[Path, CoveredFile] = {}
    left: set[Path] = set()
    findings: list[ReleaseFinding] = []
    for archive in opened:
        own = {
            path: sha256
            for path, (kind, sha256) in packages.items()
            if kind == archive.inner and path.is_relative_to(archive.root)
        }
        left.update(own)
        for path, sha256 in own.items():
            if sha256 == archive.stated.get(path):
                files.setdefault(path, CoveredFile(path, archive.path))
        findings += _findings(archive, own, here)
        if damaged := failed & archive.stated.keys():
            said = text(
                "Packages that the indexes state are damaged: {names}", names=named(damaged)
            )
            findings.append(_finding("damaged", Severity.BLOCKER, said, archive.path))
    for root in dict.fromkeys(each.root for each in opened):
        findings += _unlisted(root, [each for each in opened if each.root == root], left)
    return Covered(tuple(files.values()), frozenset(left), tuple(findings))


def _archives(
    formats: Mapping[str, Format], results: Sequence[Result]
) -> Iterator[tuple[Result, Archive]]:
    found: dict[Path, tuple[Result, Archive, bool]] = {}
    for each in results:
        seen = each.inspection
        if seen is None:
            continue
        format_ = formats[seen.format]
        if not isinstance(format_, Archive):
            continue
        signed = bool(seen.signatures)
        known = found.get(each.candidate.path.parent)
        if known is None or (known[2] and not signed):
            found[each.candidate.path.parent] = (each, format_, signed)
    return ((each, format_) for each, format_, _ in found.values())


async def _open(check: CheckWorkers, result: Result, format_: Archive) -> _Opened:
    candidate = result.candidate
    root = candidate.root / format_.packages_root(candidate.name)
    opened = _Opened(candidate.path, root, format_.inner, format_.rebuild(str(root)))
    release, _ = await asyncio.to_thread(open_candidate, candidate.root, candidate.name)
    try:
        for each in await check.members(release, format_.id):
            if each.opened:
                await _read(check, result, each.place, release, format_, opened)
    finally:
        os.close(release)
    return opened


async def _read(
    check: CheckWorkers,
    result: Result,
    place: str,
    release: int,
    format_: Archive,
    opened: _Opened,
) -> None:
    """Add what one index states; one that is missing is told by who examined the Release file."""
    candidate = result.candidate
    name = candidate.name.removesuffix(candidate.path.name) + place
    try:
        index, _ = await asyncio.to_thread(open_candidate, candidate.root, name)
    except InputError:
        return
    try:
        found = await check.open_member(release, place, index, format_.id)
    finally:
        os.close(index)
    if found.state is not OpenedState.SAME:
        opened.unreadable.append((place, found.why))
    for each in found.files[: MAX_STATED - len(opened.stated)]:
        if each.place:
            known = each.algorithm is HashAlgorithm.SHA256
            opened.stated[opened.root / each.place] = each.digest if known else b""


def _findings(
    archive: _Opened, own: Mapping[Path, bytes], here: Collection[Path]
) -> Iterator[ReleaseFinding]:
    for place, why in archive.unreadable:
        said = text("What {name} states of packages cannot be read: {why}", name=place, why=why)
        yield _finding("unread", Severity.WARNING, said, archive.path)
    changed = [path for path in own if archive.stated.get(path, own[path]) != own[path]]
    if changed:
        said = text("Packages are not those that the indexes state: {names}", names=named(changed))
        yield _finding("stale", Severity.BLOCKER, said, archive.path, archive.rebuild)
    missing = [path for path in archive.stated if path not in here]
    if missing and len(missing) < len(archive.stated):
        words = "The indexes name packages that are not here: {names}"
        said = text(words, names=named(missing))
        yield _finding("missing", Severity.WARNING, said, archive.path, archive.rebuild)


def _unlisted(
    root: Path, archives: Sequence[_Opened], left: Collection[Path]
) -> Iterator[ReleaseFinding]:
    """Packages below a root that none of its archives names: a pool belongs to all of them."""
    if any(each.unreadable for each in archives):
        return
    unlisted = [
        path
        for path in sorted(left)
        if path.is_relative_to(root) and not any(path in each.stated for each in archives)
    ]
    if unlisted:
        said = text("No index names packages that are here: {names}", names=named(unlisted))
        yield _finding("unlisted", Severity.WARNING, said, root, archives[0].rebuild)


def _finding(
    name: str, severity: Severity, said: Text, path: Path, remedy: tuple[str, ...] = ()
) -> ReleaseFinding:
    return ReleaseFinding(Finding(f"release.{name}", severity, said), path, remedy)
