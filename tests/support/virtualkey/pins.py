"""PINs of a test card: a value, its tries, and what was verified since the card was selected."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from tests.support.virtualkey.apdu import Denied, Status, wrong


@dataclass(slots=True)
class Pin:
    """One secret with a retry counter; an empty value is one that was never set."""

    value: bytes
    least: int
    most: int
    limit: int = 3
    tries: int = 3
    verified: bool = False

    def verify(self, given: bytes) -> None:
        """Compare and count. Raises Denied with the tries that are left."""
        if not self.tries or not self.value:
            raise Denied(Status.BLOCKED)
        if hmac.compare_digest(given, self.value):
            self.tries, self.verified = self.limit, True
            return
        self.tries, self.verified = self.tries - 1, False
        raise wrong(self.tries)

    def set(self, value: bytes) -> None:
        """Take a new value, with all its tries. Raises Denied where it is too short or long."""
        if not self.least <= len(value) <= self.most:
            raise Denied(Status.WRONG_DATA)
        self.value, self.tries, self.verified = value, self.limit, False

    def change(self, both: bytes) -> None:
        """Take the old value and behind it the new one, as CHANGE REFERENCE DATA sends them."""
        size = len(self.value)
        self.verify(both[:size])
        self.set(both[size:])

    def state(self) -> None:
        """Answer a VERIFY without data. Raises Denied with the tries unless it is verified."""
        if not self.verified:
            raise wrong(self.tries)
