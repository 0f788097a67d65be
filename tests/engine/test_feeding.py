"""Large packages in a real check worker: the second library reads three members as one stream."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from signstation.formats.deb import FORMAT
from signstation.interfaces.artifact import MAX_READ
from signstation.model.checks import SignatureState, Verdict, Verified
from signstation.model.trust import Trust
from signstation.verification.verdict import verdict
from tests.support.contract_formats import FormatCase, Sample
from tests.support.deb import Entry, Recipe, build, spans
from tests.support.openpgp import shared_certificate
from tests.support.workers import ignore, opened, run, workers

LARGE = MAX_READ + 1000


@pytest.fixture(scope="module")
def signed() -> tuple[bytes, Trust, int]:
    """A package of more than 64 MiB with two signatures, and whom to trust."""
    files = (Entry("./usr/large", bytes(LARGE)),)
    content = build(Recipe(packed="", files=files))
    keys = [shared_certificate(each) for each in ("Cv25519", "P256")]
    trust = Trust(openpgp=tuple(each.trusted for each in keys))
    time = 1 + max(each.created for key in keys for each in key.trusted.keys)
    for key, role in zip(keys, ("origin", "maint"), strict=True):
        options = {"role": role, "existing": "keep"}
        sample = Sample(content, (key.slot,), key.signer.answer, trust, time, options)
        content, _ = FormatCase(FORMAT, sample).signed()
    return content, trust, time


def judged(home: Path, content: bytes, trust: Trust, time: int) -> Verified:
    """Verify in a worker of a station, which leaves no process behind."""
    path = home / "package.deb"
    path.write_bytes(content)

    async def work() -> Verified:
        async with workers(home) as pools:
            with opened(path) as artifact:
                _, verified = await pools.check.verify(artifact, (), None, trust, time, ignore)
            return verified

    return run(work(), 300)


def test_a_large_package_is_trusted_by_every_signature(
    tmp_path: Path, signed: tuple[bytes, Trust, int]
) -> None:
    verified = judged(tmp_path, *signed)
    assert [each.state for each in verified.signatures] == [SignatureState.GOOD_TRUSTED] * 2
    assert verdict(verified.checks) is Verdict.TRUSTED


def test_a_large_package_that_was_changed(tmp_path: Path, signed: tuple[bytes, Trust, int]) -> None:
    content, trust, time = signed
    changed = bytearray(content)
    changed[spans(content)["data.tar"][-1]] ^= 1
    assert verdict(judged(tmp_path, bytes(changed), trust, time).checks) is Verdict.TAMPERED


ALONE = """
import os, sys
from signstation.model.asks import Range
from signstation.system.sandbox import WorkerKind, confine
from signstation.worker.feeding import Feeder
descriptor = os.open(sys.argv[1], os.O_RDONLY)
feeder = Feeder(descriptor)
confine(WorkerKind.CHECK, files=(descriptor,))
def read(*pieces):
    stream = feeder.stream([Range(*each) for each in pieces])
    with open(f"/proc/self/fd/{stream}", "rb") as file:
        os.close(stream)
        return file.read()
print(read((0, 3), (5, 2), (0, 10)))
os.close(feeder.stream([Range(0, 10)] * 16))
print(read((8, 2), (9, 5), (0, 1)))
print(read((1, 1)))
"""


def test_pieces_come_in_order_and_a_stream_ends_where_the_file_does(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")
    command = [sys.executable, "-c", ALONE, str(tmp_path / "file")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.split() == ["b'012560123456789'", "b'899'", "b'1'"]
