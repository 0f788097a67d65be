"""The state of a job follows from those of its steps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.jobs.states import job_state
from signstation.model.jobs import JobState

tallies = st.dictionaries(st.sampled_from(JobState), st.integers(0, 3))


@given(tallies)
def test_a_job_is_final_when_all_its_steps_are(tally: dict[JobState, int]) -> None:
    present = {state for state, count in tally.items() if count}
    assert job_state(tally).final == all(state.final for state in present)


@given(tallies)
def test_counts_do_not_matter_and_the_state_is_one_that_is_there(
    tally: dict[JobState, int],
) -> None:
    once = {state: min(count, 1) for state, count in tally.items()}
    assert job_state(tally) is job_state(once)
    present = {state for state, count in tally.items() if count}
    assert job_state(tally) in present | {JobState.DONE, JobState.RUNNING}


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ((), JobState.DONE),
        (("queued",), JobState.QUEUED),
        (("queued", "done"), JobState.RUNNING),
        (("running", "failed"), JobState.RUNNING),
        (("cancelling", "running"), JobState.CANCELLING),
        (("publishing", "done"), JobState.PUBLISHING),
        (("publishing", "queued"), JobState.RUNNING),
        (("interrupted", "failed"), JobState.INTERRUPTED),
        (("interrupted", "running"), JobState.RUNNING),
        (("failed", "cancelled", "done"), JobState.FAILED),
        (("cancelled", "done"), JobState.CANCELLED),
        (("done",), JobState.DONE),
    ],
)
def test_what_is_told_first(states: tuple[str, ...], expected: JobState) -> None:
    assert job_state({JobState(state): 1 for state in states}) is expected
