"""Key sessions in real key workers: the guard comes first, prompts come once, cores are used."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from signstation.codec.request import build_request
from signstation.errors import (
    GuardRefused,
    KeyChanged,
    KeyNotFound,
    KeyStoreUnknown,
    SignstationError,
    TimeRefused,
    UsageError,
    WorkerDied,
)
from signstation.interfaces.guardterms import GuardTerms
from signstation.model.asks import Part, Range, ToSign
from signstation.model.hashes import sha256
from signstation.model.keys import KeyRef, Scheme, SignerProfile
from signstation.model.secret import Secret
from signstation.worker.keypool import SPREAD_FROM, KeyPool
from signstation.worker.keysession import Session
from tests.support.gnupg import GnupgHome
from tests.support.workers import (
    Person,
    key_file,
    profile_of,
    request_for,
    run,
    terms_for,
    workers,
)
from tests.support.x509 import answer, identity

PASSPHRASE = "correct horse battery staple"


def ask(number: int = 0) -> ToSign:
    """One of many different asks."""
    digest = sha256(number.to_bytes(4, "big")).value
    return ToSign(0, Scheme.RSA_PKCS1_SHA256, Part.MODULE, (Range(0, 1),), digest=digest)


async def session_of(
    keys: KeyPool, profile: SignerProfile, items: int, count: int | None = None
) -> Session:
    """Open a session for a request of ``items``."""
    return await keys.open(profile, terms_for(profile, items), count or items)


def test_only_what_the_request_plans_is_signed(tmp_path: Path) -> None:
    async def work() -> None:
        async with workers(tmp_path) as pools:
            keys = pools.keys(None, Person())
            profile = await profile_of(keys, key_file(tmp_path))
            session = await session_of(keys, profile, 2)
            (signature,) = await session.sign(0, 0, (ask(),))
            assert isinstance(signature, bytes)
            assert len(signature) == 256
            for item, number, asks in (
                (0, 0, (ask(),)),
                (2, 0, (ask(),)),
                (1, 0, (replace(ask(), slot=1),)),
            ):
                with pytest.raises(GuardRefused):
                    await session.sign(item, number, asks)
            await session.close()

    run(work())


def test_a_session_is_not_opened_for_a_wrong_time_and_nobody_is_asked(tmp_path: Path) -> None:
    person = Person([PASSPHRASE])

    async def work() -> None:
        async with workers(tmp_path) as pools:
            keys = pools.keys(None, person)
            profile = await profile_of(keys, key_file(tmp_path, passphrase=PASSPHRASE))
            request = build_request(request_for(profile, 1, signing_time=1_000_000_000))
            with pytest.raises(TimeRefused):
                await keys.open(profile, GuardTerms(request, 0), 1)

    run(work())
    assert person.asked == []


def test_a_key_that_was_exchanged_is_not_used(tmp_path: Path) -> None:
    async def work() -> None:
        async with workers(tmp_path) as pools:
            keys = pools.keys(None, Person())
            path = key_file(tmp_path)
            profile = await profile_of(keys, path)
            path.write_bytes(key_file(tmp_path, "rsa2048-other").read_bytes())
            with pytest.raises(KeyChanged):
                await session_of(keys, profile, 1)

    run(work())


def test_a_batch_uses_every_core_and_asks_once(tmp_path: Path) -> None:
    person = Person(["wrong", PASSPHRASE])
    items = SPREAD_FROM

    async def work() -> None:
        async with workers(tmp_path, cores=3) as pools:
            keys = pools.keys(None, person)
            profile = await profile_of(keys, key_file(tmp_path, passphrase=PASSPHRASE))
            session = await session_of(keys, profile, items)
            pids = {opened.lane.pid for opened in session._lanes}
            assert len(pids) == 3
            results = await asyncio.gather(
                *(session.sign(item, 0, (ask(item),)) for item in range(items))
            )
            owner = identity("rsa2048")
            assert [result[0] for result in results] == [
                answer(owner, ask(item)) for item in range(items)
            ]
            for item in range(3):  # each worker's guard knows its own items
                with pytest.raises(GuardRefused):
                    await session.sign(item, 0, (ask(item),))
            await session.close()
            await until_gone(pids)

    run(work())
    assert [prompt.previous_wrong for prompt in person.asked] == [False, True]


async def until_gone(pids: set[int]) -> None:
    """Wait until processes have ended."""
    async with asyncio.timeout(5):
        while any(Path(f"/proc/{pid}").exists() for pid in pids):
            await asyncio.sleep(0.01)


def test_a_few_signatures_take_one_worker(tmp_path: Path) -> None:
    async def work() -> None:
        async with workers(tmp_path, cores=2) as pools:
            keys = pools.keys(None, Person())
            profile = await profile_of(keys, key_file(tmp_path))
            session = await session_of(keys, profile, SPREAD_FROM - 1)
            assert len(session._lanes) == 1
            await session.close()

    run(work())


def test_the_end_of_a_session_is_the_end_of_its_process(tmp_path: Path) -> None:
    async def work() -> None:
        async with workers(tmp_path) as pools:
            keys = pools.keys(None, Person())
            profile = await profile_of(keys, key_file(tmp_path))
            session = await session_of(keys, profile, 1)
            pids = {opened.lane.pid for opened in session._lanes}
            await session.close()
            await until_gone(pids)
            with pytest.raises(WorkerDied):
                await session.sign(0, 0, (ask(),))

    run(work())


def test_a_session_whose_worker_died_says_so_and_another_can_be_opened(tmp_path: Path) -> None:
    async def work() -> None:
        async with workers(tmp_path) as pools:
            keys = pools.keys(None, Person())
            profile = await profile_of(keys, key_file(tmp_path))
            session = await session_of(keys, profile, 2)
            (opened,) = session._lanes
            os.kill(opened.lane.pid, signal.SIGKILL)
            for item in (0, 1):
                with pytest.raises(WorkerDied) as caught:
                    await session.sign(item, 0, (ask(),))
                assert (caught.value.kind, caught.value.signal) == ("key", 9)
            await session.close()
            again = await session_of(keys, profile, 2)
            assert isinstance((await again.sign(0, 0, (ask(),)))[0], bytes)
            await again.close()

    run(work())


def test_asks_beyond_the_depth_wait_their_turn_and_all_are_answered(tmp_path: Path) -> None:
    async def work() -> None:
        async with workers(tmp_path) as pools:
            keys = pools.keys(None, Person())
            profile = await profile_of(keys, key_file(tmp_path))
            session = await session_of(keys, profile, 60)
            results = await asyncio.gather(
                *(session.sign(item, 0, (ask(item),)) for item in range(60))
            )
            assert len({result[0] for result in results}) == 60
            await session.close()

    run(work())


def test_errors_of_stores_come_back_typed(tmp_path: Path) -> None:
    async def work() -> None:
        async with workers(tmp_path) as pools:
            keys = pools.keys(None, Person())
            for typed, expected in (
                (f"file:{tmp_path}/absent.pem", SignstationError),
                ("nosuch:thing", KeyStoreUnknown),
                ("nothing", UsageError),
            ):
                with pytest.raises(expected):
                    await keys.resolve(typed)
            with pytest.raises(SignstationError):
                await keys.profile(KeyRef("file", str(tmp_path / "absent.pem")), ())

    run(work())


def test_no_secret_is_left_in_the_station_or_seen_from_outside(tmp_path: Path) -> None:
    """The passphrase is in no argument and no environment, and the answer given is wiped."""
    given: list[Secret] = []

    class Giving(Person):
        async def ask(self, prompt):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            secret = await super().ask(prompt)
            given.append(secret)
            return secret

    async def work() -> None:
        async with workers(tmp_path, cores=2) as pools:
            keys = pools.keys(None, Giving([PASSPHRASE]))
            profile = await profile_of(keys, key_file(tmp_path, passphrase=PASSPHRASE))
            session = await session_of(keys, profile, SPREAD_FROM)
            for opened in session._lanes:
                place = Path(f"/proc/{opened.lane.pid}")
                assert PASSPHRASE.encode() not in (place / "cmdline").read_bytes()
                with suppress(PermissionError):  # which is better still; root may look
                    assert PASSPHRASE.encode() not in (place / "environ").read_bytes()
            await session.close()

    run(work())
    assert [len(secret) for secret in given] == [0]


def test_a_worker_that_waits_for_a_person_is_not_hung(tmp_path: Path) -> None:
    class Slow(Person):
        async def ask(self, prompt):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            await asyncio.sleep(1.5)
            return await super().ask(prompt)

    async def work() -> None:
        async with workers(tmp_path, key_hung_after=0.5) as pools:
            keys = pools.keys(None, Slow([PASSPHRASE]))
            profile = await profile_of(keys, key_file(tmp_path, passphrase=PASSPHRASE))
            session = await session_of(keys, profile, 1)
            await session.close()

    run(work())


def test_keys_of_two_gnupg_homes_are_kept_apart(tmp_path: Path) -> None:
    with GnupgHome() as one, GnupgHome() as two:
        first, second = one.generate("ed25519"), two.generate("ed25519")

        async def work() -> None:
            async with workers(tmp_path) as pools:
                for gnupg, mine, other in ((one, first, second), (two, second, first)):
                    keys = pools.keys(gnupg.path, Person())
                    listed = {info.key.locator for info in await keys.list_keys()}
                    assert mine.primary in listed
                    assert other.primary not in listed
                    profile = await keys.profile(await keys.resolve(f"gpg:{mine.primary}"), ())
                    assert profile.openpgp is not None
                    with pytest.raises(KeyNotFound):
                        await keys.resolve(f"gpg:{other.primary}")

        run(work())


@pytest.mark.parametrize("kind", ["ed25519", "rsa2048"])
def test_a_protected_gnupg_key_signs_a_batch_on_every_core_with_one_prompt(
    tmp_path: Path, kind: str
) -> None:
    person = Person([PASSPHRASE])
    with GnupgHome() as gnupg:
        made = gnupg.generate(kind, passphrase=PASSPHRASE)
        gnupg.kill_agent()  # it would still know the passphrase

        async def work() -> None:
            async with workers(tmp_path, cores=2) as pools:
                keys = pools.keys(gnupg.path, person)
                profile = await keys.profile(KeyRef("gpg", made.primary), ())
                session = await session_of(keys, profile, SPREAD_FROM)
                assert len(session._lanes) == 2
                results = await asyncio.gather(
                    *(session.sign(n, 0, (openpgp_ask(profile, n),)) for n in range(SPREAD_FROM))
                )
                assert all(isinstance(result[0], bytes) for result in results)
                await session.close()

        run(work())
    assert len(person.asked) == 1


def openpgp_ask(profile: SignerProfile, number: int) -> ToSign:
    """Ask as an OpenPGP signature does: EdDSA takes the digest for its message."""
    digest = sha256(number.to_bytes(4, "big")).value
    scheme = profile.schemes[0]
    if scheme.hash is None:
        return ToSign(0, scheme, Part.FILE, (), message=digest)
    return ToSign(0, scheme, Part.FILE, (), digest=digest.ljust(scheme.hash.size, b"x"))
