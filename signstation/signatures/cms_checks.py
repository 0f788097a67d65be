"""The checks that tell about one judged CMS signature, in words."""

from __future__ import annotations

from typing import assert_never

from signstation.codec.cms import SignerInfo
from signstation.model.artifacts import Fact, FactStyle
from signstation.model.checks import (
    Aspect,
    Check,
    CheckKind,
    Outcome,
    SignatureFacts,
    SignatureState,
)
from signstation.model.text import Text, text
from signstation.signatures.cms_algorithms import SignatureAlgorithm
from signstation.signatures.cms_chain import Standing
from signstation.signatures.cms_rules import CmsRules

_OUTCOMES = {
    SignatureState.GOOD_TRUSTED: Outcome.PASS,
    SignatureState.GOOD_UNKNOWN_KEY: Outcome.PASS,
    SignatureState.GOOD_BUT_KEY: Outcome.PASS,
    SignatureState.UNKNOWN_KEY: Outcome.WARNING,
    SignatureState.UNREADABLE: Outcome.WARNING,
    SignatureState.BAD: Outcome.FAIL,
}


def _sentence(facts: SignatureFacts) -> Text:
    match facts.state:
        case (
            SignatureState.GOOD_TRUSTED
            | SignatureState.GOOD_UNKNOWN_KEY
            | SignatureState.GOOD_BUT_KEY
        ):
            return text("The signature by {signer} is valid.", signer=facts.signer)
        case SignatureState.UNKNOWN_KEY:
            return text(
                "The signature by {signer} cannot be checked without its certificate.",
                signer=facts.signer,
            )
        case SignatureState.UNREADABLE:
            return text("The signature by {signer} cannot be checked.", signer=facts.signer)
        case SignatureState.BAD:
            return text("The signature by {signer} is wrong.", signer=facts.signer)
        case _:
            assert_never(facts.state)


def signature_check(facts: SignatureFacts, code: str, *, sufficient: bool) -> Check:
    """The one check of kind SIGNATURE: its state decides."""
    details = [
        Fact(Text("Algorithm"), f"{facts.algorithm}, {facts.hash}"),
        Fact(Text("Certificate"), facts.fingerprint, FactStyle.HEX),
    ]
    if facts.made_at is not None:
        details.append(Fact(Text("Signed at"), str(facts.made_at), FactStyle.TIME))
    details.extend(Fact(Text("Reason"), reason.english()) for reason in facts.reasons)
    return Check(
        code=code,
        kind=CheckKind.SIGNATURE,
        aspect=Aspect.VALID,
        outcome=_OUTCOMES[facts.state],
        required=sufficient,
        summary=_sentence(facts),
        details=tuple(details),
        signature=facts.index,
        state=facts.state,
        sufficient=sufficient,
    )


def digest_check(signed: bytes, found: bytes, title: str, index: int, code: str) -> Check:
    """The digest among the signed attributes against the bytes, whoever signed it."""
    same = signed == found
    return Check(
        code=f"{code}.digest",
        kind=CheckKind.CONTENT,
        aspect=Aspect.UNCHANGED,
        outcome=Outcome.PASS if same else Outcome.FAIL,
        required=True,
        summary=text("The content has the signed {hash} digest.", hash=title)
        if same
        else text("The content has another {hash} digest than the signed one.", hash=title),
        details=(
            Fact(Text("Signed"), signed.hex(), FactStyle.HEX),
            Fact(Text("Found"), found.hex(), FactStyle.HEX),
        ),
        signature=index,
    )


def consumer_checks(
    signer: SignerInfo, algorithm: SignatureAlgorithm, rules: CmsRules, index: int, code: str
) -> tuple[Check, ...]:
    """What the consumer refuses in any signature, however good."""
    refused: list[tuple[str, Text]] = []
    if signer.attributes is not None and not rules.attributes:
        words = text("It has signed attributes: the kernel refuses such a module signature.")
        refused.append(("attributes", words))
    if algorithm.mechanism not in rules.mechanisms:
        words = text("No kernel can check {algorithm}.", algorithm=algorithm.title)
        refused.append(("algorithm", words))
    return tuple(
        Check(
            code=f"{code}.{name}",
            kind=CheckKind.STRUCTURE,
            aspect=Aspect.VALID,
            outcome=Outcome.FAIL,
            required=True,
            summary=summary,
            signature=index,
        )
        for name, summary in refused
    )


def trust_checks(
    facts: SignatureFacts, worth: Standing, rules: CmsRules, code: str
) -> tuple[Check, ...]:
    """The third answer; the verdict follows from the signature's state, not from these."""

    def note(name: str, outcome: Outcome, summary: Text) -> Check:
        return Check(
            code=f"{code}.{name}",
            kind=CheckKind.NOTE,
            aspect=Aspect.TRUSTED,
            outcome=outcome,
            required=False,
            summary=summary,
            signature=facts.index,
        )

    match worth.state:
        case SignatureState.GOOD_TRUSTED:
            outcome = Outcome.PASS
        case SignatureState.GOOD_BUT_KEY | SignatureState.GOOD_UNKNOWN_KEY:
            outcome = Outcome.FAIL
        case SignatureState.UNKNOWN_KEY:
            outcome = Outcome.WARNING
        case SignatureState.BAD | SignatureState.UNREADABLE:
            return ()
        case _:
            assert_never(worth.state)
    checks = [note("trust", outcome, reason) for reason in worth.reasons]
    checks.extend(note("trust", Outcome.WARNING, warning) for warning in worth.warnings)
    if worth.careless and rules.careless:
        words = text(
            "The kernel looks neither at dates and usages nor at the CA flag: with this "
            "certificate enrolled it would load the module."
        )
        checks.append(note("consumer", Outcome.WARNING, words))
    return tuple(checks)
