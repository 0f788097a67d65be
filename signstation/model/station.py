"""What a station tells its callers: who called, what happened, what is healthy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from signstation.model.artifacts import Inspection
from signstation.model.checks import Verification
from signstation.model.jobs import JobEvent
from signstation.model.prompts import Prompt
from signstation.model.text import Text


@dataclass(frozen=True, slots=True)
class Caller:
    """Who gave an order: user and process id as the kernel tells them, and the surface's name.

    ``gnupg_home`` is the caller's GNUPGHOME, None for GnuPG's default; ``ssh_agent`` the socket
    that its SSH_AUTH_SOCK names.
    """

    uid: int
    pid: int
    surface: str  # "window", "command line", "helper"
    gnupg_home: Path | None = None
    ssh_agent: Path | None = None


@dataclass(frozen=True, slots=True)
class Inspected:
    """The inspection of one path, or why there is none (an error's wire form as JSON text)."""

    path: Path
    inspection: Inspection | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class VerifiedPath:
    """The verification of one path, or why there is none (an error's wire form as JSON text)."""

    path: Path
    verification: Verification | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class PromptOpened:
    """A prompt waits for the caller."""

    prompt: Prompt


@dataclass(frozen=True, slots=True)
class PromptClosed:
    """The prompt was answered, cancelled or is no longer needed."""

    id: str


StationEvent = JobEvent | PromptOpened | PromptClosed


class Health(Enum):
    """State of one row of ``doctor``."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class DoctorRow:
    """One thing that was looked at on this machine."""

    id: str
    health: Health
    title: Text
    detail: Text
    remedy: Text | None = None
