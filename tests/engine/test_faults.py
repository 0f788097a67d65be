"""Faults of files and places: each leaves the original untouched and says what happened."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from signstation.interfaces.signed import Signed
from signstation.interfaces.workers import Asker, CheckWorkers, Progress, SigningItem
from signstation.jobs.workers import Workers
from signstation.model.jobs import JobState
from signstation.model.outputs import Output, Patch, Patched, Sibling
from tests.support.engine import CALLER, LocalCheck, local_station
from tests.support.journal import audit
from tests.support.pools import pool_station
from tests.support.release import (
    Release,
    codes,
    contents,
    effect_of,
    names_of,
    planned,
    refusals,
    release,
    signed,
)


@pytest.fixture
def goods(tmp_path: Path) -> Release:
    """Make three modules and a key."""
    return release(tmp_path)


def test_a_release_is_signed_by_real_workers(tmp_path: Path, goods: Release) -> None:
    async def work() -> None:
        async with pool_station(tmp_path / "home") as station:
            row = await signed(station.runner, goods.order)
            assert (row.state, row.done) == (JobState.DONE, 3)
            steps = await station.runner.steps(row.id)
            assert {counter.phase.value for counter in steps[0].counters} >= {"key", "hash", "sync"}

    asyncio.run(work())
    assert goods.names() == names_of(3)
    assert goods.leftovers() == []
    rows = audit(tmp_path / "home/journal.db")
    published = [row.body for row in rows if row.event == "published"]
    assert sorted(str(each["path"]) for each in published) == [
        str(goods.output / name) for name in names_of(3)
    ]
    used = [row.body for row in rows if row.event == "key-use"]
    assert sorted(str(each["path"]) for each in used) == [
        str(goods.directory / name) for name in names_of(3)
    ]
    assert {(each["key"], each["caller"]) for each in [*used, *published]} == {
        (rows[0].body["key"], rows[0].body["caller"])
    }
    assert all(each["spki_sha256"] and each["asked"] and each["held"] for each in used)
    assert {row.event for row in rows} == {"submitted", "key-use", "published"}


def after_planning(
    home: Path, goods: Release, change: Callable[[], object], *, in_place: bool = False
) -> tuple[list[str], list[str]]:
    """Plan, change something, run; return the steps' codes and effects of those that failed."""

    async def work() -> tuple[list[str], list[str]]:
        async with local_station(home) as station:
            order = goods.in_place if in_place else goods.order
            summary = await planned(station.runner, order)
            change()
            job = await station.runner.submit(summary.id, CALLER)
            await station.runner.wait(job)
            steps = await station.runner.steps(job)
            effects = [effect_of(step) for step in steps if step.error]
            return await codes(station.runner, job), effects

    found = asyncio.run(work())
    assert goods.leftovers() == []
    return found


def test_a_file_that_changed_is_not_signed(tmp_path: Path, goods: Release) -> None:
    changed = goods.directory / "m0.ko"

    def change() -> None:
        content = bytearray(changed.read_bytes())
        content[100] ^= 1
        changed.write_bytes(content)

    found = after_planning(tmp_path / "home", goods, change)
    assert found == (["input.changed", "done", "done"], ["unchanged"])
    assert goods.names() == ["m1.ko", "sub/m2.ko"]


def test_a_file_that_grew_is_not_signed(tmp_path: Path, goods: Release) -> None:
    path = goods.directory / "m0.ko"
    found = after_planning(
        tmp_path / "home", goods, lambda: path.write_bytes(path.read_bytes() + b"x")
    )
    assert found[0] == ["input.changed", "done", "done"]


def test_a_file_that_vanished_fails_alone(tmp_path: Path, goods: Release) -> None:
    found = after_planning(tmp_path / "home", goods, (goods.directory / "m1.ko").unlink)
    assert found == (["done", "input.missing", "done"], ["unchanged"])


def test_a_name_that_was_taken_meanwhile_is_not_overwritten(tmp_path: Path, goods: Release) -> None:
    def change() -> None:
        goods.output.mkdir()
        (goods.output / "m0.ko").write_bytes(b"precious")

    found = after_planning(tmp_path / "home", goods, change)
    assert found == (["output.exists", "done", "done"], ["unchanged"])
    assert (goods.output / "m0.ko").read_bytes() == b"precious"


def test_a_directory_that_became_a_link_is_not_followed(tmp_path: Path, goods: Release) -> None:
    def change() -> None:
        (goods.directory / "sub").rename(tmp_path / "elsewhere")
        (goods.directory / "sub").symlink_to(tmp_path / "elsewhere")

    found = after_planning(tmp_path / "home", goods, change)
    assert found == (["done", "done", "input.leaves-tree"], ["unchanged"])


def test_results_are_not_written_through_a_link(tmp_path: Path, goods: Release) -> None:
    def change() -> None:
        goods.output.mkdir()
        (tmp_path / "elsewhere").mkdir()
        (goods.output / "sub").symlink_to(tmp_path / "elsewhere")

    found = after_planning(tmp_path / "home", goods, change)
    assert found == (["done", "done", "input.leaves-tree"], ["unchanged"])
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_link_that_came_meanwhile_is_not_signed_in_place(tmp_path: Path, goods: Release) -> None:
    before = contents(goods.directory, names_of(3))

    def change() -> None:
        (tmp_path / "other").hardlink_to(goods.directory / "m0.ko")

    found = after_planning(tmp_path / "home", goods, change, in_place=True)
    assert found == (["output.hard-linked", "done", "done"], ["unchanged"])
    assert (goods.directory / "m0.ko").read_bytes() == before[0]


def test_a_place_that_cannot_be_written(tmp_path: Path, goods: Release) -> None:
    """Sysfs lets nobody make directories, not even root."""
    elsewhere = Release(goods.directory, Path("/sys/signed"), goods.key)
    found = after_planning(tmp_path / "home", elsewhere, lambda: None)
    assert found == (["host.not-writable"] * 3, ["unchanged"] * 3)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system of 64 KiB (as root; a machine that cannot is not one for these tests)."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k,mode=0755", "none", str(place)], check=True
    )
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_fails_what_does_not_fit(
    tmp_path: Path, goods: Release, small_disk: Path
) -> None:
    (goods.directory / "big.ko").write_bytes(
        (goods.directory / "m0.ko").read_bytes() + bytes(100_000)
    )
    there = Release(goods.directory, small_disk / "out", goods.key)
    found = after_planning(tmp_path / "home", there, lambda: None)
    assert found == (["host.disk-full", "done", "done", "done"], ["unchanged"])
    assert there.names() == names_of(3)
    assert there.leftovers() == []


# --- at planning time ------------------------------------------------------------------------


def plan_refusals(home: Path, order: Callable[[Release], object], goods: Release) -> dict[str, str]:
    """Plan and return the refusals."""

    async def work() -> dict[str, str]:
        async with local_station(home) as station:
            return refusals(await station.runner.plan(order(goods), CALLER))  # type: ignore[arg-type]

    return asyncio.run(work())


def test_taken_names_are_refused_when_planning(tmp_path: Path, goods: Release) -> None:
    goods.output.mkdir()
    (goods.output / "m0.ko").write_bytes(b"precious")
    (goods.output / "m1.ko").mkdir()
    found = plan_refusals(tmp_path / "home", lambda each: each.order, goods)
    assert found == {"m0.ko": "output.exists", "m1.ko": "input.not-regular"}
    found = plan_refusals(tmp_path / "home", lambda e: replace(e.order, replace=True), goods)
    assert found == {"m1.ko": "input.not-regular"}


def test_links_pipes_and_names_are_refused_when_planning(tmp_path: Path, goods: Release) -> None:
    (goods.directory / "out.ko").symlink_to("/etc/passwd")
    (goods.directory / "in.ko").symlink_to("m0.ko")
    (goods.directory / "m\u202eok.ko").write_bytes(b"x")
    found = plan_refusals(tmp_path / "home", lambda each: each.order, goods)
    assert found == {"out.ko": "input.leaves-tree", "m\u202eok.ko": "input.name-refused"}
    named = lambda e: replace(e.order, paths=(e.directory / "in.ko", Path("/dev/null")))  # noqa: E731
    assert plan_refusals(tmp_path / "home", named, goods) == {
        "in.ko": "input.not-regular",
        "null": "input.not-regular",
    }


def test_two_files_of_one_name_are_refused(tmp_path: Path, goods: Release) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "m0.ko").write_bytes((goods.directory / "m0.ko").read_bytes())
    found = plan_refusals(
        tmp_path / "home", lambda e: replace(e.order, paths=(e.directory, other)), goods
    )
    assert found == {"m0.ko": "output.clash"}


def test_a_file_is_signed_once_however_often_it_is_named(tmp_path: Path, goods: Release) -> None:
    async def work() -> None:
        async with local_station(tmp_path / "home") as station:
            paths = (goods.directory / "m0.ko", goods.directory, goods.directory / "sub/m2.ko")
            summary = await planned(station.runner, replace(goods.order, paths=paths))
            assert [item.path.name for item in summary.items] == ["m0.ko", "m1.ko", "m2.ko"]

    asyncio.run(work())


def test_hard_links_are_refused_in_place(tmp_path: Path, goods: Release) -> None:
    (tmp_path / "link").hardlink_to(goods.directory / "m0.ko")
    found = plan_refusals(tmp_path / "home", lambda each: each.in_place, goods)
    assert found == {"m0.ko": "output.hard-linked"}


# --- a check worker that a hostile file has taken over -----------------------------------------


class Hostile(LocalCheck):
    """Signs, and then says that the result is something else."""

    def __init__(self, outputs: tuple[Output, ...]) -> None:
        self._outputs = outputs

    async def sign(
        self, item: SigningItem, artifact: int, ask: Asker, progress: Progress
    ) -> Signed:
        honest = await super().sign(item, artifact, ask, progress)
        return replace(honest, outputs=self._outputs)


@pytest.mark.parametrize(
    ("outputs", "code"),
    [
        ((), "host.protocol"),
        ((Sibling("/../../../escape", b"x"),), "host.protocol"),
        ((Sibling(".asc", b"x"),), "host.protocol"),
        ((Patched(()), Sibling(".asc", b"x")), "host.protocol"),
        ((Patched((Patch(10**9, 0, b"x"),)),), "host.protocol"),
        ((Patched((Patch(5, 0, b"x"), Patch(0, 1, b"y"))),), "host.protocol"),
        ((Patched((Patch(0, 4, b"EVIL"),)),), "output.recheck-failed"),
        ((Patched(()),), "output.recheck-failed"),
    ],
)
def test_outputs_that_were_not_planned_are_not_written(
    tmp_path: Path, goods: Release, outputs: tuple[Output, ...], code: str
) -> None:
    def hostile(workers: Workers) -> Workers:
        check: CheckWorkers = Hostile(outputs)
        return replace(workers, check=check)

    async def work() -> Sequence[str]:
        async with local_station(tmp_path / "home", change=hostile) as station:
            row = await signed(station.runner, goods.order)
            return await codes(station.runner, row.id)

    assert asyncio.run(work()) == [code] * 3
    assert goods.names() == []
    assert goods.leftovers() == []


def test_a_file_that_others_could_change_is_signed_from_a_private_copy(
    tmp_path: Path, goods: Release
) -> None:
    """The result keeps the mode of the original."""
    goods.directory.chmod(0o777)
    (goods.directory / "m0.ko").chmod(0o664)

    async def work() -> None:
        async with local_station(tmp_path / "home") as station:
            row = await signed(station.runner, goods.order)
            assert row.state is JobState.DONE

    asyncio.run(work())
    assert goods.names() == names_of(3)
    assert (goods.output / "m0.ko").stat().st_mode & 0o7777 == 0o664
