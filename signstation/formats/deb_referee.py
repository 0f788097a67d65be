"""Second opinion on a Debian package: debsig-verify with policies of our own, read by its words.

It looks for a policy under the fingerprint of the key that made the origin's signature, and takes
that key for the primary one: signatures by subkeys find no policy that fits (0.28, measured).
"""

from __future__ import annotations

import re
from html import escape

from signstation.codec.openpgp import SignaturePacket
from signstation.errors import ArtifactMalformed, LimitReached, ToolMissing, ToolTimedOut
from signstation.formats.deb_read import read, signatures
from signstation.interfaces.artifact import Artifact
from signstation.interfaces.context import ToolContext
from signstation.model.checks import Opinion, OpinionOutcome
from signstation.model.text import Text
from signstation.model.trust import OpenPgpCertificate, Purpose, Trust
from signstation.signatures.openpgp_state import fits

TOOL = "debsig-verify"
SECONDS = 60
"""Seconds that it gets at least."""
BYTES_PER_SECOND = 20 * 1024 * 1024
"""It gets a second more for each of these: it copies and hashes every member."""
MAX_SAYS = 4000
"""Most characters of its words that are kept."""
ORIGIN = "origin"
"""The role that it begins with; without such a signature it calls a package unsigned."""
_KEYRING = "certificate.gpg"
_VERSION = re.compile(r"Version\W+(\d+(?:\.\d+)+)")
_IGNORES = Text("debsig-verify looks at no member besides the three and the origin's signature.")
_SUBKEY = Text("debsig-verify takes signatures by primary keys only; this one is by a subkey.")
_NO_ORIGIN = Text("debsig-verify begins with the origin's signature, and there is none.")


def referee(artifact: Artifact, trust: Trust, ctx: ToolContext) -> tuple[Opinion, ...]:
    """Write a policy for each trusted key and ask."""
    try:
        return (_ask(artifact, trust, ctx),)
    except ToolMissing:
        return (Opinion(TOOL, "", (), OpinionOutcome.MISSING, ""),)
    except ToolTimedOut as error:
        says = f"no answer within {error.seconds} seconds"
        return (Opinion(TOOL, "", (), OpinionOutcome.CANNOT, says),)


def _ask(artifact: Artifact, trust: Trust, ctx: ToolContext) -> Opinion:
    policies, keyrings = ctx.directory / "policies", ctx.directory / "keyrings"
    policies.mkdir()
    keyrings.mkdir()
    wanted = tuple(each for each in trust.openpgp if fits(each, Purpose.PACKAGES))
    for each in wanted:
        _write(each, ctx)
    path = ctx.path_of(artifact, "artifact.deb")
    version = ctx.programs.run(TOOL, ["--version"]).stdout.decode(errors="replace")
    done = ctx.programs.run(
        TOOL,
        ["-v", "--policies-dir", str(policies), "--keyrings-dir", str(keyrings), str(path)],
        descriptors=(artifact.fileno(),),
        environment={"TMPDIR": str(ctx.directory)},
        timeout=SECONDS + artifact.size / BYTES_PER_SECOND,
    )
    says = (done.stdout + done.stderr).decode(errors="replace").strip()
    says = says.replace(str(path), path.name).replace(str(ctx.directory), "DIRECTORY")[:MAX_SAYS]
    found = _VERSION.search(version)
    outcome, note = outcome_of(says), _IGNORES
    origins = _origins(artifact)
    if outcome is OpinionOutcome.UNSIGNED and _signed(artifact):
        outcome, note = OpinionOutcome.CANNOT, _NO_ORIGIN
    elif outcome in _NO_POLICY and any(_is_subkey(each, wanted) for each in origins):
        outcome, note = OpinionOutcome.CANNOT, _SUBKEY
    return Opinion(TOOL, found[1] if found else "", done.command, outcome, says, note)


_NO_POLICY = frozenset({OpinionOutcome.UNKNOWN_KEY, OpinionOutcome.CANNOT})


def _write(certificate: OpenPgpCertificate, ctx: ToolContext) -> None:
    """One directory for each key, since it looks under the key that signed."""
    primary = certificate.primary.fingerprint
    title = certificate.user_ids[0] if certificate.user_ids else primary
    for key in certificate.keys:
        for name in ("policies", "keyrings"):
            (ctx.directory / name / key.fingerprint).mkdir(exist_ok=True)
        (ctx.directory / "keyrings" / key.fingerprint / _KEYRING).write_bytes(certificate.material)
        (ctx.directory / "policies" / key.fingerprint / "signstation.pol").write_text(
            policy(title, key.fingerprint, primary, _KEYRING), encoding="utf-8"
        )


def policy(title: str, key: str, primary: str, keyring: str) -> str:
    """Return a policy that wants the origin's signature (debsig-verify's policy documentation).

    ``key`` and ``primary`` are fingerprints in upper-case hexadecimal, ``title`` any text.
    """
    rule = f'<Required Type="{ORIGIN}" File="{escape(keyring)}" id="{primary}"/>'
    shown = escape("".join(each if each.isprintable() else " " for each in title))
    return (
        '<?xml version="1.0"?>\n'
        '<!DOCTYPE Policy SYSTEM "https://www.debian.org/debsig/1.0/policy.dtd">\n'
        '<Policy xmlns="https://www.debian.org/debsig/1.0/">\n'
        f'  <Origin Name="{shown}" id="{key}" Description="{shown}"/>\n'
        f"  <Selection>{rule}</Selection>\n"
        f'  <Verification MinOptional="0">{rule}</Verification>\n'
        "</Policy>\n"
    )


def outcome_of(says: str) -> OpinionOutcome:
    """Read its words; the exit status tells less."""
    if "Failed verification" in says or "verification failed" in says:
        return OpinionOutcome.REJECTS
    if "Verified package from" in says:
        return OpinionOutcome.ACCEPTS
    if "Could not find Origin directory" in says:
        return OpinionOutcome.UNKNOWN_KEY
    if "This deb might not be signed" in says:
        return OpinionOutcome.UNSIGNED
    return OpinionOutcome.CANNOT


def _origins(artifact: Artifact) -> tuple[SignaturePacket, ...]:
    try:
        found = signatures(artifact, read(artifact))
    except (ArtifactMalformed, LimitReached):
        return ()
    return tuple(each.packet for each in found if each.packet and each.role == ORIGIN)


def _signed(artifact: Artifact) -> bool:
    try:
        return bool(read(artifact).signatures)
    except (ArtifactMalformed, LimitReached):
        return False


def _is_subkey(packet: SignaturePacket, trusted: tuple[OpenPgpCertificate, ...]) -> bool:
    subkeys = {key.fingerprint for each in trusted for key in each.keys[1:]}
    return packet.issuer_fingerprint in subkeys
