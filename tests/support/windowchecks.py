"""Checks as formats make them, for the recorded verifications."""

from __future__ import annotations

from signstation.model.artifacts import (
    Fact,
)
from signstation.model.checks import (
    Aspect,
    Check,
    CheckKind,
    Outcome,
    SignatureState,
)
from signstation.model.text import Text


def check(
    code: str,
    aspect: Aspect,
    outcome: Outcome,
    words: str,
    kind: CheckKind = CheckKind.CONTENT,
    details: tuple[Fact, ...] = (),
) -> Check:
    """Return one check; every kind but a note is required."""
    return Check(code, kind, aspect, outcome, kind is not CheckKind.NOTE, Text(words), details)


def signature_check(state: SignatureState, outcome: Outcome, words: Text) -> Check:
    """Return the check of the one signature."""
    return Check(
        "openpgp.signature",
        CheckKind.SIGNATURE,
        Aspect.TRUSTED,
        outcome,
        required=True,
        summary=words,
        signature=0,
        state=state,
        sufficient=state is SignatureState.GOOD_TRUSTED,
    )
