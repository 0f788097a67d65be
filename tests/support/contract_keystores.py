"""What every key store must do: subclass KeyStoreContract and give a ``case`` fixture.

The answers are checked with ``cryptography`` and a public key that the case knows from elsewhere
(as it was generated, or as another tool exports it), never with the store's own word.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from signstation.errors import (
    Cancelled,
    KeyChanged,
    KeyNotFound,
    PassphraseWrong,
    SchemeUnsupported,
    SecretMissing,
    SignstationError,
)
from signstation.interfaces.keystore import KeyStore
from signstation.interfaces.tools import Programs
from signstation.model.asks import Literal, Part, ToSign
from signstation.model.keys import KeyRef, Mechanism, Scheme, SignerProfile
from signstation.model.prompts import Prompt
from signstation.model.secret import Secret
from signstation.model.tokens import TokenPlaces

Result = TypeVar("Result")

CANCEL = b"\x00cancel"
"""As an answer: the person cancels the prompt."""


@dataclass(slots=True)
class Shown:
    """A notice of a ScriptedKeyContext: nobody refuses it unless the script says so."""

    answer: SignstationError | None = None

    def refused(self) -> SignstationError | None:
        """Return what the script says."""
        return self.answer


@dataclass
class ScriptedKeyContext:
    """A KeyContext whose prompts are answered from a list; with none left, nobody answers."""

    time: int
    state: Path
    gnupg_home: Path | None
    programs: Programs
    answers: list[bytes] = field(default_factory=list, repr=False)
    batch_unlock: bool = True
    prompts: list[Prompt] = field(default_factory=list)
    ssh_agent: Path | None = None
    tokens: TokenPlaces = field(default_factory=TokenPlaces)

    shown: Callable[[Prompt], Shown] = field(default=lambda _: Shown())

    def ask(self, prompt: Prompt) -> Secret:
        """Record the prompt and give the next answer."""
        self.prompts.append(prompt)
        if not self.answers:
            raise SecretMissing(prompt=prompt.name)
        answer = self.answers.pop(0)
        if answer == CANCEL:
            raise Cancelled
        return Secret(answer)

    @contextmanager
    def notice(self, prompt: Prompt) -> Iterator[Shown]:
        """Record it, and let the test act while it is shown."""
        self.prompts.append(prompt)
        yield self.shown(prompt)


@dataclass
class KeyCase:
    """One key in one store. ``passphrase`` is None where the key has none."""

    store: KeyStore
    ctx: ScriptedKeyContext
    typed: str  # a locator as a user may type it
    public: PublicKeyTypes
    passphrase: bytes | None = None
    missing: str = "/nowhere/at/all.pem"  # a locator that names nothing in this store
    messages: bool = False  # whether the store must be given messages, as an agent

    def ask(self, scheme: Scheme, content: bytes) -> ToSign:
        """Build an ask in the form that this store takes."""
        return message_for(scheme, content) if self.messages else ask_for(scheme, content)

    def ref(self) -> KeyRef:
        """Resolve what the user typed."""
        return self.store.resolve(self.typed, self.ctx)

    def profile(self) -> SignerProfile:
        """Make the profile, answering a prompt if the store needs one."""
        return self.answered(lambda: self.store.profile(self.ref(), (), self.ctx))

    def answered(self, call: Callable[[], Result]) -> Result:
        """Run ``call`` with the right passphrase at hand, and take back what was not used."""
        self.ctx.answers[:] = [] if self.passphrase is None else [self.passphrase] * 3
        try:
            return call()
        finally:
            self.ctx.answers.clear()

    def sign(
        self, asks: Sequence[ToSign], profile: SignerProfile | None = None
    ) -> list[bytes | SignstationError]:
        """Open, sign and close."""
        chosen = profile or self.profile()

        def run() -> list[bytes | SignstationError]:
            with self.store.open(chosen, len(asks), self.ctx) as key:
                return list(key.sign(asks))

        return self.answered(run)


_HASHES: dict[str, HashAlgorithm] = {"sha256": SHA256(), "sha384": SHA384(), "sha512": SHA512()}


def ask_for(scheme: Scheme, content: bytes) -> ToSign:
    """Build an ask: the digest of ``content``; EdDSA gets a digest as its message, as OpenPGP's."""
    covers = (Literal(content),)
    if scheme.hash is None:
        message = hashlib.sha512(content).digest()
        return ToSign(0, scheme, Part.FILE, covers, message=message)
    digest = hashlib.new(scheme.hash.value, content).digest()
    return ToSign(0, scheme, Part.FILE, covers, digest=digest)


def message_for(scheme: Scheme, content: bytes) -> ToSign:
    """Build an ask that carries its content as the message."""
    return ToSign(0, scheme, Part.FILE, (Literal(content),), message=content)


def _form(ask: ToSign, named: HashAlgorithm) -> HashAlgorithm | Prehashed:
    return named if ask.digest is None else Prehashed(named)


def check_answer(public: PublicKeyTypes, ask: ToSign, answer: bytes | SignstationError) -> None:
    """Check an answer's form and number; raise what ``cryptography`` or the store raises."""
    if isinstance(answer, SignstationError):
        raise answer
    match public:
        case rsa.RSAPublicKey():
            assert ask.scheme.hash is not None
            named = _HASHES[ask.scheme.hash.value]
            assert len(answer) == public.key_size // 8
            scheme: padding.AsymmetricPadding = padding.PKCS1v15()
            if ask.scheme.mechanism is Mechanism.RSA_PSS:
                scheme = padding.PSS(padding.MGF1(named), named.digest_size)
            public.verify(answer, ask.input, scheme, _form(ask, named))
        case ec.EllipticCurvePublicKey():
            assert ask.scheme.hash is not None
            named = _HASHES[ask.scheme.hash.value]
            public.verify(answer, ask.input, ec.ECDSA(_form(ask, named)))
        case ed25519.Ed25519PublicKey():
            assert len(answer) == 64
            public.verify(answer, ask.input)
        case ed448.Ed448PublicKey():
            assert len(answer) == 114
            public.verify(answer, ask.input)
        case _:
            pytest.fail(f"no check for {public!r}")


class KeyStoreContract:
    """The suite; every test takes the fixture ``case``."""

    def test_resolving_gives_a_reference_that_resolves_to_itself(self, case: KeyCase) -> None:
        ref = case.ref()
        assert ref.store == case.store.id
        assert case.store.resolve(ref.locator, case.ctx) == ref
        assert KeyRef.parse(str(ref)) == ref

    def test_a_key_that_is_not_there_is_not_found(self, case: KeyCase) -> None:
        with pytest.raises(KeyNotFound):
            case.store.resolve(case.missing, case.ctx)

    def test_listing_never_prompts(self, case: KeyCase) -> None:
        infos = case.store.list_keys(case.ctx)
        assert case.ctx.prompts == []
        assert all(info.key.store == case.store.id for info in infos)

    def test_the_profile_names_the_public_key(self, case: KeyCase) -> None:
        profile = case.profile()
        expected = case.public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        assert profile.spki == expected
        assert profile.schemes
        assert set(profile.message_schemes) <= set(profile.schemes)
        assert case.profile() == profile

    def test_every_scheme_of_the_profile_signs(self, case: KeyCase) -> None:
        profile = case.profile()
        asks = [case.ask(scheme, b"content") for scheme in profile.schemes]
        answers = case.sign(asks, profile)
        assert len(answers) == len(asks)
        for ask, answer in zip(asks, answers, strict=True):
            check_answer(case.public, ask, answer)

    def test_sixty_four_asks_are_answered_in_their_order(self, case: KeyCase) -> None:
        scheme = case.profile().schemes[0]
        asks = [case.ask(scheme, b"%d" % number) for number in range(64)]
        answers = case.sign(asks)
        assert len(answers) == 64
        for ask, answer in zip(asks, answers, strict=True):
            check_answer(case.public, ask, answer)

    def test_repeatable_schemes_repeat(self, case: KeyCase) -> None:
        schemes = [each for each in case.profile().schemes if each.repeatable]
        asks = [case.ask(scheme, b"content") for scheme in schemes]
        assert case.sign(asks) == case.sign(asks)

    def test_a_foreign_scheme_fails_alone(self, case: KeyCase) -> None:
        profile = case.profile()
        foreign = next(each for each in Scheme if each not in profile.schemes and each.hash)
        good = case.ask(profile.schemes[0], b"content")
        answers = case.sign([good, case.ask(foreign, b"content"), good], profile)
        check_answer(case.public, good, answers[0])
        assert isinstance(answers[1], SchemeUnsupported)
        check_answer(case.public, good, answers[2])

    def test_another_public_key_than_planned_is_refused(self, case: KeyCase) -> None:
        other = ed25519.Ed25519PrivateKey.generate().public_key()
        spki = other.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        profile = replace(case.profile(), spki=spki)
        with pytest.raises(KeyChanged):
            case.sign([case.ask(profile.schemes[0], b"content")], profile)


class LockedKeyContract(KeyStoreContract):
    """For a key under a passphrase: ``case.passphrase`` is set."""

    def _open(self, case: KeyCase, profile: SignerProfile) -> list[bytes | SignstationError]:
        ask = case.ask(profile.schemes[0], b"content")
        with case.store.open(profile, 1, case.ctx) as key:
            answers = list(key.sign([ask]))
        check_answer(case.public, ask, answers[0])
        return answers

    def test_a_wrong_passphrase_is_asked_again_and_the_tries_are_shown(self, case: KeyCase) -> None:
        assert case.passphrase is not None
        profile = case.profile()
        case.ctx.prompts.clear()
        case.ctx.answers[:] = [b"wrong", b"wrong too", case.passphrase]
        self._open(case, profile)
        assert [prompt.previous_wrong for prompt in case.ctx.prompts] == [False, True, True]
        assert [prompt.tries_left for prompt in case.ctx.prompts] == [3, 2, 1]
        assert len({prompt.id for prompt in case.ctx.prompts}) == 3
        assert len({prompt.name for prompt in case.ctx.prompts}) == 1

    def test_three_wrong_passphrases_are_an_error_without_the_secret(self, case: KeyCase) -> None:
        profile = case.profile()
        case.ctx.answers[:] = [b"guess-one", b"guess-two", b"guess-three"]
        with pytest.raises(PassphraseWrong) as raised:
            self._open(case, profile)
        assert raised.value.tries_left == 0
        assert "guess" not in str(raised.value)

    def test_cancelling_the_prompt_cancels(self, case: KeyCase) -> None:
        profile = case.profile()
        case.ctx.answers[:] = [CANCEL]
        with pytest.raises(Cancelled):
            self._open(case, profile)

    def test_nobody_to_ask_names_the_prompt(self, case: KeyCase) -> None:
        profile = case.profile()
        with pytest.raises(SecretMissing) as raised:
            self._open(case, profile)
        assert raised.value.prompt == case.ctx.prompts[-1].name
