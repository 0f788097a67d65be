"""The private-key operations of a test card: RSA on padded blocks, ECDSA, EdDSA and X25519."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.virtualkey.apdu import Denied, Status

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | Ed25519PrivateKey | X25519PrivateKey

EXPONENT = 65537
_HASHES: dict[int, type[HashAlgorithm]] = {32: SHA256, 48: SHA384, 64: SHA512}


def width(key: rsa.RSAPrivateKey) -> int:
    """Return the octets of the modulus."""
    return (key.key_size + 7) // 8


def raw(key: rsa.RSAPrivateKey, block: bytes) -> bytes:
    """Return block^d mod n (RFC 8017 section 5.2.1), by the Chinese remainder theorem."""
    numbers = key.private_numbers()
    value = int.from_bytes(block, "big")
    first = pow(value, numbers.dmp1, numbers.p)
    second = pow(value, numbers.dmq1, numbers.q)
    lift = (numbers.iqmp * (first - second)) % numbers.p
    return (second + lift * numbers.q).to_bytes(width(key), "big")


def padded(key: rsa.RSAPrivateKey, info: bytes) -> bytes:
    """Pad a DigestInfo for a signature (RFC 8017 section 9.2). Raises Denied if it is too long."""
    room = width(key) - len(info) - 3
    if room < 8:
        raise Denied(Status.WRONG_DATA)
    return b"\x00\x01" + b"\xff" * room + b"\x00" + info


def unpadded(block: bytes) -> bytes:
    """Take the padding of an encryption away (RFC 8017 section 7.2.2)."""
    if not block.startswith(b"\x00\x02") or (end := block.find(b"\x00", 2)) < 10:
        raise Denied(Status.WRONG_DATA)
    return block[end + 1 :]


def ecdsa(key: ec.EllipticCurvePrivateKey, digest: bytes) -> bytes:
    """Sign a digest of 32, 48 or 64 bytes; DER."""
    algorithm = _HASHES.get(len(digest))
    if algorithm is None:
        raise Denied(Status.WRONG_DATA)
    return key.sign(digest, ec.ECDSA(Prehashed(algorithm())))


def halves(key: ec.EllipticCurvePrivateKey, signature: bytes) -> bytes:
    """Return r and s of a DER signature, each as wide as the curve."""
    size = (key.key_size + 7) // 8
    return b"".join(each.to_bytes(size, "big") for each in decode_dss_signature(signature))


def agree(key: PrivateKey, point: bytes) -> bytes:
    """Return the shared secret of ECDH or X25519 with another's public point."""
    if isinstance(key, X25519PrivateKey):
        return key.exchange(X25519PublicKey.from_public_bytes(point[-32:]))
    if isinstance(key, ec.EllipticCurvePrivateKey):
        peer = ec.EllipticCurvePublicKey.from_encoded_point(key.curve, point)
        return key.exchange(ec.ECDH(), peer)
    raise Denied(Status.CONDITIONS)


def public(key: PrivateKey) -> dict[int, bytes]:
    """Return the public half by the tags of both applets: 81 and 82 for RSA, 86 for a point."""
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        return {
            0x81: numbers.n.to_bytes(width(key), "big"),
            0x82: numbers.e.to_bytes(3, "big"),
        }
    if isinstance(key, ec.EllipticCurvePrivateKey):
        point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {0x86: point}
    return {0x86: key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)}


def from_primes(first: int, second: int, exponent: int) -> rsa.RSAPrivateKey:
    """Return the RSA key of two primes."""
    private = pow(exponent, -1, (first - 1) * (second - 1))
    return rsa.RSAPrivateNumbers(
        p=first,
        q=second,
        d=private,
        dmp1=rsa.rsa_crt_dmp1(private, first),
        dmq1=rsa.rsa_crt_dmq1(private, second),
        iqmp=rsa.rsa_crt_iqmp(first, second),
        public_numbers=rsa.RSAPublicNumbers(exponent, first * second),
    ).private_key()
