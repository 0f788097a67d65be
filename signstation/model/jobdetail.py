"""What a job was ordered to do, exactly, for people who review it."""

from __future__ import annotations

from dataclasses import dataclass

from signstation.model.keys import Protection


@dataclass(frozen=True, slots=True)
class JobSigner:
    """A key as it was when the job was planned; ``spki_sha256`` in hex."""

    key: str
    label: str
    algorithm: str
    protection: Protection
    spki_sha256: str


@dataclass(frozen=True, slots=True)
class JobCommands:
    """What artifacts have in common: format, signatures, and commands in which FILE is each.

    FILE.xz, FILE.zst or FILE.gz is each where they are compressed, FILE what is inside.

    ``signatures`` are "TYPE, HASH, by KEY"; ``first`` is the name of one of the artifacts. Empty
    ``commands``: this installation has the format no more.
    """

    format: str
    artifacts: int
    first: str
    signatures: tuple[str, ...]
    commands: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class JobDetail:
    """The sealed order behind a job. ``signing_time`` is Unix seconds."""

    job: int
    request_sha256: str
    signing_time: int
    surface: str
    uid: int
    pid: int
    signers: tuple[JobSigner, ...]
    commands: tuple[JobCommands, ...]
