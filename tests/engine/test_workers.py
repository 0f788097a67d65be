"""Real formats, keys and tools in real worker processes."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from pathlib import Path

import pytest

from signstation.errors import (
    ArtifactChanged,
    ArtifactMalformed,
    FormatUnknown,
    GuardRefused,
    InputError,
    KeyUnreadable,
    PassphraseWrong,
    RecheckFailed,
    SecretMissing,
)
from signstation.model.asks import Literal, ToSign
from signstation.model.checks import Opinion, OpinionOutcome, SignatureState
from signstation.model.trust import Trust
from signstation.worker.desk import HEAVY
from tests.support.gnupg import GnupgHome
from tests.support.kmod import module
from tests.support.workers import (
    Person,
    apply,
    asker,
    ignore,
    key_file,
    opened,
    profile_of,
    run,
    signing_item,
    terms_for,
    workers,
)


@pytest.fixture
def kernel_module(tmp_path: Path) -> Path:
    """A small unsigned module."""
    path = tmp_path / "hello.ko"
    path.write_bytes(module())
    return path


def test_a_module_is_signed_confirmed_and_rechecked(tmp_path: Path, kernel_module: Path) -> None:
    """The whole way of one item, in four kinds of processes."""
    confirmed: list[ToSign] = []

    async def work() -> None:
        async with workers(tmp_path) as pools:
            keys = pools.keys(None, Person())
            profile = await profile_of(keys, key_file(tmp_path))
            session = await keys.open(profile, terms_for(profile, 1), 1)
            with opened(kernel_module) as artifact:
                content = kernel_module.read_bytes()
                assert await pools.check.recognise(artifact) == "kmod"
                inspection = await pools.check.inspect(artifact, None, ignore)
                assert inspection.sha256 == hashlib.sha256(content).digest()
                ask = asker(session, 0)

                async def confirming(number: int, asks: tuple[ToSign, ...]) -> tuple[bytes, ...]:
                    await pools.hashes.confirm(artifact, len(content), asks)
                    confirmed.extend(asks)
                    return await ask(number, asks)

                item = signing_item(profile, len(content))
                signed = await pools.check.sign(item, artifact, confirming, ignore)
                assert signed.sha256 == hashlib.sha256(content).digest()
                staged = tmp_path / "staged"
                staged.write_bytes(apply(content, signed))
                with opened(staged) as output:
                    digests = await pools.check.recheck(
                        item, artifact, (output,), signed.worker, ignore
                    )
                assert digests[0].value == hashlib.sha256(staged.read_bytes()).digest()
                staged.write_bytes(staged.read_bytes()[:-1] + b"?")
                with opened(staged) as output, pytest.raises((RecheckFailed, InputError)):
                    await pools.check.recheck(item, artifact, (output,), signed.worker, ignore)
            await session.close()

    run(work())
    assert len(confirmed) == 1


def test_an_ask_that_does_not_follow_from_the_bytes_is_refused(
    tmp_path: Path, kernel_module: Path
) -> None:
    async def work() -> None:
        async with workers(tmp_path) as pools:
            profile = await profile_of(pools.keys(None, Person()), key_file(tmp_path))
            with opened(kernel_module) as artifact:
                size = kernel_module.stat().st_size

                async def lying(_number: int, asks: tuple[ToSign, ...]) -> tuple[bytes, ...]:
                    (ask,) = asks
                    await pools.hashes.confirm(artifact, size, asks)
                    assert ask.digest is not None
                    for changed in (
                        ToSign(0, ask.scheme, ask.part, ask.covers, digest=bytes(32)),
                        ToSign(0, ask.scheme, ask.part, (Literal(b"x"),), digest=ask.digest),
                    ):
                        with pytest.raises(GuardRefused):
                            await pools.hashes.confirm(artifact, size, (changed,))
                    with pytest.raises(ArtifactChanged):
                        await pools.hashes.confirm(artifact, size + 1, asks)
                    raise GuardRefused(reason="enough")

                with pytest.raises(GuardRefused, match="enough"):
                    await pools.check.sign(signing_item(profile, size), artifact, lying, ignore)

    run(work())


def test_a_changed_file_is_noticed_before_a_key_is_asked(
    tmp_path: Path, kernel_module: Path
) -> None:
    async def nobody(_number: int, _asks: tuple[ToSign, ...]) -> tuple[bytes, ...]:
        raise AssertionError("a key was asked")

    async def work() -> None:
        async with workers(tmp_path) as pools:
            profile = await profile_of(pools.keys(None, Person()), key_file(tmp_path))
            item = signing_item(profile, kernel_module.stat().st_size, sha256=bytes(32))
            with opened(kernel_module) as artifact, pytest.raises(ArtifactChanged):
                await pools.check.sign(item, artifact, nobody, ignore)

    run(work())


def test_what_is_wrong_with_the_input_comes_back_typed(tmp_path: Path) -> None:
    broken = tmp_path / "broken.ko"
    broken.write_bytes(module()[:100])

    async def work() -> None:
        async with workers(tmp_path) as pools:
            with opened(broken) as artifact:
                with pytest.raises(ArtifactMalformed):
                    await pools.check.inspect(artifact, "kmod", ignore)
                with pytest.raises(FormatUnknown):
                    await pools.check.inspect(artifact, "no-such-format", ignore)
                # the worker is none the worse for it
                assert (await pools.check.inspect(artifact, "blob", ignore)).format == "blob"

    run(work())


def test_a_file_is_verified_with_an_empty_trust(tmp_path: Path, kernel_module: Path) -> None:
    async def work() -> None:
        async with workers(tmp_path) as pools:
            with opened(kernel_module) as artifact:
                inspection, verified = await pools.check.verify(
                    artifact, (), None, Trust(), 1_750_000_000, ignore
                )
            assert inspection.format == "kmod"
            assert verified.checks
            assert verified.signatures == ()

    run(work())


def test_whole_digests_and_progress_of_a_large_file(tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(HEAVY + 1)
    seen: list[int] = []

    async def work() -> bytes:
        async with workers(tmp_path) as pools:
            with opened(large) as artifact:
                return await pools.hashes.digest(artifact, seen.append)

    assert run(work()) == hashlib.sha256(bytes(HEAVY + 1)).digest()
    assert seen == sorted(seen)


def test_referees_run_the_real_tools_and_leave_nothing(tmp_path: Path, kernel_module: Path) -> None:
    place = tmp_path / "tools"
    (place / "999999999-left").mkdir(parents=True)  # of a station that was killed

    async def work() -> list[Opinion]:
        async with workers(tmp_path, cores=1) as pools:
            found: list[Opinion] = []
            with opened(kernel_module) as artifact:
                for _ in range(2):
                    found += await pools.tools.referee(artifact, (), "kmod", Trust(), 0)
            (directory,) = place.iterdir()
            assert directory.stat().st_mode & 0o777 == 0o700
            assert list(directory.iterdir()) == []
            return found

    opinions = run(work())
    assert "modinfo" in {opinion.tool for opinion in opinions}
    assert all(opinion.outcome is not OpinionOutcome.MISSING for opinion in opinions)
    assert list(place.iterdir()) == []


def test_trust_files_are_prepared_with_real_tools(tmp_path: Path) -> None:
    pem = key_file(tmp_path).read_bytes()

    async def work() -> None:
        async with workers(tmp_path, cores=1) as pools:
            trust = await pools.tools.prepare_trust((("mine.pem", pem),))
            assert len(trust.x509) == 1
            with pytest.raises(KeyUnreadable) as caught:
                await pools.tools.prepare_trust((("mine.pem", pem), ("no.key", b"nothing")))
            assert caught.value.key == "no.key"

    run(work())


@pytest.mark.parametrize("size", [7, HEAVY + 1])
def test_openpgp_trust_and_second_opinions_work_in_their_sandboxes(
    tmp_path: Path, size: int
) -> None:
    """GnuPG has neither agent nor network, and Sequoia opens a large file by path."""
    artifact, signature = tmp_path / "release.tar", tmp_path / "release.tar.asc"
    with artifact.open("wb") as file:
        file.truncate(size)
    with GnupgHome() as home:
        made = home.generate("ed25519")
        certificate = home.gpg("--export", made.primary).stdout
        home.gpg("-u", made.exact, "--armor", "--detach-sign", str(artifact))

    async def work() -> tuple[Opinion, ...]:
        async with workers(tmp_path, cores=1) as pools:
            trust = await pools.tools.prepare_trust((("release.gpg", certificate),))
            (found,) = trust.openpgp
            assert found.primary.fingerprint == made.primary
            with opened(artifact) as content, opened(signature) as beside:
                now = int(time.time())
                _, verified = await pools.check.verify(
                    content, (beside,), "blob", trust, now, ignore
                )
                assert [s.state for s in verified.signatures] == [SignatureState.GOOD_TRUSTED]
                return await pools.tools.referee(content, (beside,), "blob", trust, now)

    outcomes = {opinion.tool: opinion.outcome for opinion in run(work())}
    assert outcomes["gpgv"] is OpinionOutcome.ACCEPTS


def test_a_passphrase_is_asked_again_until_it_is_right(tmp_path: Path) -> None:
    person = Person(["wrong", "right"])

    async def work() -> None:
        async with workers(tmp_path) as pools:
            keys = pools.keys(None, person)
            profile = await profile_of(keys, key_file(tmp_path, passphrase="right"))
            session = await keys.open(profile, terms_for(profile, 1), 1)
            await session.close()

    run(work())
    assert [prompt.previous_wrong for prompt in person.asked] == [False, True]


def test_wrong_passphrases_and_nobody_to_ask_are_told_apart(tmp_path: Path) -> None:
    async def work() -> None:
        async with workers(tmp_path) as pools:
            wrong = pools.keys(None, Person(["a", "b", "c", "d"]))
            path = key_file(tmp_path, passphrase="right")
            profile = await profile_of(wrong, path)
            with pytest.raises(PassphraseWrong):
                await wrong.open(profile, terms_for(profile, 1), 1)
            with pytest.raises(SecretMissing):
                await pools.keys(None, Person()).open(profile, terms_for(profile, 1), 1)

    run(work())


def test_prompts_of_several_sessions_are_open_at_once(tmp_path: Path) -> None:
    """One person is slow; the other's key is open meanwhile, and keys are listed."""
    hurry = asyncio.Event()

    class Slow(Person):
        async def ask(self, prompt):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            await hurry.wait()
            return await super().ask(prompt)

    async def work() -> None:
        async with workers(tmp_path) as pools:
            slow, quick = Slow(["right"]), Person(["right"])
            path = key_file(tmp_path, passphrase="right")
            profile = await profile_of(pools.keys(None, quick), path)
            waiting = asyncio.create_task(
                pools.keys(None, slow).open(profile, terms_for(profile, 1), 1)
            )
            session = await pools.keys(None, quick).open(profile, terms_for(profile, 1), 1)
            await pools.keys(None, quick).list_keys()
            assert not waiting.done()
            hurry.set()
            await (await waiting).close()
            await session.close()

    run(work())


def test_artifacts_without_a_name_and_odd_descriptors_are_fine(tmp_path: Path) -> None:
    """The descriptor is all that travels: a file that was removed is still read."""
    descriptor = os.memfd_create("artifact")
    os.write(descriptor, module())

    async def work() -> str:
        async with workers(tmp_path) as pools:
            return await pools.check.recognise(descriptor)

    assert run(work()) == "kmod"
    os.close(descriptor)
