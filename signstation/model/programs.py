"""A program that ended, as a value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Completed:
    """Exit status (negative: signal), bounded outputs and the full command of a program."""

    command: tuple[str, ...]
    status: int
    stdout: bytes
    stderr: bytes
