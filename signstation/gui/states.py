"""States of jobs and steps in pictures and words: the same on every page."""

from __future__ import annotations

from signstation.gui.tokens import Tone
from signstation.gui.words import tr
from signstation.model.jobs import JobRow, JobState

STATES: dict[JobState, tuple[str, Tone, str]] = {
    JobState.QUEUED: ("clock", Tone.NEUTRAL, "Queued"),
    JobState.WAITING: ("hand", Tone.WARNING, "Waits for you"),
    JobState.RUNNING: ("refresh", Tone.ACCENT, "Signing"),
    JobState.CANCELLING: ("stop", Tone.WARNING, "Stopping"),
    JobState.PUBLISHING: ("save", Tone.ACCENT, "Publishing"),
    JobState.INTERRUPTED: ("warning", Tone.WARNING, "Interrupted"),
    JobState.DONE: ("check-circle", Tone.OK, "Signed and verified"),
    JobState.FAILED: ("x-circle", Tone.ERROR, "Failed"),
    JobState.CANCELLED: ("minus-circle", Tone.NEUTRAL, "Cancelled"),
}
"""Icon, tone and word of every state: the same on the Sign page and in the queue."""


def state_words(state: JobState) -> str:
    """Return the translated word of a state."""
    return tr(STATES[state][2])


def state_icon(state: JobState) -> tuple[str, Tone]:
    """Return icon and tone of a state."""
    return STATES[state][0], STATES[state][1]


def job_words(job: JobRow) -> str:
    """Return the translated words of a job's state; a pause comes first."""
    if not job.paused:
        return state_words(job.state)
    at_rest = job.state is JobState.QUEUED
    return tr("Paused") if at_rest else tr("Paused; what is under way ends")


def job_icon(job: JobRow) -> tuple[str, Tone]:
    """Return icon and tone of a job's state."""
    return ("pause", Tone.WARNING) if job.paused else state_icon(job.state)
