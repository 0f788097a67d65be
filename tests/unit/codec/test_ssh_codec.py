"""SSH's bytes: what is written is read again, and damage is a typed error, never another value."""

from __future__ import annotations

import base64
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from signstation.codec.sshkeys import (
    algorithm_of,
    blob_of_spki,
    fingerprint,
    key_blob,
    read_key,
    read_number,
    write_number,
)
from signstation.codec.sshprivate import MAX_ROUNDS, parse_private
from signstation.codec.sshsig import (
    MAX_NAMESPACE,
    SshSignature,
    is_sshsig,
    parse_sshsig,
    signed_head,
    write_sshsig,
)
from signstation.codec.sshwire import MAX_STRING, SshReader, mpint, string, uint32
from signstation.errors import ArtifactMalformed
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import Scheme
from tests.support import ssh

BLOBS = st.binary(max_size=80)
SIGNATURES = st.builds(
    SshSignature,
    key=BLOBS,
    namespace=st.binary(min_size=1, max_size=MAX_NAMESPACE),
    reserved=BLOBS,
    hash=st.sampled_from([HashAlgorithm.SHA256, HashAlgorithm.SHA512]),
    algorithm=BLOBS,
    number=BLOBS,
)


@given(SIGNATURES)
def test_a_signature_is_read_as_it_was_written(signature: SshSignature) -> None:
    written = write_sshsig(signature)
    assert is_sshsig(written)
    assert parse_sshsig(written) == signature
    assert parse_sshsig(written.replace(b"\n", b"\r\n")) == signature


@given(SIGNATURES, st.data())
def test_a_changed_bit_is_another_signature_or_an_error(
    signature: SshSignature, data: st.DataObject
) -> None:
    written = bytearray(write_sshsig(signature))
    place = data.draw(st.integers(0, len(written) - 2))
    written[place] ^= 1 << data.draw(st.integers(0, 7))
    try:
        found = parse_sshsig(bytes(written))
    except ArtifactMalformed:
        return
    line_end = written[place] in b"\r\n"
    assert found != signature or line_end


@given(st.binary(max_size=300))
def test_any_bytes_give_a_signature_or_a_typed_error(data: bytes) -> None:
    armored = b"-----BEGIN SSH SIGNATURE-----\n%b\n-----END SSH SIGNATURE-----\n"
    for each in (data, armored % base64.b64encode(b"SSHSIG\0\0\0\1" + data)):
        with suppress(ArtifactMalformed):
            assert write_sshsig(parse_sshsig(each)) == each


def test_what_is_signed_is_as_in_protocol_sshsig() -> None:
    plain = SshSignature(b"key", b"file", b"", HashAlgorithm.SHA512, b"ssh-ed25519", b"")
    expected = b"SSHSIG\0\0\0\4file\0\0\0\0\0\0\0\6sha512\0\0\0\x40"
    assert signed_head(plain) == expected


@pytest.mark.parametrize(
    ("namespace", "algorithm", "version"),
    [
        (b"", b"sha256", 1),
        (b"n" * 257, b"sha256", 1),
        (b"file", b"sha1", 1),
        (b"file", b"sha256", 2),
    ],
)
def test_what_the_protocol_forbids_is_refused(
    namespace: bytes, algorithm: bytes, version: int
) -> None:
    number = string(string(b"ssh-ed25519") + string(b"s"))
    raw = b"SSHSIG" + uint32(version) + string(b"k") + string(namespace) + string(b"")
    text = base64.b64encode(raw + string(algorithm) + number)
    lines = b"-----BEGIN SSH SIGNATURE-----\n" + text + b"\n-----END SSH SIGNATURE-----\n"
    with pytest.raises(ArtifactMalformed):
        parse_sshsig(lines)


@given(st.integers(1, 1 << 600))
def test_numbers_are_read_in_their_shortest_form_only(number: int) -> None:
    encoded = mpint(number)
    assert SshReader(encoded, "n").mpint() == number
    with pytest.raises(ArtifactMalformed):
        SshReader(string(b"\0" + encoded[4:]), "n").mpint()


@pytest.mark.parametrize("value", [b"", b"\0", b"\xff"])
def test_zero_and_less_are_no_numbers_of_a_signature(value: bytes) -> None:
    with pytest.raises(ArtifactMalformed):
        SshReader(string(value), "n").mpint()


def test_strings_are_bounded_and_nothing_may_be_left() -> None:
    with pytest.raises(ArtifactMalformed, match="at most"):
        SshReader(uint32(MAX_STRING + 1), "s").string()
    with pytest.raises(ArtifactMalformed):
        SshReader(uint32(4) + b"abc", "s").string()
    reader = SshReader(string(b"") + b"x", "s")
    reader.string()
    with pytest.raises(ArtifactMalformed, match="the end"):
        reader.end()


@given(st.integers(1, 1 << 520), st.integers(1, 1 << 520))
def test_ecdsa_numbers_go_there_and_back(first: int, second: int) -> None:
    answer = encode_dss_signature(first, second)
    assert read_number(Scheme.ECDSA_SHA256, write_number(Scheme.ECDSA_SHA256, answer)) == answer


@pytest.mark.parametrize("family", ssh.FAMILIES)
def test_keys_go_there_and_back(family: str) -> None:
    found = ssh.slot(family)
    blob = key_blob(ssh.private(family).public_key())
    assert blob_of_spki(found.signer.spki) == blob
    assert key_blob(read_key(blob)) == blob
    assert fingerprint(blob).startswith("SHA256:")
    assert algorithm_of(found.scheme, blob) is not None
    assert algorithm_of(Scheme.RSA_PSS_SHA256, blob) is None
    for damaged in (blob[:-1], blob + b"x", b"", blob.replace(b"-", b"+", 1)):
        with pytest.raises(ArtifactMalformed):
            read_key(damaged)


@pytest.mark.parametrize("family", ssh.FAMILIES)
def test_a_private_file_shows_its_public_half(family: str) -> None:
    file = parse_private(ssh.private_file(family))
    assert not file.encrypted
    assert file.public == key_blob(ssh.private(family).public_key())


@given(st.binary(max_size=200))
def test_any_bytes_give_a_private_file_or_a_typed_error(data: bytes) -> None:
    begin, end = b"-----BEGIN OPENSSH PRIVATE KEY-----", b"-----END OPENSSH PRIVATE KEY-----"
    text = base64.b64encode(b"openssh-key-v1\0" + data)
    for each in (data, begin + b"\n" + text + b"\n" + end + b"\n"):
        with suppress(ArtifactMalformed):
            assert parse_private(each).public in data


def test_a_derivation_without_end_is_refused() -> None:
    options = string(string(b"salt") + uint32(MAX_ROUNDS + 1))
    raw = b"openssh-key-v1\0" + string(b"aes256-ctr") + string(b"bcrypt") + options
    text = base64.b64encode(raw + uint32(1) + string(b"k") + string(b"p"))
    begin, end = b"-----BEGIN OPENSSH PRIVATE KEY-----\n", b"\n-----END OPENSSH PRIVATE KEY-----\n"
    with pytest.raises(ArtifactMalformed, match="rounds"):
        parse_private(begin + text + end)
