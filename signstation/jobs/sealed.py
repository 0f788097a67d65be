"""A sealed plan: the request, and where on this machine its artifacts are and its results go."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from signstation.interfaces.workers import SigningItem
from signstation.model.hashes import HashAlgorithm, sha256
from signstation.model.keys import Scheme, SignatureType, SignerProfile, Slot
from signstation.model.options import Options
from signstation.model.orders import PlanSummary
from signstation.model.requests import Request, RequestSlot
from signstation.model.station import Caller

STAGING_PREFIX = ".signstation-"
"""Names of our directories beside targets begin so; a walk does not see them."""


@dataclass(frozen=True, slots=True)
class Target:
    """A file that will be written: the artifact itself (no suffix) or a sibling of it.

    ``name`` is its path below the step's target root.
    """

    suffix: str
    name: str


@dataclass(frozen=True, slots=True)
class StepPlan:
    """Where one artifact is and where its results go. Paths are absolute."""

    root: Path
    name: str  # below the root
    title: str
    format: str
    size: int
    target_root: Path
    targets: tuple[Target, ...]
    staging: Path  # directory on the file system of the targets

    @property
    def path(self) -> Path:
        """Where the artifact is."""
        return self.root / self.name

    @property
    def in_place(self) -> bool:
        """True where the signed artifact gets the artifact's own name."""
        return self.target_root == self.root and any(
            not target.suffix and target.name == self.name for target in self.targets
        )


@dataclass(frozen=True, slots=True)
class Signing:
    """What is to be signed by whom: the part of a job that a crash must not change.

    ``data`` are the canonical bytes of ``request``; ``profiles`` stand in the order of its signers.
    """

    request: Request
    data: bytes
    profiles: tuple[SignerProfile, ...]
    caller: Caller
    replace: bool


class Items:
    """The request's items as check workers take them; what is equal is one object."""

    def __init__(self, signing: Signing) -> None:
        """Know nothing yet."""
        self._signing = signing
        self._seed = bytes.fromhex(signing.request.seed)
        self._slots: dict[tuple[RequestSlot, ...], tuple[Slot, ...]] = {}
        self._options: dict[Options, Options] = {}

    def slots(self, ordinal: int) -> tuple[Slot, ...]:
        """Return the signatures wanted of one item."""
        wanted = self._signing.request.items[ordinal].slots
        known = self._slots.get(wanted)
        if known is None:
            known = self._slots[wanted] = tuple(map(self._slot, wanted))
        return known

    def _slot(self, slot: RequestSlot) -> Slot:
        return Slot(
            self._signing.profiles[slot.signer],
            SignatureType(slot.kind),
            Scheme(slot.scheme),
            HashAlgorithm(slot.hash),
        )

    def item(self, ordinal: int, step: int) -> SigningItem:
        """Return what a check worker needs to sign the request's item ``ordinal``."""
        item = self._signing.request.items[ordinal]
        return SigningItem(
            step=step,
            format=item.format,
            slots=self.slots(ordinal),
            options=self._options.setdefault(item.options, item.options),
            time=self._signing.request.signing_time,
            seed=item_seed(self._seed, ordinal),
            size=item.size,
            sha256=bytes.fromhex(item.sha256) or None,
        )


@dataclass(frozen=True, slots=True)
class SealedPlan:
    """What ``submit`` turns into a job.

    ``checkpoint`` is the directory of results that gets a checkpoint of the audit log, if any.
    """

    title: str
    signing: Signing
    steps: tuple[StepPlan, ...]
    summary: PlanSummary
    checkpoint: Path | None = None

    @property
    def id(self) -> str:
        """The request's id: SHA-256 of its canonical bytes, hex."""
        return sha256(self.signing.data).hex


def item_seed(seed: bytes, ordinal: int) -> bytes:
    """Derive the 32 bytes of randomness of one item from the request's seed (HKDF-SHA256)."""
    return HKDF(SHA256(), 32, salt=None, info=b"item %d" % ordinal).derive(seed)
