"""Verifications of a small release: good, changed, by a stranger, unsigned."""

from __future__ import annotations

from signstation.model.artifacts import (
    Fact,
    FactStyle,
)
from signstation.model.asks import Range
from signstation.model.checks import (
    Aspect,
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
from signstation.model.text import Text
from tests.support.windowbase import (
    MODULE_KEY,
    NOW,
    RELEASE,
    ROOT_KEY,
    SUBKEY,
    digest,
)
from tests.support.windowchecks import check, signature_check
from tests.support.windowpackages import rpm_good, rpm_stranger


def _module_path() -> tuple[TrustNode, ...]:
    return (
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


def _module_facts() -> SignatureFacts:
    return SignatureFacts(
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
        path=_module_path(),
        covers=(Range(0, 60_610),),
    )


def module_good() -> Verification:
    """A kernel module with a trusted appended signature."""
    return Verification(
        path=str(RELEASE / "acme_net.ko"),
        format="kmod",
        title="acme_net",
        size=61_832,
        sha256=digest("acme_net"),
        verdict=Verdict.TRUSTED,
        reasons=(Text("Acme Root 2024 is trusted for kernel modules and certifies the signer."),),
        checks=(
            check(
                "kmod.content",
                Aspect.UNCHANGED,
                Outcome.PASS,
                "The signature covers the whole module, 60610 bytes.",
            ),
            check(
                "kmod.structure",
                Aspect.UNCHANGED,
                Outcome.PASS,
                "The ELF file is whole.",
                CheckKind.STRUCTURE,
            ),
            check("cms.number", Aspect.VALID, Outcome.PASS, "The number fits the module."),
            signature_check(
                SignatureState.GOOD_TRUSTED,
                Outcome.PASS,
                Text("Acme Root 2024 certifies the key for kernel modules."),
            ),
        ),
        signatures=(_module_facts(),),
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


def _tarball_facts() -> SignatureFacts:
    return SignatureFacts(
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


def tarball_changed() -> Verification:
    """A tarball that was changed after it was signed; gpgv of the day disagrees to be loud."""
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
            check(
                "blob.content",
                Aspect.UNCHANGED,
                Outcome.FAIL,
                "A signature does not fit the content of the file.",
                details=(
                    Fact(Text("Signed digest begins"), "8c1f", FactStyle.MONO),
                    Fact(Text("Computed"), digest("changed").hex(), FactStyle.HEX),
                ),
            ),
            signature_check(
                SignatureState.BAD,
                Outcome.FAIL,
                Text("The number contradicts the file and the key."),
            ),
        ),
        signatures=(_tarball_facts(),),
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
            check(
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


def release() -> tuple[Verification, ...]:
    """Two good artifacts, one changed, one by a stranger, one unsigned."""
    return (rpm_good(), module_good(), tarball_changed(), rpm_stranger(), notes_unsigned())
