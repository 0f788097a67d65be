"""SSH certificates as bytes: every field, and damage as a typed error."""

from __future__ import annotations

import base64
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.serialization import SSHCertificateBuilder, SSHCertificateType
from hypothesis import given
from hypothesis import strategies as st

from signstation.codec.sshcert import (
    CertificateKind,
    is_certificate,
    parse_certificate,
    plain_key,
    read_certificate_line,
)
from signstation.codec.sshkeys import key_blob
from signstation.codec.sshwire import string
from signstation.errors import ArtifactMalformed
from tests.support import ssh

KEY = key_blob(ssh.private("ed25519").public_key())


def _line(family: str = "ed25519", *names: bytes) -> bytes:
    builder = (
        SSHCertificateBuilder()
        .public_key(ssh.private(family).public_key())
        .serial(2**63)
        .type(SSHCertificateType.USER)
        .key_id(b"an id")
        .valid_principals(list(names) or [b"me", b"you"])
        .valid_after(100)
        .valid_before(2**64 - 1)
        .add_critical_option(b"force-command", b"true")
        .add_extension(b"permit-pty", b"")
    )
    return builder.sign(ssh.private("p256")).public_bytes()


@pytest.mark.parametrize("family", ssh.FAMILIES)
def test_every_field_is_read(family: str) -> None:
    blob = read_certificate_line(_line(family) + b" a comment\n")
    key = key_blob(ssh.private(family).public_key())
    found = parse_certificate(blob)
    assert is_certificate(blob)
    assert plain_key(blob) == found.key == key == plain_key(key)
    assert (found.serial, found.kind, found.key_id) == (2**63, CertificateKind.USER, b"an id")
    assert (found.principals, found.options) == (("me", "you"), ("force-command",))
    assert (found.after, found.before) == (100, None)
    assert found.authority == key_blob(ssh.private("p256").public_key())
    assert found.algorithm == b"ecdsa-sha2-nistp256"
    assert blob == found.signed + string(string(found.algorithm) + string(found.number))


def test_a_certificate_signed_with_a_certificate_is_none() -> None:
    blob = read_certificate_line(_line())
    found = parse_certificate(blob)
    chained = found.signed.removesuffix(string(found.authority)) + string(blob)
    with pytest.raises(ArtifactMalformed, match="plain key"):
        parse_certificate(chained + string(string(found.algorithm) + string(found.number)))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"one-word",
        ssh.public_line("ed25519").encode(),
        _line().replace(b"ssh-ed25519-cert", b"ssh-rsa-cert", 1),
        _line().replace(b" ", b" !", 1),
        _line("ed25519", b"na\0me"),
        b"ssh-dss-cert-v01@openssh.com "
        + base64.b64encode(string(b"ssh-dss-cert-v01@openssh.com")),
    ],
    ids=range(7),
)
def test_what_is_no_certificate_that_is_understood_is_refused(content: bytes) -> None:
    with pytest.raises(ArtifactMalformed):
        read_certificate_line(content)


@given(st.integers(0, 600), st.binary(max_size=8))
def test_damage_gives_a_certificate_or_a_typed_error(at: int, put: bytes) -> None:
    blob = read_certificate_line(_line())
    for data in (blob[:at] + put + blob[at + len(put) :], blob[:at], put):
        with suppress(ArtifactMalformed):
            parse_certificate(data)
