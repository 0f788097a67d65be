"""A FIDO token in software: SSH keys of it, and signatures as OpenSSH writes them (PROTOCOL.u2f).

Built by hand, so that neither side of a test is the program's own writer.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

TOUCHED = 0x01
VERIFIED = 0x04


def _string(value: bytes) -> bytes:
    return len(value).to_bytes(4, "big") + value


def _mpint(value: int) -> bytes:
    return _string(value.to_bytes(value.bit_length() // 8 + 1, "big"))


@dataclass(frozen=True)
class Token:
    """One key in a token; ``application`` is what it was made for."""

    key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey
    application: bytes = b"ssh:"

    @property
    def type(self) -> bytes:
        """The type that the public key names."""
        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            return b"sk-ssh-ed25519@openssh.com"
        return b"sk-ecdsa-sha2-nistp256@openssh.com"

    @property
    def blob(self) -> bytes:
        """The public key, encoded."""
        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            parts = [self.key.public_key().public_bytes_raw()]
        else:
            point = (Encoding.X962, PublicFormat.UncompressedPoint)
            parts = [b"nistp256", self.key.public_key().public_bytes(*point)]
        return b"".join(map(_string, (self.type, *parts, self.application)))

    @property
    def line(self) -> str:
        """Type and key, as in a .pub file."""
        return f"{self.type.decode()} {base64.b64encode(self.blob).decode()}"

    def signature(
        self, content: bytes, *, flags: int = TOUCHED, counter: int = 7, said: bytes = b""
    ) -> bytes:
        """Sign a file for the namespace ``file``; ``said`` stands there for flags and counter."""
        digest = hashlib.sha512(content).digest()
        head = _string(b"file") + _string(b"") + _string(b"sha512")
        message = b"SSHSIG" + head + _string(digest)
        added = bytes([flags]) + counter.to_bytes(4, "big")
        application = hashlib.sha256(self.application).digest()
        number = self._number(application + added + hashlib.sha256(message).digest())
        blob = _string(self.type) + _string(number) + (said or added)
        raw = b"SSHSIG" + (1).to_bytes(4, "big") + _string(self.blob) + head + _string(blob)
        text = base64.b64encode(raw).decode()
        lines = [text[at : at + 70] for at in range(0, len(text), 70)]
        begin, end = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
        return "\n".join([begin, *lines, end, ""]).encode()

    def _number(self, signed: bytes) -> bytes:
        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            return self.key.sign(signed)
        return b"".join(
            _mpint(each) for each in decode_dss_signature(self.key.sign(signed, ec.ECDSA(SHA256())))
        )


def tokens() -> dict[str, Token]:
    """One key of each type."""
    return {
        "ed25519": Token(ed25519.Ed25519PrivateKey.generate()),
        "p256": Token(ec.generate_private_key(ec.SECP256R1()), b"ssh:release"),
    }
