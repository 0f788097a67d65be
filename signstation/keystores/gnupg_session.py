"""Signing through gpg-agent: one connection, many signatures in flight, one reconnect."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from itertools import repeat
from types import TracebackType

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from signstation.codec.sexp import Sexp, parse, value
from signstation.errors import (
    AgentMissing,
    ArtifactMalformed,
    Effect,
    KeyChanged,
    KeyNotFound,
    KeyStoreFailed,
    ProtocolViolation,
    SchemeUnsupported,
    SignstationError,
    TouchMissing,
)
from signstation.keystores.gnupg_agent import Agent, AgentKey, Place
from signstation.keystores.gnupg_asks import HASH_NUMBERS, octets
from signstation.keystores.gnupg_hands import Hands
from signstation.keystores.gnupg_home import Home
from signstation.keystores.gnupg_passphrase import Passphrase
from signstation.model.asks import ToSign
from signstation.model.hashes import sha256
from signstation.model.keys import SignerProfile
from signstation.system.assuan import Inquire, Refused, Reply

_EDDSA_HALF = 32

_Waiting = tuple[ToSign, bytes] | SignstationError
"""An ask with the octets to sign, or why it cannot be signed."""


class AgentSession(AbstractContextManager["AgentSession"]):
    """An ``OpenKey`` whose private key stays in the agent.

    A lost connection is made anew once and what had no answer yet is asked again: with software
    keys that gives the same bytes (gpg-agent's ECDSA is deterministic). A card is not asked twice
    for one signature.
    """

    def __init__(
        self, home: Home, grip: str, profile: SignerProfile, passphrase: Passphrase, hands: Hands
    ) -> None:
        """Nothing is done before the ``with``."""
        self._hands = hands
        self._home = home
        self._grip = grip
        self._profile = profile
        self._passphrase = passphrase
        self._connection = ExitStack()
        self._state: tuple[Agent, AgentKey] | None = None

    def __enter__(self) -> AgentSession:
        """Connect. Raises AgentMissing, KeyNotFound, KeyChanged."""
        self.connected()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect."""
        self._disconnect()

    def connected(self) -> tuple[Agent, AgentKey]:
        """Return the connection, made anew where it was lost, and the key as the agent has it."""
        if self._state is None:
            with ExitStack() as stack:
                agent = stack.enter_context(Agent.of(self._home, str(self._profile.key)))
                key = agent.find(self._grip)
                found = agent.spki(self._grip)
                if found != self._profile.spki:
                    raise KeyChanged(
                        key=agent.key,
                        expected=self._profile.spki_sha256.hex(),
                        found=sha256(found).hex,
                    )
                if key.protected:
                    agent.answer_inquiries()
                if key.place is Place.TOKEN:
                    self._passphrase.card = self._hands.card(agent, key.serial)
                self._connection = stack.pop_all()
            self._state = (agent, key)
        return self._state

    def _disconnect(self) -> None:
        self._state = None
        self._connection.close()

    def verify_passphrase(self) -> None:
        """Ask for the passphrase until it is the right one; signs nothing.

        Raises Cancelled, SecretMissing, PassphraseWrong. Blocks for the derivation (some 0.3 s).
        """
        agent, _ = self.connected()
        command = f"PASSWD --verify {self._grip}"
        self._passphrase.use(agent, lambda inquire: agent.connection.call(command, inquire))

    def sign(self, asks: Sequence[ToSign]) -> Iterator[bytes | SignstationError]:
        """Sign in order. Prompts only where the agent forgot the passphrase meanwhile."""
        waiting = deque(self._prepared(ask) for ask in asks)
        lost = False
        while waiting:
            try:
                for answer in self._answers(waiting):
                    lost = False
                    yield answer
            except (AgentMissing, ProtocolViolation) as error:
                if isinstance(error, AgentMissing):
                    error.key = str(self._profile.key)
                token = self._state is not None and self._state[1].place is Place.TOKEN
                self._disconnect()
                if lost:
                    yield from repeat(error, len(waiting))
                    return
                lost = True
                if token:
                    waiting.popleft()
                    yield error.with_effect(Effect.UNKNOWN)
            except SignstationError as error:  # nobody gave the passphrase, or the key is gone
                yield from repeat(error, len(waiting))
                return

    def _prepared(self, ask: ToSign) -> _Waiting:
        try:
            return ask, octets(ask, self._profile)
        except SchemeUnsupported as error:
            return error

    def _answers(self, waiting: deque[_Waiting]) -> Iterator[bytes | SignstationError]:
        """Take items from ``waiting`` as they are answered."""
        agent, key = self.connected()
        if key.protected:
            # the agent may ask for the passphrase, and would take the next command for it
            while waiting:
                answer = self._one(agent, waiting[0])
                waiting.popleft()
                yield answer
            return
        try:
            for answer in self._pipeline(agent, tuple(waiting)):
                waiting.popleft()
                yield answer
        finally:
            if waiting:  # their answers are still on the way
                self._disconnect()

    def _one(self, agent: Agent, item: _Waiting) -> bytes | SignstationError:
        if isinstance(item, SignstationError):
            return item
        ask, found = item

        def attempt(inquire: Inquire) -> Reply:
            agent.connection.send((f"SIGKEY {self._grip}", *_commands(found)))
            replies = [agent.connection.reply(inquire) for _ in range(3)]
            return next((each for each in replies if isinstance(each, Refused)), replies[-1])

        card = self._passphrase.card
        try:
            with self._hands.touched(card):
                signature = self._signature(ask, self._passphrase.use(agent, attempt).data)
        except SchemeUnsupported as error:
            return replace(error, scheme=ask.scheme.value)
        except (KeyNotFound, KeyStoreFailed, TouchMissing) as error:
            return error
        if card is not None and card.pin_each:
            self._passphrase.forget()  # who set the card so wants to be asked each time
        return signature

    def _pipeline(
        self, agent: Agent, items: Sequence[_Waiting]
    ) -> Iterator[bytes | SignstationError]:
        """Send all commands in one write (64 asks: 14 kB), then read the answers."""
        commands = [f"SIGKEY {self._grip}"]
        for item in items:
            if not isinstance(item, SignstationError):
                commands += _commands(item[1])
        agent.connection.send(commands)
        agent.accepted(agent.connection.reply())
        for item in items:
            if isinstance(item, SignstationError):
                yield item
                continue
            replies = [agent.connection.reply() for _ in range(2)]
            refused = next((each for each in replies if isinstance(each, Refused)), None)
            if refused is not None:
                yield agent.failure(refused, item[0].scheme.value)
            else:
                yield self._signature(item[0], agent.accepted(replies[-1]).data)

    def _signature(self, ask: ToSign, data: bytes | bytearray) -> bytes:
        """Turn ``(sig-val (rsa (s …)))`` and its like into an answer. Raises ProtocolViolation."""
        try:
            return _answer(parse(data), (self._profile.type.bits + 7) // 8)
        except ArtifactMalformed as error:
            raise ProtocolViolation(
                reason=f"the agent's {ask.scheme.value} signature: {error.expected} expected"
            ) from error


def _commands(found: bytes) -> tuple[str, str]:
    return f"SETHASH {HASH_NUMBERS[len(found)]} {found.hex().upper()}", "PKSIGN"


def _answer(expression: Sexp, modulus_size: int) -> bytes:
    match expression:
        case (b"sig-val", (b"rsa", *_) as numbers):
            return _fixed(value(numbers, b"s"), modulus_size)
        case (b"sig-val", (b"ecdsa", *_) as numbers):
            r, s = (int.from_bytes(value(numbers, name), "big") for name in (b"r", b"s"))
            return encode_dss_signature(r, s)
        case (b"sig-val", (b"eddsa", *_) as numbers):
            halves = (_fixed(value(numbers, name), _EDDSA_HALF) for name in (b"r", b"s"))
            return b"".join(halves)
        case _:
            raise ArtifactMalformed(format="s-expression", expected="a signature", found="another")


def _fixed(number: bytes, size: int) -> bytes:
    """Give back the leading zeros that libgcrypt dropped, or drop the one that it added."""
    stripped = number.lstrip(b"\0")
    if len(stripped) > size:
        raise ArtifactMalformed(
            format="s-expression", expected=f"at most {size} bytes", found=str(len(stripped))
        )
    return stripped.rjust(size, b"\0")
