"""Loading PKCS#11 modules into this process, and the tokens that they show."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pkcs11
from pkcs11 import SlotFlag, Token, TokenFlag

from signstation.errors import KeyStoreFailed, UsageError
from signstation.keystores.pkcs11_parts.failures import translated
from signstation.keystores.pkcs11_uri import Pkcs11Uri
from signstation.model.keys import Protection
from signstation.model.tokens import PKCS11_STORE, PinState, TokenInfo, TokenPlaces
from signstation.system.programs import trusted

MAX_SLOTS = 256
"""Most slots of a module that are looked at: large network HSMs show some dozens."""


class Module(Protocol):
    """What is used of ``pkcs11.lib``, which is compiled."""

    def get_slots(self, token_present: bool = ...) -> list[pkcs11.Slot]:  # noqa: FBT001 - as it is there
        """Slots with or without tokens."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """A token in a slot, as it was when it was looked for."""

    token: Token
    uri: Pkcs11Uri  # of the token alone; the module only where the user named it

    @property
    def label(self) -> str:
        """What people call it."""
        return self.token.label

    @property
    def protection(self) -> Protection:
        """TOKEN for what can be pulled out, HSM for what stays."""
        removable = self.token.slot.flags & SlotFlag.REMOVABLE_DEVICE
        return Protection.TOKEN if removable else Protection.HSM

    @property
    def asks_for_pin(self) -> bool:
        """Whether private keys are used after a login only."""
        return bool(self.token.flags & TokenFlag.LOGIN_REQUIRED)


def load(path: Path, places: TokenPlaces) -> Module:
    """Load a module that nobody but root or we could have put there, with its variables set.

    Raises UsageError for a path that others may write, KeyStoreFailed where it cannot be loaded.
    """
    try:
        real = path.resolve(strict=True)
        sound = stat.S_ISREG(real.stat().st_mode) and trusted(real)
    except (OSError, RuntimeError) as error:
        raise KeyStoreFailed(key=PKCS11_STORE, reason=f"no module {path}") from error
    if not sound:
        raise UsageError(reason=f"{path} is not loaded: others may write it")
    for name, value in places.environment:
        os.environ[name] = value
    with translated(PKCS11_STORE):
        module: Module = pkcs11.lib(str(real))
        return module


def tokens(uri: Pkcs11Uri, places: TokenPlaces) -> Iterator[Place]:
    """Yield the initialised tokens that a reference fits, of the module that it names or of all.

    A module that fails does not hide the tokens of others, unless it is the only one.
    """
    paths = places.modules if uri.module is None else (uri.module,)
    for path in paths:
        try:
            yield from _tokens_of(path, uri, places)
        except (KeyStoreFailed, UsageError):
            if len(paths) == 1:
                raise


def _tokens_of(path: Path, uri: Pkcs11Uri, places: TokenPlaces) -> Iterator[Place]:
    module = load(path, places)
    with translated(PKCS11_STORE):
        slots = module.get_slots(token_present=True)[:MAX_SLOTS]
    for slot in slots:
        with translated(PKCS11_STORE):
            try:
                token = slot.get_token()
            except (pkcs11.TokenNotPresent, pkcs11.TokenNotRecognised):
                continue  # pulled out just now, or nothing that the module can read
        if token.flags & TokenFlag.TOKEN_INITIALIZED and _fits(token, uri):
            serial = token.serial.decode("utf-8", "replace").strip()
            found = Pkcs11Uri(token=token.label, serial=serial or None, module=uri.module)
            yield Place(token, found)


def _fits(token: Token, uri: Pkcs11Uri) -> bool:
    serial = token.serial.decode("utf-8", "replace").strip()
    pairs = (
        (uri.token, token.label),
        (uri.manufacturer, token.manufacturer_id),
        (uri.model, token.model),
        (uri.serial, serial),
    )
    return all(wanted in {None, there} for wanted, there in pairs)


def device(place: Place) -> TokenInfo:
    """Return a token as a device that is there; a module counts no tries aloud, it only warns."""
    flags = place.token.flags
    states = (
        (TokenFlag.USER_PIN_LOCKED, PinState.BLOCKED),
        (TokenFlag.USER_PIN_FINAL_TRY, PinState.LAST),
        (TokenFlag.USER_PIN_COUNT_LOW, PinState.LOW),
    )
    unsaid = PinState.GOOD if place.asks_for_pin else PinState.UNSAID
    return TokenInfo(
        store=PKCS11_STORE,
        device=place.label,
        kind="PKCS#11 token",
        pin=next((state for flag, state in states if flags & flag), unsaid),
    )
