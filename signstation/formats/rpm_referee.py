"""Second opinion on an RPM package: rpmkeys with a database of its own, read line by line.

Its exit status is not enough: it is 0 for unsigned packages and, before RPM 6, for signatures by
keys that were expired or revoked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from signstation.codec.armor import ArmorKind, armor
from signstation.codec.rpmtags import SignatureTag
from signstation.errors import ArtifactMalformed, LimitReached, ToolMissing, ToolTimedOut
from signstation.formats.rpm_read import RPM6, read, signatures
from signstation.interfaces.artifact import Artifact
from signstation.interfaces.context import ToolContext
from signstation.model.checks import Opinion, OpinionOutcome
from signstation.model.programs import Completed
from signstation.model.text import Text, text
from signstation.model.trust import Purpose, Trust
from signstation.signatures.openpgp_state import fits

TOOL = "rpmkeys"
NEUTRAL = ("--rcfile", "/usr/lib/rpm/rpmrc", "--macros", "/usr/lib/rpm/macros")
"""rpm's own configuration as installed, without what a machine or a user adds to it."""
LEVEL = ("--define", "_pkgverify_level all", "--define", "_pkgverify_flags 0x0")
"""A package passes only when signature and digests were good, for header and payload."""
SECONDS = 60
"""Seconds that rpmkeys gets at least."""
BYTES_PER_SECOND = 20 * 1024 * 1024
"""It gets a second more for each of these: a tenth of what one core does."""
MAX_SAYS = 4000
"""Most characters of its words that are kept: 14 lines of a package with eight signatures."""

_VERSION = re.compile(r"RPM version (\d+)\S*")
_SIGNATURE = re.compile(r"^ +\S.* signature.*: (OK|BAD|NOKEY|NOTTRUSTED|NOTFOUND)\b", re.I | re.M)
_BAD = re.compile(r"^ +\S.*: BAD\b|^error: ", re.M)


def referee(artifact: Artifact, trust: Trust, ctx: ToolContext) -> tuple[Opinion, ...]:
    """Import the trusted certificates into a new database and ask."""
    try:
        return (_ask(artifact, trust, ctx),)
    except ToolMissing:
        return (Opinion(TOOL, "", (), OpinionOutcome.MISSING, ""),)
    except ToolTimedOut as error:
        says = f"no answer within {error.seconds} seconds"
        return (Opinion(TOOL, "", (), OpinionOutcome.CANNOT, says),)


def _ask(artifact: Artifact, trust: Trust, ctx: ToolContext) -> Opinion:
    version = _words(ctx.programs.run(TOOL, ["--version"]).stdout)
    database = ctx.directory / "rpmdb"
    database.mkdir(mode=0o700)
    common = (*NEUTRAL, *private(database))
    refused = _import(trust, ctx, common)
    path = ctx.path_of(artifact, "artifact.rpm")
    done = ctx.programs.run(
        TOOL,
        [*common, *LEVEL, "-Kv", "--", str(path)],
        descriptors=[artifact.fileno()],
        timeout=SECONDS + artifact.size / BYTES_PER_SECOND,
    )
    says = _words(done.stdout + done.stderr).replace(str(path), path.name)
    outcome = outcome_of(says, done.status)
    found = _VERSION.search(version)
    old = found is None or int(found[1]) < RPM6
    notes = list(_notes(refused, old=old))
    if outcome is OpinionOutcome.UNSIGNED and old and _only_rpm6(artifact):
        outcome = OpinionOutcome.CANNOT
        notes.append(Text("This RPM does not read the signatures of RPM 6."))
    note = Text(" ".join(each.english() for each in notes)) if notes else None
    return Opinion(TOOL, version, done.command, outcome, says, note)


def private(database: Path) -> tuple[str, ...]:
    """Options that keep rpm within a database directory of its own.

    RPM 6 locks its keyring at a path that an older macro file does not define; it then takes one
    that the whole machine shares, and a second rpm at the same moment fails.
    """
    locks = {"_rpmlock_path": ".rpm.lock", "_keyring_lockpath": ".keyring.lock"}
    defined = (("--define", f"{name} {database / file}") for name, file in locks.items())
    return ("--dbpath", str(database), *chain.from_iterable(defined))


def _import(trust: Trust, ctx: ToolContext, common: tuple[str, ...]) -> int:
    """Import one by one, since one that rpm cannot read spoils the rest; count those refused."""
    refused = 0
    wanted = [each for each in trust.openpgp if fits(each, Purpose.PACKAGES)]
    for number, certificate in enumerate(wanted):
        path = ctx.directory / f"certificate-{number}.asc"
        path.write_bytes(armor(ArmorKind.PUBLIC_KEY, certificate.material))
        done: Completed = ctx.programs.run(TOOL, [*common, "--import", "--", str(path)])
        refused += done.status != 0
    return refused


def _notes(refused: int, *, old: bool) -> Iterator[Text]:
    if old:
        yield Text("RPM before 6 asks neither whether a key was expired nor whether it is revoked.")
    if refused:
        yield text("It refused to import {count} of the trusted certificates.", count=refused)


def outcome_of(says: str, status: int) -> OpinionOutcome:
    """Read the lines of ``rpmkeys -Kv``; the exit status only counts against a yes."""
    results = [each.upper() for each in _SIGNATURE.findall(says)]
    if _BAD.search(says) or "BAD" in results:
        return OpinionOutcome.REJECTS
    if "OK" in results and status == 0:
        return OpinionOutcome.ACCEPTS
    if "NOTTRUSTED" in results:
        return OpinionOutcome.REJECTS
    if "NOKEY" in results:
        return OpinionOutcome.UNKNOWN_KEY
    if results and set(results) == {"NOTFOUND"}:
        return OpinionOutcome.UNSIGNED
    return OpinionOutcome.CANNOT


def _only_rpm6(artifact: Artifact) -> bool:
    try:
        found = signatures(read(artifact))
    except (ArtifactMalformed, LimitReached):
        return False
    return bool(found) and all(each.tag is SignatureTag.OPENPGP for each in found)


def _words(output: bytes) -> str:
    return output.decode(errors="replace").strip("\n")[:MAX_SAYS]
