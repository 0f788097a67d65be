"""SSH keys in FIDO tokens (``sk-`` keys) and what such a token signs (OpenSSH, PROTOCOL.u2f)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from signstation.codec.sshkeys import SshPublicKey, key_type_of, read_key
from signstation.codec.sshwire import SshReader
from signstation.errors import ArtifactMalformed
from signstation.model.keys import Scheme

ED25519_TOKEN = "sk-ssh-ed25519@openssh.com"
ECDSA_TOKEN = "sk-ecdsa-sha2-nistp256@openssh.com"
TOKEN_ALGORITHMS: Mapping[bytes, tuple[Scheme, bytes]] = {
    ED25519_TOKEN.encode(): (Scheme.ED25519, ED25519_TOKEN.encode()),
    ECDSA_TOKEN.encode(): (Scheme.ECDSA_SHA256, ECDSA_TOKEN.encode()),
}
"""Signature algorithms with their scheme and the type of key, which have the same name."""
TOKEN_PREFIX = b"sk-"
TOKEN_SIZE = 5
"""Bytes that a token adds to its signature: flags, and a counter of 32 bits."""
PRESENT = 0x01
"""The flag that says that a person touched the token (CTAP, authenticator data)."""
_POINT = 65
"""Bytes of a point of P-256 that is not compressed (SEC 1 section 2.3.3)."""


def read_public(blob: bytes) -> SshPublicKey:
    """Read a public key of a type that can be checked here; a token's without its application.

    Raises ArtifactMalformed.
    """
    kind = key_type_of(blob)
    if kind not in {ED25519_TOKEN, ECDSA_TOKEN}:
        return read_key(blob)
    reader = SshReader(blob, "ssh key")
    reader.string()
    key: SshPublicKey
    try:
        if kind == ED25519_TOKEN:
            key = ed25519.Ed25519PublicKey.from_public_bytes(reader.string())
        else:
            curve, point = reader.string(), reader.string()
            if curve != b"nistp256" or len(point) != _POINT:
                reader.fail("a point of nistp256", repr(curve[:32]))
            key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError as error:
        expected = "a key that is supported"
        raise ArtifactMalformed(format="ssh key", expected=expected, found=kind) from error
    reader.string()  # the application, which every signature covers
    reader.end()
    return key


def is_token(blob: bytes) -> bool:
    """Whether an encoded public key is one of a token. Raises ArtifactMalformed."""
    return key_type_of(blob) in {ED25519_TOKEN, ECDSA_TOKEN}


def token_message(blob: bytes, said: bytes, message: bytes) -> bytes:
    """Return what the token of this key signs for ``message``.

    ``said`` are the flags and the counter of the signature. Raises ArtifactMalformed.
    """
    reader = SshReader(blob, "ssh key")
    fields = [reader.string()]
    while reader.left:
        fields.append(reader.string())
    return hashlib.sha256(fields[-1]).digest() + said + hashlib.sha256(message).digest()
