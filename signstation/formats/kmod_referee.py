"""Second opinions on a kernel module: modinfo for what it carries, openssl for number and path.

No program outside the kernel judges a module as the kernel does. modinfo (kmod 30 or newer) only
shows the signer. openssl checks the number, and the path to a trusted certificate: as the kernel,
it is told to look neither at dates nor at uses; unlike the kernel, it wants issuers to be CAs.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from signstation.codec import kmod
from signstation.codec.der import encode_pem
from signstation.codec.kmod import Appended
from signstation.errors import (
    ArtifactMalformed,
    CompressedModule,
    ToolMissing,
    ToolTimedOut,
)
from signstation.formats.kmod_open import compression_of, open_module
from signstation.formats.kmod_words import GZIP
from signstation.interfaces.artifact import Artifact
from signstation.interfaces.context import ToolContext
from signstation.model.asks import Compression
from signstation.model.checks import Opinion, OpinionOutcome
from signstation.model.text import Text
from signstation.model.trust import Purpose, Trust

CHUNK = 1024 * 1024
"""Bytes copied at a time."""
MAX_SAYS = 2000
"""Most characters kept of a tool's words."""

_UNKNOWN = ("signer certificate not found", "unable to get", "self-signed certificate")
"""Words of openssl for a signer that leads to no trusted certificate."""
_FILENAME_ONLY = re.compile(rb"(filename:[^\n]*\n?)?")
"""What modinfo prints before it finds that it cannot read the module."""
_FIELDS = ("signer", "sig_key", "sig_hashalgo")
_SHOWS_ONLY = Text("modinfo shows the signature and checks nothing.")
_PATH = Text(
    "openssl checked the number and the path to a trusted certificate; as the kernel, it was told "
    "to look neither at dates nor at uses."
)


def referee(artifact: Artifact, trust: Trust, ctx: ToolContext) -> tuple[Opinion, ...]:
    """Run both tools; openssl only where there is a signature. modinfo decompresses by itself."""
    opinions = [_guarded("modinfo", lambda: _modinfo(artifact, ctx))]
    try:
        module = open_module(artifact).module
        appended = kmod.signature_before(module.read, module.size)
    except (ArtifactMalformed, CompressedModule):
        return tuple(opinions)
    if appended is not None:
        signature = appended
        opinions.append(_guarded("openssl", lambda: _openssl(module, signature, trust, ctx)))
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


def _modinfo(artifact: Artifact, ctx: ToolContext) -> Opinion:
    path = ctx.path_of(artifact, "artifact.ko")
    done = ctx.programs.run("modinfo", ["--", str(path)], descriptors=(artifact.fileno(),))
    fields = _fields(done.stdout)
    outcome, says = OpinionOutcome.CANNOT, _words(done.stderr)
    if fields:
        says = "\n".join(f"{name}: {value}" for name, value in fields.items())
    elif _FILENAME_ONLY.fullmatch(done.stdout) is None:
        outcome, says = OpinionOutcome.UNSIGNED, ""
    version = _version(ctx, "modinfo", "--version")
    unread = not fields and compression_of(artifact) is Compression.GZIP
    note = GZIP if unread else _SHOWS_ONLY
    return Opinion("modinfo", version, done.command, outcome, says, note)


def _fields(output: bytes) -> dict[str, str]:
    """Read the signature's lines, ``name:   value``; they come last, so the last one wins.

    A module can name a field of .modinfo like them; modinfo prints those first.
    """
    fields: dict[str, str] = {}
    for line in output.decode(errors="replace").splitlines():
        name, colon, value = line.partition(":")
        if colon and name in _FIELDS:
            fields[name] = value.strip()
    return fields


def _openssl(module: Artifact, appended: Appended, trust: Trust, ctx: ToolContext) -> Opinion:
    content, signature, anchors = (
        ctx.directory / name for name in ("content", "signature.der", "anchors.pem")
    )
    with content.open("wb") as out:
        for offset in range(0, appended.content, CHUNK):
            out.write(module.read(offset, min(CHUNK, appended.content - offset)))
    signature.write_bytes(appended.signature)
    arguments = ["cms", "-verify", "-binary", "-inform", "DER", "-in", signature.name]
    arguments += ["-content", content.name, "-out", "/dev/null", "-no-CApath", "-no-CAstore"]
    arguments += ["-partial_chain", "-no_check_time", "-purpose", "any"]
    wanted = {Purpose.ANY, Purpose.KERNEL_MODULES}
    trusted = [each.der for each in trust.x509 if wanted.intersection(each.purposes)]
    if trusted:
        anchors.write_bytes(b"".join(encode_pem("CERTIFICATE", each) for each in trusted))
        arguments += ["-CAfile", anchors.name, "-certfile", anchors.name]
    else:
        arguments += ["-no-CAfile"]
    done = ctx.programs.run(
        "openssl", arguments, cwd=ctx.directory, environment={"OPENSSL_CONF": "/dev/null"}
    )
    says = _words(done.stderr)
    version = _version(ctx, "openssl", "version")
    return Opinion("openssl", version, done.command, _verdict(says), says, _PATH)


def _verdict(says: str) -> OpinionOutcome:
    """Read openssl's words (apps/cms.c, crypto/cms/cms_err.c), never its exit status."""
    if "erification successful" in says and "failure" not in says:
        return OpinionOutcome.ACCEPTS
    if any(each in says for each in _UNKNOWN):
        return OpinionOutcome.UNKNOWN_KEY
    if "erification failure" in says or "Error reading" in says:
        return OpinionOutcome.REJECTS
    return OpinionOutcome.CANNOT


def _version(ctx: ToolContext, name: str, argument: str) -> str:
    """Return the first number of the tool's version line: "OpenSSL 3.0.19 …", "kmod version 30"."""
    said = ctx.programs.run(name, [argument]).stdout.decode(errors="replace")
    found = re.search(r"\d[\w.]*", said)
    return found[0] if found else ""


def _words(output: bytes) -> str:
    return output.decode(errors="replace").strip()[:MAX_SAYS]
