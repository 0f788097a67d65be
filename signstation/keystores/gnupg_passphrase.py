"""The passphrase of one key for one batch: asked for once, given to each inquiry of the agent."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from uuid import uuid4

from signstation.errors import PassphraseWrong, ProtocolViolation
from signstation.keystores.gnupg_agent import WRONG_PASSPHRASE, Agent
from signstation.model.keys import Protection, SignerProfile
from signstation.model.prompts import Prompt, PromptKind
from signstation.model.secret import Secret
from signstation.model.text import text
from signstation.system.assuan import Accepted, Inquire, Refused, Reply

TRIES = 3
"""How often a passphrase is asked for, as gpg-agent does itself (agent/call-pinentry.c)."""
PIN_TRIES = 1
"""A card counts wrong PINs and blocks: another try needs another decision."""

_INQUIRY = "PASSPHRASE"
"""What the agent inquires in loopback mode, for passphrases and PINs alike (pinentry_loopback)."""


class Passphrase(AbstractContextManager["Passphrase"]):
    """Lives as long as the open key; the secret is wiped at the end and when it proves wrong."""

    def __init__(self, profile: SignerProfile, ask: Callable[[Prompt], Secret]) -> None:
        """``ask`` is ``KeyContext.ask``."""
        self._profile = profile
        self._ask = ask
        self._secret: Secret | None = None
        self._wrong = False
        self._tries = PIN_TRIES if profile.protection is Protection.TOKEN else TRIES

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
            reply = attempt(self._give)
            if not isinstance(reply, Refused) or reply.code not in WRONG_PASSPHRASE:
                return agent.accepted(reply)
            self.forget()
            self._wrong = True
            self._tries -= 1
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
        profile, token = self._profile, self._profile.protection is Protection.TOKEN
        values = {"label": profile.label, "kind": profile.type.title, "key": str(profile.key)}
        return Prompt(
            id=uuid4().hex,
            kind=PromptKind.PIN if token else PromptKind.PASSPHRASE,
            name=f"{'pin' if token else 'passphrase'} {profile.key}",
            title=text("PIN of {label}", **values)
            if token
            else text("Passphrase of {label}", **values),
            body=text("To sign with the {kind} key {key}.", **values),
            key=str(profile.key),
            tries_left=self._tries,
            previous_wrong=self._wrong,
        )
