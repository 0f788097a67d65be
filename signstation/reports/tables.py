"""Plain text tables for terminals: columns as wide as their content, nothing wrapped or cut."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from signstation.model.checks import OpinionOutcome, Outcome, SignatureState
from signstation.model.keys import KeyState, Protection, SignatureType
from signstation.model.tokens import PinState, TokenInfo
from signstation.verification.verdict import WORDS

VERDICTS = WORDS
OUTCOMES = {
    Outcome.PASS: "Pass",
    Outcome.WARNING: "Warning",
    Outcome.FAIL: "Fail",
    Outcome.NOT_RUN: "Not checked",
}
STATES = {
    SignatureState.GOOD_TRUSTED: "good, trusted",
    SignatureState.GOOD_UNKNOWN_KEY: "good, key not trusted",
    SignatureState.GOOD_BUT_KEY: "good, but the key is not",
    SignatureState.UNKNOWN_KEY: "by an unknown key",
    SignatureState.BAD: "bad",
    SignatureState.UNREADABLE: "unreadable",
}
OPINIONS = {
    OpinionOutcome.ACCEPTS: "accepts",
    OpinionOutcome.REJECTS: "rejects",
    OpinionOutcome.UNSIGNED: "finds no signature",
    OpinionOutcome.UNKNOWN_KEY: "does not know the key",
    OpinionOutcome.CANNOT: "cannot judge this",
    OpinionOutcome.MISSING: "is not installed",
}
PROTECTIONS = {
    Protection.SOFTWARE: "passphrase",
    Protection.UNPROTECTED: "NO PASSPHRASE",
    Protection.TOKEN: "token",
    Protection.HSM: "HSM",
    Protection.REMOTE: "remote",
    Protection.EPHEMERAL: "ephemeral",
}
SIGNATURES = {
    SignatureType.OPENPGP: "OpenPGP",
    SignatureType.CLEARTEXT: "OpenPGP in the clear",
    SignatureType.CMS: "CMS",
    SignatureType.SSHSIG: "SSH",
}
KEY_STATES = {
    KeyState.ACTIVE: "active",
    KeyState.NOT_YET: "not yet valid",
    KeyState.EXPIRED: "expired",
    KeyState.REVOKED: "revoked",
    KeyState.DISABLED: "disabled",
    KeyState.LOCKED: "locked",
    KeyState.PUBLIC_ONLY: "public half only",
}
PIN_STATES = {
    PinState.GOOD: "good",
    PinState.LOW: "was wrong",
    PinState.LAST: "last try",
    PinState.BLOCKED: "blocked",
    PinState.UNSAID: "not said",
}


def pin_words(token: TokenInfo) -> str:
    """Say how a device's PIN stands, with the tries that are left where it counts aloud."""
    words = PIN_STATES[token.pin]
    return words if token.tries is None else f"{words}, tries left: {token.tries}"


def token_wants(token: TokenInfo) -> str:
    """Say what a device wants of a person for each signature."""
    wants = [word for word, on in (("PIN", token.pin_each), ("touch", token.touch)) if on]
    return ", ".join(wants) or "nothing"


def width(value: str) -> int:
    """Return the columns that ``value`` takes on a terminal."""
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1
        for each in value
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return lines without trailing spaces; cells must have been escaped with ``words.show``."""
    lines = [tuple(head), *(tuple(row) for row in rows)]
    widths = [max(width(line[i]) for line in lines) for i in range(len(head))]
    return "\n".join(
        "  ".join(
            cell + " " * (wide - width(cell)) for cell, wide in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    )
