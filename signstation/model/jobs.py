"""Jobs, steps and what they tell: the rows that the queue shows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class JobState(Enum):
    """State of a job, derived from its steps; also the state of a step.

    QUEUED → RUNNING (⇄ WAITING for a prompt or approval) → PUBLISHING → DONE; any state before
    PUBLISHING → CANCELLING → CANCELLED; RUNNING → FAILED; a crash leaves INTERRUPTED.
    """

    QUEUED = "queued"
    WAITING = "waiting"
    RUNNING = "running"
    CANCELLING = "cancelling"
    PUBLISHING = "publishing"
    INTERRUPTED = "interrupted"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """True where nothing more happens without a new order."""
        return self is JobState.DONE or self is JobState.FAILED or self is JobState.CANCELLED


class Phase(Enum):
    """What a running step is doing; counters are kept per phase."""

    WAIT = "wait"
    HASH = "hash"
    KEY = "key"
    STAGE = "stage"
    RECHECK = "recheck"
    SYNC = "sync"
    PUBLISH = "publish"


@dataclass(frozen=True, slots=True)
class Counter:
    """Time spent by one step in one phase, in nanoseconds."""

    phase: Phase
    nanoseconds: int


@dataclass(frozen=True, slots=True)
class StepRow:
    """One artifact of a job. ``error`` is the wire form of the last error, as JSON text."""

    id: int
    job: int
    ordinal: int
    path: str
    title: str
    format: str
    state: JobState
    phase: Phase | None
    done_bytes: int
    total_bytes: int | None
    attempts: int
    outputs: tuple[str, ...]
    output_sha256: bytes | None
    error: str | None
    counters: tuple[Counter, ...] = ()


@dataclass(frozen=True, slots=True)
class JobRow:
    """One order. Times are Unix seconds; counts are of steps.

    ``paused``: no step of it begins until a person lets it go on; those under way end. Never true
    of a job in a final state. ``release``: the directory that its first artifact was named below.
    """

    id: int
    title: str
    state: JobState
    created: int
    finished: int | None
    steps: int
    done: int
    failed: int
    request_sha256: bytes
    keys: tuple[str, ...]
    paused: bool = False
    release: str = ""


@dataclass(frozen=True, slots=True)
class JobEvent:
    """A job or one of its steps changed: refresh just that row."""

    job: int
    step: int | None = None
