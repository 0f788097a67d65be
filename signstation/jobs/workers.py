"""The worker processes that a runner is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from signstation.interfaces.workers import CheckWorkers, HashWorkers, KeyWorkers
from signstation.model.station import Caller


class KeysFor(Protocol):
    """Gives the key workers that serve a caller: with his GnuPG home, and with prompts to him."""

    def __call__(self, caller: Caller, job: int | None, /) -> KeyWorkers:
        """Return them; ``job`` is None while an order is planned. Called on the event loop."""
        ...


@dataclass(frozen=True, slots=True)
class Workers:
    """Pools of worker processes, owned by whoever made them."""

    check: CheckWorkers
    hashes: HashWorkers
    keys: KeysFor
