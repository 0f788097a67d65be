"""The passphrase of one key for one batch: asked for once, given to each inquiry of the agent."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from uuid import uuid4

from signstation.errors import PassphraseWrong, PinLocked, ProtocolViolation
from signstation.keystores.gnupg_agent import WRONG_PASSPHRASE, Agent
from signstation.keystores.gnupg_card import Card, device_name, inserted
from signstation.model.keys import SignerProfile
from signstation.model.prompts import Prompt, PromptKind
from signstation.model.secret import Secret
from signstation.model.text import Text, text
from signstation.system.assuan import Accepted, Inquire, Refused, Reply

TRIES = 3
"""How often a passphrase is asked for, as gpg-agent does itself (agent/call-pinentry.c)."""

_INQUIRY = "PASSPHRASE"
"""What the agent inquires in loopback mode, for passphrases and PINs alike (pinentry_loopback)."""


class Passphrase(AbstractContextManager["Passphrase"]):
    """Lives as long as the open key; the secret is wiped at the end and when it proves wrong."""

    def __init__(self, profile: SignerProfile, ask: Callable[[Prompt], Secret]) -> None:
        """``ask`` is ``KeyContext.ask`` or wraps it."""
        self._profile = profile
        self._ask = ask
        self._secret: Secret | None = None
        self._wrong = False
        self._tries = TRIES
        self.card: Card | None = None
        """The card that holds the key: it counts the tries."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wipe the secret."""
        self.forget()

    def use(self, agent: Agent, attempt: Callable[[Inquire], Reply]) -> Accepted:
        """Make the attempt, again with another passphrase while the agent calls it wrong.

        Raises Cancelled, SecretMissing, PassphraseWrong with no tries left, and what the agent's
        other refusals mean.
        """
        while True:
            if self.card is not None and not self.card.tries[0]:
                raise PinLocked(key=agent.key, token=device_name(self.card.serial))
            reply = attempt(self._give)
            if not isinstance(reply, Refused) or reply.code not in WRONG_PASSPHRASE:
                return agent.accepted(reply, device_name(self.card.serial) if self.card else "")
            self.forget()
            self._wrong = True
            self._count(agent)

    def _count(self, agent: Agent) -> None:
        """Take one try away, or read how many the card has left; with none it asks nobody."""
        self._tries -= 1
        if self.card is not None:
            self.card = inserted(agent) or self.card
            self._tries = self.card.tries[0]
        if self._tries <= 0:
            raise PassphraseWrong(key=agent.key, tries_left=0)

    def _give(self, asked: str) -> Secret:
        if asked.partition(" ")[0] != _INQUIRY:
            raise ProtocolViolation(reason=f"the agent asked for {asked[:40]!r}")
        if self._secret is None:
            self._secret = self._ask(self._prompt())
        return self._secret

    def forget(self) -> None:
        """Wipe the secret: it will be asked for again if it is needed again."""
        if self._secret is not None:
            self._secret.wipe()
        self._secret = None

    def _prompt(self) -> Prompt:
        profile, card = self._profile, self.card
        values = {"label": profile.label, "kind": profile.type.title, "key": str(profile.key)}
        return Prompt(
            id=uuid4().hex,
            kind=PromptKind.PIN if card else PromptKind.PASSPHRASE,
            name=f"{'pin' if card else 'passphrase'} {profile.key}",
            title=text("PIN of {device}", device=device_name(card.serial))
            if card
            else text("Passphrase of {label}", **values),
            body=_body(card, values),
            key=str(profile.key),
            tries_left=self._tries if card is None else card.tries[0],
            previous_wrong=self._wrong,
        )


def _body(card: Card | None, values: dict[str, str]) -> Text:
    if card is not None and card.tries[0] == 1:
        return text(
            "To sign with the {kind} key {key} of {label}. "
            "It is the last try: a wrong PIN blocks the card.",
            **values,
        )
    if card is not None:
        return text("To sign with the {kind} key {key} of {label}.", **values)
    return text("To sign with the {kind} key {key}.", **values)
