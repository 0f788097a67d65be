"""The checks that tell about one judged SSH signature, in words."""

from __future__ import annotations

from typing import assert_never

from signstation.model.artifacts import Fact
from signstation.model.checks import (
    Aspect,
    Check,
    CheckKind,
    Outcome,
    SignatureFacts,
    SignatureState,
)
from signstation.model.text import Text, text


def ssh_checks(facts: SignatureFacts, code: str) -> tuple[Check, ...]:
    """The signature's own check, which decides, and what there is to say about trust."""
    outcome, summary = _signature(facts)
    details = (
        Fact(Text("Algorithm"), f"{facts.algorithm}, {facts.hash}"),
        Fact(Text("Key"), facts.fingerprint),
        *(Fact(Text("Reason"), reason.english()) for reason in facts.reasons),
    )
    own = Check(
        code=code,
        kind=CheckKind.SIGNATURE,
        aspect=Aspect.VALID,
        outcome=outcome,
        required=True,
        summary=summary,
        details=details,
        signature=facts.index,
        state=facts.state,
        sufficient=True,
    )
    return (own, *_trust(facts, code))


def _signature(facts: SignatureFacts) -> tuple[Outcome, Text]:
    match facts.state:
        case (
            SignatureState.GOOD_TRUSTED
            | SignatureState.GOOD_UNKNOWN_KEY
            | SignatureState.GOOD_BUT_KEY
        ):
            words = text("The signature by {signer} is valid.", signer=facts.signer)
            return Outcome.PASS, words
        case SignatureState.BAD:
            return Outcome.FAIL, text("The signature by {signer} is wrong.", signer=facts.signer)
        case SignatureState.UNREADABLE | SignatureState.UNKNOWN_KEY:
            words = text("The signature by {signer} cannot be checked.", signer=facts.signer)
            return Outcome.WARNING, words
        case _:
            assert_never(facts.state)


def _trust(facts: SignatureFacts, code: str) -> tuple[Check, ...]:
    """The third answer; the verdict follows from the signature's state, not from these."""
    match facts.state:
        case SignatureState.GOOD_TRUSTED:
            outcome, summaries = Outcome.PASS, (facts.path[0].detail, *facts.reasons)
        case SignatureState.GOOD_BUT_KEY | SignatureState.GOOD_UNKNOWN_KEY:
            outcome, summaries = Outcome.FAIL, facts.reasons
        case SignatureState.BAD | SignatureState.UNREADABLE | SignatureState.UNKNOWN_KEY:
            return ()
        case _:
            assert_never(facts.state)
    return tuple(
        Check(
            code=f"{code}.trust",
            kind=CheckKind.NOTE,
            aspect=Aspect.TRUSTED,
            outcome=outcome,
            required=False,
            summary=summary,
            signature=facts.index,
        )
        for summary in summaries
    )
