"""CMS SignedData: written and read back, mutated and cut; only DER, only bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.codec import cms, der
from signstation.codec.cms import (
    AlgorithmId,
    IssuerAndSerial,
    NewSigner,
    build_attributes,
    build_signed_data,
    certificate_identity,
    common_name,
    parse_signed_data,
)
from signstation.errors import ArtifactMalformed
from tests.support.x509 import Shape, identity

SHA256 = AlgorithmId("2.16.840.1.101.3.4.2.1")
RSA = AlgorithmId("1.2.840.113549.1.1.1", b"\x05\x00")
NAME = bytes.fromhex("300f310d300b06035504030c0454657374")  # CN=Test
WITH_ALL = build_signed_data(
    NewSigner(IssuerAndSerial(NAME, 77), SHA256, RSA, b"s" * 256, build_attributes(b"d" * 32, 1)),
    (identity("p256").der,),
)


def _offset_of_error(data: bytes) -> int:
    try:
        parse_signed_data(data)
    except ArtifactMalformed as error:
        return error.offset
    return 0


@given(
    serial=st.integers(0, 2**160),
    signature=st.binary(min_size=1, max_size=600),
    attributes=st.none() | st.binary(min_size=32, max_size=64),
)
def test_what_is_built_is_read_again(
    serial: int, signature: bytes, attributes: bytes | None
) -> None:
    signed = None if attributes is None else build_attributes(attributes, 1_750_000_000)
    new = NewSigner(IssuerAndSerial(NAME, serial), SHA256, RSA, signature, signed)
    data = parse_signed_data(build_signed_data(new))
    (signer,) = data.signers
    assert (data.content, data.certificates) == (None, ())
    assert (signer.signer, signer.signature) == (new.signer, signature)
    assert (signer.digest, signer.algorithm) == (SHA256, RSA)
    if attributes is None:
        assert signer.attributes is None
        return
    assert signer.attributes is not None
    assert signer.attributes.signed == signed
    value = signer.attributes.single(cms.MESSAGE_DIGEST)
    moment = signer.attributes.single(cms.SIGNING_TIME)
    assert value is not None
    assert value.content == attributes
    assert moment is not None
    assert der.parse_time(moment) == 1_750_000_000


def test_certificates_are_kept_as_they_are() -> None:
    assert parse_signed_data(WITH_ALL).certificates == (identity("p256").der,)


def test_attributes_are_in_the_order_of_der() -> None:
    """contentType, signingTime, messageDigest: by length first, as their encodings sort."""
    for size in (32, 48, 64):
        raw = build_attributes(b"d" * size, 1_750_000_000)
        elements = [each.raw for each in der.Reader(raw).read(der.SET).reader().all(9)]
        assert elements == sorted(elements)
        assert len(elements) == 3


@given(st.binary(max_size=300))
def test_any_bytes_end_in_a_value_or_a_typed_error(data: bytes) -> None:
    assert 0 <= _offset_of_error(data) <= len(data)


@given(st.integers(0, len(WITH_ALL) - 1), st.integers(1, 255))
def test_a_changed_byte_ends_in_a_value_or_a_typed_error(at: int, change: int) -> None:
    data = bytearray(WITH_ALL)
    data[at] ^= change
    assert 0 <= _offset_of_error(bytes(data)) <= len(data)


def test_every_cut_is_refused() -> None:
    for length in range(len(WITH_ALL)):
        with pytest.raises(ArtifactMalformed):
            parse_signed_data(WITH_ALL[:length])
    with pytest.raises(ArtifactMalformed):
        parse_signed_data(WITH_ALL + b"\0")


def test_ber_is_named_as_such() -> None:
    with pytest.raises(ArtifactMalformed, match="indefinite length"):
        parse_signed_data(bytes.fromhex("3080060a"))


def test_other_content_types_are_named() -> None:
    with pytest.raises(ArtifactMalformed, match=r"1\.2\.840\.113549\.1\.7\.1"):
        parse_signed_data(der.sequence(der.oid(cms.DATA), der.der(0xA0)))


def test_too_much_is_refused_before_it_is_read() -> None:
    with pytest.raises(ArtifactMalformed):
        parse_signed_data(bytes(cms.MAX_SIZE + 1))


def _with_signers(count: int) -> bytes:
    signer = der.sequence(
        der.integer(1),
        IssuerAndSerial(NAME, 1).encode(),
        SHA256.encode(),
        RSA.encode(),
        der.der(der.OCTET_STRING, b"s"),
    )
    body = der.sequence(
        der.integer(1),
        der.set_of(SHA256.encode()),
        der.sequence(der.oid(cms.DATA)),
        der.der(der.SET, signer * count),
    )
    return der.sequence(der.oid(cms.SIGNED_DATA), der.der(der.context(0), body))


def test_the_number_of_signers_is_bounded() -> None:
    assert len(parse_signed_data(_with_signers(cms.MAX_SIGNERS)).signers) == cms.MAX_SIGNERS
    with pytest.raises(ArtifactMalformed):
        parse_signed_data(_with_signers(cms.MAX_SIGNERS + 1))


def test_an_attribute_twice_is_refused_where_it_matters() -> None:
    twice = der.set_of(*[der.sequence(der.oid(cms.MESSAGE_DIGEST), der.set_of(b"\x04\x00"))] * 2)
    new = NewSigner(IssuerAndSerial(NAME, 1), SHA256, RSA, b"s", twice)
    (signer,) = parse_signed_data(build_signed_data(new)).signers
    assert signer.attributes is not None
    with pytest.raises(ArtifactMalformed):
        signer.attributes.single(cms.MESSAGE_DIGEST)


@given(st.text(min_size=1, max_size=40).filter(str.isprintable), st.integers(1, 2**158))
def test_issuer_and_serial_come_from_the_certificate_byte_for_byte(name: str, serial: int) -> None:
    made = identity("p256", Shape(name=name, serial=serial))
    found = certificate_identity(made.der)
    assert found.serial == serial
    assert found.issuer == made.certificate.issuer.public_bytes()
    assert common_name(found.issuer) == name


@given(st.binary(max_size=100))
def test_any_name_is_text_or_a_typed_error(data: bytes) -> None:
    for content in (data, der.sequence(data), der.sequence(der.set_of(der.sequence(data)))):
        try:
            assert isinstance(common_name(content), str)
        except ArtifactMalformed:
            continue
