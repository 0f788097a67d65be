"""Key states that we read ourselves, where GnuPG does not know the kind of key."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pysequoia
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.codec.openpgp_certificates import Component, TransferableKey, split_certificates
from signstation.codec.openpgp_keys import public_keys
from signstation.codec.openpgp_packets import Tag
from signstation.errors import ArtifactMalformed, LimitReached
from signstation.model.trust import RevocationReason
from signstation.trust.openpgp_own import beyond_gnupg, read_keys, user_ids
from tests.support.openpgp import SoftCertificate, shared_certificate

YEAR = datetime.timedelta(days=365)


def own(suite: str = "Cv25519") -> SoftCertificate:
    return shared_certificate(suite, "RFC9580")


def read(material: bytes) -> TransferableKey:
    (found,) = split_certificates(material)
    return found


@pytest.mark.parametrize(
    ("suite", "profile", "beyond"),
    [("Cv25519", "RFC4880", False), ("Cv25519", "RFC9580", True), ("P256", "RFC9580", True)],
)
def test_only_what_gnupg_cannot_know_is_read_here(
    suite: str, profile: str, *, beyond: bool
) -> None:
    primary = next(public_keys(shared_certificate(suite, profile).trusted.material))
    assert beyond_gnupg(primary) is beyond


@pytest.mark.parametrize("suite", ["Cv25519", "Cv448", "P256"])
def test_flags_and_bindings(suite: str) -> None:
    keys = read_keys(read(own(suite).trusted.material))
    assert not keys[0].can_sign
    assert [each.fingerprint for each in keys if each.can_sign] == [
        own(suite).signer.public.fingerprint
    ]
    assert all(each.valid_binding and each.revocation is None for each in keys)


def test_expiry_as_sequoia_sets_it() -> None:
    made = own()
    certifier = pysequoia.Tsk.from_bytes(made.secret).certifier()
    end = datetime.datetime.fromtimestamp(made.trusted.primary.created, datetime.UTC) + YEAR
    cert = pysequoia.Cert.from_bytes(made.trusted.material).set_expiration(end, certifier)
    assert read_keys(read(bytes(cert)))[0].expires == int(end.timestamp())


def test_a_revocation_of_sequoia() -> None:
    made = own()
    cert = pysequoia.Cert.from_bytes(made.trusted.material)
    revocation = cert.revoke(pysequoia.Tsk.from_bytes(made.secret).certifier())
    # a revocation stands right behind the primary key (RFC 9580 section 10.1)
    (primary, *_rest) = public_keys(made.trusted.material)
    at = len(primary.raw)
    material = made.trusted.material[:at] + bytes(revocation) + made.trusted.material[at:]
    revoked = read_keys(read(material))[0].revocation
    assert revoked is not None
    assert revoked.at >= made.trusted.primary.created
    assert isinstance(revoked.reason, RevocationReason)
    forged = bytearray(bytes(revocation))
    forged[-1] ^= 1
    material = made.trusted.material[:at] + bytes(forged) + made.trusted.material[at:]
    assert read_keys(read(material))[0].revocation is None


def test_user_ids_need_a_self_signature() -> None:
    certificate = read(own().trusted.material)
    assert user_ids(certificate) == ("Test Signer <signer@example.org>",)
    renamed = tuple(
        Component(replace(each.packet, body=b"Mallory"), each.signatures)
        if each.packet.tag == Tag.USER_ID
        else each
        for each in certificate.components
    )
    assert user_ids(TransferableKey(renamed)) == ()


def test_a_subkey_of_somebody_else_is_not_bound() -> None:
    ours, theirs = read(own().trusted.material), read(own("P256").trusted.material)
    stolen = [each for each in theirs.components if each.packet.tag == Tag.PUBLIC_SUBKEY]
    keys = read_keys(TransferableKey((*ours.components, *stolen)))
    assert [each.valid_binding for each in keys[-len(stolen) :]] == [False] * len(stolen)
    assert not any(each.can_sign for each in keys[-len(stolen) :])


@given(st.data())
def test_no_changed_byte_makes_another_key_valid(data: st.DataObject) -> None:
    material = own().trusted.material
    known = {each.fingerprint for each in own().trusted.keys}
    changed = bytearray(material)
    changed[data.draw(st.integers(0, len(material) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        for each in split_certificates(bytes(changed)):
            valid = {key.fingerprint for key in read_keys(each) if key.valid_binding}
            assert valid <= known
    except (ArtifactMalformed, LimitReached):
        pass
