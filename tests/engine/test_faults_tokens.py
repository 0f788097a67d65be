"""Faults of HSMs and of their modules: told with the right words, and nothing else is lost.

The module between the station and SoftHSM fails as a file tells it, at the wire of PKCS#11.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from signstation.model.jobs import JobState
from signstation.model.keys import KeyRef
from signstation.model.orders import SignOrder
from signstation.worker.settings import WorkerSettings
from tests.support.pools import PoolStation, pool_station
from tests.support.release import Release, codes, effect_of, names_of, release, signed, signer
from tests.support.softhsm import MODULE, PIN, SoftHsm

SOURCE = Path(__file__).parents[1] / "support" / "faulty_module.c"
HANGS = "h"
HUNG_SECONDS = 15.0
"""A module that hangs is given up after this time; opening SoftHSM takes some 0.2 s."""
KEY = KeyRef("pkcs11", "token=Release;object=release")


@dataclass(frozen=True)
class Faulty:
    """SoftHSM behind the module that fails."""

    hsm: SoftHsm
    module: Path
    switch: Path

    def fail(self, letter: str) -> None:
        """From now on the module fails so (``faulty_module.c``); ``-``: not at all."""
        self.switch.write_text(letter)

    def settings(self, home: Path) -> WorkerSettings:
        """Settings of a station that uses it."""
        places = replace(self.hsm.places, modules=(self.module,))
        settings = WorkerSettings(state=home, tokens=places)
        if self.switch.read_text() == HANGS:
            return replace(settings, key_hung_after=HUNG_SECONDS)
        return settings

    def order(self, goods: Release) -> SignOrder:
        """Sign the release with the key in the HSM."""
        certificate = goods.directory.parent / "certificate.der"
        certificate.write_bytes(signer().der)
        return replace(goods.order, keys=(KEY,), certificates=(certificate,))


@pytest.fixture(scope="module")
def built() -> Iterator[Faulty]:
    hsm = SoftHsm()
    hsm.token("Release")
    hsm.import_key("Release", "release", "01", signer().key)
    module, switch = hsm.root / "faulty.so", hsm.root / "fault"
    subprocess.run(
        [
            "gcc", "-shared", "-fPIC", "-o", str(module), f'-DFAULT="{switch}"',
            f'-DREAL="{MODULE}"', str(SOURCE), "-ldl",
        ],
        check=True,
    )  # fmt: skip
    module.chmod(0o755)
    yield Faulty(hsm, module, switch)
    hsm.close()


@pytest.fixture
def faulty(built: Faulty) -> Faulty:
    built.fail("-")
    return built


@pytest.mark.parametrize(
    ("letter", "code"),
    [
        ("d", "key.token-failed"),  # pulled out
        ("s", "key.store-failed"),  # an answer of three bytes
        ("x", "output.recheck-failed"),  # an answer that is no signature
        ("c", "host.worker-died"),  # a crash
        (HANGS, "host.worker-hung"),
        ("l", "key.pin-locked"),
    ],
)
def test_a_module_that_fails_costs_its_steps_and_nothing_else(
    tmp_path: Path, faulty: Faulty, letter: str, code: str
) -> None:
    goods = release(tmp_path, count=1)
    home = tmp_path / "home"

    async def work() -> None:
        pins = [PIN.encode()] * 8
        faulty.fail(letter)
        async with pool_station(home, answers=pins, settings=faulty.settings(home)) as station:
            row = await signed(station.runner, faulty.order(goods))
            assert row.state in {JobState.FAILED, JobState.INTERRUPTED}
            assert await codes(station.runner, row.id) == [code]
            assert goods.names() == []
            await _others_go_on(station, tmp_path)
            faulty.fail("-")
            again = await signed(station.runner, faulty.order(goods))
            assert again.state is JobState.DONE

    asyncio.run(work())
    assert goods.names() == names_of(1)
    assert goods.leftovers() == []


async def _others_go_on(station: PoolStation, base: Path) -> None:
    """A job with another key is not held up."""
    other = release(base / "other", count=1)
    row = await signed(station.runner, other.order)
    assert row.state is JobState.DONE


def test_the_last_try_is_never_taken_without_a_new_decision(tmp_path: Path, faulty: Faulty) -> None:
    goods = release(tmp_path, count=2)
    home = tmp_path / "home"

    async def work() -> None:
        pins = [b"wrong", PIN.encode()]
        async with pool_station(home, answers=pins, settings=faulty.settings(home)) as station:
            faulty.fail("f")
            row = await signed(station.runner, faulty.order(goods))
            assert await codes(station.runner, row.id) == ["key.passphrase-wrong"] * 2
            assert {effect_of(each) for each in await station.runner.steps(row.id)} == {"unchanged"}
            (prompt,) = station.prompter.prompts
            assert prompt.tries_left == 1
            assert prompt.body.english().startswith("This is the last try")

    asyncio.run(work())


@pytest.mark.expects_log("PKCS#11 modules did not answer: host.worker-died")
def test_a_module_that_crashes_while_it_is_looked_at_hides_no_other_key(
    tmp_path: Path, faulty: Faulty
) -> None:
    home = tmp_path / "home"
    own = home / "keys"
    own.mkdir(parents=True, mode=0o700)
    release(tmp_path)
    (own / "key.pem").write_bytes((tmp_path / "key.pem").read_bytes())

    async def work() -> None:
        async with pool_station(home, settings=faulty.settings(home)) as station:
            keys = station.pools.keys(None, station.prompter)
            stores = [each.key.store for each in await keys.list_keys()]
            assert "pkcs11" in stores
            assert "file" in stores
            faulty.fail("L")
            assert [each.key.store for each in await keys.list_keys()] == [
                each for each in stores if each != "pkcs11"
            ]
            faulty.fail("-")
            assert [each.key.store for each in await keys.list_keys()] == stores
            assert station.prompter.prompts == []

    asyncio.run(work())
