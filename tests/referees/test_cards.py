"""Signing with OpenPGP cards: a test YubiKey behind the real pcscd, scdaemon and gpg-agent."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from signstation.codec.openpgp_keys import public_keys
from signstation.errors import Cancelled, PinLocked, TokenMissing, TouchMissing
from signstation.keystores.gnupg import KEYSTORE
from signstation.model.asks import ToSign
from signstation.model.keys import KeyRef, Protection, Scheme, SignerProfile, TokenUse
from signstation.model.prompts import Prompt, PromptKind
from signstation.model.tokens import PinState
from tests.support.cards import DEVICE, PIN, CardHome, OnCard
from tests.support.contract_keystores import (
    CANCEL,
    KeyCase,
    KeyStoreContract,
    ScriptedKeyContext,
    Shown,
    ask_for,
    check_answer,
)
from tests.support.gnupg_agent import context
from tests.support.virtualkey.stack import Stack


@pytest.fixture
def stack() -> Iterator[Stack]:
    with Stack() as made:
        yield made


@pytest.fixture
def card(stack: Stack) -> Iterator[OnCard]:
    made = OnCard.made(stack)
    yield made
    made.home.close()


def profile_of(card: OnCard, ctx: ScriptedKeyContext) -> SignerProfile:
    return KEYSTORE.profile(KeyRef("gpg", card.key.primary), (), ctx)


def sign(card: OnCard, ctx: ScriptedKeyContext, count: int = 1) -> list[object]:
    profile = profile_of(card, ctx)
    asks = [ask_for(Scheme.ED25519, b"%d" % number) for number in range(count)]
    with KEYSTORE.open(profile, count, ctx) as key:
        return list(key.sign(asks))


def kinds(ctx: ScriptedKeyContext) -> list[PromptKind]:
    return [each.kind for each in ctx.prompts]


@pytest.fixture(scope="module", params=["ed25519", "rsa2048"])
def made(request: pytest.FixtureRequest) -> Iterator[OnCard]:
    with Stack(firmware="5.4.3" if request.param == "rsa2048" else "5.7.1") as stack:
        found = OnCard.made(stack, request.param)
        yield found
        found.home.close()


class TestOnCards(KeyStoreContract):
    """The contract of every key store."""

    @pytest.fixture
    def case(self, made: OnCard, tmp_path: Path) -> KeyCase:
        made.home.restart()  # no PIN is known
        certificate = made.home.export(made.key.primary)
        packet = next(each for each in public_keys(certificate))
        assert packet.key is not None
        return KeyCase(
            store=KEYSTORE,
            ctx=context(made.home, tmp_path),
            typed=made.key.primary,
            public=packet.key,
            passphrase=PIN.encode(),
            missing="0" * 40,
        )


def test_a_card_key_is_listed_with_its_device_and_never_prompts(
    card: OnCard, tmp_path: Path
) -> None:
    ctx = context(card.home, tmp_path)
    (info,) = KEYSTORE.list_keys(ctx)
    assert info.protection is Protection.TOKEN
    assert info.location == DEVICE
    assert ctx.prompts == []


def test_a_device_is_listed_with_its_tries_and_what_it_wants(card: OnCard, tmp_path: Path) -> None:
    ctx = context(card.home, tmp_path)
    (found,) = KEYSTORE.list_tokens(ctx)
    assert (found.device, found.tries, found.pin) == (DEVICE, 3, PinState.GOOD)
    assert (found.pin_each, found.touch) == (False, False)
    card.wants_touch()
    sign(card, context(card.home, tmp_path, b"000000"))
    (found,) = KEYSTORE.list_tokens(ctx)
    assert (found.tries, found.pin, found.touch) == (2, PinState.LOW, True)
    sign(card, context(card.home, tmp_path, b"000000"))
    assert KEYSTORE.list_tokens(ctx)[0].pin is PinState.LAST
    sign(card, context(card.home, tmp_path, b"000000"))
    assert KEYSTORE.list_tokens(ctx)[0].pin is PinState.BLOCKED
    card.stack.key.eject()
    until(card, present=False)
    assert KEYSTORE.list_tokens(ctx) == ()
    assert ctx.prompts == []


def test_a_home_without_card_keys_leaves_the_reader_alone(card: OnCard, tmp_path: Path) -> None:
    with CardHome(card.stack) as other:
        other.generate()
        before = len(card.stack.key.state()["commands"])
        assert KEYSTORE.list_tokens(context(other, tmp_path)) == ()
        assert len(card.stack.key.state()["commands"]) == before


def test_one_pin_signs_a_batch_and_the_sheet_names_the_card(card: OnCard, tmp_path: Path) -> None:
    ctx = context(card.home, tmp_path, PIN.encode())
    answers = sign(card, ctx, 3)
    assert all(isinstance(each, bytes) for each in answers)
    (prompt,) = ctx.prompts
    assert prompt.kind is PromptKind.PIN
    assert prompt.name == f"pin gpg:{card.key.primary}"
    assert dict(prompt.title.values)["device"] == DEVICE
    assert prompt.tries_left == 3
    assert card.stack.key.state()["counter"] == 3


def test_what_we_sign_with_a_card_gpg_accepts_and_not_one_byte_else(
    card: OnCard, tmp_path: Path
) -> None:
    ctx = context(card.home, tmp_path, PIN.encode())
    profile = profile_of(card, ctx)
    ask: ToSign = ask_for(Scheme.ED25519, b"content")
    with KEYSTORE.open(profile, 1, ctx) as key:
        (answer,) = key.sign([ask])
    packet = next(iter(public_keys(card.home.export(card.key.primary))))
    assert packet.key is not None
    check_answer(packet.key, ask, answer)
    with pytest.raises(Exception, match=r"^$"):
        check_answer(packet.key, ask_for(Scheme.ED25519, b"Content"), answer)


def test_a_wrong_pin_is_counted_by_the_card_and_the_last_try_is_said(
    card: OnCard, tmp_path: Path
) -> None:
    ctx = context(card.home, tmp_path, b"000000", b"111111", PIN.encode())
    (answer,) = sign(card, ctx)
    assert isinstance(answer, bytes)
    assert [each.tries_left for each in ctx.prompts] == [3, 2, 1]
    assert [each.previous_wrong for each in ctx.prompts] == [False, True, True]
    assert "last try" in ctx.prompts[-1].body.template
    assert "last try" not in ctx.prompts[1].body.template
    assert card.stack.key.state()["tries"][0] == 3


def test_three_wrong_pins_block_the_card_and_nobody_is_asked_again(
    card: OnCard, tmp_path: Path
) -> None:
    (answer,) = sign(card, context(card.home, tmp_path, b"000000", b"111111", b"222222"))
    assert isinstance(answer, PinLocked)
    assert "222222" not in str(answer)
    assert card.stack.key.state()["tries"][0] == 0
    again = context(card.home, tmp_path, PIN.encode())
    with pytest.raises(PinLocked) as blocked:
        sign(card, again)
    assert blocked.value.token == DEVICE
    assert again.prompts == []


def test_a_cancelled_pin_costs_no_try(card: OnCard, tmp_path: Path) -> None:
    answers = sign(card, context(card.home, tmp_path, CANCEL))
    assert [type(each) for each in answers] == [Cancelled]
    assert card.stack.key.state()["tries"][0] == 3


def test_a_card_that_wants_a_pin_each_time_gets_one_each_time(card: OnCard, tmp_path: Path) -> None:
    card.wants_pin_each_time()
    ctx = context(card.home, tmp_path, *[PIN.encode()] * 3)
    assert profile_of(card, ctx).token == TokenUse(DEVICE, pin_each=True)
    answers = sign(card, ctx, 3)
    assert all(isinstance(each, bytes) for each in answers)
    assert kinds(ctx) == [PromptKind.PIN] * 3


def test_a_touch_is_asked_for_while_the_card_waits(card: OnCard, tmp_path: Path) -> None:
    card.wants_touch()
    card.stack.key.finger("away")
    ctx = context(card.home, tmp_path, PIN.encode())
    shown: list[Prompt] = []

    def touch(prompt: Prompt) -> Shown:
        shown.append(prompt)
        if prompt.kind is PromptKind.TOUCH and len(shown) > 1:  # the PIN was given before
            threading.Thread(target=touched).start()
        return Shown()

    def touched() -> None:
        assert card.stack.key.blinked()
        card.stack.key.finger("touches")

    ctx.shown = touch
    (answer,) = sign(card, ctx)
    assert isinstance(answer, bytes)
    assert kinds(ctx) == [PromptKind.TOUCH, PromptKind.PIN, PromptKind.TOUCH]
    assert dict(shown[-1].title.values)["device"] == DEVICE


def test_a_touch_that_does_not_come_is_said_and_signs_nothing(card: OnCard, tmp_path: Path) -> None:
    card.wants_touch()
    card.stack.key.finger("refuses")
    (answer,) = sign(card, context(card.home, tmp_path, PIN.encode()))
    assert isinstance(answer, TouchMissing)
    assert answer.token == DEVICE
    assert card.stack.key.state()["counter"] == 0


def test_a_person_who_refuses_the_touch_gets_no_signature(card: OnCard, tmp_path: Path) -> None:
    card.wants_touch()
    ctx = context(card.home, tmp_path, PIN.encode())
    ctx.shown = lambda _: Shown(Cancelled())
    answers = sign(card, ctx)
    assert [type(each) for each in answers] == [Cancelled]


def test_a_card_that_is_not_there_is_asked_for_by_its_number(card: OnCard, tmp_path: Path) -> None:
    card.stack.key.eject()
    until(card, present=False)
    ctx = context(card.home, tmp_path, PIN.encode())

    def insert(prompt: Prompt) -> Shown:
        if prompt.kind is PromptKind.INSERT:
            card.stack.key.insert()
        return Shown()

    ctx.shown = insert
    (answer,) = sign(card, ctx)
    assert isinstance(answer, bytes)
    assert kinds(ctx) == [PromptKind.INSERT, PromptKind.PIN]
    assert dict(ctx.prompts[0].title.values)["device"] == DEVICE


def test_nobody_to_insert_it_is_an_error_that_names_the_card(card: OnCard, tmp_path: Path) -> None:
    card.stack.key.eject()
    until(card, present=False)
    ctx = context(card.home, tmp_path)
    ctx.shown = lambda prompt: Shown(TokenMissing(key=prompt.key))
    with pytest.raises(TokenMissing) as raised:
        sign(card, ctx)
    assert raised.value.token == DEVICE
    refused = context(card.home, tmp_path)
    refused.shown = lambda _: Shown(Cancelled())
    with pytest.raises(Cancelled):
        sign(card, refused)


def test_a_card_that_breaks_while_it_signs_fails_that_signature_alone(
    card: OnCard, tmp_path: Path
) -> None:
    ctx = context(card.home, tmp_path, PIN.encode())
    card.stack.key.fault(0x2A, 0x6F00)
    broken, good = sign(card, ctx, 2)
    assert isinstance(broken, Exception)
    assert isinstance(good, bytes)


def until(card: OnCard, *, present: bool) -> None:
    """Wait until pcscd has noticed, as a person would before he goes on."""
    while True:
        found = subprocess.run(
            ["opensc-tool", "--list-readers"], check=False, capture_output=True, text=True,
            env=card.home.environment, timeout=60,
        ).stdout  # fmt: skip
        rows = [line.split()[:2] for line in found.splitlines()]
        if (["0", "Yes"] in rows) is present:
            return
