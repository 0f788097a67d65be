"""Logging in to a token: the PIN prompt, its tries, and what a refusal means."""

from __future__ import annotations

import secrets

import pkcs11
from pkcs11 import TokenFlag

from signstation.errors import (
    KeyUnusable,
    PassphraseWrong,
    PinLocked,
    TokenFailed,
    TokenMissing,
)
from signstation.interfaces.context import KeyContext
from signstation.keystores.pkcs11_parts.failures import translated
from signstation.keystores.pkcs11_parts.modules import Place
from signstation.model.prompts import Prompt, PromptKind
from signstation.model.secret import Secret
from signstation.model.text import text

TRIES = 3
"""How often a PIN is asked for in a row, while the token does not say that the last try is near."""


class Login:
    """A session in which the user is logged in; the PIN is kept while its key needs it anew."""

    def __init__(self, place: Place, key: str, ctx: KeyContext) -> None:
        """``key`` is the text of the reference, for prompts and errors."""
        self._place = place
        self._key = key
        self._ctx = ctx
        self._pin: Secret | None = None

    def session(self) -> pkcs11.Session:
        """Open a session, asking for the PIN where the token wants one.

        A PIN that was wrong is asked for again, but the token's last try is never taken without a
        new decision: then, and after TRIES wrong ones, PassphraseWrong. Raises PinLocked,
        TokenMissing, KeyUnusable, TokenFailed, Cancelled and SecretMissing.
        """
        if not self._place.asks_for_pin:
            with translated(self._key):
                return self._place.token.open()
        if self._place.token.flags & TokenFlag.PROTECTED_AUTHENTICATION_PATH:
            reason = "its PIN is entered on a reader with keys, which this version cannot use"
            raise KeyUnusable(key=self._key, reason=reason)
        last_before = self._flags() & TokenFlag.USER_PIN_FINAL_TRY
        left = 1 if last_before else TRIES
        wrong = False
        while True:
            self._pin = self._ctx.ask(self._prompt(left, wrong=wrong))
            try:
                return self._open(self._pin)
            except PassphraseWrong as error:
                self.forget()
                left, wrong = left - 1, True
                last = self._flags() & TokenFlag.USER_PIN_FINAL_TRY
                if left <= 0 or last:
                    raise PassphraseWrong(key=self._key, tries_left=1 if last else 0) from error

    def pin(self) -> str:
        """Return the PIN once more, for a key that wants it for every signature."""
        if self._pin is None:
            raise TokenFailed(key=self._key, reason="it wants a PIN that it did not ask for")
        return _decoded(self._pin, self._key)

    def forget(self) -> None:
        """Wipe the PIN."""
        if self._pin is not None:
            self._pin.wipe()
        self._pin = None

    def _open(self, pin: Secret) -> pkcs11.Session:
        try:
            with translated(self._key):
                try:
                    return self._place.token.open(user_pin=_decoded(pin, self._key))
                except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange) as error:
                    raise PassphraseWrong(key=self._key) from error
                except pkcs11.PinLocked as error:
                    raise self._locked() from error
                except pkcs11.PinExpired as error:
                    reason = "the token wants a new PIN first"
                    raise KeyUnusable(key=self._key, reason=reason) from error
        except PassphraseWrong:
            self._flags()  # a token that locked itself with this very PIN says so at once
            raise

    def _flags(self) -> TokenFlag:
        """Read the token's flags anew. Raises PinLocked and TokenMissing."""
        with translated(self._key):
            try:
                flags = self._place.token.slot.get_token().flags
            except pkcs11.TokenNotPresent as error:
                raise TokenMissing(key=self._key, token=self._place.label) from error
        if flags & TokenFlag.USER_PIN_LOCKED:
            raise self._locked()
        return flags

    def _locked(self) -> PinLocked:
        return PinLocked(key=self._key, token=self._place.label)

    def _prompt(self, left: int, *, wrong: bool) -> Prompt:
        last = bool(self._flags() & TokenFlag.USER_PIN_FINAL_TRY)
        values = {"token": self._place.label, "key": self._key}
        return Prompt(
            id=secrets.token_hex(8),
            kind=PromptKind.PIN,
            name=f"pin {self._key}",
            title=text("PIN of the token {token}", **values),
            body=text("This is the last try: a wrong PIN locks the token. Key: {key}.", **values)
            if last
            else text("To sign with the key {key}.", **values),
            key=self._key,
            tries_left=left,
            previous_wrong=wrong,
        )


def _decoded(pin: Secret, key: str) -> str:
    """A PIN is UTF-8 (PKCS#11 5.6.8); python-pkcs11 takes a text, a copy that lives a moment."""
    with pin.open() as opened:
        try:
            return opened.decode()
        except UnicodeDecodeError as error:
            raise PassphraseWrong(key=key) from error
