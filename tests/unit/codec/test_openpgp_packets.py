"""OpenPGP packets: bounded reading of framing, signatures, keys and certificates."""

from __future__ import annotations

import contextlib
import functools
import hashlib

import pysequoia
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.codec import openpgp, openpgp_certificates, openpgp_packets
from signstation.codec.openpgp import (
    SALT_SIZES,
    SignatureClass,
    SignaturePacket,
    parse_signatures,
)
from signstation.codec.openpgp_certificates import split_certificates
from signstation.codec.openpgp_keys import public_keys
from signstation.codec.openpgp_packets import Cursor, Tag, mpi, packet, packets
from signstation.codec.openpgp_write import hashed_part, signature_packet, suffix
from signstation.errors import ArtifactMalformed, LimitReached
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import KeyFamily
from tests.support.openpgp import shared_certificate as certificate

FINGERPRINT = "0123456789ABCDEF0123456789ABCDEF01234567"


@functools.cache
def sequoia_signature(suite: str, profile: str) -> bytes:
    signer = pysequoia.Tsk.from_bytes(certificate(suite, profile).secret).signer()
    mode = pysequoia.SignatureMode.DETACHED
    return pysequoia.sign(signer, b"content", mode=mode, armor=False)


def own_signature(time: int = 1_700_000_000) -> bytes:
    hashed = hashed_part(SignatureClass.BINARY, 22, HashAlgorithm.SHA256, FINGERPRINT, time)
    return signature_packet(hashed, FINGERPRINT, b"ab", (b"\x11" * 32, b"\x22" * 32), native=False)


# --- framing ----------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.sampled_from(Tag), st.binary(max_size=300)), max_size=5))
def test_packets_that_are_written_read_back(parts: list[tuple[Tag, bytes]]) -> None:
    small = [(tag, body) for tag, body in parts if tag < 16]
    data = b"".join(packet(tag, body) for tag, body in small)
    found = list(packets(data))
    assert [(each.tag, each.body) for each in found] == small
    assert b"".join(each.raw for each in found) == data


@given(st.binary(max_size=400))
def test_any_bytes_give_packets_or_a_typed_error(data: bytes) -> None:
    offset = 0
    with contextlib.suppress(LimitReached):
        try:
            list(packets(data))
        except ArtifactMalformed as error:
            offset = error.offset
    assert 0 <= offset <= len(data)


@pytest.mark.parametrize(
    ("header", "size"),
    [
        (b"\xc2\x05", 5),
        (b"\xc2\xc0\x00", 192),
        (b"\xc2\xdf\xff", 8383),
        (b"\xc2\xff\x00\x00\x20\x00", 8192),
        (b"\x88\x05", 5),
        (b"\x89\x01\x00", 256),
        (b"\x8a\x00\x00\x01\x00", 256),
    ],
)
def test_all_length_encodings(header: bytes, size: int) -> None:
    (found,) = packets(header + bytes(size))
    assert (found.tag, len(found.body)) == (2, size)


@pytest.mark.parametrize(
    "data",
    [b"\x02\x00", b"\x8b\x00", b"\xc2\xe0\x00", b"\xc2\x05ab", b"\xc2", b"\x8a\x00\x00"],
    ids=["no packet", "indeterminate", "partial", "short", "no length", "short length"],
)
def test_broken_framing_is_refused(data: bytes) -> None:
    with pytest.raises(ArtifactMalformed):
        list(packets(data))


def test_a_huge_length_allocates_nothing() -> None:
    with pytest.raises(LimitReached):
        list(packets(b"\xc2\xff\xff\xff\xff\xff"))


def test_too_many_packets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openpgp_packets, "MAX_PACKETS", 3)
    with pytest.raises(LimitReached):
        list(packets(b"\xc2\x00" * 4))


@given(st.integers(0, 1 << 600))
def test_integers_read_back(value: int) -> None:
    assert Cursor(mpi(value)).mpi() == value


def test_an_integer_longer_than_it_says_is_refused() -> None:
    with pytest.raises(ArtifactMalformed):
        Cursor(b"\x00\x07\xff").mpi()


# --- signatures -------------------------------------------------------------------------------


@given(st.integers(0, 0xFFFFFFFF))
def test_own_signature_reads_back(time: int) -> None:
    (found,) = parse_signatures(own_signature(time))
    assert found.problem == ""
    assert (found.version, found.type, found.algorithm) == (4, 0, 22)
    assert (found.created, found.issuer_fingerprint) == (time, FINGERPRINT)
    assert found.issuer_key_id == FINGERPRINT[-16:]
    assert found.hash is HashAlgorithm.SHA256
    assert found.numbers == (b"\x11" * 32, b"\x22" * 32)
    hashed = hashed_part(SignatureClass.BINARY, 22, HashAlgorithm.SHA256, FINGERPRINT, time)
    assert found.suffix == suffix(hashed)


@given(st.binary(max_size=400))
def test_any_body_is_a_value(body: bytes) -> None:
    (found,) = parse_signatures(packet(Tag.SIGNATURE, body))
    assert isinstance(found, SignaturePacket)


@given(st.data())
def test_a_mutated_signature_is_a_value_or_a_typed_error(data: st.DataObject) -> None:
    original = own_signature()
    position = data.draw(st.integers(0, len(original) - 1))
    changed = bytearray(original)
    changed[position] = data.draw(st.integers(0, 255))
    try:
        for each in parse_signatures(bytes(changed)):
            assert each.problem or each.created is not None
    except (ArtifactMalformed, LimitReached):
        pass


@given(st.integers(0, 200))
def test_a_truncated_signature_is_refused_or_has_a_problem(length: int) -> None:
    original = own_signature()
    cut = original[: length % len(original)]
    try:
        found = parse_signatures(cut)
    except ArtifactMalformed:
        return
    assert not found


SUITES = [
    ("Cv25519", "RFC4880", KeyFamily.ED25519),
    ("Cv25519", "RFC9580", KeyFamily.ED25519),
    ("Cv448", "RFC9580", KeyFamily.ED448),
    ("P256", "RFC4880", KeyFamily.P256),
    ("P384", "RFC9580", KeyFamily.P384),
    ("P521", "RFC4880", KeyFamily.P521),
    ("RSA2k", "RFC4880", KeyFamily.RSA),
]


@pytest.mark.parametrize(("suite", "profile", "family"), SUITES)
def test_signatures_of_sequoia_are_read(suite: str, profile: str, family: KeyFamily) -> None:
    key = certificate(suite, profile).signer.public
    (found,) = parse_signatures(sequoia_signature(suite, profile))
    assert found.problem == ""
    assert found.issuer_fingerprint == key.fingerprint
    assert found.issuer_key_id == key.key_id
    assert found.algorithm == key.algorithm
    assert key.type.family is family
    assert found.hash is not None
    assert len(found.salt) == (SALT_SIZES[found.hash] if profile == "RFC9580" else 0)


def test_version_3_is_read() -> None:
    fixed = b"\x03\x05\x00" + (1_700_000_000).to_bytes(4, "big") + bytes.fromhex(FINGERPRINT)[-8:]
    body = fixed + b"\x01\x08" + b"ab" + mpi(12345)
    (found,) = parse_signatures(packet(Tag.SIGNATURE, body))
    assert (found.version, found.problem, found.algorithm) == (3, "", 1)
    assert (found.created, found.issuer_key_id) == (1_700_000_000, FINGERPRINT[-16:])
    assert found.suffix == fixed[2:7]
    assert found.issuer_fingerprint == ""


def area(*subpackets: bytes) -> bytes:
    joined = b"".join(bytes((len(each),)) + each for each in subpackets)
    return len(joined).to_bytes(2, "big") + joined


CREATED = b"\x02" + (1_700_000_000).to_bytes(4, "big")


@pytest.mark.parametrize(
    ("hashed", "problem"),
    [
        (area(), "no creation time"),
        (area(CREATED, CREATED), "stands there twice"),
        (area(CREATED, b"\xe5x"), "critical subpacket 101"),
        (area(CREATED, b"\x94" + bytes(8)), "critical subpacket 20"),
        (area(b"\x02\x00"), "not a time"),
        (area(CREATED, b""), "empty subpacket"),
        (b"\x00\x02\x05\x02", "damaged"),
    ],
    ids=["no time", "two times", "critical", "notation", "short time", "empty", "cut"],
)
def test_signatures_that_bind_nobody_have_a_problem(hashed: bytes, problem: str) -> None:
    body = b"\x04\x00\x16\x08" + hashed + area() + b"ab" + mpi(5) + mpi(6)
    (found,) = parse_signatures(packet(Tag.SIGNATURE, body))
    assert problem in found.problem


def test_a_critical_subpacket_that_is_not_covered_changes_nothing() -> None:
    body = b"\x04\x00\x16\x08" + area(CREATED) + area(b"\xe5x") + b"ab" + mpi(5) + mpi(6)
    (found,) = parse_signatures(packet(Tag.SIGNATURE, body))
    assert found.problem == ""


def test_the_covered_issuer_wins() -> None:
    theirs = b"\x21\x04" + bytes(20)
    ours = b"\x21\x04" + bytes.fromhex(FINGERPRINT)
    body = b"\x04\x00\x16\x08" + area(CREATED, ours) + area(theirs) + b"ab" + mpi(5) + mpi(6)
    (found,) = parse_signatures(packet(Tag.SIGNATURE, body))
    assert found.issuer_fingerprint == FINGERPRINT


@pytest.mark.parametrize(
    ("algorithm", "hash_id", "problem"),
    [(99, 8, "algorithm 99"), (22, 3, "RIPEMD-160"), (22, 77, "hash algorithm 77")],
)
def test_unknown_algorithms_are_values(algorithm: int, hash_id: int, problem: str) -> None:
    start = bytes((4, 0, algorithm, hash_id))
    body = start + area(CREATED) + area() + b"ab" + mpi(5) + mpi(6)
    (found,) = parse_signatures(packet(Tag.SIGNATURE, body))
    assert problem in found.problem
    assert found.created == 1_700_000_000


@pytest.mark.parametrize("version", [0, 1, 5, 7, 255])
def test_unknown_versions_are_values(version: int) -> None:
    (found,) = parse_signatures(packet(Tag.SIGNATURE, bytes((version,)) + bytes(40)))
    assert found.problem


def test_other_packets_are_no_signatures() -> None:
    with pytest.raises(ArtifactMalformed):
        parse_signatures(packet(Tag.USER_ID, b"x"))
    assert parse_signatures(packet(Tag.MARKER, b"PGP")) == ()


def test_too_many_signatures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openpgp, "MAX_SIGNATURES", 2)
    with pytest.raises(LimitReached):
        parse_signatures(own_signature() * 3)


# --- keys and certificates --------------------------------------------------------------------


@pytest.mark.parametrize(("suite", "profile", "family"), SUITES)
def test_keys_have_the_fingerprints_that_sequoia_sees(
    suite: str, profile: str, family: KeyFamily
) -> None:
    material = certificate(suite, profile).trusted.material
    theirs = [
        (each.fingerprint.upper(), each.key_id.upper())
        for each in pysequoia.packet.PacketPile.from_bytes(material)
        if each.fingerprint is not None and each.key_id is not None
    ]
    ours = list(public_keys(material))
    assert [(each.fingerprint, each.key_id) for each in ours] == theirs
    assert ours[0].primary
    assert ours[0].type.family is family


@given(st.data())
def test_a_mutated_certificate_is_a_value_or_a_typed_error(data: st.DataObject) -> None:
    original = certificate().trusted.material
    changed = bytearray(original)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(original) - 1))] = data.draw(st.integers(0, 255))
    try:
        for each in split_certificates(bytes(changed)):
            assert each.material
        list(public_keys(bytes(changed)))
    except (ArtifactMalformed, LimitReached):
        pass


def test_a_keyring_is_split_and_kept_whole() -> None:
    one, two = certificate().trusted.material, certificate("P256").trusted.material
    found = list(split_certificates(one + two))
    assert [each.material for each in found] == [one, two]
    primaries = [certificate().trusted, certificate("P256").trusted]
    assert [each.primary.fingerprint for each in found] == [
        each.primary.fingerprint for each in primaries
    ]


def test_foreign_certifications_and_photos_are_left_out() -> None:
    original = certificate().trusted.material
    foreign = own_signature()
    photo = b"\xd1\x03abc"
    (found,) = split_certificates(original + foreign + photo + foreign)
    assert found.material == original


def test_private_keys_are_no_certificate() -> None:
    with pytest.raises(ArtifactMalformed):
        list(split_certificates(certificate().secret))


def test_a_certificate_begins_with_its_primary_key() -> None:
    subkeys = [
        each.raw
        for each in packets(certificate().trusted.material)
        if each.tag == Tag.PUBLIC_SUBKEY
    ]
    with pytest.raises(ArtifactMalformed):
        list(split_certificates(subkeys[0]))


def test_certificates_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openpgp_certificates, "MAX_CERTIFICATES", 1)
    with pytest.raises(LimitReached):
        list(split_certificates(certificate().trusted.material * 2))


def test_a_key_that_the_library_refuses_verifies_nothing() -> None:
    """An even exponent makes no RSA key: the packet is read, its key is not there."""
    body = b"\x04" + bytes(4) + b"\x01" + mpi((1 << 2047) + 1) + mpi(4)
    (found,) = public_keys(packet(Tag.PUBLIC_KEY, body))
    assert found.key is None
    assert found.type.bits == 2048
    expected = hashlib.sha1(b"\x99" + len(body).to_bytes(2, "big") + body, usedforsecurity=False)
    assert found.fingerprint == expected.hexdigest().upper()
