"""Worker pools for tests: real processes, keys in files, small requests, a person that answers."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from signstation.codec.plain import canonical, to_plain
from signstation.codec.request import build_request
from signstation.errors import SecretMissing, SignstationError
from signstation.interfaces.guardterms import GuardTerms
from signstation.interfaces.signed import Signed
from signstation.interfaces.workers import KeySession, SigningItem
from signstation.model.asks import ToSign
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import SignatureType, SignerProfile, Slot
from signstation.model.options import Options
from signstation.model.outputs import Patched
from signstation.model.prompts import Prompt
from signstation.model.requests import (
    VERSION,
    OutputMode,
    Request,
    RequestItem,
    RequestSigner,
    RequestSlot,
)
from signstation.model.secret import Secret
from signstation.worker.keypool import KeyPool
from signstation.worker.pool import Workers
from signstation.worker.settings import WorkerSettings
from tests.support.x509 import DAY, Shape, identity

T = TypeVar("T")

KMOD_OPTIONS: Options = (("certificate", "auto"), ("existing", "replace"))


def ignore(_done: int) -> None:
    """Take no notice of progress."""


def run(work: Awaitable[T], seconds: float = 60.0) -> T:
    """Run a test's coroutine to its end."""

    async def bounded() -> T:
        return await asyncio.wait_for(work, seconds)

    return asyncio.run(bounded())


@dataclass
class Person:
    """A Prompter that answers from a list and remembers what it was asked."""

    answers: list[str] = field(default_factory=list)
    asked: list[Prompt] = field(default_factory=list)

    async def ask(self, prompt: Prompt) -> Secret:
        """Give the next answer."""
        self.asked.append(prompt)
        if not self.answers:
            raise SecretMissing(prompt=prompt.name)
        return Secret(self.answers.pop(0).encode())


@asynccontextmanager
async def workers(state: Path, **settings: object) -> AsyncIterator[Workers]:
    """Give pools that are closed afterwards."""
    pools = Workers(WorkerSettings(state=state, **settings))  # type: ignore[arg-type]
    try:
        yield pools
    finally:
        await pools.close()


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """Give a descriptor for reading."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def key_file(directory: Path, kind: str = "rsa2048", passphrase: str = "") -> Path:
    """Write a private key and its certificate into one PEM file."""
    now = int(time.time())
    shape = Shape(not_before=now - DAY, not_after=now + DAY)
    owner = identity(kind, shape)
    protection = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    pem = owner.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)
    path = directory / f"{kind}.pem"
    path.touch(mode=0o600)
    path.write_bytes(pem + owner.certificate_pem())
    return path


def cms_slot(profile: SignerProfile) -> Slot:
    """The first CMS slot that a signer can take."""
    scheme = profile.schemes[0]
    return Slot(profile, SignatureType.CMS, scheme, scheme.hash or HashAlgorithm.SHA256)


def request_for(
    profile: SignerProfile,
    items: int,
    *,
    signing_time: int | None = None,
    approvals: int = 0,
    asks: Sequence[Sequence[ToSign]] = (),
) -> Request:
    """Seal ``items`` kernel modules for one signer; ``asks`` are named where they are given."""
    now = int(time.time())
    slot = cms_slot(profile)
    whole = hashlib.sha256(canonical(to_plain(profile))).hexdigest()
    return Request(
        version=VERSION,
        nonce="00" * 16,
        created=now,
        not_after=now + 3600,
        signing_time=now if signing_time is None else signing_time,
        seed="00" * 16,
        requester="test",
        purpose="",
        policy_sha256="00" * 32,
        approvals=approvals,
        signers=(RequestSigner(str(profile.key), profile.spki_sha256.hex(), whole),),
        items=tuple(
            RequestItem(
                name=f"item-{number}",
                format="kmod",
                rules=1,
                size=1,
                sha256="00" * 32,
                options=KMOD_OPTIONS,
                facts=(),
                slots=(RequestSlot(0, slot.kind.value, slot.scheme.value, slot.hash.value),),
                output_mode=OutputMode.DIRECTORY,
                output="out",
                asks=tuple(each.hash().hex for each in asks[number]) if asks else (),
            )
            for number in range(items)
        ),
    )


def terms_for(profile: SignerProfile, items: int) -> GuardTerms:
    """Seal a request and return the terms of its one signer."""
    return GuardTerms(build_request(request_for(profile, items)), 0)


def signing_item(profile: SignerProfile, size: int, *, sha256: bytes | None = None) -> SigningItem:
    """One kernel module of an order."""
    return SigningItem(
        step=1,
        format="kmod",
        slots=(cms_slot(profile),),
        options=KMOD_OPTIONS,
        time=int(time.time()),
        seed=bytes(32),
        size=size,
        sha256=sha256,
    )


def asker(
    session: KeySession, item: int
) -> Callable[[int, tuple[ToSign, ...]], Awaitable[tuple[bytes, ...]]]:
    """Return what the runner gives to ``CheckWorkers.sign``, without journal."""

    async def ask(round_number: int, asks: tuple[ToSign, ...]) -> tuple[bytes, ...]:
        answers: list[bytes] = []
        for result in await session.sign(item, round_number, asks):
            if isinstance(result, SignstationError):
                raise result
            answers.append(result)
        return tuple(answers)

    return ask


def apply(content: bytes, signed: Signed) -> bytes:
    """Apply the patches of the one output as the stager does."""
    (output,) = signed.outputs
    assert isinstance(output, Patched)
    result = bytearray(content)
    for patch in reversed(output.patches):
        result[patch.offset : patch.offset + patch.old_length] = patch.new
    return bytes(result)


async def profile_of(keys: KeyPool, path: Path) -> SignerProfile:
    """Resolve and profile a key file."""
    return await keys.profile(await keys.resolve(f"file:{path}"), ())


def lanes(pools: Workers, pool: str = "check") -> list[int]:
    """The process ids of a pool."""
    seats = getattr(pools, pool)._pool._seats
    return [seat.lane.pid for seat in seats if seat.lane is not None]


def sparse(path: Path, size: int) -> Path:
    """A file of ``size`` zero bytes that takes no room."""
    with path.open("wb") as file:
        file.truncate(size)
    return path


async def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(0.01)


async def beginning(pools: Workers, artifact: int) -> asyncio.Task[bytes]:
    """Start hashing a large file in a hash worker, and wait until it is under way."""
    under_way = asyncio.Event()
    task = asyncio.create_task(pools.hashes.digest(artifact, lambda _: under_way.set()))
    await under_way.wait()
    return task


class Stalled:
    """A key that answers when it is told to, and counts what it is asked."""

    def __init__(self, answers: Sequence[bytes]) -> None:
        self.go = asyncio.Event()
        self.asked: list[tuple[ToSign, ...]] = []
        self._answers = tuple(answers)

    async def ask(self, _number: int, asks: tuple[ToSign, ...]) -> tuple[bytes, ...]:
        """Record and wait."""
        self.asked.append(asks)
        await self.go.wait()
        return self._answers


async def any_item(pools: Workers, tmp_path: Path, size: int) -> SigningItem:
    """An item of a key file."""
    return signing_item(await profile_of(pools.keys(None, Person()), key_file(tmp_path)), size)
