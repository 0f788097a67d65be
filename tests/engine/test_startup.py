"""What runs in a station before and after something is about to be signed."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from signstation.app.connect import connect
from signstation.errors import KeyNotFound

SECONDS = 60.0


def kinds() -> Counter[str]:
    """The worker processes of this one by kind: every thread may have started some."""
    found: Counter[str] = Counter()
    for thread in Path(f"/proc/{os.getpid()}/task").iterdir():
        for pid in (thread / "children").read_text().split():
            command = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
            if "signstation.worker" in command:
                found[command[command.index("signstation.worker") + 1]] += 1
    return found


def test_naming_a_key_starts_what_will_sign_and_looking_starts_nothing(tmp_path: Path) -> None:
    """While the key is looked for, the others start too; nobody waits for them."""
    station = connect(tmp_path / "state", "test")
    try:
        station.jobs().result(SECONDS)
        assert kinds() == Counter()
        with pytest.raises(KeyNotFound):
            station.resolve_key(f"file:{tmp_path}/absent.pem").result(SECONDS)
        assert kinds() == Counter({"check": 2, "hash": 1, "key": 1})
    finally:
        station.close()
    assert kinds() == Counter()
