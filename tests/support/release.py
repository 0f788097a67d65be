"""A directory of artifacts and a key file, as an order needs them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from signstation.jobs.runner import Runner
from signstation.model.jobs import JobRow, JobState, StepRow
from signstation.model.keys import KeyRef
from signstation.model.orders import Destination, PlanSummary, SignOrder
from tests.support.engine import CALLER
from tests.support.kmod import module
from tests.support.x509 import DAY, Identity, Shape, identity


def signer(kind: str = "rsa2048") -> Identity:
    """Return a key with a certificate that is valid now."""
    today = int(time.time()) // DAY * DAY
    return identity(kind, Shape(not_before=today - DAY, not_after=today + 100 * DAY))


def key_file(path: Path, kind: str = "rsa2048", passphrase: bytes = b"") -> KeyRef:
    """Write key and certificate into one PEM; with a passphrase if one is given."""
    owner = signer(kind)
    key = owner.key_pem()
    if passphrase:
        key = owner.key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase)
        )
    path.write_bytes(key + owner.certificate_pem())
    path.chmod(0o600)
    return KeyRef("file", str(path))


@dataclass(frozen=True)
class Release:
    """A directory with modules, where its results go, and the key that signs them."""

    directory: Path
    output: Path
    key: KeyRef

    @property
    def order(self) -> SignOrder:
        """Sign the directory into the output."""
        return SignOrder(paths=(self.directory,), keys=(self.key,), output=self.output)

    @property
    def in_place(self) -> SignOrder:
        """Sign the directory in place."""
        return replace(self.order, output=None, destination=Destination.IN_PLACE)

    def names(self) -> list[str]:
        """Return what is published, below the output."""
        return sorted(
            str(path.relative_to(self.output)) for path in self.output.rglob("*") if path.is_file()
        )

    def leftovers(self) -> list[str]:
        """Return staging directories that are still there."""
        base = self.directory.parent
        return [str(path) for path in base.rglob(".signstation-*")]


def release(base: Path, count: int = 3, kind: str = "rsa2048", passphrase: bytes = b"") -> Release:
    """Make a release of ``count`` modules, every third in a subdirectory."""
    directory = base / "release"
    (directory / "sub").mkdir(parents=True)
    for number in range(count):
        place = directory / "sub" if number % 3 == 2 else directory
        (place / f"m{number}.ko").write_bytes(module(code=os.urandom(16) * 200))
    return Release(directory, base / "out", key_file(base / "key.pem", kind, passphrase))


def names_of(count: int) -> list[str]:
    """Return the names of such a release."""
    return sorted(f"sub/m{n}.ko" if n % 3 == 2 else f"m{n}.ko" for n in range(count))


async def planned(runner: Runner, order: SignOrder) -> PlanSummary:
    """Plan an order of which something can be signed."""
    summary = await runner.plan(order, CALLER)
    assert summary.id, summary
    return summary


async def signed(runner: Runner, order: SignOrder) -> JobRow:
    """Plan, submit and wait."""
    summary = await planned(runner, order)
    return await runner.wait(await runner.submit(summary.id, CALLER))


async def codes(runner: Runner, job: int) -> list[str]:
    """Return of each step its error's code, or its state where it has none."""
    return [code_of(step) for step in await runner.steps(job)]


def code_of(step: StepRow) -> str:
    """Return a step's error code, or its state."""
    if step.error is None:
        return step.state.value
    assert step.state in {JobState.FAILED, JobState.CANCELLED, JobState.INTERRUPTED}
    return str(json.loads(step.error)["code"])


def effect_of(step: StepRow) -> str:
    """Return the effect that a step's error tells."""
    return str(json.loads(step.error or "{}")["effect"])


def refusals(summary: PlanSummary) -> dict[str, str]:
    """Return the codes of what a plan refuses, by file name."""
    return {each.path.name: str(json.loads(each.error)["code"]) for each in summary.refused}


def contents(directory: Path, names: Sequence[str]) -> list[bytes]:
    """Read files."""
    return [(directory / name).read_bytes() for name in names]
