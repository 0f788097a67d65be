"""Frozen values of a small release for the window: what a real station answers, written down."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from signstation.model.artifacts import (
    ExistingSignature,
    Fact,
    FactSection,
    FactStyle,
    Finding,
    Inspection,
    Severity,
)
from signstation.model.asks import Literal, Range
from signstation.model.checks import (
    Aspect,
    Check,
    CheckKind,
    NodeKind,
    Opinion,
    OpinionOutcome,
    Outcome,
    SignatureFacts,
    SignatureState,
    TrustNode,
    Verdict,
    Verification,
)
from signstation.model.keys import (
    KeyFamily,
    KeyInfo,
    KeyRef,
    KeyState,
    KeyType,
    Protection,
    SignatureType,
)
from signstation.model.station import DoctorRow, Health
from signstation.model.text import Text, text

NOW = 1_795_530_600
"""2026-11-24 14:30 UTC."""
YEAR = 365 * 86400
RELEASE = Path("/srv/builds/acme-4.2.0")
HOSTILE_NAME = "<img src=x>&a\u202egnp.rpm"
PRIMARY = "9A1C77E00B3DF5A2C4D0118B5E207A31A9D4E0C7"
SUBKEY = "6F02D94C81AA3E1755C0B2E904D79C3A610F2B48"
STRANGER = "41F7A90233CD5E8800D2C6B1E7715AF09B3C4D8E"
MODULE_KEY = hashlib.sha256(b"acme module key").hexdigest()
ROOT_KEY = hashlib.sha256(b"acme root").hexdigest()


def digest(name: str) -> bytes:
    """Return some SHA-256 that belongs to a name."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()


def _check(
    code: str,
    aspect: Aspect,
    outcome: Outcome,
    words: str,
    kind: CheckKind = CheckKind.CONTENT,
    details: tuple[Fact, ...] = (),
) -> Check:
    return Check(code, kind, aspect, outcome, kind is not CheckKind.NOTE, Text(words), details)


def _signature_check(state: SignatureState, outcome: Outcome, words: Text) -> Check:
    return Check(
        "openpgp.signature",
        CheckKind.SIGNATURE,
        Aspect.TRUSTED,
        outcome,
        required=True,
        summary=words,
        signature=0,
        state=state,
        sufficient=state is SignatureState.GOOD_TRUSTED,
    )


def _openpgp_path(title: str) -> tuple[TrustNode, ...]:
    return (
        TrustNode(
            NodeKind.ANCHOR,
            "made on this station",
            PRIMARY,
            text(
                "Trusted: {source} on {since}.", source="made on this station", since="2026-01-10"
            ),
            Text("names"),
        ),
        TrustNode(
            NodeKind.KEY,
            "Acme Release Signing 2026 <release@acme.example>",
            PRIMARY,
            Text("Ed25519, valid from 2026-01-10 until 2028-01-10"),
            Text("certifies the signing subkey"),
        ),
        TrustNode(
            NodeKind.SUBKEY,
            "RSA-4096",
            SUBKEY,
            Text("RSA-4096, valid from 2026-01-10 until 2026-12-19"),
            Text("signed on 2026-11-22"),
        ),
        TrustNode(NodeKind.ARTIFACT, title, "", Text("SHA-256, version 4")),
    )


def rpm_good() -> Verification:
    """An RPM package with a trusted header signature."""
    name = "acme-core-4.2.0-1.el9.x86_64"
    size = 18_412_904
    facts = SignatureFacts(
        index=0,
        kind=SignatureType.OPENPGP,
        place=Text("header signature, tag 268"),
        state=SignatureState.GOOD_TRUSTED,
        signer="Acme Release Signing 2026 <release@acme.example>",
        fingerprint=SUBKEY,
        algorithm="RSA-4096",
        hash="SHA-256",
        made_at=NOW - 2 * 86400,
        reasons=(Text("The key expires in 25 days; packages signed until then stay valid."),),
        path=_openpgp_path("header signature, tag 268"),
        covers=(Range(4504, size - 4504), Literal(b"\x04\x00")),
    )
    hashes = (
        Fact(Text("Stated"), digest("payload").hex(), FactStyle.HEX),
        Fact(Text("Computed"), digest("payload").hex(), FactStyle.HEX),
    )
    return Verification(
        path=str(RELEASE / f"{name}.rpm"),
        format="rpm",
        title=name,
        size=size,
        sha256=digest(name),
        verdict=Verdict.TRUSTED,
        reasons=(Text("Signed by a key of this station, and nothing was changed since."),),
        checks=(
            _check(
                "rpm.payload-digest",
                Aspect.UNCHANGED,
                Outcome.PASS,
                "The payload has the SHA-256 that the header states.",
                details=hashes,
            ),
            _check(
                "rpm.header-digest",
                Aspect.UNCHANGED,
                Outcome.PASS,
                "The header has the SHA-256 that the signature header states.",
            ),
            _check(
                "rpm.structure",
                Aspect.UNCHANGED,
                Outcome.PASS,
                "Lead, signature header, header and payload follow one another without a gap.",
                CheckKind.STRUCTURE,
            ),
            _check(
                "openpgp.number",
                Aspect.VALID,
                Outcome.PASS,
                "The number fits the header and the public key of the signing subkey.",
            ),
            _check(
                "openpgp.library",
                Aspect.VALID,
                Outcome.PASS,
                "The second OpenPGP library accepts it too.",
                CheckKind.LIBRARY,
            ),
            _signature_check(
                SignatureState.GOOD_TRUSTED,
                Outcome.PASS,
                Text("The signing subkey was valid on 2026-11-22 and belongs to a trusted key."),
            ),
            _check(
                "openpgp.expiry",
                Aspect.TRUSTED,
                Outcome.WARNING,
                "The signing subkey expires on 2026-12-19, in 25 days.",
                CheckKind.NOTE,
            ),
            _check(
                "rpm.legacy",
                Aspect.NOTE,
                Outcome.NOT_RUN,
                "There is no signature over header and payload (tag 1002), and none is needed.",
                CheckKind.NOTE,
            ),
        ),
        signatures=(facts,),
        opinions=(
            Opinion(
                "rpmkeys",
                "4.18.0",
                ("rpmkeys", "--define", "_pkgverify_level all", "-Kv", "artifact.rpm"),
                OpinionOutcome.ACCEPTS,
                "Header V4 RSA/SHA256 Signature, key ID 610f2b48: OK\nHeader SHA256 digest: OK\n"
                "Payload SHA256 digest: OK",
                Text("rpm looks at the key as it is today, not as it was when it signed."),
            ),
        ),
        at=NOW,
    )


def module_good() -> Verification:
    """A kernel module with a trusted appended signature."""
    size = 61_832
    path = (
        TrustNode(
            NodeKind.ANCHOR,
            "Acme Root 2024",
            ROOT_KEY,
            Text("Acme Root 2024 is trusted: trust file acme-root.pem."),
        ),
        TrustNode(
            NodeKind.CERTIFICATE,
            "Acme module key 2026",
            MODULE_KEY,
            Text("valid until 2027-03-01"),
            Text("certifies"),
        ),
    )
    facts = SignatureFacts(
        index=0,
        kind=SignatureType.CMS,
        place=Text("appended to the module"),
        state=SignatureState.GOOD_TRUSTED,
        signer="Acme module key 2026",
        fingerprint=MODULE_KEY,
        algorithm="RSA-4096",
        hash="SHA-512",
        made_at=None,
        reasons=(),
        path=path,
        covers=(Range(0, 60_610),),
    )
    return Verification(
        path=str(RELEASE / "acme_net.ko"),
        format="kmod",
        title="acme_net",
        size=size,
        sha256=digest("acme_net"),
        verdict=Verdict.TRUSTED,
        reasons=(Text("Acme Root 2024 is trusted for kernel modules and certifies the signer."),),
        checks=(
            _check(
                "kmod.content",
                Aspect.UNCHANGED,
                Outcome.PASS,
                "The signature covers the whole module, 60610 bytes.",
            ),
            _check(
                "kmod.structure",
                Aspect.UNCHANGED,
                Outcome.PASS,
                "The ELF file is whole.",
                CheckKind.STRUCTURE,
            ),
            _check("cms.number", Aspect.VALID, Outcome.PASS, "The number fits the module."),
            _signature_check(
                SignatureState.GOOD_TRUSTED,
                Outcome.PASS,
                Text("Acme Root 2024 certifies the key for kernel modules."),
            ),
        ),
        signatures=(facts,),
        opinions=(
            Opinion(
                "modinfo",
                "30",
                ("modinfo", "artifact.ko"),
                OpinionOutcome.CANNOT,
                "sig_id: PKCS#7\nsigner: Acme module key 2026\nsig_hashalgo: sha512",
                Text("modinfo shows the signature and checks nothing."),
            ),
        ),
        at=NOW,
    )


def tarball_changed() -> Verification:
    """A tarball that was changed after it was signed; gpgv of the day disagrees to be loud."""
    facts = SignatureFacts(
        index=0,
        kind=SignatureType.OPENPGP,
        place=Text("signature file 1, OpenPGP"),
        state=SignatureState.BAD,
        signer="Acme Release Signing 2026 <release@acme.example>",
        fingerprint=SUBKEY,
        algorithm="RSA-4096",
        hash="SHA-256",
        made_at=NOW - 2 * 86400,
        reasons=(Text("The file or its signature was changed after signing."),),
        path=(),
        covers=(),
    )
    return Verification(
        path=str(RELEASE / "acme-4.2.0.tar.gz"),
        format="blob",
        title="acme-4.2.0.tar.gz",
        size=4_250_112,
        sha256=digest("tarball"),
        verdict=Verdict.TAMPERED,
        reasons=(
            Text("A signature does not fit the content of the file."),
            Text("Attention: gpgv 2.2.40 accepts it, signstation says changed."),
        ),
        checks=(
            _check(
                "blob.content",
                Aspect.UNCHANGED,
                Outcome.FAIL,
                "A signature does not fit the content of the file.",
                details=(
                    Fact(Text("Signed digest begins"), "8c1f", FactStyle.MONO),
                    Fact(Text("Computed"), digest("changed").hex(), FactStyle.HEX),
                ),
            ),
            _signature_check(
                SignatureState.BAD,
                Outcome.FAIL,
                Text("The number contradicts the file and the key."),
            ),
        ),
        signatures=(facts,),
        opinions=(
            Opinion(
                "gpgv",
                "2.2.40",
                (
                    "gpgv",
                    "--status-fd",
                    "1",
                    "--keyring",
                    "trusted.gpg",
                    "artifact.asc",
                    "artifact",
                ),
                OpinionOutcome.ACCEPTS,
                "GOODSIG 04D79C3A610F2B48 Acme Release Signing 2026",
                Text("gpgv looks at the key as it is today, not as it was when it signed."),
            ),
        ),
        at=NOW,
    )


def rpm_stranger() -> Verification:
    """An RPM package with a good signature by a key that nobody here trusts."""
    good = rpm_good()
    facts = replace(
        good.signatures[0],
        state=SignatureState.UNKNOWN_KEY,
        signer="E7715AF09B3C4D8E",
        fingerprint=STRANGER[-16:],
        reasons=(Text("The key E7715AF09B3C4D8E is not at hand, so nobody can check its number."),),
        path=(),
    )
    unknown = Text("The key that signed is not among the trusted ones.")
    return replace(
        good,
        path=str(RELEASE / "acme-plugin-1.1-3.el9.noarch.rpm"),
        title="acme-plugin-1.1-3.el9.noarch",
        size=812_344,
        sha256=digest("plugin"),
        verdict=Verdict.UNTRUSTED,
        reasons=facts.reasons,
        checks=(
            *good.checks[:3],
            _check(
                "openpgp.number",
                Aspect.VALID,
                Outcome.NOT_RUN,
                "The number cannot be checked without the key.",
            ),
            _signature_check(SignatureState.UNKNOWN_KEY, Outcome.NOT_RUN, unknown),
        ),
        signatures=(facts,),
        opinions=(
            replace(
                good.opinions[0],
                outcome=OpinionOutcome.UNKNOWN_KEY,
                says="Header V4 RSA/SHA256 Signature, key ID 9b3c4d8e: NOKEY",
            ),
        ),
    )


def notes_unsigned() -> Verification:
    """A text file without any signature."""
    return Verification(
        path=str(RELEASE / "RELEASE-NOTES.txt"),
        format="blob",
        title="RELEASE-NOTES.txt",
        size=3_122,
        sha256=digest("notes"),
        verdict=Verdict.UNSIGNED,
        reasons=(Text("There is no signature."),),
        checks=(
            _check(
                "blob.content",
                Aspect.UNCHANGED,
                Outcome.NOT_RUN,
                "There is no signature file beside it.",
                CheckKind.NOTE,
            ),
        ),
        signatures=(),
        opinions=(),
        at=NOW,
    )


def hostile() -> Verification:
    """An artifact whose every text tries to be markup or to reorder the line."""
    good = rpm_good()
    evil = HOSTILE_NAME
    path = tuple(
        replace(each, title=evil, detail=text("{value}", value=evil))
        for each in good.signatures[0].path
    )
    facts = replace(
        good.signatures[0], signer=evil, path=path, reasons=(text("{value}", value=evil),)
    )
    return replace(
        good,
        path=str(RELEASE / evil),
        title=evil,
        reasons=(text("Signed by {value}", value=evil),),
        signatures=(facts,),
        checks=tuple(
            replace(
                each,
                summary=text("{value}", value=evil),
                details=(Fact(Text("Value"), evil),),
            )
            for each in good.checks
        ),
        opinions=(replace(good.opinions[0], says=evil, command=("rpmkeys", evil)),),
    )


def release() -> tuple[Verification, ...]:
    """Two good artifacts, one changed, one by a stranger, one unsigned."""
    return (rpm_good(), module_good(), tarball_changed(), rpm_stranger(), notes_unsigned())


SCRIPT = "if [ $1 -eq 1 ]; then\n  systemctl preset acme.service\nfi\n"


def inspections() -> tuple[tuple[Path, Inspection], ...]:
    """What is inside the release before it is signed."""
    found = []
    for each in release():
        identity = [
            Fact(Text("Name"), each.title, FactStyle.MONO),
            Fact(Text("Size"), str(each.size), FactStyle.SIZE),
            Fact(Text("SHA-256"), each.sha256.hex(), FactStyle.HEX),
        ]
        sections = [FactSection("identity", Text("Identity"), tuple(identity))]
        findings: tuple[Finding, ...] = ()
        signatures: tuple[ExistingSignature, ...] = ()
        if each.format == "rpm":
            script = Fact(Text("After installation (sh)"), SCRIPT, FactStyle.CODE)
            sections.append(FactSection("scriptlets", Text("Scriptlets"), (script,)))
            if "core" in each.title:
                words = "A file will be installed with the setuid bit: /usr/bin/acme-helper."
                findings = (Finding("rpm.setuid", Severity.WARNING, Text(words)),)
            else:
                kind = Text("OpenPGP header signature (tag 268)")
                signatures = (ExistingSignature(kind, STRANGER[-16:], "RSA-4096", "SHA-256"),)
        found.append(
            (
                Path(each.path),
                Inspection(
                    each.format,
                    each.title,
                    each.size,
                    each.sha256,
                    tuple(sections),
                    findings,
                    signatures,
                ),
            )
        )
    return tuple(found)


def key_list() -> tuple[KeyInfo, ...]:
    """Keys of two stores: one of every protection and state that people meet."""
    primary = KeyRef("gpg", PRIMARY)
    label = "Acme Release Signing 2026 <release@acme.example>"
    home = "/home/release/.gnupg"
    openpgp = (SignatureType.OPENPGP, SignatureType.CLEARTEXT)
    rsa4096 = KeyType(KeyFamily.RSA, 4096)
    return (
        KeyInfo(
            primary,
            label,
            KeyType(KeyFamily.ED25519),
            KeyState.ACTIVE,
            Protection.SOFTWARE,
            openpgp,
            PRIMARY,
            created=NOW - 318 * 86400,
            expires=NOW + 412 * 86400,
            usages=("certify",),
            location=home,
        ),
        KeyInfo(
            KeyRef("gpg", SUBKEY),
            label,
            rsa4096,
            KeyState.ACTIVE,
            Protection.SOFTWARE,
            openpgp,
            SUBKEY,
            created=NOW - 318 * 86400,
            expires=NOW + 25 * 86400,
            parent=primary,
            usages=("sign",),
            location=home,
        ),
        KeyInfo(
            KeyRef("file", "/home/release/keys/acme-module-key.pem"),
            "Acme module key 2026",
            rsa4096,
            KeyState.ACTIVE,
            Protection.UNPROTECTED,
            (SignatureType.CMS,),
            MODULE_KEY,
            created=NOW - 90 * 86400,
            expires=NOW + 97 * 86400,
            usages=("code-signing",),
            location="/home/release/keys/acme-module-key.pem",
        ),
        KeyInfo(
            KeyRef("gpg", STRANGER),
            "Acme Release Signing 2024 <release@acme.example>",
            KeyType(KeyFamily.RSA, 3072),
            KeyState.EXPIRED,
            Protection.SOFTWARE,
            openpgp,
            STRANGER,
            created=NOW - 3 * YEAR,
            expires=NOW - 40 * 86400,
            usages=("certify", "sign"),
            location=home,
        ),
        KeyInfo(
            KeyRef("file", "/home/release/keys/audit.pem"),
            "Acme audit",
            KeyType(KeyFamily.P384, 384),
            KeyState.PUBLIC_ONLY,
            Protection.SOFTWARE,
            (SignatureType.CMS,),
            digest("audit").hex(),
            created=NOW - YEAR,
            usages=("code-signing",),
            location="/home/release/keys/audit.pem",
        ),
    )


def doctor() -> tuple[DoctorRow, ...]:
    """A station in good health with one thing to look at."""
    return (
        DoctorRow(
            "network",
            Health.GOOD,
            Text("Air gap: no network used"),
            Text("No process with network access was started."),
        ),
        DoctorRow(
            "agent",
            Health.GOOD,
            Text("GnuPG agent: ready"),
            Text("gpg-agent 2.2.40 answers."),
        ),
        DoctorRow(
            "sandbox",
            Health.GOOD,
            Text("Parsers are locked in"),
            Text("seccomp, no_new_privs and limits are active in every check process."),
        ),
        DoctorRow(
            "landlock",
            Health.WARNING,
            Text("Landlock: not in this kernel"),
            Text("Parsers are held by seccomp alone."),
            Text("Boot a kernel with Landlock (5.13 or later) for the second wall."),
        ),
        DoctorRow(
            "clock",
            Health.GOOD,
            Text("The clock is plausible"),
            Text("It is later than the build of this program."),
        ),
    )
