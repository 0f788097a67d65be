"""SSH signatures of files (OpenSSH, PROTOCOL.sshsig): armor, fields and what is signed."""

from __future__ import annotations

import base64
import binascii
import re
import textwrap
from dataclasses import dataclass

from signstation.codec.sshtokens import TOKEN_PREFIX, TOKEN_SIZE
from signstation.codec.sshwire import SshReader, string, uint32
from signstation.errors import ArtifactMalformed
from signstation.model.hashes import HashAlgorithm

MAGIC = b"SSHSIG"
VERSION = 1
MAX_SSHSIG = 64 * 1024
"""Most bytes of an armored signature: one by an RSA-16384 key has about 6 kB."""
MAX_NAMESPACE = 256
"""Longest namespace in bytes; those of OpenSSH and git have four, others are mail-like."""
LINE = 70
"""Base64 digits per written line (sshbuf_dtob64 of OpenSSH)."""
HASHES = {b"sha256": HashAlgorithm.SHA256, b"sha512": HashAlgorithm.SHA512}
"""Hashes of the message that PROTOCOL.sshsig allows."""

_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_ARMOR = re.compile(
    rf"\A{_BEGIN}\r?\n([A-Za-z0-9+/=\r\n]*)\n{_END}[\r\n]*\Z".encode("ascii"), re.ASCII
)


@dataclass(frozen=True, slots=True)
class SshSignature:
    """The fields of a signature; ``key`` and ``number`` are still encoded.

    ``token``: flags and counter that a security key adds, empty for other keys.
    """

    key: bytes
    namespace: bytes
    reserved: bytes
    hash: HashAlgorithm
    algorithm: bytes
    number: bytes
    token: bytes = b""


def is_sshsig(data: bytes) -> bool:
    """Whether a file begins as an armored SSH signature does."""
    return data.startswith(_BEGIN.encode())


def parse_sshsig(data: bytes) -> SshSignature:
    """Read an armored signature, and nothing around it. Raises ArtifactMalformed."""
    found = _ARMOR.match(data) if len(data) <= MAX_SSHSIG else None
    if found is None:
        raise ArtifactMalformed(format="sshsig", expected="one armored signature", found="other")
    digits = b"".join(found.group(1).split())
    try:
        raw = base64.b64decode(digits, validate=True)
    except binascii.Error as error:
        raise ArtifactMalformed(format="sshsig", expected="base64", found=str(error)) from error
    if base64.b64encode(raw) != digits:  # bits that no byte takes up: two texts for one signature
        raise ArtifactMalformed(format="sshsig", expected="base64", found="unused bits")
    return _fields(raw)


def _fields(raw: bytes) -> SshSignature:
    reader = SshReader(raw, "sshsig")
    if reader.raw(len(MAGIC)) != MAGIC:
        reader.fail("SSHSIG", "another magic number")
    version = reader.uint32()
    if version != VERSION:
        reader.fail("version 1", f"version {version}")
    key, namespace, reserved = reader.string(), reader.string(), reader.string()
    if not 0 < len(namespace) <= MAX_NAMESPACE:
        reader.fail(f"a namespace of 1 to {MAX_NAMESPACE} bytes", f"{len(namespace)} bytes")
    name = reader.string()
    if name not in HASHES:
        reader.fail("sha256 or sha512", repr(name[:32]))
    number = SshReader(reader.string(), "sshsig")
    reader.end()
    algorithm, value = number.string(), number.string()
    token = number.raw(TOKEN_SIZE) if algorithm.startswith(TOKEN_PREFIX) else b""
    number.end()
    return SshSignature(key, namespace, reserved, HASHES[name], algorithm, value, token)


def write_sshsig(signature: SshSignature) -> bytes:
    """Write an armored signature as ssh-keygen does."""
    number = string(signature.algorithm) + string(signature.number) + signature.token
    head = MAGIC + uint32(VERSION) + string(signature.key)
    raw = head + _message_head(signature) + string(number)
    lines = textwrap.wrap(base64.b64encode(raw).decode("ascii"), LINE)
    return "\n".join((_BEGIN, *lines, _END, "")).encode("ascii")


def signed_head(signature: SshSignature) -> bytes:
    """Return what is signed but for the digest of the message at its end."""
    return MAGIC + _message_head(signature) + uint32(signature.hash.size)


def _message_head(signature: SshSignature) -> bytes:
    """The fields that the signature and what is signed have in common."""
    named = signature.hash.value.encode("ascii")
    return string(signature.namespace) + string(signature.reserved) + string(named)
