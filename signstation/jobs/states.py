"""The state of a job, as a pure function of the states of its steps."""

from __future__ import annotations

from collections.abc import Mapping

from signstation.model.jobs import JobState

RESTARTABLE = frozenset({JobState.FAILED, JobState.CANCELLED})
"""States from which ``retry`` queues a step again."""

_ACTIVE = (JobState.CANCELLING, JobState.RUNNING, JobState.WAITING)
_ENDED = (JobState.INTERRUPTED, JobState.FAILED, JobState.CANCELLED)


def job_state(steps: Mapping[JobState, int]) -> JobState:
    """Return the state of a job whose steps are in these states (and how many in each).

    What is being done comes first, then what waits, then the worst end. A job without steps is
    done.
    """
    present = {state for state, count in steps.items() if count > 0}
    for state in _ACTIVE:
        if state in present:
            return state
    if JobState.QUEUED in present:
        return JobState.QUEUED if present == {JobState.QUEUED} else JobState.RUNNING
    if JobState.PUBLISHING in present:
        return JobState.PUBLISHING
    return next((state for state in _ENDED if state in present), JobState.DONE)
