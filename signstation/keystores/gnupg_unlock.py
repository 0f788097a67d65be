"""A software key taken out of gpg-agent into this process for one batch, in memory only.

The agent repeats the slow derivation of the passphrase for every signature and does RSA a tenth as
fast as OpenSSL; a batch is signed here with equal bytes. Wiping is best effort: ``cryptography``
and CPython keep numbers until they are freed, which is at the end of the batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from signstation.codec.sexp import Sexp, parse, value
from signstation.errors import (
    ArtifactMalformed,
    KeyChanged,
    KeyUnreadable,
    SchemeUnsupported,
    SignstationError,
)
from signstation.keystores.gnupg_agent import CURVES, Agent, number
from signstation.keystores.gnupg_asks import octets
from signstation.keystores.gnupg_passphrase import Passphrase
from signstation.model.asks import ToSign
from signstation.model.hashes import sha256
from signstation.model.keys import SignerProfile

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

_RSA_NUMBERS = (b"n", b"e", b"d", b"p", b"q")
_SMALLEST_PRIME = 3
_SEED_SIZE = 32
_HASHES: dict[int, HashAlgorithm] = {32: SHA256(), 48: SHA384(), 64: SHA512()}


class UnlockedKey:
    """An ``OpenKey`` and ``InMemory``: signs by itself, and never prompts."""

    def __init__(self, private: PrivateKey, profile: SignerProfile) -> None:
        """Sign with ``private`` as ``profile`` says."""
        self._private = private
        self._profile = profile

    @property
    def in_memory(self) -> bool:
        """True: the agent has no part in ``sign``."""
        return True

    def sign(self, asks: Sequence[ToSign]) -> Iterator[bytes | SignstationError]:
        """Sign in order."""
        for ask in asks:
            try:
                yield _sign(self._private, octets(ask, self._profile))
            except SchemeUnsupported as error:
                yield error


def unlock(agent: Agent, grip: str, profile: SignerProfile, passphrase: Passphrase) -> UnlockedKey:
    """Take a key out of the agent; it answers with the key wrapped for this connection.

    Raises KeyStoreFailed where the agent does not give it, KeyUnreadable, KeyChanged, and what the
    passphrase raises. Blocks for the derivation of the passphrase (some 0.3 s).
    """
    connection = agent.connection
    wrapping = agent.accepted(connection.call("KEYWRAP_KEY --export")).data
    wrapped = passphrase.use(
        agent, lambda inquire: connection.call(f"EXPORT_KEY {grip}", inquire)
    ).data
    try:
        # padded with zeros to a multiple of eight; an expression ends with ")"
        plain = aes_key_unwrap(bytes(wrapping), bytes(wrapped)).rstrip(b"\0")
        private = private_key(parse(plain))
    except (ArtifactMalformed, InvalidUnwrap, ValueError) as error:
        raise KeyUnreadable(key=agent.key, reason="the agent's private key is damaged") from error
    spki = _spki(private)
    if spki != profile.spki:
        raise KeyChanged(key=agent.key, expected=profile.spki_sha256.hex(), found=sha256(spki).hex)
    return UnlockedKey(private, profile)


def private_key(expression: Sexp) -> PrivateKey:
    """Turn ``(private-key (rsa …))`` or ``(… (ecc …))`` into a key object.

    Raises ArtifactMalformed, and ValueError where its numbers do not fit together.
    """
    match expression:
        case (b"private-key", (b"rsa", *_) as numbers, *_):
            return _rsa(numbers)
        case (b"private-key", (b"ecc" | b"ecdsa" | b"eddsa", *_) as numbers, *_):
            return _elliptic(numbers, value(numbers, b"curve"))
        case _:
            raise ArtifactMalformed(
                format="s-expression", expected="a private RSA or ECC key", found="another"
            )


def _rsa(numbers: Sexp) -> rsa.RSAPrivateKey:
    n, e, d, p, q = (number(numbers, name) for name in _RSA_NUMBERS)
    if min(p, q) < _SMALLEST_PRIME or p * q != n or any(e * d % (r - 1) != 1 for r in (p, q)):
        raise ValueError("the numbers of a private RSA key do not fit together")
    public = rsa.RSAPublicNumbers(e, n)
    # libgcrypt's own coefficient is for p < q and the other way round: it is computed anew
    private = rsa.RSAPrivateNumbers(
        p, q, d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q), public
    )
    # The numbers fit, the agent made or took in the key, and its public half is compared with the
    # profile: testing the primes again costs as much as sixty signatures (RSA-4096).
    return private.private_key(unsafe_skip_rsa_key_validation=True)


def _elliptic(
    numbers: Sexp, curve: bytes
) -> ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey:
    if curve in CURVES:
        return ec.derive_private_key(number(numbers, b"d"), CURVES[curve])
    if curve != b"Ed25519":
        raise ArtifactMalformed(
            format="s-expression", expected="a curve that is supported", found=repr(curve[:20])
        )
    # RFC 8032's seed, which may have lost leading zeros or won one
    seed = value(numbers, b"d").lstrip(b"\0").rjust(_SEED_SIZE, b"\0")
    return ed25519.Ed25519PrivateKey.from_private_bytes(seed)


def _spki(private: PrivateKey) -> bytes:
    return private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _sign(private: PrivateKey, found: bytes) -> bytes:
    match private:
        case rsa.RSAPrivateKey():
            return private.sign(found, padding.PKCS1v15(), Prehashed(_HASHES[len(found)]))
        case ec.EllipticCurvePrivateKey():
            # cut for the curve and with RFC 6979's nonce for what is left, as the agent does
            cut = found[: (private.curve.key_size + 7) // 8]
            named = Prehashed(_HASHES[len(cut)])
            return private.sign(cut, ec.ECDSA(named, deterministic_signing=True))
        case _:
            return private.sign(found)
