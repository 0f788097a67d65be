"""Icon, tone and words of a device that holds keys: the same in the strip and on the Keys page."""

from __future__ import annotations

from signstation.gui.tokens import Tone
from signstation.gui.verdicts import Look
from signstation.gui.words import tr, trn
from signstation.model.tokens import PinState, TokenInfo
from signstation.reports.words import show

MAX_NAME = 16
"""Most characters of a device's name in the strip, which is one line."""

_LOOKS = {
    PinState.GOOD: ("card", Tone.OK),
    PinState.LOW: ("card", Tone.WARNING),
    PinState.LAST: ("warning", Tone.WARNING),
    PinState.BLOCKED: ("x-circle", Tone.ERROR),
    PinState.UNSAID: ("card", Tone.NEUTRAL),
}
_SAID = {
    PinState.GOOD: "PIN in order",
    PinState.LOW: "a wrong PIN was entered",
    PinState.LAST: "last try",
    PinState.BLOCKED: "PIN blocked",
}
_KINDS = {"gpg": "OpenPGP card", "pkcs11": "PKCS#11 token"}
"""By the store that reaches the device."""


def token_name(token: TokenInfo) -> str:
    """Return the device's name, escaped and no longer than the strip has room for."""
    name = show(token.device)
    return name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 1]}…"


def kind_words(token: TokenInfo) -> str:
    """Return what kind of device it is."""
    return tr(_KINDS[token.store]) if token.store in _KINDS else show(token.kind)


def pin_words(token: TokenInfo) -> str:
    """Say how its PIN stands; with the tries that are left where the device counts aloud."""
    if token.tries is None or token.pin is PinState.BLOCKED:
        return tr(_SAID[token.pin]) if token.pin in _SAID else ""
    return trn("1 try left", "{count} tries left", token.tries)


def token_look(token: TokenInfo) -> Look:
    """Return icon, tone and one line for the strip."""
    said = pin_words(token)
    words = tr("{device}: {state}", device=token_name(token), state=said) if said else ""
    return (*_LOOKS[token.pin], words or token_name(token))


def token_lines(token: TokenInfo) -> tuple[str, ...]:
    """Say in sentences what the device is, how its PIN stands and what each signature takes."""
    lines = [tr("{kind} {device}", kind=kind_words(token), device=show(token.device))]
    match token.pin:
        case PinState.BLOCKED:
            lines.append(tr("Its PIN is blocked: it signs nothing until a new PIN is set."))
        case PinState.LAST:
            lines.append(tr("One try is left: another wrong PIN blocks it."))
        case PinState.LOW:
            lines.append(tr("A wrong PIN was entered before; the right one restores the tries."))
        case PinState.GOOD | PinState.UNSAID:
            pass
    if token.pin_each:
        lines.append(tr("It wants its PIN for every signature."))
    if token.touch:
        lines.append(tr("It wants to be touched for every signature."))
    return tuple(lines)
