"""Second opinions on a plain file: gpgv for OpenPGP signatures, openssl for CMS, ssh-keygen.

gpgv gets a private keyring of the trusted version 4 certificates (one of version 6 would make it
find no key at all) and is read by its status lines with the full fingerprint (doc/DETAILS of
GnuPG): its exit status is 0 for expired and revoked keys. openssl gets the trusted certificates as
anchors, of which each may end a path.
"""

from __future__ import annotations

import base64
import re
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from signstation.codec.armor import ArmorKind, dearmor, is_armored
from signstation.errors import ArtifactMalformed, LimitReached, ToolMissing, ToolTimedOut
from signstation.formats.blob_signatures import (
    MAX_SIGNATURE_FILE,
    CmsFile,
    OpenPgpFile,
    SshFile,
    read_signature_file,
)
from signstation.formats.blob_ssh_keygen import SSH_KEYGEN, ask_ssh_keygen
from signstation.interfaces.artifact import Artifact
from signstation.interfaces.context import ToolContext
from signstation.model.checks import Opinion, OpinionOutcome
from signstation.model.text import Text
from signstation.model.trust import Purpose, Trust

MAX_SAYS = 2000
"""Most characters kept of a tool's words."""
SECONDS_PER_GIGABYTE = 60
"""Time granted to a tool per 10^9 bytes: disks of 20 MB/s and slower machines than ours exist."""
V4_DIGITS = 40
"""Hexadecimal digits of a version 4 fingerprint."""
_NUMBER = re.compile(r"\d+(\.\d+)+[a-z]?")
"""The number in the first line of a tool's version."""

_STATUS = "[GNUPG:] "
_TODAY = Text("gpgv looks at the key as it is today, not as it was when it signed.")
_WEAK = Text("gpgv accepts weak hashes and keys, and signatures from the future.")
_ANCHORS = Text("openssl looks at dates at the reference time, and at issuers, but at no uses.")


def referee(
    artifact: Artifact, signatures: Sequence[Artifact], trust: Trust, ctx: ToolContext
) -> tuple[Opinion, ...]:
    """Ask the tool of each signature file; none where there is no signature file."""
    opinions: list[Opinion] = []
    for number, each in enumerate(signatures, start=1):
        found = read_signature_file(each)
        name = f"signature-{number}"
        case = _Case(artifact, each.read(0, MAX_SIGNATURE_FILE), name, trust, ctx)
        if isinstance(found, OpenPgpFile):
            opinions.append(_guarded("gpgv", case.gpgv))
        elif isinstance(found, CmsFile):
            opinions.append(_guarded("openssl", case.openssl))
        elif isinstance(found, SshFile):
            ask = partial(ask_ssh_keygen, artifact, each, number, trust, ctx)
            opinions.append(_guarded(SSH_KEYGEN, ask))
    return tuple(opinions)


def _guarded(tool: str, run: Callable[[], Opinion]) -> Opinion:
    """A missing or hanging tool is an opinion too."""
    try:
        return run()
    except ToolMissing:
        return Opinion(tool, "", (), OpinionOutcome.MISSING, "")
    except ToolTimedOut as error:
        says = f"no answer within {error.seconds} seconds"
        return Opinion(tool, "", (), OpinionOutcome.CANNOT, says)


@dataclass(frozen=True, slots=True)
class _Case:
    """One signature file for one tool."""

    artifact: Artifact
    signature: bytes
    name: str
    trust: Trust
    ctx: ToolContext

    @property
    def timeout(self) -> float:
        """Seconds."""
        return 60.0 + SECONDS_PER_GIGABYTE * self.artifact.size / 1e9

    def gpgv(self) -> Opinion:
        """Run gpgv with the trusted keys only, and read its status lines."""
        wanted = {Purpose.ANY, Purpose.FILES}
        trusted = [
            each
            for each in self.trust.openpgp
            if wanted & set(each.purposes) and len(each.primary.fingerprint) == V4_DIGITS
        ]
        keyring, file = self.ctx.directory / "trusted.gpg", self.ctx.directory / self.name
        keyring.write_bytes(b"".join(each.material for each in trusted))
        file.write_bytes(_packets(self.signature))
        content = self.ctx.path_of(self.artifact, "artifact")
        done = self.ctx.programs.run(
            "gpgv",
            (
                *("--homedir", str(self.ctx.directory), "--status-fd", "1"),
                *("--keyring", str(keyring), "--", str(file), str(content)),
            ),
            descriptors=(self.artifact.fileno(),),
            timeout=self.timeout,
        )
        keys = {key.fingerprint for each in trusted for key in each.keys}
        outcome, note = read_status(done.stdout.decode("utf-8", "replace"), keys)
        says = done.stderr.decode("utf-8", "replace").strip()[:MAX_SAYS]
        return Opinion("gpgv", _version(self.ctx, "gpgv"), done.command, outcome, says, note)

    def openssl(self) -> Opinion:
        """Run ``openssl cms -verify`` with the trusted certificates as anchors."""
        wanted = {Purpose.ANY, Purpose.FILES}
        trusted = [each.der for each in self.trust.x509 if wanted & set(each.purposes)]
        anchors, file = self.ctx.directory / "anchors.pem", self.ctx.directory / self.name
        anchors.write_text("".join(map(_pem, trusted)), encoding="ascii")
        file.write_bytes(self.signature)
        content = self.ctx.path_of(self.artifact, "artifact")
        form = "PEM" if self.signature.lstrip()[:5] == b"-----" else "DER"
        arguments = ["cms", "-verify", "-binary", "-inform", form, "-in", str(file)]
        arguments += ["-content", str(content), "-out", "/dev/null", "-no-CApath", "-no-CAstore"]
        arguments += ["-purpose", "any", "-partial_chain", "-attime", str(self.ctx.time)]
        arguments += ["-CAfile", str(anchors)] if trusted else ["-no-CAfile"]
        done = self.ctx.programs.run(
            "openssl",
            arguments,
            descriptors=(self.artifact.fileno(),),
            environment={"OPENSSL_CONF": "/dev/null"},
            timeout=self.timeout,
        )
        says = done.stderr.decode("utf-8", "replace").strip()[:MAX_SAYS]
        version = _version(self.ctx, "openssl", "version")
        return Opinion("openssl", version, done.command, read_openssl(says), says, _ANCHORS)


def read_status(output: str, trusted: Iterable[str]) -> tuple[OpinionOutcome, Text | None]:
    """Read gpgv's status lines: it accepts where a trusted key signed well and no signature is bad.

    ``trusted`` are full fingerprints in upper-case hexadecimal, as VALIDSIG names them.
    """
    lines = [line.split() for line in output.splitlines() if line.startswith(_STATUS)]
    said = {fields[1] for fields in lines if len(fields) > 1}
    valid = {fields[2] for fields in lines if fields[1:2] == ["VALIDSIG"] and len(fields) > 2}  # noqa: PLR2004
    if said & {"EXPKEYSIG", "REVKEYSIG"} and "BADSIG" not in said:
        return OpinionOutcome.REJECTS, _TODAY
    if said & {"BADSIG", "EXPSIG"}:
        return OpinionOutcome.REJECTS, None
    if "GOODSIG" in said and valid & set(trusted):
        return OpinionOutcome.ACCEPTS, _WEAK
    if "NO_PUBKEY" in said:
        return OpinionOutcome.UNKNOWN_KEY, None
    return OpinionOutcome.CANNOT, None


def read_openssl(says: str) -> OpinionOutcome:
    """Read openssl's words (apps/cms.c, crypto/cms/cms_err.c), never its exit status."""
    if "erification successful" in says and "failure" not in says:
        return OpinionOutcome.ACCEPTS
    unknown = ("signer certificate not found", "unable to get", "self-signed certificate")
    if any(each in says for each in unknown):
        return OpinionOutcome.UNKNOWN_KEY
    if "erification failure" in says or "Error reading" in says:
        return OpinionOutcome.REJECTS
    return OpinionOutcome.CANNOT


def _packets(signature: bytes) -> bytes:
    """Without armor: gpgv up to 2.4.7 fails where an armor has no checksum."""
    try:
        if is_armored(signature):
            blocks = dearmor(signature)
            return b"".join(each.data for each in blocks if each.kind is ArmorKind.SIGNATURE)
    except (ArtifactMalformed, LimitReached):
        pass  # gpgv shall see what is there and say so
    return signature


def _pem(der: bytes) -> str:
    lines = "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64))
    return f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"


def _version(ctx: ToolContext, name: str, argument: str = "--version") -> str:
    output = ctx.programs.run(name, [argument]).stdout.decode("utf-8", "replace")
    number = _NUMBER.search(output.partition("\n")[0])
    return number.group() if number else ""
