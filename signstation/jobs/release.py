"""A release directory read as one unit: what is covered, what does not fit, what must wait.

Signing changes files that others state digests of: what states them is signed when they fit again,
never before.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from signstation.interfaces.archive import Succeeding
from signstation.interfaces.format import Format
from signstation.interfaces.workers import CheckWorkers
from signstation.jobs.archives import Covered, Result, named, read_archives
from signstation.jobs.examine import Examined
from signstation.jobs.privatekeys import find_private_keys
from signstation.jobs.sealed import StepPlan
from signstation.jobs.stages import stage_of
from signstation.model.artifacts import Finding, Severity
from signstation.model.keys import SignerProfile
from signstation.model.options import Options
from signstation.model.releases import CoveredFile, ReleaseFinding, Stage
from signstation.model.text import Text, text

REPODATA = "repodata"
_REPOMD = f"{REPODATA}/repomd.xml"
_HEX = re.compile(r"[0-9A-F]{16,64}")


@dataclass(frozen=True, slots=True)
class Reading:
    """``left``: packages of archives, which are not signed one by one unless asked for.

    ``signed``: files that all keys of the order have signed already; ``time``: when it is signed.
    """

    covered: tuple[CoveredFile, ...] = ()
    left: frozenset[Path] = frozenset()
    findings: tuple[ReleaseFinding, ...] = ()
    signed: frozenset[Path] = frozenset()
    time: int = 0


def is_blocker(each: ReleaseFinding) -> bool:
    """Whether a finding forbids to sign the artifact that it is about."""
    return each.finding.severity is Severity.BLOCKER


def worst_first(*found: ReleaseFinding) -> tuple[ReleaseFinding, ...]:
    """Return findings by severity, otherwise in their order."""
    order = (Severity.BLOCKER, Severity.WARNING, Severity.NOTE)
    return tuple(sorted(found, key=lambda each: order.index(each.finding.severity)))


async def read_release(
    check: CheckWorkers,
    formats: Mapping[str, Format],
    results: Sequence[Result],
    *,
    keys_allowed: bool,
) -> Reading:
    """Read what was found in directories; files that a person named stand for themselves.

    Raises the errors of workers.
    """
    found = tuple(each.candidate for each in results)
    if all(each.named for each in found):
        return Reading()
    secrets = await asyncio.to_thread(lambda: tuple(find_private_keys(found, allowed=keys_allowed)))
    archives: Covered = await read_archives(check, formats, results)
    return Reading(archives.files, archives.left, (*secrets, *archives.findings))


@dataclass(frozen=True, slots=True)
class Signed:
    """An artifact that will be signed, and the files that change by it."""

    examined: Examined
    options: Options
    keys: tuple[str, ...]
    plan: StepPlan
    changed: frozenset[Path]


def changes(format_: Format, plan: StepPlan) -> frozenset[Path]:
    """Return the files, where the originals are, of which the release has another version then."""
    inside = not format_.siblings() or plan.in_place
    return frozenset(plan.root / each.name for each in plan.targets if each.suffix or inside)


def foreseen(
    formats: Mapping[str, Format], signed: Iterable[Signed], results: Iterable[Result], time: int
) -> Iterator[ReleaseFinding]:
    """Yield what consumers will make of artifacts that replace an earlier signed state."""
    before = {
        (each.inspection.format, each.candidate.path.parent): each.inspection
        for each in results
        if each.inspection is not None and each.inspection.signatures
    }
    for each in signed:
        format_, current = formats[each.plan.format], each.examined.inspection
        if current is not None and isinstance(format_, Succeeding):
            previous = before.get((each.plan.format, each.plan.path.parent))
            for found in format_.foresee(current, previous, each.options, time):
                yield ReleaseFinding(found, each.plan.path)


def stale(
    signed: Sequence[Signed], results: Iterable[Result], others: Iterable[Path] = ()
) -> Iterator[ReleaseFinding]:
    """Say of what states digests that they will not fit what is signed besides.

    ``others`` are files that another order of the release changes. Those of an artifact that is to
    be signed are blockers: sign the rest, make it anew, and then sign it.
    """
    changed = {path: each for each in signed for path in each.changed}
    beyond = frozenset(others)
    for each in signed:
        own = each.examined.members & (changed.keys() | beyond) - each.changed
        if own and stage_of(each.examined.format) is not Stage.PACKAGES:
            said = text(
                "Signing changes files of which it states digests: {names}. Sign them first, make "
                "it anew, and sign it then.",
                names=named(own),
            )
            yield _blocker("release.stale", said, each.plan.path, _remake(each))
    planned = {each.plan.path for each in signed}
    packages = {path for path, each in changed.items() if each.examined.format == "rpm"} | beyond
    for repomd in {each.candidate.path for each in results if _is_repomd(each)}:
        root = repomd.parent.parent
        if any(path.is_relative_to(root) for path in packages):
            said = Text(
                "Signing changes packages of which the repository's metadata states digests. "
                "Sign them first, make the metadata anew, and sign it then."
            )
            severity = Severity.BLOCKER if repomd in planned else Severity.WARNING
            remedy = ("createrepo_c", "--update", str(root))
            yield ReleaseFinding(Finding("release.stale", severity, said), repomd, remedy)


def signed_by_others(
    signed: Iterable[Signed], profiles: Sequence[SignerProfile]
) -> Iterator[ReleaseFinding]:
    """Say which artifacts carry OpenPGP signatures that claim to be another key's."""
    own = tuple(
        name for each in profiles if each.openpgp
        for name in (each.openpgp.fingerprint.upper(), each.openpgp.primary.upper())
    )  # fmt: skip
    others: dict[str, list[Path]] = {}
    for each in signed:
        seen = each.examined.inspection
        for signer in {one.signer for one in seen.signatures} if seen else ():
            name = signer.upper().replace(" ", "")
            if _HEX.fullmatch(name) and not any(known.endswith(name) for known in own):
                others.setdefault(signer, []).append(each.plan.path)
    for signer, paths in others.items():
        words = "Another key has signed already: {signer}. It signed {count} artifacts: {names}"
        said = text(words, signer=signer, count=len(paths), names=named(paths))
        yield ReleaseFinding(Finding("release.other-key", Severity.WARNING, said), paths[0])


def _is_repomd(each: Result) -> bool:
    return each.candidate.name == _REPOMD or each.candidate.name.endswith(f"/{_REPOMD}")


def _remake(each: Signed) -> tuple[str, ...]:
    if stage_of(each.examined.format) is not Stage.CHECKSUMS:
        return ()
    keys = (word for key in dict.fromkeys(each.keys) for word in ("--key", key))
    return ("signstation", "checksums", str(each.plan.path.parent), *keys, "--replace")


def _blocker(code: str, said: Text, path: Path, remedy: tuple[str, ...]) -> ReleaseFinding:
    return ReleaseFinding(Finding(code, Severity.BLOCKER, said), path, remedy)
