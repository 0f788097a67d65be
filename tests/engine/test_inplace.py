"""Signing in place: replaced or patched, and put back when anything fails."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from signstation.errors import ArtifactChanged, NotWritable, SignstationError
from signstation.jobs import inplace
from signstation.jobs.checkpoints import Checkpoints, NoCheckpoints, Point
from signstation.model.jobs import JobState
from tests.support.engine import CALLER, local_station
from tests.support.journal import audit, query
from tests.support.pools import pool_station
from tests.support.release import (
    Release,
    codes,
    contents,
    effect_of,
    names_of,
    planned,
    release,
    signed,
)


@pytest.fixture
def goods(tmp_path: Path) -> Release:
    """Make three modules, with attributes that are to be kept."""
    made = release(tmp_path)
    for name in names_of(3):
        (made.directory / name).chmod(0o640)
        os.setxattr(made.directory / name, "user.origin", b"builder")
    return made


@pytest.fixture(params=["renamed", "patched"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Sign in place in both ways, whatever the size."""
    monkeypatch.setattr(inplace, "MIN_IN_PLACE", 0 if request.param == "patched" else 1 << 40)
    return str(request.param)


def test_files_are_signed_where_they_are(tmp_path: Path, goods: Release, way: str) -> None:
    before = contents(goods.directory, names_of(3))
    inodes = [(goods.directory / name).stat().st_ino for name in names_of(3)]

    async def work() -> None:
        async with pool_station(tmp_path / "home") as station:
            row = await signed(station.runner, goods.in_place)
            assert row.state is JobState.DONE, await codes(station.runner, row.id)

    asyncio.run(work())
    for name, old, inode in zip(names_of(3), before, inodes, strict=True):
        path = goods.directory / name
        assert path.read_bytes().startswith(old)
        assert path.read_bytes().endswith(b"~Module signature appended~\n")
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        assert os.getxattr(path, "user.origin") == b"builder"
        assert (path.stat().st_ino == inode) == (way == "patched")
    journal = tmp_path / "home/journal.db"
    assert [row.event for row in audit(journal)].count("published") == 3
    assert query(journal, "SELECT * FROM patch") == []
    assert not goods.output.exists()
    assert goods.leftovers() == []


def test_signing_twice_replaces_the_signature(tmp_path: Path, goods: Release, way: str) -> None:
    assert way

    async def work() -> None:
        async with local_station(tmp_path / "home") as station:
            await signed(station.runner, goods.in_place)
            first = contents(goods.directory, names_of(3))
            row = await signed(station.runner, goods.in_place)
            assert row.state is JobState.DONE
            assert contents(goods.directory, names_of(3)) == first

    asyncio.run(work())


def changed_at(home: Path, goods: Release, checkpoints: Checkpoints) -> tuple[list[str], list[str]]:
    """Sign in place with something happening on the way; return codes and effects."""

    async def work() -> tuple[list[str], list[str]]:
        async with local_station(home, checkpoints=checkpoints) as station:
            summary = await planned(station.runner, goods.in_place)
            job = await station.runner.submit(summary.id, CALLER)
            await station.runner.wait(job)
            steps = await station.runner.steps(job)
            return await codes(station.runner, job), [effect_of(s) for s in steps if s.error]

    return asyncio.run(work())


class Once:
    """Checkpoints that do something the first time that a point is reached."""

    def __init__(self, point: Point, act: Callable[[], object]) -> None:
        self._point: Point | None = point
        self._act = act

    def reached(self, point: Point) -> None:
        if point is self._point:
            self._point = None
            self._act()


def test_a_file_that_changed_on_the_way_is_left_alone(
    tmp_path: Path, goods: Release, way: str
) -> None:
    """Somebody wrote to it after it was signed and rechecked."""
    assert way
    path = goods.directory / "m0.ko"
    touched = path.read_bytes() + b"touched"
    once = Once(Point.AFTER_READY_COMMIT, lambda: path.write_bytes(touched))
    found, effects = changed_at(tmp_path / "home", goods, once)
    assert found == ["input.changed", "done", "done"]
    assert effects == ["unchanged"]
    assert path.read_bytes() == touched
    assert goods.leftovers() == []


@pytest.fixture
def patching(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patch, whatever the size."""
    monkeypatch.setattr(inplace, "MIN_IN_PLACE", 0)


@pytest.mark.usefixtures("patching")
def test_a_write_that_fails_is_put_back(
    tmp_path: Path, goods: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(goods.directory, names_of(3))

    def full(descriptor: int, *_: object) -> None:
        os.pwrite(descriptor, b"half a signature", os.fstat(descriptor).st_size)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(inplace, "apply_patches", full)
    found, effects = changed_at(tmp_path / "home", goods, NoCheckpoints())
    assert found == ["host.disk-full"] * 3
    assert effects == ["unchanged"] * 3
    assert contents(goods.directory, names_of(3)) == before


@pytest.mark.usefixtures("patching")
def test_what_cannot_be_put_back_at_once_is_put_back_later(
    tmp_path: Path, goods: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(goods.directory, ["m0.ko"])

    def broken(*_: object) -> None:
        raise OSError(5, "Input/output error")

    async def work() -> None:
        async with local_station(tmp_path / "home") as station:
            with monkeypatch.context() as patch:
                patch.setattr(inplace, "apply_patches", broken)
                patch.setattr(inplace, "put_back", broken)
                order = goods.in_place
                row = await signed(station.runner, order)
            assert row.state is JobState.INTERRUPTED
            assert row.finished is None
            steps = await station.runner.steps(row.id)
            assert {effect_of(step) for step in steps} == {"unknown"}
            os.truncate(goods.directory / "m0.ko", len(before[0]))
            assert await station.runner.resume(row.id) == (row.id,)
            assert (await station.runner.wait(row.id)).state is JobState.DONE

    asyncio.run(work())
    assert (goods.directory / "m0.ko").read_bytes().startswith(before[0])


@pytest.mark.usefixtures("patching")
@pytest.mark.parametrize("error", [ArtifactChanged, NotWritable])
def test_only_the_file_that_was_patched_is_put_back(
    tmp_path: Path, goods: Release, monkeypatch: pytest.MonkeyPatch, error: type[SignstationError]
) -> None:
    """Bytes that are neither the old nor the new ones are somebody else's."""

    def broken(*_: object) -> None:
        raise OSError(5, "Input/output error")

    path = goods.directory / "m0.ko"

    async def work() -> None:
        async with local_station(tmp_path / "home") as station:
            with monkeypatch.context() as patch:
                patch.setattr(inplace, "apply_patches", broken)
                patch.setattr(inplace, "put_back", broken)
                row = await signed(station.runner, goods.in_place)
            if error is ArtifactChanged:
                path.write_bytes(path.read_bytes() + b"not ours")
                await station.runner.resume(row.id)
                found = await station.runner.wait(row.id)
                assert found.state is JobState.FAILED
                assert await codes(station.runner, row.id) == ["input.changed", "done", "done"]
            else:
                with monkeypatch.context() as patch:
                    patch.setattr(inplace, "put_back", broken)
                    await station.runner.resume(row.id)
                    assert (await station.runner.wait(row.id)).state is JobState.INTERRUPTED
                await station.runner.cancel(row.id)
                found = await station.runner.wait(row.id)
                assert found.state is JobState.CANCELLED
                assert found.finished is not None

    asyncio.run(work())
    if error is ArtifactChanged:
        assert path.read_bytes().endswith(b"not ours")
