"""OpenPGP public-key packets of versions 4 and 6 (RFC 9580 section 5.5): parsing only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.dsa import DSAPublicKey
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from signstation.codec.openpgp_packets import Packet
from signstation.model.keys import KeyType

PublicKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey | Ed448PublicKey | DSAPublicKey
"""Keys that can make OpenPGP signatures, in ``cryptography``'s classes."""


@dataclass(frozen=True, slots=True)
class PublicKeyPacket:
    """One primary key or subkey. ``fingerprint`` is upper-case hexadecimal (40 or 64 digits).

    ``key`` is None where the algorithm cannot sign (ECDH, ElGamal) or is not known.
    """

    raw: bytes
    version: int
    primary: bool
    created: int  # Unix seconds
    algorithm: int
    fingerprint: str
    type: KeyType
    key: PublicKey | None

    @property
    def key_id(self) -> str:
        """The 16 digits by which old signatures name the key (RFC 9580 section 5.5.4)."""
        return self.fingerprint[:16] if self.version > 4 else self.fingerprint[-16:]  # noqa: PLR2004


def parse_public_key(packet: Packet) -> PublicKeyPacket:
    """Parse a public key or public subkey packet.

    Raises ArtifactMalformed, also for versions other than 4 and 6, whose numbers make no key.
    """
    raise NotImplementedError


def public_keys(data: bytes) -> Iterator[PublicKeyPacket]:
    """Yield the keys of a binary certificate or keyring; keys of other versions are passed over."""
    raise NotImplementedError
