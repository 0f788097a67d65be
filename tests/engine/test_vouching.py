"""Checkpoints of the audit log in folders of results: when they are left, renewed, and never."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from signstation.app.api import StationApi
from signstation.app.connect import connect
from signstation.audit.checkpoint import CHECKPOINT
from signstation.model.audit import AuditFilter, CheckpointState
from signstation.model.jobs import JobState
from signstation.model.options import CONTENT, CONTENT_LEFT
from signstation.model.orders import (
    Destination,
    GenerateOrder,
    KeyForm,
    SignOrder,
    VerifyOrder,
)
from signstation.model.station import VerifiedPath

SECONDS = 60


@pytest.fixture
def base() -> Iterator[Path]:
    """A short private directory with a file to be signed."""
    made = Path(tempfile.mkdtemp(prefix="vo-", dir="/tmp"))
    (made / "in").mkdir()
    (made / "in/tool.iso").write_bytes(b"x" * 1000)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def _open(base: Path) -> StationApi:
    return connect(base / "state", "window", gnupg_home=base / "no-gnupg")


@pytest.fixture
def station(base: Path) -> Iterator[StationApi]:
    """A real station."""
    opened = _open(base)
    yield opened
    opened.close()


@pytest.fixture
def order(station: StationApi, base: Path) -> SignOrder:
    """Sign the file into a directory of its own."""
    return _order(station, base)


def _order(station: StationApi, base: Path) -> SignOrder:
    made = station.generate(GenerateOrder(KeyForm.X509, "files", "p256", protect=False))
    (key,) = made.result(SECONDS)
    return SignOrder((base / "in/tool.iso",), (key.key,), format="blob", output=base / "out")


def _sign(station: StationApi, order: SignOrder) -> int:
    plan = station.plan(order).result(SECONDS)
    assert not plan.refused
    job = station.submit(plan.id).result(SECONDS)
    assert station.wait(job).result(SECONDS).state is JobState.DONE
    return job


def _held(station: StationApi, path: Path) -> tuple[CheckpointState, int | None]:
    (found,) = station.audit_check((path,)).result(SECONDS).checkpoints
    return found.state, found.size


def _size(station: StationApi) -> int:
    return len(station.audit_records(AuditFilter(), 0).result(SECONDS))


def _verified(station: StationApi, paths: Sequence[Path]) -> list[str]:
    found: list[VerifiedPath] = []
    station.verify(VerifyOrder(tuple(paths)), found.append).result(SECONDS)
    return sorted(each.path.name for each in found)


def test_each_job_renews_the_checkpoint_of_its_folder(
    station: StationApi, order: SignOrder, base: Path
) -> None:
    """It covers the whole log as it is when the job is told to have ended."""
    _sign(station, order)
    path = base / "out" / CHECKPOINT
    first = path.read_bytes()
    assert _held(station, path) == (CheckpointState.CONSISTENT, _size(station))
    assert path.stat().st_mode & 0o777 == 0o644
    _sign(station, replace(order, replace=True))
    assert path.read_bytes() != first
    assert _held(station, path) == (CheckpointState.CONSISTENT, _size(station))
    names = {each.name for each in path.parent.iterdir()}
    assert names == {"tool.iso", "tool.iso.p7s", CHECKPOINT}


def test_walks_pass_it_over_and_a_person_may_name_it(
    station: StationApi, order: SignOrder, base: Path
) -> None:
    """Verifying and signing the folder know only the file; content decides, not the name."""
    _sign(station, order)
    path = base / "out" / CHECKPOINT
    assert _verified(station, [base / "out"]) == ["tool.iso"]
    assert _verified(station, [path]) == [CHECKPOINT]
    again = replace(order, paths=(base / "out",), output=base / "again")
    plan = station.plan(again).result(SECONDS)
    assert CHECKPOINT not in {each.path.name for each in plan.items}
    assert path not in plan.skipped
    path.write_text("something else\n")
    assert _verified(station, [base / "out"]) == [CHECKPOINT, "tool.iso"]


def test_none_is_left_beside_originals_or_where_nobody_wants_it(
    station: StationApi, order: SignOrder, base: Path
) -> None:
    """In place, beside the originals by another name of the directory, or by the order's word."""
    (base / "link").symlink_to("in")
    _sign(station, replace(order, checkpoint=False))
    _sign(station, replace(order, output=base / "link", options=((CONTENT, CONTENT_LEFT),)))
    in_place = replace(order, output=None, destination=Destination.IN_PLACE, replace=True)
    _sign(station, in_place)
    assert list(base.rglob(CHECKPOINT)) == []


@pytest.mark.expects_log("no checkpoint for job")
def test_what_bears_its_name_already_stays(
    station: StationApi, order: SignOrder, base: Path
) -> None:
    """A file of somebody's, and a checkpoint of another station."""
    (base / "out").mkdir()
    path = base / "out" / CHECKPOINT
    path.write_text("minutes of the release meeting\n")
    _sign(station, order)
    assert path.read_text() == "minutes of the release meeting\n"
    other = connect(base / "other", "window", gnupg_home=base / "no-gnupg")
    try:
        other.generate(GenerateOrder(KeyForm.X509, "x", "p256", protect=False)).result(SECONDS)
        theirs = other.audit_check(()).result(SECONDS).checkpoint
    finally:
        other.close()
    path.write_text(theirs)
    _sign(station, replace(order, replace=True))
    assert path.read_text() == theirs


def _change(base: Path, *statements: str) -> None:
    with closing(sqlite3.connect(base / "state/journal.db", isolation_level=None)) as database:
        for each in statements:
            database.execute(each)


@contextmanager
def _opened(base: Path) -> Iterator[StationApi]:
    station = _open(base)
    try:
        yield station
    finally:
        station.close()


def test_one_that_is_still_owed_is_left_at_the_next_start(base: Path) -> None:
    """As after a crash between the end of the job and its checkpoint; and then not again."""
    path = base / "out" / CHECKPOINT
    with _opened(base) as station:
        _sign(station, _order(station, base))
    path.unlink()
    _change(base, "UPDATE job SET owing = 1, finished = NULL")
    with _opened(base) as station:
        assert _held(station, path)[0] is CheckpointState.CONSISTENT
    path.unlink()
    _open(base).close()
    assert not path.exists()


@pytest.mark.expects_log("no checkpoint for job 2")
def test_the_proof_that_records_are_missing_is_not_overwritten(base: Path) -> None:
    """A log that lost its newest records cannot take back what it said of them."""
    path = base / "out" / CHECKPOINT
    with _opened(base) as station:
        order = _order(station, base)
        _sign(station, order)
    told = path.read_bytes()
    _change(base, "DROP TRIGGER audit_kept", "DELETE FROM audit WHERE id > 3")
    with _opened(base) as station:
        _sign(station, replace(order, replace=True))
        assert path.read_bytes() == told
        assert _held(station, path)[0] is CheckpointState.CONTRADICTED
