"""What verify.sh checks of a release: for each trusted signature the consumers' own tool."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from signstation.codec.cleartext import is_cleartext
from signstation.codec.sshsig import MAX_SSHSIG, is_sshsig, parse_sshsig
from signstation.errors import ArtifactMalformed
from signstation.model.checks import SignatureFacts, SignatureState, Verdict, Verification
from signstation.model.keys import SignatureType
from signstation.reports.evidence_script import ListedFile, Refusal, SignatureCheck, Tool
from signstation.reports.tables import VERDICTS
from signstation.reports.words import show
from signstation.system.files import open_regular, open_root

DETACHED = {
    SignatureType.OPENPGP: (".asc", ".sig", ".gpg"),
    SignatureType.CMS: (".p7s",),
    SignatureType.SSHSIG: (".sshsig", ".sig"),
}
"""Suffixes of signature files beside an artifact, by what they hold."""
IN_RELEASE = "InRelease"
"""The name of a Release file that is signed in the clear (Debian repository format)."""
MAX_HEAD = 64 * 1024
"""Bytes at the beginning of a file in which a signed text must begin."""
EMBEDDED = {"rpm": Tool.RPM, "kmod": Tool.MODULE}
"""Formats whose signatures lie inside, and have a tool that takes the file as it is."""


def script_parts(
    root: Path, verified: Sequence[Verification], files: Sequence[ListedFile]
) -> tuple[list[SignatureCheck], list[Refusal], list[str]]:
    """Return what the script checks, what it refuses, and what no consumer's tool can check.

    Blocks for reading SSH signatures. Raises the errors of reading.
    """
    checks: list[SignatureCheck] = []
    refusals: list[Refusal] = []
    findings: list[str] = []
    names = {each.name for each in files}
    for each in verified:
        name = name_of(root, each)
        if each.verdict is not Verdict.TRUSTED:
            why = f"when the report was made it was: {VERDICTS[each.verdict]}"
            refusals.append(Refusal(name, why))
            continue
        found = list(dict.fromkeys(_checks(root, name, each, names)))
        if not found:
            findings.append(f"{show(name)}: verify.sh checks its digest, but no signature of it.")
        checks += found
    return checks, refusals, findings


def unproven(
    root: Path,
    verified: Sequence[Verification],
    files: Sequence[ListedFile],
    proven: Sequence[ListedFile],
) -> Iterator[str]:
    """Yield the verified artifacts of which neither file nor signature file has a proof."""
    names, known = {each.name for each in files}, {each.name for each in proven}
    for each in verified:
        name = name_of(root, each)
        suffixes = (suffix for kind in DETACHED.values() for suffix in kind)
        carriers = {name, *(f"{name}{suffix}" for suffix in suffixes)} & names
        if each.verdict is Verdict.TRUSTED and not carriers & known:
            yield (
                f"{show(name)}: it was not signed by this station, whose audit log has no record"
                " of it: there is no proof."
            )


def trusted(verified: Verification) -> Iterator[SignatureFacts]:
    """Yield the signatures on which a verdict rests."""
    return (each for each in verified.signatures if each.state is SignatureState.GOOD_TRUSTED)


def name_of(root: Path, verified: Verification) -> str:
    """Return an artifact's path below the release."""
    return Path(verified.path).relative_to(root).as_posix()


def _checks(
    root: Path, name: str, verified: Verification, names: set[str]
) -> Iterator[SignatureCheck]:
    for facts in trusted(verified):
        if verified.format in EMBEDDED:
            yield SignatureCheck(EMBEDDED[verified.format], name)
        elif verified.format == "deb":
            yield SignatureCheck(Tool.DEB, name, (facts.fingerprint.upper(),))
        elif facts.kind is SignatureType.CLEARTEXT:
            yield from _cleartext(root, name, facts, names)
        inside = verified.format in {*EMBEDDED, "deb", "text"}
        for suffix in () if inside else DETACHED.get(facts.kind, ()):
            beside = f"{name}{suffix}"
            check = _detached(root, name, beside, facts) if beside in names else None
            if check is not None:
                yield check
                break


def _cleartext(
    root: Path, name: str, facts: SignatureFacts, names: set[str]
) -> Iterator[SignatureCheck]:
    """Find the file with the signature around the text: the artifact itself, or one beside it."""
    release = PurePosixPath(name).with_name(IN_RELEASE).as_posix()
    for carrier in (name, f"{name}.asc", release):
        if carrier in names and is_cleartext(_head(root, carrier, MAX_HEAD)):
            # what lies beside the text says the same text; an index says more than its file
            same = (name,) if carrier == f"{name}.asc" else ()
            yield SignatureCheck(Tool.CLEARTEXT, carrier, (facts.fingerprint.upper(), *same))
            return


def _detached(root: Path, name: str, beside: str, facts: SignatureFacts) -> SignatureCheck | None:
    match facts.kind:
        case SignatureType.OPENPGP:
            return SignatureCheck(Tool.OPENPGP, name, (beside, facts.fingerprint.upper()))
        case SignatureType.CMS:
            return SignatureCheck(Tool.CMS, name, (beside,))
        case SignatureType.SSHSIG:
            namespace = _namespace(root, beside)
            if not namespace:
                return None
            words = (beside, _principal(facts.signer), namespace, facts.fingerprint)
            return SignatureCheck(Tool.SSH, name, words)
        case SignatureType.CLEARTEXT:
            return None


def _principal(signer: str) -> str:
    """Return a name that the line's patterns match: the first that forbids nothing."""
    plain = [each for each in signer.split(", ") if each and not each.startswith("!")]
    return plain[0].replace("*", "x").replace("?", "x") if plain else "nobody"


def _namespace(root: Path, beside: str) -> str:
    """Return what an SSH signature was made for, empty where the file holds none."""
    content = _head(root, beside, MAX_SSHSIG)
    try:
        if is_sshsig(content):
            return parse_sshsig(content).namespace.decode("utf-8", "replace")
    except ArtifactMalformed:
        pass
    return ""


def _head(root: Path, name: str, count: int) -> bytes:
    """Return the first bytes of a file of the release."""
    at = open_root(root)
    try:
        descriptor = open_regular(at, name, root / name)
    finally:
        os.close(at)
    with open(descriptor, "rb") as opened:  # noqa: PTH123 - a descriptor
        return opened.read(count)
