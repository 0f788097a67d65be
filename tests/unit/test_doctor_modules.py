"""What ``doctor`` says of PKCS#11 modules."""

from __future__ import annotations

from pathlib import Path

from signstation.app.doctor_modules import modules
from signstation.model.station import Health
from signstation.model.tokens import TokenPlaces


def test_each_module_is_ready_unsafe_or_missing(tmp_path: Path) -> None:
    ready, unsafe = tmp_path / "ready.so", tmp_path / "unsafe.so"
    for path, mode in ((ready, 0o644), (unsafe, 0o666)):
        path.touch()
        path.chmod(mode)
    rows = tuple(modules(TokenPlaces((ready, unsafe, tmp_path / "gone.so"))))
    assert [row.health for row in rows] == [Health.GOOD, Health.BAD, Health.BAD]
    assert [row.title.english().rpartition(": ")[2] for row in rows] == [
        "ready",
        "not loaded",
        "not there",
    ]
    assert not tuple(modules(TokenPlaces()))
