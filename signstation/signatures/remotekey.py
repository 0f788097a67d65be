"""A key that lives elsewhere, dressed as a private key of ``cryptography``.

``CertificateBuilder`` and ``CertificateSigningRequestBuilder`` take it, so certificates are made
with a key in a file, a token or an HSM by the same code. What it signs goes through an ask.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import NoReturn, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import AsymmetricPadding, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificateIssuerPrivateKeyTypes,
    PublicKeyTypes,
)
from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo, Prehashed
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    KeySerializationEncryption,
    PrivateFormat,
)
from cryptography.utils import Buffer

from signstation.errors import SchemeUnsupported
from signstation.model.asks import Literal, Part, ToSign
from signstation.model.keys import Scheme

Sign = Callable[[ToSign], bytes]
"""Answers one ask, as ``OpenKey.sign`` does; raises SignstationError."""

_RSA: Mapping[str, Scheme] = {
    "sha256": Scheme.RSA_PKCS1_SHA256,
    "sha384": Scheme.RSA_PKCS1_SHA384,
    "sha512": Scheme.RSA_PKCS1_SHA512,
}
_ECDSA: Mapping[str, Scheme] = {
    "sha256": Scheme.ECDSA_SHA256,
    "sha384": Scheme.ECDSA_SHA384,
    "sha512": Scheme.ECDSA_SHA512,
}


def remote_key(public: PublicKeyTypes, sign: Sign) -> CertificateIssuerPrivateKeyTypes:
    """Wrap the private half of ``public``, which ``sign`` can use; RSA, ECDSA and Ed25519.

    Each signature is one ask of part CERTIFICATE, slot 0. Raises SchemeUnsupported.
    """
    match public:
        case rsa.RSAPublicKey():
            return RemoteRsa(public, sign)
        case ec.EllipticCurvePublicKey():
            return RemoteEc(public, sign)
        case ed25519.Ed25519PublicKey():
            return RemoteEd25519(public, sign)
        case _:
            raise SchemeUnsupported(scheme=type(public).__name__)


def _absent() -> NoReturn:
    raise UnsupportedAlgorithm("the private key is not in this process")


def _hashed(
    schemes: Mapping[str, Scheme], algorithm: hashes.HashAlgorithm, data: bytes, sign: Sign
) -> bytes:
    if algorithm.name not in schemes:
        raise UnsupportedAlgorithm(f"no scheme with {algorithm.name}")
    digest = hashlib.new(algorithm.name, data).digest()
    return sign(
        ToSign(0, schemes[algorithm.name], Part.CERTIFICATE, (Literal(data),), digest=digest)
    )


class _Elsewhere:
    """What no key that is not here can do."""

    def private_bytes(
        self,
        encoding: Encoding,
        format: PrivateFormat,  # noqa: A002 - cryptography's name
        encryption_algorithm: KeySerializationEncryption,
    ) -> NoReturn:
        """Refuse."""
        del encoding, format, encryption_algorithm
        _absent()

    def private_numbers(self) -> NoReturn:
        """Refuse."""
        _absent()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self


class RemoteRsa(_Elsewhere, rsa.RSAPrivateKey):
    """RSA with PKCS#1 v1.5 signatures."""

    def __init__(self, public: rsa.RSAPublicKey, sign: Sign) -> None:
        self._public = public
        self._sign = sign

    def sign(
        self,
        data: bytes,
        padding: AsymmetricPadding,
        algorithm: Prehashed | hashes.HashAlgorithm | NoDigestInfo,
    ) -> bytes:
        """Hash and sign."""
        if not isinstance(padding, PKCS1v15) or not isinstance(algorithm, hashes.HashAlgorithm):
            _absent()
        return _hashed(_RSA, algorithm, data, self._sign)

    def public_key(self) -> rsa.RSAPublicKey:
        """Return the public half."""
        return self._public

    @property
    def key_size(self) -> int:
        """Modulus in bits."""
        return self._public.key_size

    def decrypt(self, ciphertext: bytes, padding: AsymmetricPadding) -> NoReturn:
        """Refuse."""
        del ciphertext, padding
        _absent()


class RemoteEc(_Elsewhere, ec.EllipticCurvePrivateKey):
    """ECDSA."""

    def __init__(self, public: ec.EllipticCurvePublicKey, sign: Sign) -> None:
        self._public = public
        self._sign = sign

    def sign(self, data: Buffer, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """Hash and sign."""
        algorithm = signature_algorithm.algorithm
        if not isinstance(algorithm, hashes.HashAlgorithm):
            _absent()
        return _hashed(_ECDSA, algorithm, bytes(data), self._sign)

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Return the public half."""
        return self._public

    @property
    def curve(self) -> ec.EllipticCurve:
        """The curve."""
        return self._public.curve

    @property
    def key_size(self) -> int:
        """Bits of the curve."""
        return self._public.key_size

    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> NoReturn:
        """Refuse."""
        del algorithm, peer_public_key
        _absent()


class RemoteEd25519(_Elsewhere, ed25519.Ed25519PrivateKey):
    """Ed25519."""

    def __init__(self, public: ed25519.Ed25519PublicKey, sign: Sign) -> None:
        self._public = public
        self._sign = sign

    def sign(self, data: Buffer) -> bytes:
        """Sign the message."""
        message = bytes(data)
        covers = (Literal(message),)
        return self._sign(ToSign(0, Scheme.ED25519, Part.CERTIFICATE, covers, message=message))

    def public_key(self) -> ed25519.Ed25519PublicKey:
        """Return the public half."""
        return self._public

    def private_bytes_raw(self) -> NoReturn:
        """Refuse."""
        _absent()
