"""What a strange agent may say: emulated on its socket, without a real one behind it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from signstation.codec.sexp import Sexp, build
from signstation.errors import (
    AgentMissing,
    Effect,
    KeyNotFound,
    KeyStoreFailed,
    KeyUnreadable,
    PassphraseWrong,
    ProtocolViolation,
    SignstationError,
)
from signstation.keystores.gnupg_agent import Agent
from signstation.keystores.gnupg_asks import schemes
from signstation.keystores.gnupg_hands import Hands
from signstation.keystores.gnupg_home import Home
from signstation.keystores.gnupg_passphrase import Passphrase
from signstation.keystores.gnupg_session import AgentSession
from signstation.keystores.gnupg_unlock import unlock
from signstation.model.keys import KeyFamily, KeyRef, KeyType, Protection, SignerProfile
from signstation.model.prompts import PromptKind
from tests.support.contract_keystores import ScriptedKeyContext, ask_for
from tests.support.gnupg import GnupgHome
from tests.support.gnupg_agent import CUT, FaultyAgent, Rule, context

GRIP = "AB" * 20
ED25519 = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
CLEAR = f"S KEYINFO {GRIP} D - - - C - - -\nOK\n".encode()
LOCKED = f"S KEYINFO {GRIP} D - - - P - - -\nOK\n".encode()
TOKEN = f"S KEYINFO {GRIP} T D2760001240103040006123456780000 OPENPGP.1 - - - - -\nOK\n".encode()
INQUIRY = b"S INQUIRE_MAXLEN 255\nINQUIRE PASSPHRASE\n"


def data(expression: Sexp | bytes) -> bytes:
    """Write a D line and OK."""
    plain = expression if isinstance(expression, bytes) else build(expression)
    for byte in b"%\r\n":
        plain = plain.replace(bytes((byte,)), b"%%%02X" % byte)
    return b"D " + plain + b"\nOK\n"


def ed25519_public() -> Sexp:
    point = ED25519.public_key().public_bytes_raw()
    return (b"public-key", (b"ecc", (b"curve", b"Ed25519"), (b"q", b"\x40" + point)))


def ed25519_signature(line: str) -> bytes:
    """Sign the digest of a SETHASH line."""
    answer = ED25519.sign(bytes.fromhex(line.split()[2]))
    return data((b"sig-val", (b"eddsa", (b"r", answer[:32]), (b"s", answer[32:]))))


class Ed25519Agent:
    """Answers as an agent with one Ed25519 key would; ``info`` is its KEYINFO."""

    def __init__(self, info: bytes) -> None:
        self.info = info
        self.digest = ""
        self.tries = 3

    def __call__(self, line: str, count: Counter[str]) -> bytes | None:
        match line.split(" ", maxsplit=1)[0]:
            case "KEYINFO":
                return self.info
            case "READKEY":
                return data(ed25519_public())
            case "SETHASH":
                self.digest = line
                return None
            case "PKSIGN":
                return self.sign(count)
            case "SCD":
                return self.card(line)
            case _:
                return None

    def card(self, line: str) -> bytes:
        """Answer for a card with this many tries, which wants no touch."""
        if line.startswith("SCD SERIALNO"):
            return b"S SERIALNO " + self.info.split(b" ")[4] + b"\nOK\n"
        if line == "SCD GETATTR CHV-STATUS":
            return b"S CHV-STATUS +1+127+127+127+%d+0+3\nOK\n" % self.tries
        return b"D \0\x90\0\nOK\n"

    def sign(self, count: Counter[str]) -> bytes:
        return ed25519_signature(self.digest)


@pytest.fixture
def home() -> Iterator[GnupgHome]:
    with GnupgHome() as made:
        yield made


def profile(protection: Protection = Protection.UNPROTECTED) -> SignerProfile:
    kind = KeyType(KeyFamily.ED25519)
    spki = ED25519.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    key = KeyRef("gpg", "AA" * 20)
    return SignerProfile(key, "Test", kind, spki, protection, schemes(kind), schemes(kind))


Opener = Callable[..., tuple[list[bytes | SignstationError], ScriptedKeyContext]]


@pytest.fixture
def signing(home: GnupgHome, tmp_path: Path) -> Opener:
    """Sign ``count`` digests through a session with a scripted agent."""

    def run(
        rule: Rule, signer: SignerProfile, count: int, *answers: bytes
    ) -> tuple[list[bytes | SignstationError], ScriptedKeyContext]:
        with FaultyAgent(home.path / "S.script", rule) as agent:
            ctx = context(home, tmp_path, *answers, agent_socket=agent.path)
            hands = Hands(signer, ctx)
            with (
                Passphrase(signer, hands.ask) as passphrase,
                AgentSession(Home.of(ctx), GRIP, signer, passphrase, hands) as session,
            ):
                asks = [ask_for(signer.schemes[0], b"%d" % n) for n in range(count)]
                return list(session.sign(asks)), ctx

    return run


def expected(count: int) -> list[bytes]:
    digests = (hashlib.sha512(b"%d" % number).digest() for number in range(count))
    return [ED25519.sign(each) for each in digests]


def test_the_scripted_agent_is_a_good_one(signing: Opener) -> None:
    assert signing(Ed25519Agent(CLEAR), profile(), 64)[0] == expected(64)


class AsksLate(Ed25519Agent):
    """A key without a passphrase gets one while signatures are in flight."""

    def sign(self, count: Counter[str]) -> bytes:
        if count["PKSIGN"] == 3:
            self.info = LOCKED
            return INQUIRY
        return super().sign(count)


def test_an_inquiry_among_signatures_in_flight_is_survived(signing: Opener) -> None:
    """The agent takes the next commands for the passphrase: that connection is given up."""
    answers, ctx = signing(AsksLate(CLEAR), profile(), 8, b"pw")
    assert answers == expected(8)
    assert ctx.prompts == []


class Refuses(Ed25519Agent):
    """Refuses every second signature."""

    def sign(self, count: Counter[str]) -> bytes:
        if count["PKSIGN"] % 2 == 0:
            return b"ERR 67108922 Card error \x1b[2J <SCD>\n"
        return super().sign(count)


@pytest.mark.parametrize("info", [CLEAR, LOCKED])
def test_a_refusal_takes_the_place_of_one_answer(signing: Opener, info: bytes) -> None:
    answers, _ = signing(Refuses(info), profile(), 4)
    assert answers[::2] == expected(4)[::2]
    for each in answers[1::2]:
        assert isinstance(each, KeyStoreFailed)
        assert each.number == 67108922
        assert each.key == str(profile().key)


class Wrong(Ed25519Agent):
    """Calls every passphrase or PIN wrong."""

    def sign(self, count: Counter[str]) -> bytes:
        return INQUIRY

    def __call__(self, line: str, count: Counter[str]) -> bytes | None:
        match line:
            case "D 123" | "D 456" | "D 789":
                return b"# noted\n"
            case "END":
                self.tries -= 1
                return b"ERR 100663383 Bad PIN <SCD>\n"
            case _:
                return super().__call__(line, count)


def test_a_card_counts_the_tries_and_nobody_is_asked_when_none_is_left(signing: Opener) -> None:
    pins = (b"123", b"456", b"789", b"000")
    answers, ctx = signing(Wrong(TOKEN), profile(Protection.TOKEN), 3, *pins)
    assert [type(each) for each in answers] == [PassphraseWrong] * 3
    assert [each.tries_left for each in ctx.prompts] == [3, 2, 1]
    assert {each.kind for each in ctx.prompts} == {PromptKind.PIN}
    assert {each.name for each in ctx.prompts} == {f"pin {profile().key}"}
    assert ctx.answers == [b"000"]


class CardGoes(Ed25519Agent):
    """Dies at the second signature."""

    def sign(self, count: Counter[str]) -> bytes:
        return CUT if count["PKSIGN"] == 2 else super().sign(count)


def test_a_card_is_not_asked_twice_for_one_signature(signing: Opener) -> None:
    rule = CardGoes(TOKEN)
    answers, _ = signing(rule, profile(Protection.TOKEN), 4)
    assert [answers[0], *answers[2:]] == [expected(4)[0], *expected(4)[2:]]
    assert isinstance(answers[1], AgentMissing)
    assert answers[1].effect is Effect.UNKNOWN


@pytest.mark.parametrize(
    "answer",
    [
        b"OK\n",
        data(b"garbage"),
        data((b"sig-val", (b"rsa", (b"s", b"x")))),
        data((b"sig-val", (b"eddsa", (b"r", b"x")))),
        data((b"sig-val", (b"eddsa", (b"r", b"x" * 33), (b"s", b"x" * 32)))),
        data((b"sig-val", (b"dsa", (b"r", b"x"), (b"s", b"x")))),
        data((b"sig-val",)),
    ],
)
def test_what_is_no_signature_is_a_violation(signing: Opener, answer: bytes) -> None:
    class Odd(Ed25519Agent):
        def sign(self, count: Counter[str]) -> bytes:
            return answer

    for info in (CLEAR, LOCKED):
        answers, _ = signing(Odd(info), profile(), 2)
        assert [type(each) for each in answers] == [ProtocolViolation] * 2


def test_leading_zeros_are_given_back_and_taken_away(signing: Opener) -> None:
    """As libgcrypt writes numbers: none in front, but one before a set sign bit."""
    short, long = b"\x07" * 31, b"\xf0" * 32

    class Short(Ed25519Agent):
        def sign(self, count: Counter[str]) -> bytes:
            return data((b"sig-val", (b"eddsa", (b"r", short), (b"s", b"\0" + long))))

    (answer,), _ = signing(Short(CLEAR), profile(), 1)
    assert answer == b"\0" + short + long


def test_a_short_rsa_signature_is_padded_to_the_modulus(signing: Opener) -> None:
    private = generate_private_key(65537, 2048)
    numbers = private.public_key().public_numbers()
    digest = hashlib.sha256(b"0").digest()
    kind = KeyType(KeyFamily.RSA, 2048)
    spki = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    signer = replace(profile(), type=kind, spki=spki, schemes=schemes(kind), message_schemes=())

    def rule(line: str, _: Counter[str]) -> bytes | None:
        match line.split(" ", maxsplit=1)[0]:
            case "KEYINFO":
                return CLEAR
            case "READKEY":
                n, e = (each.to_bytes(257, "big") for each in (numbers.n, numbers.e))
                return data((b"public-key", (b"rsa", (b"n", n), (b"e", e))))
            case "PKSIGN":
                answer = _signature(private, digest).lstrip(b"\0")[1:]
                return data((b"sig-val", (b"rsa", (b"s", answer))))
            case _:
                return None

    (answer,), _ = signing(rule, signer, 1)
    assert answer == b"\0" + _signature(private, digest)[1:]


def _signature(private: RSAPrivateKey, digest: bytes) -> bytes:
    return private.sign(digest, PKCS1v15(), Prehashed(SHA256()))


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({"KEYINFO": b"ERR 67108891 Not found\n"}, KeyNotFound),
        ({"KEYINFO": b"OK\n"}, KeyNotFound),
        ({"KEYINFO": f"S KEYINFO {GRIP} X - - - - - - -\nOK\n".encode()}, KeyNotFound),
        ({"KEYINFO": f"S KEYINFO {GRIP} D\nOK\n".encode()}, ProtocolViolation),
        ({"KEYINFO": b"HELLO\n"}, ProtocolViolation),
        ({"KEYINFO": CUT}, AgentMissing),
        ({"KEYINFO": CLEAR, "READKEY": b"ERR 67141713 No such file\n"}, KeyNotFound),
        ({"KEYINFO": CLEAR, "READKEY": data(b"garbage")}, KeyUnreadable),
        ({"KEYINFO": CLEAR, "READKEY": data((b"public-key", (b"dsa",)))}, KeyUnreadable),
        (
            {
                "KEYINFO": CLEAR,
                "READKEY": data(
                    (
                        b"public-key",
                        (b"ecc", (b"curve", b"NIST P-256"), (b"q", b"\x04" + b"x" * 64)),
                    )
                ),
            },
            KeyUnreadable,
        ),
    ],
)
def test_a_key_that_cannot_be_opened(
    signing: Opener, answers: dict[str, bytes], error: type[SignstationError]
) -> None:
    def rule(line: str, _: Counter[str]) -> bytes | None:
        return answers.get(line.split(" ", maxsplit=1)[0])

    with pytest.raises(error):
        signing(rule, profile(), 1)


@pytest.mark.parametrize(
    "wrapped", [b"", b"x" * 40, b"x" * 41, bytes.fromhex("1FA68B0A8112B447AEF34BD8FB5A7B82" * 4)]
)
def test_a_wrapped_key_that_does_not_unwrap(
    home: GnupgHome, tmp_path: Path, wrapped: bytes
) -> None:
    def rule(line: str, _: Counter[str]) -> bytes | None:
        match line.split(" ", maxsplit=1)[0]:
            case "KEYWRAP_KEY":
                return data(bytes(16))
            case "EXPORT_KEY":
                return data(wrapped)
            case _:
                return None

    with FaultyAgent(home.path / "S.script", rule) as scripted:
        ctx = context(home, tmp_path, agent_socket=scripted.path)
        with (
            Passphrase(profile(), ctx.ask) as passphrase,
            Agent.of(Home.of(ctx), "gpg:x") as agent,
            pytest.raises(KeyUnreadable),
        ):
            unlock(agent, GRIP, profile(), passphrase)


def test_another_inquiry_than_for_a_passphrase_is_refused(
    signing: Opener,
) -> None:
    class Curious(Ed25519Agent):
        def sign(self, count: Counter[str]) -> bytes:
            return b"INQUIRE NEW_PASSPHRASE\n"

        def __call__(self, line: str, count: Counter[str]) -> bytes | None:
            if line == "CAN":
                return b"ERR 67109141 IPC call has been cancelled\n"
            return super().__call__(line, count)

    answers, ctx = signing(Curious(LOCKED), profile(Protection.SOFTWARE), 1, b"pw")
    assert isinstance(answers[0], ProtocolViolation)
    assert ctx.prompts == []
