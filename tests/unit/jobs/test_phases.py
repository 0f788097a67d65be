"""The stopwatch: every nanosecond belongs to one phase."""

from __future__ import annotations

import time

import pytest

from signstation.jobs.phases import Phases
from signstation.model.jobs import Phase


def test_every_nanosecond_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 1000, 100))
    monkeypatch.setattr(time, "monotonic_ns", lambda: next(clock))
    phases = Phases()  # 0
    phases.enter(Phase.HASH)  # 100
    phases.enter(Phase.KEY)  # 200
    phases.enter(Phase.HASH)  # 300
    phases.enter(Phase.SYNC)  # 400
    phases.correct(Phase.HASH, 150)  # 500: 50 of the 200 were waiting
    found = {counter.phase: counter.nanoseconds for counter in phases.counters()}  # 600
    assert found == {Phase.WAIT: 150, Phase.HASH: 150, Phase.KEY: 100, Phase.SYNC: 200}
    assert sum(found.values()) == 600


def test_a_worker_is_not_believed_to_have_taken_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 1000, 100))
    monkeypatch.setattr(time, "monotonic_ns", lambda: next(clock))
    phases = Phases()
    phases.enter(Phase.HASH)
    phases.correct(Phase.HASH, 10**9)
    assert {c.phase: c.nanoseconds for c in phases.counters()} == {Phase.WAIT: 100, Phase.HASH: 200}
