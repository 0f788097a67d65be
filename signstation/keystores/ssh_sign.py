"""What keys of OpenSSH can make, and those in an agent that are ready to sign."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from signstation.codec.sshkeys import algorithm_of, read_number
from signstation.errors import (
    ArtifactMalformed,
    ProtocolViolation,
    SchemeUnsupported,
    SignstationError,
)
from signstation.keystores.ssh_agent import SshAgent
from signstation.model.asks import MAX_MESSAGE, ToSign
from signstation.model.keys import KeyFamily, KeyType, Scheme
from signstation.signatures.softwarekey import answers

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
        return answers(asks, self._sign)

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
