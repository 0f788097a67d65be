"""Compressed modules in real worker processes: decoders work in the sandbox, within its memory."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from signstation.codec.compression import MAX_UNPACKED, WINDOW, pack
from signstation.errors import ArtifactMalformed, GuardRefused
from signstation.interfaces.signed import Signed
from signstation.model.asks import Compression, ToSign, Unpacked
from signstation.model.checks import OpinionOutcome, SignatureState
from signstation.model.trust import Trust
from signstation.worker.pool import Workers
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
from tests.support.xz import with_dictionary


async def _sign(pools: Workers, directory: Path, content: bytes) -> bytes:
    """Sign as the runner does: inspected, confirmed by a hash worker, rechecked by another."""
    keys = pools.keys(None, Person())
    profile = await profile_of(keys, key_file(directory))
    session = await keys.open(profile, terms_for(profile, 1), 1)
    path, staged = directory / "module", directory / "staged"
    path.write_bytes(content)
    with opened(path) as artifact:
        assert await pools.check.recognise(artifact) == "kmod"
        await pools.check.inspect(artifact, None, ignore)
        ask = asker(session, 0)

        async def confirming(number: int, asks: tuple[ToSign, ...]) -> tuple[bytes, ...]:
            await pools.hashes.confirm(artifact, len(content), asks)
            (each,) = asks
            (inside,) = each.covers
            assert isinstance(inside, Unpacked)
            wrong = replace(each, covers=(replace(inside, length=inside.length - 1),))
            with pytest.raises(GuardRefused):
                await pools.hashes.confirm(artifact, len(content), (wrong,))
            return await ask(number, asks)

        item = signing_item(profile, len(content))
        signed: Signed = await pools.check.sign(item, artifact, confirming, ignore)
        staged.write_bytes(apply(content, signed))
        with opened(staged) as output:
            (digest,) = await pools.check.recheck(item, artifact, (output,), signed.worker, ignore)
    await session.close()
    assert digest.value == hashlib.sha256(staged.read_bytes()).digest()
    return staged.read_bytes()


def test_compressed_modules_go_the_whole_way(tmp_path: Path) -> None:
    """In each kind of worker, each in its sandbox: the real tools are asked too."""

    async def work() -> None:
        async with workers(tmp_path) as pools:
            for compression in Compression:
                await _sign(pools, tmp_path, pack(module(), compression))
                with opened(tmp_path / "staged") as artifact:
                    _, verified = await pools.check.verify(artifact, (), None, Trust(), 0, ignore)
                    opinions = await pools.tools.referee(artifact, (), "kmod", Trust(), 0)
                states = [each.state for each in verified.signatures]
                assert states == [SignatureState.UNKNOWN_KEY]
                judged = {each.tool: each.outcome for each in opinions}
                assert judged["openssl"] is OpinionOutcome.UNKNOWN_KEY

    run(work(), seconds=100)


def test_the_largest_module_fits_and_a_bomb_does_not(tmp_path: Path) -> None:
    """Memory of check and hash workers is limited by the kernel; both live on."""
    largest = module(code=bytes(MAX_UNPACKED - 4096))
    bomb = pack(bytes(MAX_UNPACKED + 1), Compression.ZSTD)

    async def work() -> None:
        async with workers(tmp_path, cores=1) as pools:
            await _sign(pools, tmp_path, pack(largest, Compression.ZSTD))
            await _sign(pools, tmp_path, with_dictionary(module(), WINDOW >> 20))
            path = tmp_path / "bomb"
            path.write_bytes(bomb)
            with opened(path) as artifact:
                with pytest.raises(ArtifactMalformed, match="at most"):
                    await pools.check.inspect(artifact, "kmod", ignore)
                assert await pools.check.recognise(artifact) == "blob"

    run(work(), seconds=100)
