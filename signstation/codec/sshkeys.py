"""SSH public keys and signature numbers as bytes (RFC 4253 6.6, RFC 5656, RFC 8332, RFC 8709)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_ssh_public_key,
)

from signstation.codec.sshwire import SshReader, mpint
from signstation.errors import ArtifactMalformed
from signstation.model.keys import Mechanism, Scheme

SshPublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey

ALGORITHMS: Mapping[bytes, tuple[Scheme, bytes]] = {
    b"ssh-ed25519": (Scheme.ED25519, b"ssh-ed25519"),
    b"rsa-sha2-256": (Scheme.RSA_PKCS1_SHA256, b"ssh-rsa"),
    b"rsa-sha2-512": (Scheme.RSA_PKCS1_SHA512, b"ssh-rsa"),
    b"ecdsa-sha2-nistp256": (Scheme.ECDSA_SHA256, b"ecdsa-sha2-nistp256"),
    b"ecdsa-sha2-nistp384": (Scheme.ECDSA_SHA384, b"ecdsa-sha2-nistp384"),
    b"ecdsa-sha2-nistp521": (Scheme.ECDSA_SHA512, b"ecdsa-sha2-nistp521"),
}
"""Signature algorithms with their scheme and the type of key that makes them.

``ssh-rsa`` as a signature is SHA-1 (refused in SSHSIG), ``ssh-dss`` is DSA: both are missing.
"""
ED25519_SIZE = 64
"""Bytes of an Ed25519 signature (RFC 8032)."""


def key_type_of(blob: bytes) -> str:
    """Return the type that a public key names, for people. Raises ArtifactMalformed."""
    return SshReader(blob, "ssh key").string().decode("ascii", "replace")[:64]


def read_key(blob: bytes) -> SshPublicKey:
    """Read a public key of a type that can sign here. Raises ArtifactMalformed."""
    kind = key_type_of(blob)
    try:
        key = load_ssh_public_key(kind.encode("ascii", "replace") + b" " + base64.b64encode(blob))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _malformed("a key that is supported", kind) from error
    if not isinstance(key, SshPublicKey) or key_blob(key) != blob:
        raise _malformed("a key that is supported", kind)
    return key


def key_blob(key: SshPublicKey) -> bytes:
    """Encode a public key."""
    return base64.b64decode(key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).split()[1])


def public_line(blob: bytes) -> str:
    """Return type and key as a .pub file has them, without a comment. Raises ArtifactMalformed."""
    return f"{key_type_of(blob)} {base64.b64encode(blob).decode('ascii')}"


def blob_of_spki(spki: bytes) -> bytes:
    """Encode the public key of a DER SubjectPublicKeyInfo. Raises ArtifactMalformed."""
    try:
        key = load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _malformed("a key that is supported", "another") from error
    if not isinstance(key, SshPublicKey):
        raise _malformed("a key that is supported", type(key).__name__)
    return key_blob(key)


def fingerprint(blob: bytes) -> str:
    """Return ``SHA256:`` and unpadded base64, as ssh-keygen names a key."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def algorithm_of(scheme: Scheme, blob: bytes) -> bytes | None:
    """Return the signature algorithm of a scheme with a key, None where SSH has none."""
    kind = key_type_of(blob).encode("ascii", "replace")
    for name, (known, key_type) in ALGORITHMS.items():
        if known is scheme and key_type == kind:
            return name
    return None


def write_number(scheme: Scheme, answer: bytes) -> bytes:
    """Turn a key's answer (``model.asks.Answer``) into SSH's form. Raises ValueError."""
    if scheme.mechanism is Mechanism.ECDSA:
        return b"".join(mpint(each) for each in decode_dss_signature(answer))
    if scheme is Scheme.ED25519 and len(answer) != ED25519_SIZE:
        raise ValueError(answer)
    return answer


def read_number(scheme: Scheme, value: bytes) -> bytes:
    """Turn SSH's form into a key's answer. Raises ArtifactMalformed."""
    if scheme.mechanism is not Mechanism.ECDSA:
        return value
    reader = SshReader(value, "ssh signature")
    first, second = reader.mpint(), reader.mpint()
    reader.end()
    return encode_dss_signature(first, second)


def _malformed(expected: str, found: str) -> ArtifactMalformed:
    return ArtifactMalformed(format="ssh key", expected=expected, found=found)
