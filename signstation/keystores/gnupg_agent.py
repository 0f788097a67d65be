"""What signstation asks of gpg-agent: its keys, their public halves, and its errors as ours.

Command names are those of GnuPG's agent/command.c.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, IntEnum

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    SECP384R1,
    SECP521R1,
    EllipticCurve,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from signstation.codec.sexp import Sexp, parse, value
from signstation.errors import (
    AgentMissing,
    ArtifactMalformed,
    Cancelled,
    KeyNotFound,
    KeyStoreFailed,
    KeyUnreadable,
    PassphraseWrong,
    PinLocked,
    ProtocolViolation,
    SchemeUnsupported,
    SignstationError,
    TokenMissing,
    TouchMissing,
)
from signstation.keystores.gnupg_home import STORE, Home
from signstation.system.assuan import Accepted, Assuan, Refused, Reply

CURVES: dict[bytes, EllipticCurve] = {
    b"NIST P-256": SECP256R1(),
    b"NIST P-384": SECP384R1(),
    b"NIST P-521": SECP521R1(),
}
"""libgcrypt's names of the ECDSA curves that signstation signs with."""

MAX_NUMBER = 2049
"""Most bytes of a number: the modulus of RSA-16384 with a zero before its sign bit."""

_ED25519_SIZE = 32


class Code(IntEnum):
    """Errors of libgpg-error (err-codes.h) that mean something particular here."""

    BAD_PASSPHRASE = 11
    NO_SECRET_KEY = 17
    NOT_FOUND = 27
    UNSUPPORTED_ALGORITHM = 84
    BAD_PIN = 87
    CANCELED = 99
    CARD = 108
    CARD_RESET = 109
    CARD_REMOVED = 110
    CARD_NOT_PRESENT = 112
    PIN_BLOCKED = 130
    INVALID_LENGTH = 139
    NO_PASSPHRASE = 177
    FULLY_CANCELED = 198
    ASSUAN_CANCELED = 277
    NO_SUCH_DEVICE = 32848
    NO_SUCH_FILE = 32849


WRONG_PASSPHRASE = frozenset({Code.BAD_PASSPHRASE, Code.BAD_PIN, Code.NO_PASSPHRASE})
_ABSENT = frozenset({Code.NO_SECRET_KEY, Code.NOT_FOUND, Code.NO_SUCH_FILE})
_GONE = frozenset({Code.CARD_RESET, Code.CARD_REMOVED, Code.CARD_NOT_PRESENT, Code.NO_SUCH_DEVICE})
_CANCELLED = frozenset({Code.CANCELED, Code.FULLY_CANCELED, Code.ASSUAN_CANCELED})
_UNSUPPORTED = frozenset({Code.UNSUPPORTED_ALGORITHM, Code.INVALID_LENGTH})


class Place(Enum):
    """Where the agent has a private key (KEYINFO, field TYPE)."""

    DISK = "D"
    TOKEN = "T"
    MISSING = "X"
    UNKNOWN = "-"


@dataclass(frozen=True, slots=True)
class AgentKey:
    """One private key as the agent knows it.

    ``protected``: the agent may ask for a passphrase or PIN; ``cached``: not for now. ``serial``
    is the card's, empty for a key on the disk.
    """

    grip: str
    place: Place
    cached: bool
    protected: bool
    serial: str = ""

    @property
    def here(self) -> bool:
        """Whether the agent can sign with it: on disk, or on a card that it will ask for."""
        return self.place in {Place.DISK, Place.TOKEN}


class Agent:
    """A connection to the agent of one home, on behalf of one key reference."""

    def __init__(self, connection: Assuan, key: str) -> None:
        """``key`` is the text of the KeyRef that errors name."""
        self.connection = connection
        self.key = key

    @classmethod
    @contextmanager
    def of(cls, home: Home, key: str = STORE) -> Iterator[Agent]:
        """Connect for the length of the ``with``. Raises AgentMissing."""
        try:
            connection = home.agent()
        except AgentMissing as error:
            raise AgentMissing(key=key, reason=error.reason) from error
        with connection:
            yield cls(connection, key)

    def keys(self) -> dict[str, AgentKey]:
        """Return every private key by its keygrip; never prompts."""
        reply = self.accepted(self.connection.call("KEYINFO --list"))
        return {each.grip: each for each in _key_infos(reply)}

    def find(self, grip: str) -> AgentKey:
        """Return one private key. Raises KeyNotFound."""
        reply = self.accepted(self.connection.call(f"KEYINFO {grip}"))
        for each in _key_infos(reply):
            if each.grip == grip and each.here:
                return each
        raise KeyNotFound(key=self.key)

    def spki(self, grip: str) -> bytes:
        """Return the public half (DER SubjectPublicKeyInfo) of the key that would sign."""
        reply = self.accepted(self.connection.call(f"READKEY {grip}"))
        try:
            return public_spki(parse(reply.data))
        except (ArtifactMalformed, ValueError) as error:
            raise KeyUnreadable(key=self.key, reason="the agent's public key is damaged") from error

    def answer_inquiries(self) -> None:
        """Make the agent ask us for passphrases, on this connection only.

        Raises KeyStoreFailed where the user's configuration forbids it.
        """
        reply = self.connection.call("OPTION pinentry-mode=loopback")
        if isinstance(reply, Refused):
            reason = f"{reply.text}: loopback pinentry is forbidden in gpg-agent.conf"
            raise KeyStoreFailed(key=self.key, number=reply.number, reason=reason)

    def accepted(self, reply: Reply, token: str = "") -> Accepted:
        """Return an accepted reply, or raise what a refused one means (``failure``)."""
        if isinstance(reply, Refused):
            raise self.failure(reply, token=token)
        return reply

    def failure(self, refused: Refused, scheme: str = "", token: str = "") -> SignstationError:
        """Return the error that a refusal means; ``token`` names the card of the key."""
        of_card = _card_failure(refused.code, self.key, token)
        if of_card is not None:
            return of_card
        match refused.code:
            case code if code in WRONG_PASSPHRASE:
                return PassphraseWrong(key=self.key)
            case code if code in _ABSENT:
                return KeyNotFound(key=self.key)
            case code if code in _CANCELLED:
                return Cancelled()
            case code if code in _UNSUPPORTED:
                return SchemeUnsupported(key=self.key, scheme=scheme)
            case _:
                return KeyStoreFailed(key=self.key, number=refused.number, reason=refused.text)


def _card_failure(code: int, key: str, token: str) -> SignstationError | None:
    """Return what a refusal of the card itself means, None where it was not the card."""
    if not token:
        return None
    if code == Code.PIN_BLOCKED:
        return PinLocked(key=key, token=token)
    if code in _GONE:
        return TokenMissing(key=key, token=token)
    return TouchMissing(key=key, token=token) if code == Code.CARD else None


def _key_infos(reply: Accepted) -> Iterator[AgentKey]:
    """``KEYINFO grip type serial id cached protection fingerprint ttl flags`` (cmd_keyinfo)."""
    for keyword, parameters in reply.status:
        if keyword != "KEYINFO":
            continue
        match parameters.split(" "):
            case [grip, kind, serial, _, cached, protection, *_]:
                place = Place(kind) if kind in {each.value for each in Place} else Place.UNKNOWN
                number = "" if serial == "-" else serial
                yield AgentKey(grip, place, cached == "1", protection != "C", number)
            case _:
                raise ProtocolViolation(reason="a KEYINFO line has too few fields")


def public_spki(expression: Sexp) -> bytes:
    """Turn ``(public-key (rsa …))`` or ``(… (ecc …))`` into a DER SubjectPublicKeyInfo.

    Works for private keys too, which hold the same numbers. Raises ArtifactMalformed, and
    ValueError for numbers that ``cryptography`` refuses.
    """
    match expression:
        case (_, (b"rsa", *_) as numbers, *_):
            modulus, exponent = (number(numbers, name) for name in (b"n", b"e"))
            rsa = RSAPublicNumbers(exponent, modulus).public_key()
            return rsa.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        case (_, (b"ecc" | b"ecdsa" | b"eddsa", *_) as numbers, *_):
            key = _point(value(numbers, b"curve"), value(numbers, b"q"))
            return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        case _:
            raise ArtifactMalformed(
                format="s-expression", expected="an RSA or elliptic curve key", found="another"
            )


def _point(curve: bytes, point: bytes) -> EllipticCurvePublicKey | Ed25519PublicKey:
    if curve in CURVES:
        return EllipticCurvePublicKey.from_encoded_point(CURVES[curve], point)
    if curve != b"Ed25519":
        raise ArtifactMalformed(
            format="s-expression", expected="a curve that is supported", found=repr(curve[:20])
        )
    return Ed25519PublicKey.from_public_bytes(point[-_ED25519_SIZE:])  # behind a 0x40 prefix


def number(numbers: Sexp, name: bytes) -> int:
    """Return the number ``name`` of a key. Raises ArtifactMalformed."""
    found = value(numbers, name)
    if len(found) > MAX_NUMBER:
        raise ArtifactMalformed(
            format="s-expression", expected=f"at most {MAX_NUMBER} bytes", found=str(len(found))
        )
    return int.from_bytes(found, "big")
