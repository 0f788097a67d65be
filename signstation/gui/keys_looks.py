"""Icon, tone and words of keys: protection, state, kind and life time, the same everywhere."""

from __future__ import annotations

from collections.abc import Mapping

from signstation.gui.tokens import Tone
from signstation.gui.verdicts import Look
from signstation.gui.words import tr, trn
from signstation.model.keys import KeyInfo, KeyState, Protection, SignatureType
from signstation.reports.tables import KEY_STATES, PROTECTIONS

DAY = 86400
_PROTECTIONS = {
    Protection.SOFTWARE: ("lock", Tone.NEUTRAL),
    Protection.UNPROTECTED: ("unlock", Tone.WARNING),
    Protection.TOKEN: ("usb", Tone.OK),
    Protection.HSM: ("chip", Tone.OK),
    Protection.REMOTE: ("network", Tone.NEUTRAL),
    Protection.EPHEMERAL: ("clock", Tone.NEUTRAL),
}
PROTECTION_MEANINGS: Mapping[Protection, str] = {
    Protection.SOFTWARE: "A file under a passphrase: whoever has both can sign.",
    Protection.UNPROTECTED: "A file without a passphrase: whoever copies the file can sign.",
    Protection.TOKEN: "Inside a token: it signs, but never gives the key away.",
    Protection.HSM: "Inside a hardware module: it signs, but never gives the key away.",
    Protection.REMOTE: "In a service on the network.",
    Protection.EPHEMERAL: "Made for one signature and gone afterwards.",
}
_STATES = {
    KeyState.ACTIVE: ("check-circle", Tone.OK),
    KeyState.NOT_YET: ("clock", Tone.WARNING),
    KeyState.EXPIRED: ("x-circle", Tone.ERROR),
    KeyState.REVOKED: ("x-circle", Tone.ERROR),
    KeyState.DISABLED: ("minus-circle", Tone.WARNING),
    KeyState.LOCKED: ("lock", Tone.NEUTRAL),
    KeyState.PUBLIC_ONLY: ("info", Tone.NEUTRAL),
}
STATE_MEANINGS: Mapping[KeyState, str] = {
    KeyState.ACTIVE: "It can be used now.",
    KeyState.NOT_YET: "Its time has not come: what it signs now counts nowhere.",
    KeyState.EXPIRED: "It has run out. What it signed in time stays valid; it signs nothing new.",
    KeyState.REVOKED: "It was called back. Unless it was only replaced, trust nothing it signed.",
    KeyState.DISABLED: "It was switched off in its store, and can be switched on there.",
    KeyState.LOCKED: "Its token shows nothing before it is unlocked.",
    KeyState.PUBLIC_ONLY: "Only the public half is here: it verifies and cannot sign.",
}

_SUBKEYS = {
    "sign": "Signing subkey",
    "encrypt": "Encryption subkey",
    "authenticate": "Authentication subkey",
}


def protection_look(protection: Protection) -> Look:
    """Return icon, tone and word of a protection."""
    return (*_PROTECTIONS[protection], tr(PROTECTIONS[protection]))


def state_look(state: KeyState) -> Look:
    """Return icon, tone and word of a key's state."""
    return (*_STATES[state], tr(KEY_STATES[state]))


def expiry_words(expires: int | None, now: int) -> str:
    """Return ``for 25 days`` or ``ended 40 days ago``; times are Unix seconds."""
    if expires is None:
        return tr("without an end")
    days = abs(expires - now) // DAY
    if expires <= now:
        return trn("ended 1 day ago", "ended {count} days ago", days)
    return trn("for 1 day", "for {count} days", days)


def is_subkey(key: KeyInfo) -> bool:
    """Whether it belongs to another key and has no name of its own."""
    return key.parent is not None and SignatureType.CMS not in key.signature_types


def kind_words(key: KeyInfo) -> str:
    """Return what a key is within its family."""
    usages = set(key.usages)
    if is_subkey(key):
        for usage, words in _SUBKEYS.items():
            if usage in usages:
                return tr(words)
        return tr("Subkey")
    if SignatureType.CMS in key.signature_types:
        return tr("Certificate") if key.parent is None else tr("Certificate, issued by another")
    if "certify" in usages:  # what only certifies makes no signatures of files
        return tr("Primary key") if "sign" in usages else tr("Primary key, certifies only")
    return tr("Key")
