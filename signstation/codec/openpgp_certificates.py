"""OpenPGP certificates as packets (RFC 9580 section 10.1): split, slimmed, with what signs what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from signstation.codec.openpgp import SignatureClass, SignaturePacket, parse_signature
from signstation.codec.openpgp_keys import PublicKeyPacket, hashed_key, parse_public_key
from signstation.codec.openpgp_packets import Packet, Tag, malformed, packets
from signstation.errors import LimitReached

MAX_CERTIFICATES = 4096
"""Most certificates of one keyring: the largest of a distribution has about 1,000."""
MAX_COMPONENTS = 1024
"""Most keys and user ids of one certificate; real ones have fewer than a hundred."""
MAX_SIGNATURES_EACH = 4096
"""Most signatures kept of one component: third parties' are dropped before they are counted."""

_REVOCATIONS = {SignatureClass.KEY_REVOCATION, SignatureClass.SUBKEY_REVOCATION}


@dataclass(frozen=True, slots=True)
class Component:
    """The primary key, a subkey or a user id, with the signatures that stand behind it."""

    packet: Packet
    signatures: tuple[SignaturePacket, ...]

    @property
    def key(self) -> PublicKeyPacket:
        """The key of a key component. Raises ArtifactMalformed for a user id."""
        return parse_public_key(self.packet)

    def signed_with(self, primary: Packet) -> bytes:
        """Return what a self-signature over this component hashes (RFC 9580 section 5.2.4)."""
        first = hashed_key(primary.body)
        if self.packet.tag == Tag.PUBLIC_KEY:
            return first
        if self.packet.tag == Tag.PUBLIC_SUBKEY:
            return first + hashed_key(self.packet.body)
        return first + b"\xb4" + len(self.packet.body).to_bytes(4, "big") + self.packet.body


@dataclass(frozen=True, slots=True)
class TransferableKey:
    """One certificate without photo IDs and without other people's certifications.

    Revocations are kept whoever made them: a designated revoker may have.
    """

    components: tuple[Component, ...]  # the primary key first

    @property
    def primary(self) -> PublicKeyPacket:
        """The primary key."""
        return self.components[0].key

    @property
    def material(self) -> bytes:
        """The binary certificate."""
        return b"".join(
            each.packet.raw + b"".join(signature.raw for signature in each.signatures)
            for each in self.components
        )


@dataclass(slots=True)
class _Growing:
    """A certificate whose packets are still being read."""

    components: list[tuple[Packet, list[SignaturePacket]]]
    skipping: bool = False  # behind a user attribute, whose signatures go with it

    def take(self, packet: Packet) -> None:
        match packet.tag:
            case Tag.PUBLIC_SUBKEY | Tag.USER_ID:
                if len(self.components) >= MAX_COMPONENTS:
                    raise LimitReached(what="keys and user ids", limit=MAX_COMPONENTS)
                self.components.append((packet, []))
                self.skipping = False
            case Tag.SIGNATURE if not self.skipping:
                self._sign(parse_signature(packet))
            case Tag.USER_ATTRIBUTE:
                self.skipping = True
            case _:
                pass  # trust packets of keyrings, padding, markers

    def _sign(self, signature: SignaturePacket) -> None:
        primary = parse_public_key(self.components[0][0])
        own = signature.issuer_key_id in {"", primary.key_id}
        if not own and signature.type not in _REVOCATIONS:
            return
        kept = self.components[-1][1]
        if len(kept) >= MAX_SIGNATURES_EACH:
            raise LimitReached(what="signatures of a certificate", limit=MAX_SIGNATURES_EACH)
        kept.append(signature)

    def finish(self) -> TransferableKey:
        return TransferableKey(
            tuple(Component(packet, tuple(found)) for packet, found in self.components)
        )


def split_certificates(data: bytes) -> Iterator[TransferableKey]:
    """Yield the certificates of a binary keyring.

    Raises ArtifactMalformed for broken framing, private keys, a primary key of another version
    than 4 or 6, or bytes before the first certificate; LimitReached.
    """
    growing: _Growing | None = None
    count = 0
    for packet in packets(data):
        if packet.tag in {Tag.SECRET_KEY, Tag.SECRET_SUBKEY}:
            raise malformed(packet.offset, "a public certificate", "a private key")
        if packet.tag == Tag.PUBLIC_KEY:
            count += 1
            if count > MAX_CERTIFICATES:
                raise LimitReached(what="OpenPGP certificates", limit=MAX_CERTIFICATES)
            if growing is not None:
                yield growing.finish()
            parse_public_key(packet)  # refuses other versions here, with the offset
            growing = _Growing([(packet, [])])
        elif growing is not None:
            growing.take(packet)
        elif packet.tag not in {Tag.MARKER, Tag.PADDING, Tag.TRUST}:
            raise malformed(packet.offset, "a public key", f"packet type {packet.tag}")
    if growing is not None:
        yield growing.finish()
