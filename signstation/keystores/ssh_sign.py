"""Keys of OpenSSH that are ready to sign: in this process, or in an agent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from signstation.codec.sshkeys import algorithm_of, read_number
from signstation.errors import (
    ArtifactMalformed,
    LimitReached,
    ProtocolViolation,
    SchemeUnsupported,
    SignstationError,
)
from signstation.keystores.ssh_agent import SshAgent
from signstation.model.asks import MAX_BATCH, MAX_MESSAGE, ToSign
from signstation.model.keys import KeyFamily, KeyType, Scheme
from signstation.signatures.sshsig_number import HASHES

SshPrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

SCHEMES: Mapping[KeyFamily, tuple[Scheme, ...]] = {
    KeyFamily.RSA: (Scheme.RSA_PKCS1_SHA512, Scheme.RSA_PKCS1_SHA256),
    KeyFamily.P256: (Scheme.ECDSA_SHA256,),
    KeyFamily.P384: (Scheme.ECDSA_SHA384,),
    KeyFamily.P521: (Scheme.ECDSA_SHA512,),
    KeyFamily.ED25519: (Scheme.ED25519,),
}
"""What SSH lets a key make (RFC 8332, RFC 5656, RFC 8709)."""
_FLAGS = {Scheme.RSA_PKCS1_SHA256: 2, Scheme.RSA_PKCS1_SHA512: 4}
"""Flags of a sign request (draft-miller-ssh-agent 3.6.1): which hash an RSA key takes."""


def ssh_schemes(kind: KeyType) -> tuple[Scheme, ...]:
    """Return what a key of this type makes in SSH; nothing for others."""
    return SCHEMES.get(kind.family, ())


class FileKey:
    """Implements ``OpenKey`` and ``InMemory``: a software key, for SSH's schemes only."""

    __slots__ = ("_key", "_name", "_schemes")

    def __init__(self, key: SshPrivateKey, schemes: Sequence[Scheme], name: str) -> None:
        """``name`` is the text form of the key's reference, for errors."""
        self._key = key
        self._schemes = frozenset(schemes)
        self._name = name

    def __repr__(self) -> str:
        """Name the key, never its content."""
        return f"FileKey({self._name})"

    @property
    def in_memory(self) -> bool:
        """True: ``interfaces.keystore.InMemory``."""
        return True

    def sign(self, asks: Sequence[ToSign]) -> Iterator[bytes | SignstationError]:
        """Answer up to 64 asks in their order; never prompts."""
        if len(asks) > MAX_BATCH:
            raise LimitReached(what="asks in one batch", limit=MAX_BATCH)
        for ask in asks:
            try:
                yield self._sign(ask)
            except SignstationError as error:
                yield error
            except ValueError:  # a digest of another length than the scheme's
                yield self._unsupported(ask)

    def _unsupported(self, ask: ToSign) -> SchemeUnsupported:
        return SchemeUnsupported(key=self._name, scheme=ask.scheme.value)

    def _sign(self, ask: ToSign) -> bytes:
        if ask.scheme not in self._schemes:
            raise self._unsupported(ask)
        match self._key:
            case ed25519.Ed25519PrivateKey() as key if ask.message is not None:
                return key.sign(ask.message)
            case rsa.RSAPrivateKey() as key if ask.scheme.hash in HASHES:
                return key.sign(ask.input, padding.PKCS1v15(), _hashed(ask))
            case ec.EllipticCurvePrivateKey() as key if ask.scheme.hash in HASHES:
                return key.sign(ask.input, ec.ECDSA(_hashed(ask)))
            case _:
                raise self._unsupported(ask)


def _hashed(ask: ToSign) -> hashes.HashAlgorithm | Prehashed:
    named = HASHES[ask.scheme.hash]
    return named if ask.digest is None else Prehashed(named)


class SshAgentKey:
    """Implements ``OpenKey``: the private key stays in the agent, which takes messages only."""

    __slots__ = ("_agent", "_blob", "_name", "_schemes")

    def __init__(self, agent: SshAgent, blob: bytes, schemes: Sequence[Scheme], name: str) -> None:
        """``blob`` is the encoded public key."""
        self._agent = agent
        self._blob = blob
        self._schemes = frozenset(schemes)
        self._name = name

    def sign(self, asks: Sequence[ToSign]) -> Iterator[bytes | SignstationError]:
        """Answer up to 64 asks in their order; the agent may ask its user for each."""
        if len(asks) > MAX_BATCH:
            raise LimitReached(what="asks in one batch", limit=MAX_BATCH)
        for ask in asks:
            try:
                yield self._sign(ask)
            except SignstationError as error:
                yield error

    def _sign(self, ask: ToSign) -> bytes:
        algorithm = algorithm_of(ask.scheme, self._blob)
        message = ask.message
        usable = ask.scheme in self._schemes and message is not None
        if algorithm is None or message is None or not usable or len(message) > MAX_MESSAGE:
            raise SchemeUnsupported(key=self._name, scheme=ask.scheme.value)
        named, number = self._agent.sign(self._blob, message, _FLAGS.get(ask.scheme, 0))
        if named != algorithm:
            raise ProtocolViolation(reason=f"ssh-agent signed with {named[:32]!r}")
        try:
            return read_number(ask.scheme, number)
        except ArtifactMalformed as error:
            raise ProtocolViolation(reason=f"ssh-agent: {error}") from error
