"""Errors about this machine: tools, policy, state, processes, and bugs."""

from __future__ import annotations

from signstation.effects import ExitStatus
from signstation.failures.base import SignstationError


class Cancelled(SignstationError, code="cancelled", status=ExitStatus.CANCELLED, retryable=True):
    """Somebody asked to stop; not a failure and never a dialogue."""


class CancelRefused(SignstationError, code="cancel-refused", status=ExitStatus.USAGE):
    """The step is being published and can no longer be cancelled."""

    job: int = 0


class UsageError(SignstationError, code="usage", status=ExitStatus.USAGE):
    """The order contradicts itself or names something that does not exist here."""

    reason: str = ""


class ToolError(SignstationError, code="tool", status=ExitStatus.TOOL):
    """Something about a program of the system."""

    program: str = ""


class ToolMissing(ToolError, code="tool.missing"):
    """The program is not installed in a system directory; ``package`` is where it comes from."""

    package: str = ""


class ToolFailed(ToolError, code="tool.failed", status=ExitStatus.HOST):
    """The program ended with ``exit_status``; ``output`` is the tail of its error output."""

    exit_status: int = 0
    output: str = ""


class ToolTimedOut(ToolError, code="tool.timed-out", status=ExitStatus.HOST, retryable=True):
    """The program did not end within ``seconds``."""

    seconds: int = 0


class PolicyError(SignstationError, code="policy", status=ExitStatus.POLICY):
    """A rule says no."""


class PolicyRefused(PolicyError, code="policy.refused"):
    """A rule refused the request; ``rule`` names it, ``reason`` is its sentence (English)."""

    rule: str = ""
    reason: str = ""


class TimeRefused(PolicyError, code="policy.time-refused"):
    """The pinned signing time is too far from this machine's clock (Unix seconds)."""

    signing_time: int = 0
    clock: int = 0


class OfflineRefused(PolicyError, code="policy.offline"):
    """Network use was asked for while air-gap mode is on."""

    what: str = ""


class HostError(SignstationError, code="host", status=ExitStatus.HOST):
    """Something about this machine or the station's own state."""


class DiskFull(HostError, code="host.disk-full", retryable=True):
    """No space (or quota) left where ``path`` is."""

    path: str = ""


class NotWritable(HostError, code="host.not-writable", retryable=True):
    """The target directory or file cannot be written; ``reason`` is strerror."""

    path: str = ""
    reason: str = ""


class StoreLocked(HostError, code="host.store-locked", retryable=True):
    """Another process owns this state directory and does not answer on its socket."""

    path: str = ""


class StoreTooNew(HostError, code="host.store-too-new"):
    """The journal was written by a newer version of signstation."""

    found: int = 0
    known: int = 0


class StoreDamaged(HostError, code="host.store-damaged"):
    """The journal contradicts itself: ``reason``."""

    reason: str = ""


class ReplayDiverged(HostError, code="host.replay-diverged"):
    """On replay a step asked for another signature than the recorded one."""

    step: int = 0


class Interrupted(HostError, code="host.interrupted", retryable=True):
    """The station ended in the middle and going on needs a person.

    ``unknown``: signatures that may have been made and would not come out the same again.
    """

    unknown: int = 0


class WorkerDied(HostError, code="host.worker-died", retryable=True):
    """A worker process ended unexpectedly; ``signal`` is 0 when it exited with ``exit_status``."""

    kind: str = ""
    signal: int = 0
    exit_status: int = 0


class WorkerHung(HostError, code="host.worker-hung", retryable=True):
    """A worker did not answer within ``seconds`` and was killed."""

    kind: str = ""
    seconds: int = 0


class LimitReached(HostError, code="host.limit"):
    """A bound of signstation was reached: ``what``, ``limit``."""

    what: str = ""
    limit: int = 0


class ProtocolViolation(HostError, code="host.protocol"):
    """A peer on a socket sent something that is not of the protocol."""

    reason: str = ""


class InternalError(SignstationError, code="internal", status=ExitStatus.BUG):
    """A bug: anything that escaped; ``id`` finds its traceback in the log."""

    id: str = ""
