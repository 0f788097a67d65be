"""Private keys are told by their content, in every form that programs write; nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs12,
)
from hypothesis import given
from hypothesis import strategies as st

from signstation.codec.privatekeys import HEAD, KeyKind, private_key
from signstation.jobs.candidates import Candidate
from signstation.jobs.privatekeys import find_private_keys
from signstation.model.artifacts import Severity
from signstation.model.releases import PRIVATE_KEY

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
KEYS: dict[str, Key] = {
    "rsa": rsa.generate_private_key(65537, 2048),
    "ec": ec.generate_private_key(ec.SECP256R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate(),
}
LOCKED = BestAvailableEncryption(b"secret")


@pytest.mark.parametrize("kind", sorted(KEYS))
@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
@pytest.mark.parametrize("protection", [NoEncryption(), LOCKED], ids=["plain", "locked"])
def test_pkcs8(kind: str, encoding: Encoding, protection: NoEncryption) -> None:
    data = KEYS[kind].private_bytes(encoding, PrivateFormat.PKCS8, protection)
    assert private_key(data) is (KeyKind.TEXT if encoding is Encoding.PEM else KeyKind.DER)


@pytest.mark.parametrize("kind", ["rsa", "ec"])
@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_traditional_forms(kind: str, encoding: Encoding) -> None:
    data = KEYS[kind].private_bytes(encoding, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    assert private_key(data) is (KeyKind.TEXT if encoding is Encoding.PEM else KeyKind.DER)


@pytest.mark.parametrize("kind", sorted(KEYS))
def test_openssh_and_pkcs12(kind: str) -> None:
    key = KEYS[kind]
    data = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    assert private_key(b"# notes\r\n" + data.replace(b"\n", b"\r\n")) is KeyKind.TEXT
    for protection in (NoEncryption(), LOCKED):
        packed = pkcs12.serialize_key_and_certificates(b"x", key, None, None, protection)
        assert private_key(packed) is KeyKind.DER


@pytest.mark.parametrize("kind", sorted(KEYS))
def test_public_halves_are_not_private(kind: str) -> None:
    public = KEYS[kind].public_key()
    for encoding in (Encoding.PEM, Encoding.DER):
        data = public.public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
        assert private_key(data) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x95",
        b"\x30\x82",
        b"PuTTY-User-Key-File-2",
        b"a line about -----BEGIN PRIVATE KEY----- in a text\n",
        b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n",
        b"-----BEGIN PGP SIGNATURE-----\n",
        b"-----BEGIN CERTIFICATE-----\n",
    ],
    ids=range(8),
)
def test_what_only_looks_alike(data: bytes) -> None:
    assert private_key(data) is None


@pytest.mark.parametrize(
    "line",
    [
        b"-----BEGIN PGP PRIVATE KEY BLOCK-----",
        b"-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----",
        b"PuTTY-User-Key-File-3: ssh-ed25519",
    ],
    ids=["openpgp", "sigstore", "putty"],
)
def test_other_texts(line: bytes) -> None:
    assert private_key(b"first\n" + line + b"\nrest\n") is KeyKind.TEXT


def packet(tag: int, body: bytes, *, new: bool) -> bytes:
    """Write an OpenPGP packet with a length of one byte."""
    first = 0xC0 | tag if new else 0x80 | tag << 2
    return bytes([first, len(body)]) + body


@pytest.mark.parametrize("new", [True, False], ids=["new", "old"])
@pytest.mark.parametrize("tag", [5, 7, 6, 14, 2])
def test_openpgp_packets(tag: int, *, new: bool) -> None:
    data = packet(tag, bytes([4]) + bytes(4) + bytes([22]) + bytes(90), new=new)
    assert (private_key(data) is KeyKind.OPENPGP) is (tag in {5, 7})


@given(st.binary(max_size=300))
def test_any_bytes_have_an_answer(data: bytes) -> None:
    assert private_key(data) in {None, *KeyKind}
    private_key(b"\xc5" + data)
    private_key(b"\x95" + data)
    private_key(b"\x30" + data)


def test_files_of_a_directory_are_looked_at_and_named_ones_are_not(tmp_path: Path) -> None:
    secret = KEYS["ec"].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "a.pem").write_bytes(secret)
    (tmp_path / "late.txt").write_bytes(bytes(HEAD) + b"\n" + secret)
    (tmp_path / "plain.txt").write_bytes(b"nothing\n")
    names = ("a.pem", "late.txt", "plain.txt", "gone")
    found = [Candidate(tmp_path, each, named=False) for each in names]
    (told,) = find_private_keys(found, allowed=False)
    assert (told.path, told.finding.code) == (tmp_path / "a.pem", PRIVATE_KEY)
    assert told.finding.severity is Severity.BLOCKER
    (told,) = find_private_keys(found, allowed=True)
    assert told.finding.severity is Severity.WARNING
    assert not list(find_private_keys([Candidate(tmp_path, "a.pem", named=True)], allowed=False))
