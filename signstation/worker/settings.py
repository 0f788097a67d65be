"""What a station decides about its workers."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from signstation.model.tokens import TokenPlaces


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """Paths are absolute, times in seconds."""

    state: Path
    """The station's state directory."""
    cores: int = len(os.sched_getaffinity(0))
    """Processors that may be kept busy."""
    air_gap: bool = True
    """No worker gets IP sockets."""
    batch_unlock: bool = True
    """Policy allows a software key to be taken into a key worker's memory for one batch."""
    tokens: TokenPlaces = field(default_factory=TokenPlaces)
    """The PKCS#11 modules, and what they are given."""
    tool_directories: tuple[Path, ...] = ()
    """Where real tools are looked for before the system's directories."""
    hung_after: float = 300.0
    """A check or hash worker without a sign of life for so long is killed: more than the second
    library takes for 10 GB from a slow disk, which it reads in one go."""
    tool_hung_after: float = 900.0
    """The same for a tool worker; each tool has a time-out of its own besides."""
    key_hung_after: float = 600.0
    """The same for a key worker that waits for no prompt: RSA-4096 keys are made in it."""
