"""Signatures by a key on a token: padding parameters, the raw mechanism, and its answer's form."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

import pkcs11
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pkcs11 import Attribute, Mechanism

from signstation.codec.der import NULL, OCTET_STRING, der, oid, sequence
from signstation.errors import (
    KeyStoreFailed,
    KeyUnusable,
    PassphraseWrong,
    PinLocked,
    SchemeUnsupported,
    SignstationError,
    TokenFailed,
)
from signstation.keystores.pkcs11_parts.failures import translated
from signstation.keystores.pkcs11_parts.login import Login
from signstation.model.asks import ToSign
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import KeyFamily, KeyType, Scheme, SignerProfile
from signstation.model.keys import Mechanism as Mathematics
from signstation.signatures.softwarekey import answers, schemes_of

MECHANISMS: Mapping[Mathematics, Mechanism] = {
    Mathematics.RSA_PKCS1: Mechanism.RSA_PKCS,
    Mathematics.RSA_PSS: Mechanism.RSA_PKCS_PSS,
    Mathematics.ECDSA: Mechanism.ECDSA,
    Mathematics.ED25519: Mechanism.EDDSA,
    Mathematics.ED448: Mechanism.EDDSA,
}
"""The mechanisms that take a digest (EdDSA: the message); ML-DSA waits for tokens that have it."""
_OIDS: Mapping[HashAlgorithm, str] = {
    HashAlgorithm.SHA256: "2.16.840.1.101.3.4.2.1",
    HashAlgorithm.SHA384: "2.16.840.1.101.3.4.2.2",
    HashAlgorithm.SHA512: "2.16.840.1.101.3.4.2.3",
}
_PSS: Mapping[HashAlgorithm, tuple[Mechanism, pkcs11.MGF, int]] = {
    HashAlgorithm.SHA256: (Mechanism.SHA256, pkcs11.MGF.SHA256, 32),
    HashAlgorithm.SHA384: (Mechanism.SHA384, pkcs11.MGF.SHA384, 48),
    HashAlgorithm.SHA512: (Mechanism.SHA512, pkcs11.MGF.SHA512, 64),
}
"""CK_RSA_PKCS_PSS_PARAMS: salt as long as the digest, as every verifier here expects."""
_CURVE_BYTES = {KeyFamily.P256: 32, KeyFamily.P384: 48, KeyFamily.P521: 66}
_EDDSA_BYTES = {KeyFamily.ED25519: 64, KeyFamily.ED448: 114}


def schemes(kind: KeyType, mechanisms: frozenset[int]) -> tuple[Scheme, ...]:
    """Return what a key of this type makes on a token with these mechanisms, preferred first."""
    return tuple(
        each
        for each in schemes_of(kind)
        if each.mechanism in MECHANISMS and MECHANISMS[each.mechanism] in mechanisms
    )


def digest_info(algorithm: HashAlgorithm, digest: bytes) -> bytes:
    """Return the DigestInfo that CKM_RSA_PKCS pads (RFC 8017 section 9.2, step 2)."""
    return sequence(sequence(oid(_OIDS[algorithm]), der(NULL)), der(OCTET_STRING, digest))


class TokenSigner:
    """Implements ``interfaces.keystore.OpenKey``; the session stays open as long as it lives."""

    def __init__(self, key: pkcs11.PrivateKey, profile: SignerProfile, login: Login) -> None:
        """``key`` belongs to a session in which ``login`` logged in. Raises KeyUnusable."""
        if not isinstance(key, pkcs11.SignMixin):
            raise KeyUnusable(key=str(profile.key), reason="its token lets it do other things only")
        self._key = key
        self._profile = profile
        self._name = str(profile.key)
        self._login = login
        self._schemes = frozenset(profile.schemes)
        self._pin_each = always_authenticates(key)
        self._broken: SignstationError | None = None

    def sign(self, asks: Sequence[ToSign]) -> Iterator[bytes | SignstationError]:
        """Answer up to 64 asks in their order. After a failure for good all others fail alike."""
        return answers(asks, self._sign)

    def _sign(self, ask: ToSign) -> bytes:
        if self._broken is not None:
            raise self._broken
        if ask.scheme not in self._schemes:
            raise SchemeUnsupported(key=self._name, scheme=ask.scheme.value)
        found = self._octets(ask)
        try:
            return self._formed(ask.scheme, self._raw(ask.scheme, found))
        except (TokenFailed, PinLocked, PassphraseWrong) as error:
            self._broken = error  # never a second wrong PIN, nor another call into a broken module
            raise

    def _octets(self, ask: ToSign) -> bytes:
        hashed = ask.scheme.hash
        if hashed is None:
            return ask.input
        digest = ask.digest
        if digest is None:
            digest = hashlib.new(hashed.value, ask.input).digest()
        if len(digest) != hashed.size:
            raise SchemeUnsupported(key=self._name, scheme=ask.scheme.value)
        match ask.scheme.mechanism:
            case Mathematics.RSA_PKCS1:
                return digest_info(hashed, digest)
            case Mathematics.ECDSA:  # tokens refuse or cut differently what is longer (FIPS 186-5)
                return digest[: _CURVE_BYTES[self._profile.type.family]]
            case _:
                return digest

    def _raw(self, scheme: Scheme, found: bytes) -> bytes:
        options: dict[str, object] = {"mechanism": MECHANISMS[scheme.mechanism]}
        if scheme.mechanism is Mathematics.RSA_PSS and scheme.hash is not None:
            options["mechanism_param"] = _PSS[scheme.hash]
        if self._pin_each:
            options["pin"] = self._login.pin()
        with translated(self._name):
            try:
                return bytes(self._key.sign(found, **options))
            except pkcs11.PinLocked as error:
                raise PinLocked(key=self._name) from error
            except pkcs11.PinIncorrect as error:
                raise PassphraseWrong(key=self._name) from error
            except (pkcs11.MechanismInvalid, pkcs11.MechanismParamInvalid) as error:
                raise SchemeUnsupported(key=self._name, scheme=scheme.value) from error

    def _formed(self, scheme: Scheme, answer: bytes) -> bytes:
        """Bring an answer into the form of ``model.asks.Answer``; refuse one of another length."""
        kind = self._profile.type
        match scheme.mechanism:
            case Mathematics.RSA_PKCS1 | Mathematics.RSA_PSS:
                expected = (kind.bits + 7) // 8
            case Mathematics.ECDSA:
                expected = 2 * _CURVE_BYTES[kind.family]
            case _:
                expected = _EDDSA_BYTES[kind.family]
        if len(answer) != expected:
            raise KeyStoreFailed(key=self._name, reason="an answer of the wrong length")
        if scheme.mechanism is not Mathematics.ECDSA:
            return answer
        half = expected // 2
        pair = int.from_bytes(answer[:half], "big"), int.from_bytes(answer[half:], "big")
        return encode_dss_signature(*pair)


def always_authenticates(key: pkcs11.PrivateKey) -> bool:
    """Whether a key wants the PIN for every signature (CKA_ALWAYS_AUTHENTICATE)."""
    try:
        return bool(key[Attribute.ALWAYS_AUTHENTICATE])
    except pkcs11.PKCS11Error:
        return False  # older than version 2.20, or not told: a signature will say so
