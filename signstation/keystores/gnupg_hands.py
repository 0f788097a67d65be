"""What a person does with his hands for a card: insert it, and touch it while it waits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from uuid import uuid4

from signstation.errors import Cancelled, PinLocked, TokenMissing
from signstation.interfaces.context import KeyContext, Notice
from signstation.keystores.gnupg_agent import Agent
from signstation.keystores.gnupg_card import Card, device_name, inserted
from signstation.model.keys import SignerProfile
from signstation.model.prompts import Prompt, PromptKind
from signstation.model.secret import Secret
from signstation.model.text import Text, text

LOOK_SECONDS = 0.3
"""How often the reader is looked into while a card is waited for: pcscd itself polls at 0.4 s."""


class Hands:
    """Speaks to the person about the card of one key; nothing of it for keys on a disk."""

    def __init__(self, profile: SignerProfile, ctx: KeyContext) -> None:
        """``ctx`` is where the words go."""
        self._profile = profile
        self._ctx = ctx
        self._words = text("Touch {device}", device="")
        self._touching: ExitStack | None = None
        self._notice: Notice | None = None

    def card(self, agent: Agent, serial: str) -> Card:
        """Return the card with this AID, once it is inserted; asks for it meanwhile.

        Raises Cancelled, TokenMissing where nobody can be told, PinLocked.
        """
        card = inserted(agent)
        if card is None or card.serial != serial:
            card = self._wait(agent, serial)
        if not card.tries[0]:
            raise PinLocked(key=agent.key, token=device_name(serial))
        return card

    def _wait(self, agent: Agent, serial: str) -> Card:
        body = text("It holds the key {key}.", key=str(self._profile.key))
        prompt = self._prompt(
            PromptKind.INSERT, text("Insert {device}", device=device_name(serial)), body
        )
        with self._ctx.notice(prompt) as notice:
            while True:
                card = inserted(agent)
                if card is not None and card.serial == serial:
                    return card
                refused = notice.refused()
                if isinstance(refused, Cancelled):
                    raise refused
                if refused is not None:
                    raise TokenMissing(key=agent.key, token=device_name(serial)) from refused
                time.sleep(LOOK_SECONDS)

    @contextmanager
    def touched(self, card: Card | None) -> Iterator[None]:
        """Say "touch it" while the ``with`` lasts, but for the time that a PIN is asked for.

        Raises Cancelled at the end when the person refused: what the card signed is thrown away.
        """
        if card is None or not card.touch:
            yield
            return
        self._show(card)
        try:
            yield
            if self._notice is not None and isinstance(self._notice.refused(), Cancelled):
                raise Cancelled
        finally:
            self._hide()

    def ask(self, prompt: Prompt) -> Secret:
        """Ask for a secret; a sheet that says "touch it" is away meanwhile."""
        touching = self._touching is not None
        self._hide()
        secret = self._ctx.ask(prompt)
        if touching:
            self._show_again()
        return secret

    def _show(self, card: Card) -> None:
        self._words = text("Touch {device}", device=device_name(card.serial))
        self._show_again()

    def _show_again(self) -> None:
        body = text("It blinks and waits to sign with the key {key}.", key=str(self._profile.key))
        self._touching = ExitStack()
        prompt = self._prompt(PromptKind.TOUCH, self._words, body)
        self._notice = self._touching.enter_context(self._ctx.notice(prompt))

    def _hide(self) -> None:
        if self._touching is not None:
            self._touching.close()
        self._touching = self._notice = None

    def _prompt(self, kind: PromptKind, title: Text, body: Text) -> Prompt:
        return Prompt(
            id=uuid4().hex,
            kind=kind,
            name=f"{kind.value} {self._profile.key}",
            title=title,
            body=body,
            key=str(self._profile.key),
        )
