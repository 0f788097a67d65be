"""What every running step shares: the journal, the hands, the publisher, the clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from signstation.interfaces.format import Format
from signstation.interfaces.workers import CheckWorkers, HashWorkers
from signstation.jobs.checkpoints import Checkpoints
from signstation.jobs.clock import Clock
from signstation.jobs.hands import Hands
from signstation.jobs.journal import Journal
from signstation.jobs.publish import Publisher
from signstation.jobs.stage import Stager


@dataclass(frozen=True, slots=True)
class Engine:
    """Owned by the runner. ``changed`` is told that a step (None: a job) has changed.

    ``private`` is a directory of the station for copies of artifacts that others could change.
    """

    journal: Journal
    formats: Mapping[str, Format]
    check: CheckWorkers
    hashes: HashWorkers
    hands: Hands
    stager: Stager
    publisher: Publisher
    checkpoints: Checkpoints
    clock: Clock
    private: Path
    changed: Callable[[int, int | None], None]
