"""The verdict: a pure function of checks. Every rule is a line of one table, the first that fits.

| # | What stands among the checks                                            | Verdict       |
|---|-------------------------------------------------------------------------|---------------|
| 1 | a CONTENT check failed, or a signature is BAD                           | TAMPERED      |
| 2 | nothing at all                                                          | INDETERMINATE |
| 3 | a required check could not run, a STRUCTURE check failed, a required    | INDETERMINATE |
|   | LIBRARY check failed, or there are signatures and all are UNREADABLE    |               |
| 4 | a signature that is GOOD_TRUSTED, passed, and covers what it must       | TRUSTED       |
| 5 | any other signature that could be read                                  | UNTRUSTED     |
| 6 | no signature                                                            | UNSIGNED      |

So a contradiction outweighs everything, doubt outweighs trust, and nothing but rule 4 says yes. A
signature by an unknown key is never BAD: its number cannot be checked. NOTE checks change nothing,
unless somebody marks one as required and then skips it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import assert_never

from signstation.model.checks import (
    Check,
    CheckKind,
    Opinion,
    OpinionOutcome,
    Outcome,
    SignatureFacts,
    SignatureState,
    Verdict,
)
from signstation.model.text import Text, text

_READ = frozenset(SignatureState) - {SignatureState.UNREADABLE}
_WORTH = (
    SignatureState.GOOD_TRUSTED,
    SignatureState.GOOD_BUT_KEY,
    SignatureState.GOOD_UNKNOWN_KEY,
    SignatureState.UNKNOWN_KEY,
)


def verdict(checks: Iterable[Check]) -> Verdict:
    """Return the verdict of the table above; neither order nor repetition of checks matters."""
    found = tuple(checks)
    signatures = [each for each in found if each.kind is CheckKind.SIGNATURE]
    if _contradictions(found):
        return Verdict.TAMPERED
    if not found or _doubts(found):
        return Verdict.INDETERMINATE
    if any(_counts(each) for each in signatures):
        return Verdict.TRUSTED
    return Verdict.UNTRUSTED if signatures else Verdict.UNSIGNED


def _contradictions(checks: Sequence[Check]) -> list[Check]:
    content = [
        each for each in checks if each.kind is CheckKind.CONTENT and each.outcome is Outcome.FAIL
    ]
    return content + [each for each in checks if _state(each) is SignatureState.BAD]


def _doubts(checks: Sequence[Check]) -> list[Check]:
    signatures = [each for each in checks if each.kind is CheckKind.SIGNATURE]
    unreadable = [each for each in signatures if _state(each) not in _READ]
    return [
        *(each for each in checks if each.required and each.outcome is Outcome.NOT_RUN),
        *(each for each in checks if each.outcome is Outcome.FAIL and _doubtful(each)),
        *(unreadable if len(unreadable) == len(signatures) else ()),
    ]


def _doubtful(failed: Check) -> bool:
    required_library = failed.kind is CheckKind.LIBRARY and failed.required
    return failed.kind is CheckKind.STRUCTURE or required_library


def _counts(check: Check) -> bool:
    trusted = _state(check) is SignatureState.GOOD_TRUSTED and check.outcome is Outcome.PASS
    return trusted and check.sufficient


def _state(check: Check) -> SignatureState | None:
    return check.state if check.kind is CheckKind.SIGNATURE else None


def reasons(checks: Iterable[Check], signatures: Sequence[SignatureFacts]) -> tuple[Text, ...]:
    """Return why ``verdict`` says what it says, most important first, nothing twice."""
    found = tuple(checks)
    said = verdict(found)
    match said:
        case Verdict.TAMPERED:
            words = _words(_contradictions(found), signatures)
        case Verdict.INDETERMINATE:
            words = _words(_doubts(found), signatures) or [Text("Nothing could be checked.")]
        case Verdict.TRUSTED:
            words = _words([each for each in found if _counts(each)], signatures)
        case Verdict.UNTRUSTED:
            words = _untrusted(found, signatures)
        case Verdict.UNSIGNED:
            words = [Text("There is no signature.")]
        case _:
            assert_never(said)
    return tuple(dict.fromkeys(words))


def _words(checks: Sequence[Check], signatures: Sequence[SignatureFacts]) -> list[Text]:
    """The reasons of a check's signature where it has some, else the check's own sentence."""
    told = {each.index: each.reasons for each in signatures}
    words: list[Text] = []
    for each in checks:
        own = each.kind is CheckKind.SIGNATURE and each.signature is not None
        words.extend((told.get(each.signature or 0, ()) if own else ()) or (each.summary,))
    return words


def _untrusted(checks: Sequence[Check], signatures: Sequence[SignatureFacts]) -> list[Text]:
    ranked: list[Check] = []
    for state in _WORTH:
        ranked += [each for each in checks if _state(each) is state]
    trusted = [each for each in ranked if _state(each) is SignatureState.GOOD_TRUSTED]
    words = [
        text("The trusted signature does not cover all: {check}", check=each.summary.english())
        for each in trusted
    ]
    return words + _words([each for each in ranked if each not in trusted], signatures)


def disagreements(said: Verdict, opinions: Iterable[Opinion]) -> tuple[Text, ...]:
    """Return a loud sentence for each real tool that says the opposite of the verdict.

    Opinions never change a verdict: tools differ in what they check (gpgv accepts SHA-1 and
    expired keys); somebody has to look.
    """
    return tuple(
        text(
            "Attention: {tool} {version} {says}, signstation says {verdict}.",
            tool=each.tool,
            version=each.version,
            says=_SAYS[each.outcome],
            verdict=WORDS[said],
        )
        for each in opinions
        if each.outcome in _OPPOSITE[said]
    )


_REFUSALS = frozenset({OpinionOutcome.REJECTS, OpinionOutcome.UNSIGNED, OpinionOutcome.UNKNOWN_KEY})
_ACCEPTANCE = frozenset({OpinionOutcome.ACCEPTS})
_OPPOSITE: dict[Verdict, frozenset[OpinionOutcome]] = {
    Verdict.TRUSTED: _REFUSALS,
    Verdict.UNTRUSTED: _ACCEPTANCE,
    Verdict.UNSIGNED: _ACCEPTANCE,
    Verdict.TAMPERED: _ACCEPTANCE,
    Verdict.INDETERMINATE: frozenset(),
}
WORDS = {
    Verdict.TRUSTED: "Verified",
    Verdict.UNTRUSTED: "Not trusted",
    Verdict.UNSIGNED: "Unsigned",
    Verdict.TAMPERED: "Changed",
    Verdict.INDETERMINATE: "Cannot tell",
}
"""The headline's words (DESIGN.md section 7)."""
_SAYS: dict[OpinionOutcome, str] = {
    OpinionOutcome.ACCEPTS: "accepts it",
    OpinionOutcome.REJECTS: "refuses it",
    OpinionOutcome.UNSIGNED: "finds no signature",
    OpinionOutcome.UNKNOWN_KEY: "does not know the key",
    OpinionOutcome.CANNOT: "cannot judge it",
    OpinionOutcome.MISSING: "is not installed",
}
