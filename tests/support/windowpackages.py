"""Verifications of RPM packages: good, by a stranger, and hostile in every text."""

from __future__ import annotations

from dataclasses import replace

from signstation.model.artifacts import (
    Fact,
    FactStyle,
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
    SignatureType,
)
from signstation.model.text import Text, text
from tests.support.windowbase import (
    HOSTILE_NAME,
    NOW,
    PRIMARY,
    RELEASE,
    STRANGER,
    SUBKEY,
    digest,
)
from tests.support.windowchecks import check, signature_check


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


PACKAGE = "acme-core-4.2.0-1.el9.x86_64"


PACKAGE_SIZE = 18_412_904


def _rpm_facts() -> SignatureFacts:
    return SignatureFacts(
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
        covers=(Range(4504, PACKAGE_SIZE - 4504), Literal(b"\x04\x00")),
    )


def _rpm_checks() -> tuple[Check, ...]:
    hashes = (
        Fact(Text("Stated"), digest("payload").hex(), FactStyle.HEX),
        Fact(Text("Computed"), digest("payload").hex(), FactStyle.HEX),
    )
    return (
        check(
            "rpm.payload-digest",
            Aspect.UNCHANGED,
            Outcome.PASS,
            "The payload has the SHA-256 that the header states.",
            details=hashes,
        ),
        check(
            "rpm.header-digest",
            Aspect.UNCHANGED,
            Outcome.PASS,
            "The header has the SHA-256 that the signature header states.",
        ),
        check(
            "rpm.structure",
            Aspect.UNCHANGED,
            Outcome.PASS,
            "Lead, signature header, header and payload follow one another without a gap.",
            CheckKind.STRUCTURE,
        ),
        check(
            "openpgp.number",
            Aspect.VALID,
            Outcome.PASS,
            "The number fits the header and the public key of the signing subkey.",
        ),
        check(
            "openpgp.library",
            Aspect.VALID,
            Outcome.PASS,
            "The second OpenPGP library accepts it too.",
            CheckKind.LIBRARY,
        ),
        signature_check(
            SignatureState.GOOD_TRUSTED,
            Outcome.PASS,
            Text("The signing subkey was valid on 2026-11-22 and belongs to a trusted key."),
        ),
        check(
            "openpgp.expiry",
            Aspect.TRUSTED,
            Outcome.WARNING,
            "The signing subkey expires on 2026-12-19, in 25 days.",
            CheckKind.NOTE,
        ),
        check(
            "rpm.legacy",
            Aspect.NOTE,
            Outcome.NOT_RUN,
            "There is no signature over header and payload (tag 1002), and none is needed.",
            CheckKind.NOTE,
        ),
    )


RPMKEYS = Opinion(
    "rpmkeys",
    "4.18.0",
    ("rpmkeys", "--define", "_pkgverify_level all", "-Kv", "artifact.rpm"),
    OpinionOutcome.ACCEPTS,
    "Header V4 RSA/SHA256 Signature, key ID 610f2b48: OK\nHeader SHA256 digest: OK\n"
    "Payload SHA256 digest: OK",
    Text("rpm looks at the key as it is today, not as it was when it signed."),
)


def rpm_good() -> Verification:
    """An RPM package with a trusted header signature."""
    return Verification(
        path=str(RELEASE / f"{PACKAGE}.rpm"),
        format="rpm",
        title=PACKAGE,
        size=PACKAGE_SIZE,
        sha256=digest(PACKAGE),
        verdict=Verdict.TRUSTED,
        reasons=(Text("Signed by a key of this station, and nothing was changed since."),),
        checks=_rpm_checks(),
        signatures=(_rpm_facts(),),
        opinions=(RPMKEYS,),
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
            check(
                "openpgp.number",
                Aspect.VALID,
                Outcome.NOT_RUN,
                "The number cannot be checked without the key.",
            ),
            signature_check(SignatureState.UNKNOWN_KEY, Outcome.NOT_RUN, unknown),
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
