"""The three key slots of the OpenPGP card applet: attributes, import, generation, public halves."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from tests.support.virtualkey import mathematics
from tests.support.virtualkey.apdu import Denied, Status, heads, objects, tlv

RSA, ECDH, ECDSA, EDDSA = 1, 18, 19, 22
"""Algorithm numbers of the key attributes (OpenPGP card 3.4, section 4.4.3.10)."""

ED25519 = bytes.fromhex("2B06010401DA470F01")
X25519 = bytes.fromhex("2B060104019755010501")
CURVES: dict[bytes, ec.EllipticCurve] = {
    bytes.fromhex("2A8648CE3D030107"): ec.SECP256R1(),
    bytes.fromhex("2B81040022"): ec.SECP384R1(),
    bytes.fromhex("2B81040023"): ec.SECP521R1(),
}


def rsa_attributes(bits: int) -> bytes:
    """Return the attributes of an RSA key: an exponent of 17 bits, as a YubiKey says."""
    return bytes((RSA,)) + bits.to_bytes(2, "big") + b"\x00\x11\x00"


@dataclass(slots=True)
class Slot:
    """A key with what gpg stores beside it. ``origin``: 0 none, 1 made on the card, 2 imported."""

    number: int
    attributes: bytes = rsa_attributes(2048)
    key: mathematics.PrivateKey | None = None
    fingerprint: bytes = bytes(20)
    issuer: bytes = bytes(20)
    created: bytes = bytes(4)
    certificate: bytes = b""
    touch: bytes = b"\x00\x20"
    origin: int = field(default=0)

    def set_attributes(self, value: bytes) -> None:
        """Take another algorithm; a key of the former one is erased with all that belongs to it."""
        if value == self.attributes:
            return
        if value[:1] not in {bytes((each,)) for each in (RSA, ECDH, ECDSA, EDDSA)}:
            raise Denied(Status.WRONG_DATA)
        self.attributes, self.key, self.origin = value, None, 0
        self.fingerprint, self.created = bytes(20), bytes(4)

    def generate(self) -> None:
        """Make a key of the slot's attributes."""
        kind, curve = self.attributes[0], self.attributes[1:].removesuffix(b"\xff")
        if kind == RSA:
            bits = int.from_bytes(self.attributes[1:3], "big")
            self.key = rsa.generate_private_key(mathematics.EXPONENT, bits)
        elif curve == ED25519:
            self.key = Ed25519PrivateKey.generate()
        elif curve == X25519:
            self.key = X25519PrivateKey.generate()
        elif curve in CURVES:
            self.key = ec.generate_private_key(CURVES[curve])
        else:
            raise Denied(Status.WRONG_DATA)
        self.origin = 1

    def take(self, template: bytes, material: bytes) -> None:
        """Import a private key: 7F48 names the parts, 5F48 holds them one behind the other."""
        parts: dict[int, bytes] = {}
        at = 0
        for tag, size in _lengths(template):
            parts[tag] = material[at : at + size]
            at += size
        if at != len(material):
            raise Denied(Status.WRONG_DATA)
        self.key = self._imported(parts)
        self.origin = 2

    def _imported(self, parts: dict[int, bytes]) -> mathematics.PrivateKey:
        kind, curve = self.attributes[0], self.attributes[1:].removesuffix(b"\xff")
        try:
            if kind == RSA:
                exponent, first, second = (
                    int.from_bytes(parts[tag], "big") for tag in (0x91, 0x92, 0x93)
                )
                key = mathematics.from_primes(first, second, exponent)
                if key.key_size != int.from_bytes(self.attributes[1:3], "big"):
                    raise Denied(Status.WRONG_DATA)
                return key
            scalar = parts[0x92]
            if curve == ED25519:
                return Ed25519PrivateKey.from_private_bytes(scalar.rjust(32, b"\0"))
            if curve == X25519:  # the card's number is big-endian, RFC 7748's is not
                return X25519PrivateKey.from_private_bytes(scalar.rjust(32, b"\0")[::-1])
            return ec.derive_private_key(int.from_bytes(scalar, "big"), CURVES[curve])
        except (KeyError, ValueError) as error:
            raise Denied(Status.WRONG_DATA) from error

    def public(self) -> bytes:
        """Return 7F49 with the public half. Raises Denied without a key."""
        if self.key is None:
            raise Denied(Status.NOT_FOUND)
        return tlv(0x7F49, b"".join(tlv(*each) for each in mathematics.public(self.key).items()))

    def sign(self, data: bytes) -> bytes:
        """Sign a DigestInfo (RSA), a digest (ECDSA; r and s) or a message (EdDSA)."""
        match self.key:
            case rsa.RSAPrivateKey() as key:
                return mathematics.raw(key, mathematics.padded(key, data))
            case ec.EllipticCurvePrivateKey() as key:
                return mathematics.halves(key, mathematics.ecdsa(key, data))
            case Ed25519PrivateKey() as key:
                return key.sign(data)
            case _:
                raise Denied(Status.NOT_FOUND)

    def decipher(self, data: bytes) -> bytes:
        """Decrypt a block (RSA, behind a zero byte) or agree on a secret (A6 7F49 86)."""
        if isinstance(self.key, rsa.RSAPrivateKey):
            return mathematics.unpadded(mathematics.raw(self.key, data[1:]))
        if self.key is None:
            raise Denied(Status.NOT_FOUND)
        point = objects(objects(objects(data).get(0xA6, b"")).get(0x7F49, b"")).get(0x86, b"")
        return mathematics.agree(self.key, point)


def _lengths(template: bytes) -> list[tuple[int, int]]:
    """Return tags and lengths of a list of heads without values (7F48)."""
    found = []
    rest = template
    while rest:
        try:
            tag, size, rest = next(heads(rest))
        except (IndexError, StopIteration) as error:
            raise Denied(Status.WRONG_DATA) from error
        found.append((tag, size))
    return found
