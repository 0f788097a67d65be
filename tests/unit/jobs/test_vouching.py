"""What a walk and a list's look at its directory pass over: checkpoints of stations, by content."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from signstation.audit.checkpoint import CHECKPOINT, MAX_CHECKPOINT, write_checkpoint
from signstation.jobs.candidates import candidates
from signstation.jobs.surroundings import Vicinity, look_around
from tests.support.engine import LocalHashes

GOOD = write_checkpoint(Ed25519PrivateKey.from_private_bytes(bytes(32)), 7, bytes(32))


def _seen(root: Path) -> tuple[set[str], set[str]]:
    walked = {each.path.name for each in candidates((root,), None)}
    where = Vicinity(root, "", frozenset({"listed"}))
    return walked, set(asyncio.run(look_around(where, (), LocalHashes())).others)


def test_a_checkpoint_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / CHECKPOINT).write_bytes(GOOD)
    (tmp_path / "listed").touch()
    assert _seen(tmp_path) == ({"listed"}, set())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("other.txt", GOOD, id="another name"),
        pytest.param(CHECKPOINT, b"", id="empty"),
        pytest.param(CHECKPOINT, GOOD + b"hidden\n", id="more"),
        pytest.param(CHECKPOINT, GOOD + b" " * MAX_CHECKPOINT, id="too much"),
        pytest.param(CHECKPOINT, GOOD.replace(b"signstation-", b"example.org/"), id="another log"),
    ],
)
def test_nothing_else_hides_behind_it(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    assert _seen(tmp_path) == ({name}, {name})


def test_a_link_of_its_name_is_no_checkpoint(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(GOOD)
    (tmp_path / CHECKPOINT).symlink_to("real")
    assert _seen(tmp_path)[1] == {"real", CHECKPOINT}
