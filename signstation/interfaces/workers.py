"""What the job runner needs of worker processes: asynchronous calls, descriptors and values only.

The runner (floor ``jobs``) knows these protocols; floor ``worker`` implements them with processes.
Descriptors passed in stay the caller's: they are open until the call returns and never closed by
the callee. Every call raises SignstationError classes only: WorkerDied and WorkerHung among them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from signstation.errors import SignstationError
from signstation.interfaces.guardterms import GuardTerms
from signstation.interfaces.signed import Signed
from signstation.model.artifacts import Inspection
from signstation.model.asks import ToSign
from signstation.model.checks import Opinion, Verified
from signstation.model.hashes import Digest, HashAlgorithm
from signstation.model.keys import KeyInfo, KeyRef, SignerProfile, Slot
from signstation.model.members import NamedMember, OpenedMember, Surroundings
from signstation.model.options import Options
from signstation.model.orders import CertifyOrder, GenerateOrder
from signstation.model.outputs import Patch
from signstation.model.prompts import Prompt
from signstation.model.secret import Secret
from signstation.model.tokens import TokenInfo
from signstation.model.trust import Trust


@dataclass(frozen=True, slots=True)
class SigningItem:
    """All that a check worker needs to run a format's generator, besides the bytes."""

    step: int
    format: str
    slots: tuple[Slot, ...]
    options: Options
    time: int
    seed: bytes  # 32 bytes, of this item
    size: int
    sha256: bytes | None  # None: learnt in the pass


Asker = Callable[[int, tuple[ToSign, ...]], Awaitable[tuple[bytes, ...]]]
"""Given round number and asks, returns the answers: journals the intent, asks the key, records."""

Progress = Callable[[int], None]
"""Called on the event loop with the bytes done so far, at most 10 times a second."""


class CheckWorkers(Protocol):
    """A pool of sandboxed processes without keys; one per core, scheduled by weight."""

    async def recognise(self, artifact: int) -> str:
        """Return the format's id by content. Raises FormatUnknown."""
        ...

    async def inspect(
        self,
        artifact: int,
        format_id: str | None,
        progress: Progress,
        surroundings: Surroundings | None = None,
    ) -> Inspection:
        """Run ``Format.inspect`` (of the recognised format where ``format_id`` is None).

        ``surroundings`` are what ``members`` made known, None where nobody has looked.
        """
        ...

    async def sign(
        self, item: SigningItem, artifact: int, ask: Asker, progress: Progress
    ) -> Signed:
        """Drive the signing generator; cancelled with the awaiting task (checkpoint, then kill)."""
        ...

    async def recheck(
        self,
        item: SigningItem,
        artifact: int,
        staged: Sequence[int],
        avoid: int,
        progress: Progress,
    ) -> tuple[Digest, ...]:
        """Run ``Format.recheck`` in another worker than ``avoid`` where there is one."""
        ...

    async def recheck_in_place(
        self,
        item: SigningItem,
        artifact: int,
        patches: Sequence[Patch],
        avoid: int,
        progress: Progress,
    ) -> tuple[Digest, ...]:
        """As ``recheck``, of the artifact as it would be with ``patches`` that move no byte."""
        ...

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
        """Inspect and verify in one go; ``surroundings`` are what ``members`` made known."""
        ...

    async def members(self, artifact: int, format_id: str) -> tuple[NamedMember, ...]:
        """Run ``Surrounded.members``."""
        ...

    async def open_member(
        self, artifact: int, place: str, member: int, format_id: str
    ) -> OpenedMember:
        """Run ``Nested.open_member``."""
        ...

    async def glance(self, artifact: int, format_id: str) -> Inspection:
        """As ``inspect``, without sections and with no findings but those that forbid signing."""
        ...


class HashWorkers(Protocol):
    """Processes that hash and compare and parse nothing."""

    async def confirm(self, artifact: int, size: int, asks: Sequence[ToSign]) -> None:
        """Recompute each ask's input from ``covers``; raise GuardRefused where one differs."""
        ...

    async def digest(
        self,
        artifact: int,
        progress: Progress,
        algorithm: HashAlgorithm = HashAlgorithm.SHA256,
    ) -> bytes:
        """Digest of the whole file."""
        ...


class KeySession(Protocol):
    """One open key under one request."""

    @property
    def in_memory(self) -> bool:
        """True where the private key was taken into the memory of a key worker of ours."""
        ...

    async def sign(
        self, item: int, round_number: int, asks: Sequence[ToSign]
    ) -> tuple[bytes | SignstationError, ...]:
        """Sign up to 64 asks of the request's item number ``item``; guard first, then key."""
        ...

    async def close(self) -> None:
        """Close the key and forget secrets of this session."""
        ...


class KeyWorkers(Protocol):
    """Key processes: one per token; one per core for software keys that were taken into memory."""

    async def list_keys(self) -> tuple[KeyInfo, ...]:
        """Keys of every store; a store that fails is left out and reported by ``doctor``."""
        ...

    async def list_tokens(self) -> tuple[TokenInfo, ...]:
        """Devices of every store that are there now; never prompts."""
        ...

    async def resolve(self, typed: str) -> KeyRef:
        """Turn ``store:what-was-typed`` into the full reference."""
        ...

    async def profile(self, key: KeyRef, certificates: Sequence[bytes]) -> SignerProfile:
        """Public facts of a signer."""
        ...

    async def open(self, profile: SignerProfile, terms: GuardTerms, count: int) -> KeySession:
        """Open a key for ``count`` signatures; may prompt."""
        ...

    async def generate(self, order: GenerateOrder) -> tuple[KeyInfo, ...]:
        """Make a key; may prompt."""
        ...

    async def certify(self, order: CertifyOrder) -> tuple[tuple[str, bytes], ...]:
        """Make a certificate and keep it, or a request; return it as (suffix, content).

        Prompts as for a signature. Raises UsageError for a store that keeps its own certificates.
        """
        ...

    async def import_key(self, store: str, material: bytes) -> tuple[KeyInfo, ...]:
        """Take in keys or certificates."""
        ...

    async def export(self, key: KeyRef) -> tuple[tuple[str, bytes], ...]:
        """Public half as (suffix, content)."""
        ...


class ToolWorkers(Protocol):
    """Processes that run real tools: private HOME, no keys, no network where the kernel allows."""

    async def referee(
        self,
        artifact: int,
        signatures: Sequence[int],
        format_id: str,
        trust: Trust,
        time: int,
    ) -> tuple[Opinion, ...]:
        """Run ``Format.referee``."""
        ...

    async def prepare_trust(self, files: Sequence[tuple[str, bytes]]) -> Trust:
        """Turn anchor files (label, content) into Trust; raises KeyUnreadable naming the label."""
        ...


class Prompter(Protocol):
    """Where prompts of key workers go; answered by window, terminal or ``--secret-fd``."""

    async def ask(self, prompt: Prompt) -> Secret:
        """Wait for a person. Raises Cancelled or SecretMissing."""
        ...
