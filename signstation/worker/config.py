"""What the station tells a worker before anything else: the CONFIG frame."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from signstation.codec.plain import from_plain, to_plain
from signstation.model.tokens import TokenPlaces
from signstation.worker.frames import put_json, take_json


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """Paths are absolute. A kind of worker takes what concerns it."""

    directory: Path  # tool: its private directory, the only one that tools may write to
    state: Path  # key: the station's state directory
    gnupg_home: Path | None = None  # key: GNUPGHOME of the caller
    network: bool = False  # key: whether IP sockets are allowed (never in air-gap mode)
    batch_unlock: bool = True  # key: whether a software key may be taken into memory
    tokens: TokenPlaces = field(default_factory=TokenPlaces)  # key: the PKCS#11 modules
    tools: tuple[Path, ...] = ()  # tool, key: directories looked into before the system's


def put_config(config: WorkerConfig) -> bytes:
    """Write the body of CONFIG."""
    return put_json(to_plain(config))


def take_config(body: bytes) -> WorkerConfig:
    """Read the body of CONFIG. Raises ProtocolViolation."""
    return from_plain(take_json(body), WorkerConfig)
