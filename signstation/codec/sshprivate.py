"""OpenSSH's private key files (PROTOCOL.key): what they show without a passphrase."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from signstation.codec.sshwire import SshReader
from signstation.errors import ArtifactMalformed

MAGIC = b"openssh-key-v1\x00"
MAX_FILE = 64 * 1024
"""Most bytes of a key file: an RSA-16384 key has about 13 kB."""
MAX_ROUNDS = 1000
"""Most rounds of the passphrase's derivation: ssh-keygen takes 16; 1,000 take about a minute."""
_ARMOR = re.compile(
    rb"\A\s*-----BEGIN OPENSSH PRIVATE KEY-----\s([A-Za-z0-9+/=\s]*)"
    rb"-----END OPENSSH PRIVATE KEY-----\s*\Z",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class SshPrivateFile:
    """A private key file: its public key, encoded, and whether a passphrase protects the other."""

    public: bytes
    encrypted: bool


def parse_private(data: bytes) -> SshPrivateFile:
    """Read the public part of a key file. Raises ArtifactMalformed."""
    found = _ARMOR.match(data) if len(data) <= MAX_FILE else None
    if found is None:
        raise ArtifactMalformed(
            format="ssh key", expected="an OpenSSH private key", found="something else"
        )
    try:
        raw = base64.b64decode(b"".join(found.group(1).split()), validate=True)
    except binascii.Error as error:
        raise ArtifactMalformed(format="ssh key", expected="base64", found=str(error)) from error
    reader = SshReader(raw, "ssh key")
    if reader.raw(len(MAGIC)) != MAGIC:
        reader.fail("openssh-key-v1", "another layout")
    cipher, _derivation = reader.string(), reader.string()
    options = SshReader(reader.string(), "ssh key")
    if cipher != b"none":
        options.string()
        rounds = options.uint32()
        if rounds > MAX_ROUNDS:
            reader.fail(f"at most {MAX_ROUNDS} rounds", str(rounds))
    keys = reader.uint32()
    if keys != 1:
        reader.fail("one key", f"{keys} keys")
    return SshPrivateFile(reader.string(), cipher != b"none")
