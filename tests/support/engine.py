"""The engine for tests: a runner over a private state directory, with workers in this process.

The workers run the real formats, key stores, guard and confirmation; only processes are missing.
Engine and crash tests use the real pools instead (``tests/support/pools.py``).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from signstation.errors import SignstationError
from signstation.interfaces.archive import Archive
from signstation.interfaces.format import Nested, Surrounded
from signstation.interfaces.guardterms import GuardTerms
from signstation.interfaces.keystore import InMemory, OpenKey
from signstation.interfaces.signed import Signed
from signstation.interfaces.workers import Asker, KeySession, Progress, SigningItem
from signstation.jobs.checkpoints import Checkpoints, NoCheckpoints
from signstation.jobs.journal import Journal
from signstation.jobs.runner import Runner, RunnerSettings
from signstation.jobs.workers import Workers
from signstation.model.artifacts import Inspection, Severity
from signstation.model.asks import ToSign
from signstation.model.checks import Verified
from signstation.model.hashes import Digest, HashAlgorithm, HashRequest
from signstation.model.jobs import JobEvent
from signstation.model.keys import KeyInfo, KeyRef, SignerProfile
from signstation.model.members import NamedMember, OpenedMember, Surroundings
from signstation.model.orders import CertifyOrder, GenerateOrder
from signstation.model.outputs import Output, Patch
from signstation.model.station import Caller
from signstation.model.tokens import TokenInfo
from signstation.model.trust import Trust
from signstation.registry.plugins import detect, load_formats
from signstation.registry.stores import keystore, load_keystores
from signstation.system.artifact import FileArtifact
from signstation.system.files_overlay import PatchedArtifact
from signstation.system.programs import Programs
from signstation.worker.context import StepContext
from signstation.worker.guard import Guard
from signstation.worker.hashing import Covered, confirm
from tests.support.contract_keystores import ScriptedKeyContext

CALLER = Caller(uid=0, pid=1, surface="test")
FORMATS = load_formats()


class LocalCheck:
    """Implements ``CheckWorkers`` in this process."""

    async def recognise(self, artifact: int) -> str:
        """Recognise by content."""
        return detect(FORMATS, FileArtifact(artifact)).id

    async def inspect(
        self,
        artifact: int,
        format_id: str | None,
        progress: Progress,
        surroundings: Surroundings | None = None,
    ) -> Inspection:
        """Inspect."""
        file = FileArtifact(artifact)
        format_ = FORMATS[format_id] if format_id else detect(FORMATS, file)
        context = StepContext(time=0, progress=progress, surroundings=surroundings)
        return format_.inspect(file, context)

    async def sign(
        self, item: SigningItem, artifact: int, ask: Asker, progress: Progress
    ) -> Signed:
        """Drive the generator."""
        file = FileArtifact(artifact)
        context = StepContext(
            time=item.time, seed=item.seed, expected=item.sha256, progress=progress
        )
        generator = FORMATS[item.format].sign(file, item.slots, item.options, context)
        outputs: tuple[Output, ...] = ()
        number, answers = 0, None
        try:
            while True:
                batch = generator.send(answers) if answers is not None else next(generator)
                answers = await ask(number, batch)
                number += 1
        except StopIteration as end:
            outputs = end.value
        finally:
            generator.close()
        return Signed(outputs, context.sha256 or b"", 0, context.hash_ns)

    async def recheck(
        self,
        item: SigningItem,
        artifact: int,
        staged: Sequence[int],
        avoid: int,
        progress: Progress,
    ) -> tuple[Digest, ...]:
        """Recheck."""
        await asyncio.sleep(0)
        return FORMATS[item.format].recheck(
            FileArtifact(artifact),
            tuple(FileArtifact(each) for each in staged),
            item.slots,
            item.options,
            StepContext(time=item.time, seed=item.seed, expected=item.sha256, progress=progress),
        )

    async def recheck_in_place(
        self,
        item: SigningItem,
        artifact: int,
        patches: Sequence[Patch],
        avoid: int,
        progress: Progress,
    ) -> tuple[Digest, ...]:
        """Recheck what is not written yet."""
        file = FileArtifact(artifact)
        return FORMATS[item.format].recheck(
            file,
            (PatchedArtifact(file, patches),),
            item.slots,
            item.options,
            StepContext(time=item.time, seed=item.seed, expected=item.sha256, progress=progress),
        )

    async def verify(  # noqa: PLR0913 - each names a thing that a caller has to decide
        self,
        artifact: int,
        signatures: Sequence[int],
        format_id: str | None,
        trust: Trust,
        time: int,
        progress: Progress,
        *,
        surroundings: Surroundings | None = None,
    ) -> tuple[Inspection, Verified]:
        """Inspect and verify."""
        inspection = await self.inspect(artifact, format_id, progress)
        files = tuple(FileArtifact(each) for each in signatures)
        context = StepContext(time=time, progress=progress, surroundings=surroundings)
        format_ = FORMATS[inspection.format]
        return inspection, format_.verify(FileArtifact(artifact), files, trust, context)

    async def members(self, artifact: int, format_id: str) -> tuple[NamedMember, ...]:
        """Ask the format."""
        format_ = FORMATS[format_id]
        return format_.members(FileArtifact(artifact)) if isinstance(format_, Surrounded) else ()

    async def open_member(
        self, artifact: int, place: str, member: int, format_id: str
    ) -> OpenedMember:
        """Ask the format."""
        format_ = FORMATS[format_id]
        assert isinstance(format_, Nested | Archive)
        files = (FileArtifact(artifact), FileArtifact(member))
        return format_.open_member(files[0], place, files[1], StepContext(time=0))

    async def glance(self, artifact: int, format_id: str) -> Inspection:
        """Inspect, and leave out what no station wants of one file among many."""
        seen = FORMATS[format_id].inspect(FileArtifact(artifact), StepContext(time=0))
        blockers = tuple(each for each in seen.findings if each.severity is Severity.BLOCKER)
        return replace(seen, sections=(), findings=blockers)


class LocalHashes:
    """Implements ``HashWorkers`` in this process."""

    async def confirm(self, artifact: int, size: int, asks: Sequence[ToSign]) -> None:
        """Recompute."""
        covered = Covered(FileArtifact(artifact), lambda _: None)
        for ask in asks:
            confirm(ask, covered)

    async def digest(
        self,
        artifact: int,
        progress: Progress,
        algorithm: HashAlgorithm = HashAlgorithm.SHA256,
    ) -> bytes:
        """Hash."""
        wanted = [HashRequest(algorithm)]
        (state,) = StepContext(time=0).digests(FileArtifact(artifact), wanted).states
        return state.digest()


@dataclass
class LocalSession:
    """Implements ``KeySession`` over an open key of a store."""

    stack: ExitStack
    key: OpenKey
    guard: Guard

    @property
    def in_memory(self) -> bool:
        """As the key itself says."""
        return isinstance(self.key, InMemory) and self.key.in_memory

    async def sign(
        self, item: int, round_number: int, asks: Sequence[ToSign]
    ) -> tuple[bytes | SignstationError, ...]:
        """Guard, then sign."""
        self.guard.admit(item, round_number, asks)
        return tuple(self.key.sign(asks))

    async def close(self) -> None:
        """Close the key."""
        self.stack.close()


@dataclass
class LocalKeys:
    """Implements ``KeyWorkers`` in this process; prompts are answered from ``context.answers``."""

    context: ScriptedKeyContext
    opened: int = 0

    async def list_keys(self) -> tuple[KeyInfo, ...]:
        """List."""
        return tuple(key for store in load_keystores().values() for key in self._list(store.id))

    async def list_tokens(self) -> tuple[TokenInfo, ...]:
        """No device is there."""
        return ()

    def _list(self, store: str) -> Sequence[KeyInfo]:
        return keystore(load_keystores(), store).list_keys(self.context)

    async def resolve(self, typed: str) -> KeyRef:
        """Resolve."""
        ref = KeyRef.parse(typed)
        return keystore(load_keystores(), ref.store).resolve(ref.locator, self.context)

    async def profile(self, key: KeyRef, certificates: Sequence[bytes]) -> SignerProfile:
        """Profile."""
        return keystore(load_keystores(), key.store).profile(key, certificates, self.context)

    async def open(self, profile: SignerProfile, terms: GuardTerms, count: int) -> KeySession:
        """Open."""
        self.opened += 1
        guard = Guard(terms, profile, count, int(time.time()))
        stack = ExitStack()
        opening: AbstractContextManager[OpenKey] = keystore(
            load_keystores(), profile.key.store
        ).open(profile, count, self.context)
        return LocalSession(stack, stack.enter_context(opening), guard)

    async def certify(self, order: CertifyOrder) -> tuple[tuple[str, bytes], ...]:
        """Not needed here."""
        raise NotImplementedError

    async def generate(self, order: GenerateOrder) -> tuple[KeyInfo, ...]:
        """Not needed here."""
        raise NotImplementedError

    async def import_key(self, store: str, material: bytes) -> tuple[KeyInfo, ...]:
        """Not needed here."""
        raise NotImplementedError

    async def export(self, key: KeyRef) -> tuple[tuple[str, bytes], ...]:
        """Not needed here."""
        raise NotImplementedError


@dataclass
class TestStation:
    """A runner and what it was made of."""

    __test__ = False

    runner: Runner
    journal: Journal
    keys: LocalKeys
    events: list[JobEvent] = field(default_factory=list)


@asynccontextmanager
async def local_station(
    home: Path,
    *,
    answers: Sequence[bytes] = (),
    checkpoints: Checkpoints | None = None,
    change: Callable[[Workers], Workers] = lambda workers: workers,
) -> AsyncIterator[TestStation]:
    """Run a station whose workers live in this process; ``change`` may put others in."""
    home.mkdir(exist_ok=True, mode=0o700)
    points = checkpoints or NoCheckpoints()
    context = ScriptedKeyContext(
        time=int(time.time()),
        state=home,
        gnupg_home=None,
        programs=Programs(home, ()),
        answers=list(answers),
    )
    keys = LocalKeys(context)
    journal = Journal(home / "journal.db", points)
    events: list[JobEvent] = []
    workers = change(Workers(LocalCheck(), LocalHashes(), lambda caller, job: keys))
    settings = RunnerSettings(private=home, checkpoints=points)
    runner = Runner(journal, workers, FORMATS, settings, events.append)
    try:
        yield TestStation(runner, journal, keys, events)
    finally:
        await runner.close()
        journal.close()
