"""Questions to a person, each with an id of its own; several may be open at once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from signstation.model.text import Text


class PromptKind(Enum):
    """What is asked for."""

    PASSPHRASE = "passphrase"
    NEW_PASSPHRASE = "new-passphrase"  # asked twice by whoever shows it
    PIN = "pin"
    CONFIRM = "confirm"
    TOUCH = "touch"
    INSERT = "insert"


NOTICES = frozenset({PromptKind.TOUCH, PromptKind.INSERT})
"""Nothing is typed: the device itself says when it was done. A person can only refuse."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question. ``name`` is stable ("passphrase gpg:FPR"), as ``--secret-fd`` needs it.

    ``tries_left`` is None where nobody counts; ``previous_wrong`` is set when it is asked again.
    """

    id: str
    kind: PromptKind
    name: str
    title: Text
    body: Text
    job: int | None = None
    key: str = ""
    tries_left: int | None = None
    previous_wrong: bool = False
