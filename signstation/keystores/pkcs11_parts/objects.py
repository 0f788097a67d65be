"""Public keys and certificates on a token, read from a module that may answer anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import pkcs11
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from pkcs11 import Attribute, ObjectClass

from signstation.codec.der import OBJECT_IDENTIFIER, OCTET_STRING, Reader, parse_oid
from signstation.errors import ArtifactMalformed, KeyUnreadable
from signstation.keystores.pkcs11_uri import Pkcs11Uri
from signstation.signatures.certificates import CertificateFacts, read_certificate, spki_of

MAX_OBJECTS = 4096
"""Most objects of a kind on a token that are looked at."""
MAX_ATTRIBUTE = 64 * 1024
"""Most bytes of one attribute: ML-DSA certificates have 7.4 kB."""

_CURVES: Mapping[str, type[ec.EllipticCurve]] = {
    "1.2.840.10045.3.1.7": ec.SECP256R1,
    "1.3.132.0.34": ec.SECP384R1,
    "1.3.132.0.35": ec.SECP521R1,
}
_PRINTABLE = 0x13
_EDWARDS: Mapping[str, type[ed25519.Ed25519PublicKey] | type[ed448.Ed448PublicKey]] = {
    "1.3.101.112": ed25519.Ed25519PublicKey,
    "1.3.6.1.4.1.11591.15.1": ed25519.Ed25519PublicKey,
    "edwards25519": ed25519.Ed25519PublicKey,
    "1.3.101.113": ed448.Ed448PublicKey,
    "edwards448": ed448.Ed448PublicKey,
}
"""How modules name the curves of EdDSA (PKCS#11 3.1 section 6.3.2, older habits besides)."""


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A key pair as its token shows it; ``certificate`` is the one with the same id, if any."""

    id: bytes
    label: str
    public: PublicKeyTypes
    certificate: CertificateFacts | None = None

    @property
    def spki(self) -> bytes:
        """DER SubjectPublicKeyInfo."""
        return spki_of(self.public)


@dataclass(frozen=True, slots=True)
class Contents:
    """What a session shows: key pairs, and all certificates."""

    keys: tuple[TokenKey, ...]
    certificates: tuple[CertificateFacts, ...]


def read_contents(session: pkcs11.Session) -> Contents:
    """Read keys and certificates; an object that makes no sense is left out.

    A certificate without a public key object beside it stands for its key too.
    """
    certificates = list(_certificates(session))
    by_id = {identifier: facts for identifier, _, facts in certificates if identifier}
    keys: dict[bytes, TokenKey] = {}
    for found in _objects(session, ObjectClass.PUBLIC_KEY):
        identifier, label = _bytes(found, Attribute.ID), _label(found)
        try:
            public = read_public(found)
        except (KeyUnreadable, ArtifactMalformed):
            continue
        facts = by_id.get(identifier)
        fits = facts is not None and facts.spki == spki_of(public)
        keys[spki_of(public)] = TokenKey(identifier, label, public, facts if fits else None)
    for identifier, label, facts in certificates:
        if facts.spki not in keys and identifier and not facts.authority:
            keys[facts.spki] = TokenKey(identifier, label, facts.key, facts)
    return Contents(tuple(keys.values()), tuple(facts for _, _, facts in certificates))


def fits(key: TokenKey, uri: Pkcs11Uri) -> bool:
    """Whether a reference names this key."""
    return uri.id in {None, key.id} and uri.object in {None, key.label}


def private_keys(session: pkcs11.Session, uri: Pkcs11Uri) -> tuple[pkcs11.PrivateKey, ...]:
    """Return the private keys that a reference names; after a login all are visible."""
    wanted: dict[Attribute, object] = {Attribute.CLASS: ObjectClass.PRIVATE_KEY}
    if uri.id is not None:
        wanted[Attribute.ID] = uri.id
    if uri.object is not None:
        wanted[Attribute.LABEL] = uri.object
    found = islice(session.get_objects(wanted), MAX_OBJECTS)
    return tuple(each for each in found if isinstance(each, pkcs11.PrivateKey))


def read_public(found: pkcs11.Object) -> PublicKeyTypes:
    """Read the public half from a public key, or from an RSA private key that shows it.

    Raises KeyUnreadable and ArtifactMalformed.
    """
    try:
        kind = int(found[Attribute.KEY_TYPE])
        if kind == pkcs11.KeyType.RSA:
            modulus = int.from_bytes(_bytes(found, Attribute.MODULUS), "big")
            exponent = int.from_bytes(_bytes(found, Attribute.PUBLIC_EXPONENT), "big")
            return rsa.RSAPublicNumbers(exponent, modulus).public_key()
        if kind in {pkcs11.KeyType.EC, pkcs11.KeyType.EC_EDWARDS}:
            return _elliptic(_bytes(found, Attribute.EC_PARAMS), _bytes(found, Attribute.EC_POINT))
    except (pkcs11.AttributeTypeInvalid, pkcs11.AttributeSensitive) as error:
        raise KeyUnreadable(reason="the token does not show it whole") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyUnreadable(reason=str(error)[:200]) from error
    raise KeyUnreadable(reason="a type of key that nothing here can use")


def _elliptic(parameters: bytes, point: bytes) -> PublicKeyTypes:
    named = Reader(parameters, name="CKA_EC_PARAMS").any()
    curve = parse_oid(named) if named.tag == OBJECT_IDENTIFIER else ""
    if named.tag == _PRINTABLE:
        curve = named.content.decode("ascii", "replace")
    raw = _point(point)
    if curve in _EDWARDS:
        return _EDWARDS[curve].from_public_bytes(raw)
    if curve in _CURVES:
        return ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[curve](), raw)
    raise KeyUnreadable(reason="a curve that nothing here can use")


def _point(value: bytes) -> bytes:
    """Take the point out of its OCTET STRING, in which some modules do not put it."""
    try:
        reader = Reader(value, name="CKA_EC_POINT")
        inner = reader.read(OCTET_STRING).content
        reader.finish()
    except ArtifactMalformed:
        return value
    return inner


def _certificates(session: pkcs11.Session) -> Iterator[tuple[bytes, str, CertificateFacts]]:
    for found in _objects(session, ObjectClass.CERTIFICATE):
        try:
            facts = read_certificate(_bytes(found, Attribute.VALUE))
        except KeyUnreadable:
            continue
        yield _bytes(found, Attribute.ID), _label(found), facts


def _objects(session: pkcs11.Session, kind: ObjectClass) -> Iterator[pkcs11.Object]:
    return islice(session.get_objects({Attribute.CLASS: kind}), MAX_OBJECTS)


def _bytes(found: pkcs11.Object, attribute: Attribute) -> bytes:
    try:
        value = found[attribute]
    except (pkcs11.AttributeTypeInvalid, pkcs11.AttributeSensitive):
        return b""
    return value[:MAX_ATTRIBUTE] if isinstance(value, bytes) else b""


def _label(found: pkcs11.Object) -> str:
    try:
        value = found[Attribute.LABEL]
    except (pkcs11.AttributeTypeInvalid, pkcs11.AttributeSensitive):
        return ""
    return value[:MAX_ATTRIBUTE] if isinstance(value, str) else ""
