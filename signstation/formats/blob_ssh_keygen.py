"""The second opinion on an SSH signature: ``ssh-keygen -Y verify``, read by its words.

ssh-keygen has to be told whose signature it shall be and reads the file from its standard input,
which a tool here is given whole: larger files than that are left to our own reading.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from signstation.codec.sshsig import MAX_SSHSIG, SshSignature, parse_sshsig
from signstation.interfaces.artifact import MAX_READ, Artifact
from signstation.interfaces.context import ToolContext
from signstation.model.checks import Opinion, OpinionOutcome
from signstation.model.text import Text
from signstation.model.trust import Purpose, SshAnchor, Trust
from signstation.signatures.sshsig_trust import FILE_NAMESPACE, anchors_for, names_of, signer_of

SSH_KEYGEN = "ssh-keygen"
MAX_LISTS = 16
"""Most lists of revoked keys: ssh-keygen takes one, and is asked once for each."""
MAX_SAYS = 2000
"""Most characters kept of a tool's words."""
_NUMBER = re.compile(r"OpenSSH_(\d+\.\d+(?:p\d+)?)")
_NOBODY = "nobody"
"""The principal that is asked for where no line has the key."""
_NOTE = Text("ssh-keygen looks at the dates of the key at the time of the check.")


def ask_ssh_keygen(
    artifact: Artifact, signature: Artifact, number: int, trust: Trust, ctx: ToolContext
) -> Opinion:
    """Ask whether a trusted line verifies the signature. Raises ToolMissing and ToolTimedOut.

    With several lists of revoked keys the opinion is the first that is no yes.
    """
    if artifact.size > MAX_READ:
        says = f"the file has more than {MAX_READ} bytes"
        return Opinion(SSH_KEYGEN, "", (), OpinionOutcome.CANNOT, says)
    if len(trust.ssh_revoked) > MAX_LISTS:
        says = f"there are more than {MAX_LISTS} lists of revoked keys"
        return Opinion(SSH_KEYGEN, "", (), OpinionOutcome.CANNOT, says)
    content = signature.read(0, MAX_SSHSIG)
    found = parse_sshsig(content)
    trusted = [each for each in trust.ssh if {Purpose.ANY, Purpose.FILES} & set(each.purposes)]
    lines, principal = _whom(found, trust)
    # what we would take: another namespace than that of files only by a line that names it
    named = any(each.namespaces for each in lines)
    namespace = found.namespace.decode("utf-8", "replace") if named else FILE_NAMESPACE
    allowed, file = ctx.directory / "allowed_signers", ctx.directory / f"signature-{number}"
    allowed.write_text("".join(f"{each.line}\n" for each in trusted), encoding="utf-8")
    file.write_bytes(content)
    # its dates are local time without a zone, which the neutral environment makes UTC
    at = f"verify-time={_digits(ctx.time)}Z"
    whom = ("-f", str(allowed), "-I", principal, "-n", namespace)
    asked = ("-Y", "verify", "-O", at, *whom, "-s", str(file))
    first, *others = _lists(trust, ctx)
    opinion = _ask((*asked, *first), artifact, ctx, known=bool(lines))
    for revoked in others:
        if opinion.outcome is OpinionOutcome.ACCEPTS:
            opinion = _ask((*asked, *revoked), artifact, ctx, known=bool(lines))
    return opinion


def _lists(trust: Trust, ctx: ToolContext) -> tuple[tuple[str, ...], ...]:
    """Write the lists of revoked keys; return what names each to ssh-keygen, or one of nothing."""
    paths = [ctx.directory / f"revoked-{number}" for number in range(len(trust.ssh_revoked))]
    for path, listed in zip(paths, trust.ssh_revoked, strict=True):
        path.write_bytes(listed.material)
    return tuple(("-r", str(path)) for path in paths) or ((),)


def _ask(asked: tuple[str, ...], artifact: Artifact, ctx: ToolContext, *, known: bool) -> Opinion:
    done = ctx.programs.run(SSH_KEYGEN, asked, stdin=artifact.read(0, artifact.size))
    says = (done.stdout + done.stderr).decode("utf-8", "replace").strip()[:MAX_SAYS]
    outcome = read_ssh_keygen(says, known=known)
    return Opinion(SSH_KEYGEN, _version(ctx), done.command, outcome, says, _NOTE)


def read_ssh_keygen(says: str, *, known: bool) -> OpinionOutcome:
    """Read ssh-keygen's words (OpenSSH, ssh-keygen.c and sshsig.c), never its exit status alone.

    ``known``: a trusted line has the key; of a revoked one ssh-keygen says no more than of others.
    """
    if says.startswith("Good ") and " signature for " in says:
        return OpinionOutcome.ACCEPTS
    refusals = (
        "incorrect signature",
        "has expired",
        "certificate not authorized",
        "not yet valid",
        "namespace does not match",
        "not permitted for use in signature namespace",
    )
    if any(each in says for each in refusals):
        return OpinionOutcome.REJECTS
    if "Could not verify signature" in says:
        return OpinionOutcome.REJECTS if known else OpinionOutcome.UNKNOWN_KEY
    return OpinionOutcome.CANNOT


def _version(ctx: ToolContext) -> str:
    """ssh-keygen tells no version of its own; ssh is of the same package."""
    output = ctx.programs.run("ssh", ("-V",)).stderr.decode("utf-8", "replace")
    number = _NUMBER.search(output)
    return number.group(1) if number else ""


def _whom(found: SshSignature, trust: Trust) -> tuple[tuple[SshAnchor, ...], str]:
    """Return the lines that could trust a signature, and in whose name to ask for them."""
    signer = signer_of(found.key)
    lines = anchors_for(signer, trust, Purpose.FILES)
    if not lines:
        return (), _NOBODY
    if signer.certificate is None:
        return lines, _name(lines[0].principals)
    named = [name for each in lines for name in names_of(signer, each)]
    # a name that the lines take, else one of the certificate, else one that no certificate has
    return lines, (*named, *signer.certificate.principals, _NOBODY)[0]


def _name(principals: tuple[str, ...]) -> str:
    """Return a name that the line's patterns match: the first that forbids nothing."""
    plain = [each for each in principals if not each.startswith("!")]
    return plain[0].replace("*", "x").replace("?", "x") if plain else _NOBODY


def _digits(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y%m%d%H%M%S}"
