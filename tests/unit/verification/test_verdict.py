"""The verdict's properties, and each line of its table."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.model.artifacts import Inspection
from signstation.model.checks import (
    Aspect,
    Check,
    CheckKind,
    Opinion,
    OpinionOutcome,
    Outcome,
    SignatureFacts,
    SignatureState,
    Verdict,
    Verified,
)
from signstation.model.keys import SignatureType
from signstation.model.text import Text
from signstation.verification.assemble import assemble
from signstation.verification.verdict import disagreements, reasons, verdict

OUTCOMES = {
    SignatureState.GOOD_TRUSTED: Outcome.PASS,
    SignatureState.GOOD_UNKNOWN_KEY: Outcome.PASS,
    SignatureState.GOOD_BUT_KEY: Outcome.PASS,
    SignatureState.UNKNOWN_KEY: Outcome.WARNING,
    SignatureState.UNREADABLE: Outcome.WARNING,
    SignatureState.BAD: Outcome.FAIL,
}
OTHER_KINDS = [each for each in CheckKind if each is not CheckKind.SIGNATURE]


def check(kind: CheckKind, outcome: Outcome, *, required: bool = True) -> Check:
    name = f"test.{kind.value}"
    words = Text(f"{kind.value} {outcome.value}")
    return Check(name, kind, Aspect.NOTE, outcome, required=required, summary=words)


def signature(state: SignatureState, *, sufficient: bool = True, number: int = 0) -> Check:
    return Check(
        "test.signature",
        CheckKind.SIGNATURE,
        Aspect.VALID,
        OUTCOMES[state],
        required=sufficient,
        summary=Text(f"signature {state.value}"),
        signature=number,
        state=state,
        sufficient=sufficient,
    )


others = st.builds(
    check, st.sampled_from(OTHER_KINDS), st.sampled_from(Outcome), required=st.booleans()
)
signatures = st.builds(signature, st.sampled_from(SignatureState), sufficient=st.booleans())
checks = st.lists(others | signatures, max_size=8)


# --- properties -------------------------------------------------------------------------------


@given(checks, st.data())
def test_order_never_matters(found: list[Check], data: st.DataObject) -> None:
    assert verdict(data.draw(st.permutations(found))) is verdict(found)


@given(checks)
def test_repetition_never_matters(found: list[Check]) -> None:
    assert verdict(found + found) is verdict(found)


@given(checks, st.sampled_from(OTHER_KINDS))
def test_a_skipped_required_check_is_never_trusted(found: list[Check], kind: CheckKind) -> None:
    assert verdict([*found, check(kind, Outcome.NOT_RUN)]) is not Verdict.TRUSTED


@given(checks)
def test_trusted_needs_a_trusted_signature_that_suffices(found: list[Check]) -> None:
    good = [each for each in found if each.state is SignatureState.GOOD_TRUSTED]
    if verdict(found) is Verdict.TRUSTED:
        assert any(each.sufficient for each in good)


@given(checks, st.sampled_from(OTHER_KINDS), st.booleans())
def test_a_failure_never_helps(found: list[Check], kind: CheckKind, required: bool) -> None:  # noqa: FBT001
    before, after = verdict(found), verdict([*found, check(kind, Outcome.FAIL, required=required)])
    if before is not Verdict.TRUSTED:
        assert after is not Verdict.TRUSTED
    if before is Verdict.TAMPERED:
        assert after is Verdict.TAMPERED
    if before is Verdict.INDETERMINATE and found:
        assert after in {Verdict.INDETERMINATE, Verdict.TAMPERED}


@given(checks)
def test_a_contradiction_outweighs_everything(found: list[Check]) -> None:
    assert verdict([*found, check(CheckKind.CONTENT, Outcome.FAIL)]) is Verdict.TAMPERED
    assert verdict([*found, signature(SignatureState.BAD)]) is Verdict.TAMPERED


@given(checks, st.sampled_from(Outcome))
def test_notes_change_nothing(found: list[Check], outcome: Outcome) -> None:
    if found:
        with_note = [*found, check(CheckKind.NOTE, outcome, required=False)]
        assert verdict(with_note) is verdict(found)


@given(checks)
def test_unknown_keys_never_spoil_a_trusted_signature(found: list[Check]) -> None:
    if verdict(found) is Verdict.TRUSTED:
        assert verdict([*found, signature(SignatureState.UNKNOWN_KEY)]) is Verdict.TRUSTED


@given(checks)
def test_there_is_always_a_reason(found: list[Check]) -> None:
    words = reasons(found, ())
    assert words
    assert len(set(words)) == len(words)


# --- the table --------------------------------------------------------------------------------

PASSED = check(CheckKind.CONTENT, Outcome.PASS)
TRUSTED = signature(SignatureState.GOOD_TRUSTED)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ((), Verdict.INDETERMINATE),
        ((PASSED,), Verdict.UNSIGNED),
        ((check(CheckKind.NOTE, Outcome.WARNING, required=False),), Verdict.UNSIGNED),
        ((PASSED, TRUSTED), Verdict.TRUSTED),
        ((TRUSTED, check(CheckKind.CONTENT, Outcome.FAIL)), Verdict.TAMPERED),
        ((TRUSTED, check(CheckKind.CONTENT, Outcome.FAIL, required=False)), Verdict.TAMPERED),
        ((TRUSTED, signature(SignatureState.BAD)), Verdict.TAMPERED),
        ((TRUSTED, check(CheckKind.STRUCTURE, Outcome.FAIL)), Verdict.INDETERMINATE),
        ((TRUSTED, check(CheckKind.LIBRARY, Outcome.FAIL)), Verdict.INDETERMINATE),
        ((TRUSTED, check(CheckKind.LIBRARY, Outcome.FAIL, required=False)), Verdict.TRUSTED),
        ((TRUSTED, check(CheckKind.LIBRARY, Outcome.NOT_RUN)), Verdict.INDETERMINATE),
        ((TRUSTED, check(CheckKind.CONTENT, Outcome.NOT_RUN)), Verdict.INDETERMINATE),
        ((TRUSTED, check(CheckKind.CONTENT, Outcome.NOT_RUN, required=False)), Verdict.TRUSTED),
        ((TRUSTED, check(CheckKind.CONTENT, Outcome.WARNING)), Verdict.TRUSTED),
        ((signature(SignatureState.GOOD_TRUSTED, sufficient=False),), Verdict.UNTRUSTED),
        ((signature(SignatureState.GOOD_BUT_KEY),), Verdict.UNTRUSTED),
        ((signature(SignatureState.GOOD_UNKNOWN_KEY),), Verdict.UNTRUSTED),
        ((signature(SignatureState.UNKNOWN_KEY),), Verdict.UNTRUSTED),
        ((PASSED, signature(SignatureState.UNREADABLE)), Verdict.INDETERMINATE),
        ((TRUSTED, signature(SignatureState.UNREADABLE)), Verdict.TRUSTED),
        (
            (signature(SignatureState.UNKNOWN_KEY), signature(SignatureState.UNREADABLE)),
            Verdict.UNTRUSTED,
        ),
    ],
)
def test_table(found: tuple[Check, ...], expected: Verdict) -> None:
    assert verdict(found) is expected


def test_a_signature_without_a_state_is_not_readable() -> None:
    words = Text("x")
    odd = Check("x", CheckKind.SIGNATURE, Aspect.VALID, Outcome.PASS, required=True, summary=words)
    assert verdict([odd]) is Verdict.INDETERMINATE


def test_a_trusted_state_that_did_not_pass_is_not_believed() -> None:
    odd = Check(
        "x",
        CheckKind.SIGNATURE,
        Aspect.VALID,
        Outcome.FAIL,
        required=True,
        summary=Text("x"),
        state=SignatureState.GOOD_TRUSTED,
        sufficient=True,
    )
    assert verdict([odd]) is Verdict.UNTRUSTED


# --- words ------------------------------------------------------------------------------------


def facts(number: int, state: SignatureState, *words: str) -> SignatureFacts:
    return SignatureFacts(
        index=number,
        kind=SignatureType.OPENPGP,
        place=Text("here"),
        state=state,
        signer="",
        fingerprint="",
        algorithm="",
        hash="",
        made_at=None,
        reasons=tuple(map(Text, words)),
        path=(),
    )


def test_reasons_of_signatures_come_from_their_facts_in_order_of_worth() -> None:
    unknown = signature(SignatureState.UNKNOWN_KEY, number=0)
    expired = signature(SignatureState.GOOD_BUT_KEY, number=1)
    told = (
        facts(0, SignatureState.UNKNOWN_KEY, "not known"),
        facts(1, SignatureState.GOOD_BUT_KEY, "expired", "weak"),
    )
    assert [each.english() for each in reasons([unknown, expired], told)] == [
        "expired",
        "weak",
        "not known",
    ]


def test_content_is_the_first_reason_of_tampered() -> None:
    bad, broken = signature(SignatureState.BAD), check(CheckKind.CONTENT, Outcome.FAIL)
    words = [each.english() for each in reasons([bad, TRUSTED, broken], ())]
    assert words == ["content fail", "signature bad"]


def opinion(outcome: OpinionOutcome) -> Opinion:
    return Opinion("gpgv", "gpgv 2.4", ("gpgv",), outcome, "")


@pytest.mark.parametrize(("said", "outcome"), [*itertools.product(Verdict, OpinionOutcome)])
def test_only_the_opposite_is_a_disagreement(said: Verdict, outcome: OpinionOutcome) -> None:
    silent = {OpinionOutcome.CANNOT, OpinionOutcome.MISSING}
    refuses = outcome not in {OpinionOutcome.ACCEPTS, *silent}
    loud = refuses if said is Verdict.TRUSTED else outcome is OpinionOutcome.ACCEPTS
    if said is Verdict.INDETERMINATE:
        loud = False
    assert bool(disagreements(said, [opinion(outcome)])) is loud


def test_an_opinion_is_told_and_changes_no_verdict() -> None:
    inspection = Inspection("blob", "", 3, b"x" * 32, (), (), ())
    told = (facts(0, SignatureState.GOOD_TRUSTED, "signed by her"),)
    made = assemble(
        "/x", inspection, Verified((TRUSTED,), told), (opinion(OpinionOutcome.REJECTS),), at=7
    )
    assert made.verdict is Verdict.TRUSTED
    words = [each.english() for each in made.reasons]
    assert words[0] == "signed by her"
    assert "gpgv 2.4 refuses it" in words[1]
    assert (made.path, made.format, made.size, made.at) == ("/x", "blob", 3, 7)
