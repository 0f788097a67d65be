"""Second opinions on a plain file: gpgv for OpenPGP signatures, openssl for CMS, ssh-keygen.

openssl gets the trusted certificates as anchors, of which each may end a path.
"""

from __future__ import annotations

import base64
import re
import textwrap
from collections.abc import Callable, Sequence
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
from signstation.model.programs import Completed
from signstation.model.text import Text
from signstation.model.trust import Purpose, Trust
from signstation.signatures.openpgp_gpgv import GPGV, ask_gpgv

MAX_SAYS = 2000
"""Most characters kept of a tool's words."""
SECONDS_PER_GIGABYTE = 60
"""Time granted to a tool per 10^9 bytes: disks of 20 MB/s and slower machines than ours exist."""
_NUMBER = re.compile(r"\d+(\.\d+)+[a-z]?")
"""The number in the first line of a tool's version."""

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
            opinions.append(case.gpgv())
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
        """Ask gpgv, which trusts the trusted keys only."""
        file = self.ctx.directory / self.name
        file.write_bytes(_packets(self.signature))
        content = self.ctx.path_of(self.artifact, "artifact")

        def run(arguments: Sequence[str]) -> Completed:
            return self.ctx.programs.run(
                GPGV,
                arguments,
                descriptors=(self.artifact.fileno(),),
                timeout=self.timeout,
            )

        files = (str(file), str(content))
        return ask_gpgv(run, self.ctx.directory, self.trust, Purpose.FILES, files)

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
