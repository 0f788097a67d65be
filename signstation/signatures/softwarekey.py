"""A software key in memory that answers asks, and what kinds of signatures it can make.

It serves every key store that opens keys itself, whatever their files look like; ``answers`` is the
loop of those, too, that hand each ask on (an agent).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from signstation.errors import LimitReached, SchemeUnsupported, SignstationError
from signstation.model.asks import MAX_BATCH, ToSign
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import KeyFamily, KeyType, Mechanism, Scheme

MU = 64
"""Bytes of mu, the message representative of ML-DSA (FIPS 204, algorithm 7)."""

_HASHES: Mapping[HashAlgorithm, hashes.HashAlgorithm] = {
    HashAlgorithm.SHA256: hashes.SHA256(),
    HashAlgorithm.SHA384: hashes.SHA384(),
    HashAlgorithm.SHA512: hashes.SHA512(),
}
_ECDSA = (Scheme.ECDSA_SHA256, Scheme.ECDSA_SHA384, Scheme.ECDSA_SHA512)
_SCHEMES: Mapping[KeyFamily, tuple[Scheme, ...]] = {
    KeyFamily.RSA: (
        Scheme.RSA_PKCS1_SHA256,
        Scheme.RSA_PKCS1_SHA384,
        Scheme.RSA_PKCS1_SHA512,
        Scheme.RSA_PSS_SHA256,
        Scheme.RSA_PSS_SHA384,
        Scheme.RSA_PSS_SHA512,
    ),
    # the hash that fits the curve first (FIPS 186-5 6.1.1)
    KeyFamily.P256: _ECDSA,
    KeyFamily.P384: (Scheme.ECDSA_SHA384, Scheme.ECDSA_SHA512, Scheme.ECDSA_SHA256),
    KeyFamily.P521: (Scheme.ECDSA_SHA512, Scheme.ECDSA_SHA384, Scheme.ECDSA_SHA256),
    KeyFamily.ED25519: (Scheme.ED25519,),
    KeyFamily.ED448: (Scheme.ED448,),
    KeyFamily.MLDSA44: (Scheme.MLDSA44_MU,),
    KeyFamily.MLDSA65: (Scheme.MLDSA65_MU,),
    KeyFamily.MLDSA87: (Scheme.MLDSA87_MU,),
}
_MESSAGES = (Scheme.ED25519, Scheme.ED448)


def schemes_of(kind: KeyType) -> tuple[Scheme, ...]:
    """Return what a software key of this type can do, preferred first; nothing for OTHER."""
    return _SCHEMES.get(kind.family, ())


def message_schemes_of(kind: KeyType) -> tuple[Scheme, ...]:
    """Return the schemes that must be given the message."""
    return tuple(each for each in schemes_of(kind) if each in _MESSAGES)


def answers(
    asks: Sequence[ToSign], sign: Callable[[ToSign], bytes]
) -> Iterator[bytes | SignstationError]:
    """Answer up to 64 asks in their order; an error takes the place of one answer.

    Raises LimitReached above 64.
    """
    if len(asks) > MAX_BATCH:
        raise LimitReached(what="asks in one batch", limit=MAX_BATCH)
    for ask in asks:
        try:
            yield sign(ask)
        except SignstationError as error:
            yield error


class SoftwareKey:
    """Implements ``interfaces.keystore.OpenKey`` and ``InMemory`` for a key in this process."""

    __slots__ = ("_key", "_name", "_schemes")

    def __init__(self, key: PrivateKeyTypes, schemes: Iterable[Scheme], name: str) -> None:
        """``schemes`` are all that it makes; ``name`` is the text of its reference, for errors."""
        self._key = key
        self._name = name
        self._schemes = frozenset(schemes)

    @property
    def in_memory(self) -> bool:
        """True: ``interfaces.keystore.InMemory``."""
        return True

    def __repr__(self) -> str:
        """Name the key, never its content."""
        return f"SoftwareKey({self._name})"

    def sign(self, asks: Sequence[ToSign]) -> Iterator[bytes | SignstationError]:
        """Answer up to 64 asks in their order; never prompts."""
        return answers(asks, self._sign)

    def _unsupported(self, ask: ToSign) -> SchemeUnsupported:
        return SchemeUnsupported(key=self._name, scheme=ask.scheme.value)

    def _sign(self, ask: ToSign) -> bytes:
        if ask.scheme not in self._schemes:
            raise self._unsupported(ask)
        named = ask.scheme.hash
        try:
            if named is not None:
                return self._sign_hashed(ask, _HASHES[named])
            if ask.scheme in _MESSAGES:
                return self._sign_message(ask)
            return self._sign_mu(ask)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            # a digest of another length than the scheme's
            raise self._unsupported(ask) from error

    def _sign_hashed(self, ask: ToSign, named: hashes.HashAlgorithm) -> bytes:
        form = named if ask.digest is None else Prehashed(named)
        match self._key, ask.scheme.mechanism:
            case rsa.RSAPrivateKey() as key, Mechanism.RSA_PKCS1:
                return key.sign(ask.input, padding.PKCS1v15(), form)
            case rsa.RSAPrivateKey() as key, Mechanism.RSA_PSS:
                scheme = padding.PSS(padding.MGF1(named), named.digest_size)
                return key.sign(ask.input, scheme, form)
            case ec.EllipticCurvePrivateKey() as key, Mechanism.ECDSA:
                return key.sign(ask.input, ec.ECDSA(form))
            case _:
                raise self._unsupported(ask)

    def _sign_message(self, ask: ToSign) -> bytes:
        if ask.message is None or not isinstance(
            self._key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey
        ):
            raise self._unsupported(ask)
        return self._key.sign(ask.message)

    def _sign_mu(self, ask: ToSign) -> bytes:
        match self._key:
            case (
                mldsa.MLDSA44PrivateKey() | mldsa.MLDSA65PrivateKey() | mldsa.MLDSA87PrivateKey()
            ) as key if ask.digest is not None and len(ask.digest) == MU:
                return key.sign_mu(ask.digest)
            case _:
                raise self._unsupported(ask)
