"""Icon, tone and word of verdicts, outcomes, signature states and opinions: one table for all."""

from __future__ import annotations

from datetime import UTC, datetime

from signstation.gui.tokens import Tone
from signstation.gui.words import tr
from signstation.model.checks import OpinionOutcome, Outcome, SignatureState, Verdict
from signstation.reports.tables import OPINIONS, OUTCOMES, STATES, VERDICTS

Look = tuple[str, Tone, str]
"""Icon, tone and translated word."""

_VERDICTS = {
    Verdict.TRUSTED: ("verify", Tone.OK),
    Verdict.UNTRUSTED: ("shield-alert", Tone.WARNING),
    Verdict.UNSIGNED: ("shield-off", Tone.WARNING),
    Verdict.TAMPERED: ("shield-x", Tone.ERROR),
    Verdict.INDETERMINATE: ("shield-question", Tone.WARNING),
}
_OUTCOMES = {
    Outcome.PASS: ("check-circle", Tone.OK),
    Outcome.WARNING: ("warning", Tone.WARNING),
    Outcome.FAIL: ("x-circle", Tone.ERROR),
    Outcome.NOT_RUN: ("question", Tone.NEUTRAL),
}
_STATES = {
    SignatureState.GOOD_TRUSTED: ("check-circle", Tone.OK),
    SignatureState.GOOD_UNKNOWN_KEY: ("question", Tone.WARNING),
    SignatureState.GOOD_BUT_KEY: ("warning", Tone.WARNING),
    SignatureState.UNKNOWN_KEY: ("question", Tone.WARNING),
    SignatureState.BAD: ("x-circle", Tone.ERROR),
    SignatureState.UNREADABLE: ("question", Tone.WARNING),
}
_OPINIONS = {
    OpinionOutcome.ACCEPTS: ("check-circle", Tone.OK),
    OpinionOutcome.REJECTS: ("x-circle", Tone.ERROR),
    OpinionOutcome.UNSIGNED: ("minus-circle", Tone.WARNING),
    OpinionOutcome.UNKNOWN_KEY: ("question", Tone.WARNING),
    OpinionOutcome.CANNOT: ("info", Tone.NEUTRAL),
    OpinionOutcome.MISSING: ("info", Tone.NEUTRAL),
}


def verdict_look(verdict: Verdict) -> Look:
    """Return the look of a verdict."""
    return (*_VERDICTS[verdict], tr(VERDICTS[verdict]))


def outcome_look(outcome: Outcome) -> Look:
    """Return the look of a check's outcome."""
    return (*_OUTCOMES[outcome], tr(OUTCOMES[outcome]))


def state_look(state: SignatureState) -> Look:
    """Return the look of a signature's state."""
    return (*_STATES[state], tr(STATES[state]))


def opinion_look(outcome: OpinionOutcome) -> Look:
    """Return the look of a real tool's opinion."""
    return (*_OPINIONS[outcome], tr(OPINIONS[outcome]))


def moment(seconds: int | None) -> str:
    """Return Unix seconds as a date and time of UTC."""
    if seconds is None:
        return tr("time not stated")
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
