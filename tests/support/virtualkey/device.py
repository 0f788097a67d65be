"""What all applets of one test YubiKey share: identity, the finger, and faults on command."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum

from tests.support.virtualkey.apdu import Denied, Status

TOUCH_SECONDS = 15
"""How long a YubiKey waits for a finger."""


class Finger(Enum):
    """What the person in front of the key does when it blinks."""

    TOUCHES = "touches"
    REFUSES = "refuses"
    AWAY = "away"  # until the test says otherwise


@dataclass(slots=True)
class Fault:
    """Answer commands with this instruction with ``status`` instead, ``times`` times."""

    instruction: int
    status: int
    times: int = 1


@dataclass(slots=True)
class Device:
    """A YubiKey 5 with USB: its identity, and the handles that a test pulls."""

    serial: int
    firmware: tuple[int, int, int]
    finger: Finger = Finger.TOUCHES
    faults: list[Fault] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    moved: threading.Condition = field(default_factory=threading.Condition)

    @property
    def version(self) -> bytes:
        """The firmware's version in three bytes."""
        return bytes(self.firmware)

    def touch(self) -> None:
        """Wait for the finger. Raises Denied when nobody touches."""
        with self.moved:
            self.counts["touch"] += 1
            self.moved.notify_all()
            self.moved.wait_for(lambda: self.finger is not Finger.AWAY, TOUCH_SECONDS)
            if self.finger is not Finger.TOUCHES:
                raise Denied(Status.NO_TOUCH)

    def fault(self, instruction: int) -> None:
        """Raise Denied where the test ordered one for this instruction."""
        for each in self.faults:
            if each.instruction == instruction and each.times:
                each.times -= 1
                raise Denied(each.status)
