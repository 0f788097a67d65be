"""OpenPGP certificates for keys that live elsewhere, read again by another library."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pysequoia import Cert

from signstation.codec.armor import ArmorKind, armor
from signstation.errors import (
    CertificateMismatch,
    KeyUnreadable,
    KeyUnusable,
    RecheckFailed,
    SchemeUnsupported,
    TimeRefused,
    UsageError,
)
from signstation.model.asks import Part, ToSign
from signstation.model.keys import X509Profile
from signstation.signatures.keycertificates import (
    OPENPGP,
    X509,
    expiry_of,
    export_certificates,
    keep_certificate,
    known_certificates,
)
from signstation.signatures.openpgp_certificate import OpenPgpOrder, openpgp_certificate
from tests.support import x509
from tests.support.certificates import signer

KINDS = ("rsa2048", "p256", "p384", "p521", "ed25519")
CREATED = 1_700_000_000
YEAR = 365 * 86400
ORDER = OpenPgpOrder("Release HSM <release@example.org>", CREATED, 2 * YEAR)


@pytest.mark.parametrize("kind", KINDS)
def test_the_other_library_reads_what_was_made(kind: str) -> None:
    asked: list[ToSign] = []
    profile, sign = signer(x509.private_key(kind))

    def watched(ask: ToSign) -> bytes:
        asked.append(ask)
        return sign(ask)

    made = openpgp_certificate(ORDER, profile, watched)
    assert [each.part for each in asked] == [Part.CERTIFICATE]
    certificate = Cert.from_bytes(made.certificate)
    assert certificate.fingerprint.upper() == made.fingerprint
    assert [str(each) for each in certificate.user_ids] == [ORDER.user_id]
    assert certificate.expiration is not None
    assert int(certificate.expiration.timestamp()) == CREATED + 2 * YEAR
    assert expiry_of(made) == CREATED + 2 * YEAR
    again = openpgp_certificate(ORDER, profile, sign)
    assert (again == made) is all(each.scheme.repeatable for each in asked)


def test_a_certificate_that_is_given_or_kept_makes_the_profile(tmp_path: Path) -> None:
    profile, sign = signer(x509.private_key("p256"))
    spki = profile.spki
    made = openpgp_certificate(ORDER, profile, sign)
    armored = armor(ArmorKind.PUBLIC_KEY, made.certificate)
    for content in (made.certificate, armored):
        assert known_certificates("k", spki, [content], tmp_path, CREATED).openpgp == made
    own = x509.identity("p256", x509.Shape(not_before=CREATED, not_after=CREATED + YEAR))
    keep_certificate(tmp_path, spki, OPENPGP, made.certificate, replace=False)
    keep_certificate(tmp_path, spki, X509, own.certificate_pem(), replace=False)
    known = known_certificates("k", spki, [], tmp_path, CREATED)
    assert known.openpgp == made
    assert known.x509 == X509Profile((own.der,))
    signing = replace(profile, openpgp=known.openpgp, x509=known.x509)
    parts = dict(export_certificates(signing))
    assert parts == {
        ".asc": armored,
        ".gpg": made.certificate,
        ".pem": own.certificate_pem(),
        ".der": own.der,
    }
    with pytest.raises(KeyUnusable, match="expired"):
        known_certificates("k", spki, [], tmp_path, CREATED + 3 * YEAR)
    with pytest.raises(CertificateMismatch):
        known_certificates("k", spki, [x509.identity("rsa2048").der], tmp_path, CREATED)
    with pytest.raises(KeyUnreadable):
        known_certificates("k", spki, [b"\x99nonsense"], tmp_path, CREATED)


def test_what_cannot_be_certified_is_refused() -> None:
    profile, sign = signer(x509.private_key("ed448"))
    with pytest.raises(SchemeUnsupported):
        openpgp_certificate(ORDER, profile, sign)
    profile, sign = signer(x509.private_key("p256"))
    for name in ("", " ", "a\nb", "x" * 300, "\ud800"):
        with pytest.raises(UsageError):
            openpgp_certificate(OpenPgpOrder(name, CREATED, None), profile, sign)
    with pytest.raises(TimeRefused):
        openpgp_certificate(OpenPgpOrder("a", 2**32, None), profile, sign)
    _, other = signer(x509.private_key("p256-other"))
    with pytest.raises(RecheckFailed):  # a key that is not the one of the profile
        openpgp_certificate(ORDER, profile, other)
