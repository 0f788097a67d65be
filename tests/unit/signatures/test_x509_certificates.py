"""Certificates: read whole or refused whole, made by profiles, also with a key elsewhere."""

from __future__ import annotations

import copy

import pytest
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from signstation.errors import KeyUnreadable, SchemeUnsupported, UsageError
from signstation.model.asks import Literal, Part, ToSign
from signstation.model.keys import KeyFamily, KeyType, Scheme
from signstation.model.orders import X509Use
from signstation.signatures.certificates import (
    CODE_SIGNING,
    MAX_CERTIFICATE,
    MODULE_SIGNING,
    CertificateOrder,
    read_certificate,
    self_signed,
)
from signstation.signatures.remotekey import RemoteEc, RemoteRsa, remote_key
from tests.support.x509 import DAY, NOW, Shape, answer, identity

WHOLE = identity("p256", Shape(name="Name", usages=(CODE_SIGNING, "1.2.3")))
ORDER = CertificateOrder("New key", X509Use.MODULES, NOW, NOW + DAY, 0x1234)


def test_facts_are_those_of_the_certificate() -> None:
    facts = read_certificate(WHOLE.der)
    assert (facts.name, facts.subject, facts.issuer) == ("Name", "CN=Name", "CN=Name")
    assert (facts.not_before, facts.not_after) == (NOW - 100 * DAY, NOW + 100 * DAY)
    assert facts.type == KeyType(KeyFamily.P256, 256)
    assert facts.usages == (CODE_SIGNING, "1.2.3")
    assert facts.usage_titles == ("code-signing", "1.2.3")
    assert (facts.authority, facts.signs_data) == (False, True)
    assert facts.identity.serial == WHOLE.certificate.serial_number


@given(at=st.integers(0, len(WHOLE.der) - 1), change=st.integers(1, 255))
def test_a_changed_byte_gives_facts_or_a_typed_error(at: int, change: int) -> None:
    data = bytearray(WHOLE.der)
    data[at] ^= change
    try:
        facts = read_certificate(bytes(data))
    except KeyUnreadable:
        return
    assert facts.der == bytes(data)
    assert len(facts.fingerprint) == 64
    assert facts.spki


def test_a_name_that_is_a_bit_string_is_a_typed_error() -> None:
    with pytest.raises(KeyUnreadable, match="BitString"):
        read_certificate(WHOLE.der.replace(b"\x0c\x04Name", b"\x03\x04Name"))


@given(st.binary(max_size=200))
def test_any_bytes_give_a_typed_error(data: bytes) -> None:
    with pytest.raises(KeyUnreadable):
        read_certificate(data)


def test_cuts_additions_and_giants_are_refused() -> None:
    for data in (WHOLE.der[:-1], WHOLE.der + b"\0", bytes(MAX_CERTIFICATE + 1)):
        with pytest.raises(KeyUnreadable):
            read_certificate(data)


@pytest.mark.parametrize(
    ("kind", "scheme"),
    [
        ("rsa2048", Scheme.RSA_PKCS1_SHA256),
        ("p256", Scheme.ECDSA_SHA256),
        ("p384", Scheme.ECDSA_SHA384),
        ("ed25519", Scheme.ED25519),
    ],
)
@pytest.mark.parametrize("use", X509Use)
def test_a_key_that_is_elsewhere_makes_the_same_kind_of_certificate(
    kind: str, scheme: Scheme, use: X509Use
) -> None:
    owner = identity(kind)
    asks: list[ToSign] = []

    def sign(ask: ToSign) -> bytes:
        asks.append(ask)
        return answer(owner, ask)

    order = CertificateOrder("New key", use, NOW, None, 0x1234)
    facts = read_certificate(self_signed(order, remote_key(owner.key.public_key(), sign)))
    facts.certificate.verify_directly_issued_by(facts.certificate)
    (ask,) = asks
    assert (ask.scheme, ask.part, ask.slot) == (scheme, Part.CERTIFICATE, 0)
    assert ask.covers == (Literal(facts.certificate.tbs_certificate_bytes),)
    assert facts.usages == ((MODULE_SIGNING,) if use is X509Use.MODULES else (CODE_SIGNING,))
    assert facts.identity.serial == 0x1234
    assert facts.certificate.not_valid_after_utc.year == 9999
    assert facts.key_id == (
        x509.SubjectKeyIdentifier.from_public_key(owner.key.public_key()).digest
    )
    locally = read_certificate(self_signed(order, owner.key))
    assert locally.certificate.tbs_certificate_bytes == facts.certificate.tbs_certificate_bytes


def _never(_ask: ToSign) -> bytes:
    raise AssertionError("the key was used")


def test_a_key_that_is_elsewhere_gives_nothing_away() -> None:
    rsa_key = remote_key(identity("rsa2048").key.public_key(), _never)
    ec_key = remote_key(identity("p256").key.public_key(), _never)
    ed_key = remote_key(identity("ed25519").key.public_key(), _never)
    assert isinstance(rsa_key, RemoteRsa)
    assert isinstance(ec_key, RemoteEc)
    for key in (rsa_key, ec_key, ed_key):
        with pytest.raises(UnsupportedAlgorithm):
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        assert copy.deepcopy(copy.copy(key)) is key
    with pytest.raises(UnsupportedAlgorithm):
        rsa_key.private_numbers()
    with pytest.raises(UnsupportedAlgorithm):
        rsa_key.decrypt(b"x", padding.PKCS1v15())
    with pytest.raises(UnsupportedAlgorithm):
        ec_key.exchange(ec.ECDH(), ec_key.public_key())
    assert (rsa_key.key_size, ec_key.key_size, ec_key.curve.name) == (2048, 256, "secp256r1")


def test_padding_and_hashes_without_a_scheme_are_refused() -> None:
    rsa_key = remote_key(identity("rsa2048").key.public_key(), _never)
    assert isinstance(rsa_key, RemoteRsa)
    with pytest.raises(UnsupportedAlgorithm):
        rsa_key.sign(b"x", padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    with pytest.raises(UnsupportedAlgorithm):
        rsa_key.sign(b"x", padding.PKCS1v15(), hashes.SHA3_256())
    with pytest.raises(SchemeUnsupported):
        remote_key(identity("ed448").key.public_key(), _never)


@pytest.mark.parametrize("name", ["", "x" * 65])
def test_names_that_do_not_fit_are_usage_errors(name: str) -> None:
    order = CertificateOrder(name, X509Use.MODULES, NOW, None, 1)
    with pytest.raises(UsageError):
        self_signed(order, identity("p256").key)


def test_an_end_is_kept() -> None:
    facts = read_certificate(self_signed(ORDER, identity("p256").key))
    assert (facts.not_before, facts.not_after) == (NOW, NOW + DAY)
