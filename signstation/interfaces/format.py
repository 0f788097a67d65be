"""The contract of a format: it knows bytes, and nothing of keys or of other formats."""

from __future__ import annotations

from collections.abc import Generator
from typing import Protocol, runtime_checkable

from signstation.interfaces.artifact import Artifact, Source
from signstation.interfaces.context import Context, ToolContext
from signstation.model.artifacts import Inspection
from signstation.model.asks import Answer, Batch, Compression
from signstation.model.checks import Opinion, Verified
from signstation.model.hashes import Digest, HashAlgorithm
from signstation.model.keys import SignatureType, Slot
from signstation.model.members import NamedMember, OpenedMember
from signstation.model.options import Field, Options
from signstation.model.outputs import Output
from signstation.model.text import Text
from signstation.model.trust import Purpose, Trust

Signing = Generator[Batch, tuple[Answer, ...], tuple[Output, ...]]
"""Yields batches of asks, receives answers in the same order, returns outputs."""


class Format(Protocol):
    """One kind of artifact, in one file of ``formats/`` that ends in ``FORMAT = …``.

    Instances have no state. ``sign`` is a pure function of the artifact's bytes, slots, options,
    ``ctx.time``, ``ctx.random`` and the answers: the contract suite runs it twice and closes it at
    every yield. At most 64 MiB are held across a yield.
    """

    @property
    def id(self) -> str:
        """Stable name on command lines and in requests: ``kmod``, ``rpm``, ``blob``."""
        ...

    @property
    def title(self) -> Text:
        """Name for people: "RPM package"."""
        ...

    @property
    def rules(self) -> int:
        """Version of the byte layout that the writer makes."""
        ...

    @property
    def purpose(self) -> Purpose:
        """Which anchors count for this format."""
        ...

    @property
    def signature_types(self) -> tuple[SignatureType, ...]:
        """Envelopes that can be written, preferred first."""
        ...

    @property
    def default_hash(self) -> HashAlgorithm:
        """Envelope hash when nobody chose one."""
        ...

    @property
    def options(self) -> tuple[Field, ...]:
        """Declared options, ``existing`` among them."""
        ...

    def recognise(self, source: Source) -> int:
        """How sure it is, by content alone: 0 (no) to 100; ``blob`` answers 1. Never raises."""
        ...

    def inspect(self, artifact: Artifact, ctx: Context) -> Inspection:
        """What a person must see before signing. Raises ArtifactMalformed."""
        ...

    def sign(
        self, artifact: Artifact, slots: tuple[Slot, ...], options: Options, ctx: Context
    ) -> Signing:
        """Return the signing generator; refuses before the first yield what must not be signed.

        Raises ArtifactMalformed, ContentDamaged, AlreadySigned, CompressedModule and
        SchemeUnsupported.
        """
        ...

    def recheck(
        self,
        artifact: Artifact,
        outputs: tuple[Artifact, ...],
        slots: tuple[Slot, ...],
        options: Options,
        ctx: Context,
    ) -> tuple[Digest, ...]:
        """Re-read the staged outputs (in the order of the outputs that ``sign`` returned).

        Checks structure and the mathematics of every slot's signature with the slot's own public
        key, and that nothing but the signature differs from ``artifact``; returns the SHA-256 of
        each output from the same pass. Raises RecheckFailed.
        """
        ...

    def verify(
        self,
        artifact: Artifact,
        signatures: tuple[Artifact, ...],
        trust: Trust,
        ctx: Context,
    ) -> Verified:
        """Collect checks. ``signatures`` are detached signature files found beside it, or given.

        Raises ArtifactMalformed only when nothing can be read.
        """
        ...

    def siblings(self) -> tuple[str, ...]:
        """Suffixes of detached signature files beside an artifact; empty for embedded ones."""
        ...

    def referee(
        self,
        artifact: Artifact,
        signatures: tuple[Artifact, ...],
        trust: Trust,
        ctx: ToolContext,
    ) -> tuple[Opinion, ...]:
        """Run the real tools and read their words; outcome MISSING where one is absent."""
        ...

    def commands(self, slots: tuple[Slot, ...], options: Options) -> tuple[tuple[str, ...], ...]:
        """The real tools' equivalent command lines, to be shown; FILE names the artifact."""
        ...


@runtime_checkable
class Packed(Protocol):
    """A format whose artifacts may be compressed as a whole and are signed inside."""

    def commands_inside(
        self, compression: Compression, slots: tuple[Slot, ...], options: Options
    ) -> tuple[tuple[str, ...], ...]:
        """As ``Format.commands``, for a compressed artifact: its name is FILE with a suffix."""
        ...


@runtime_checkable
class Cautious(Protocol):
    """A format whose signatures some consumers refuse though they are good; not every one has."""

    def cautions(self, slots: tuple[Slot, ...], options: Options) -> tuple[Text, ...]:
        """What to say of these signatures before they are made; empty where there is nothing."""
        ...


@runtime_checkable
class Surrounded(Protocol):
    """A format of artifacts that name files beside themselves with their digests."""

    def members(self, artifact: Artifact) -> tuple[NamedMember, ...]:
        """Return the named files that lie below the artifact's own directory, each once.

        Bounded by the format. Raises ArtifactMalformed and LimitReached.
        """
        ...


@runtime_checkable
class Nested(Surrounded, Protocol):
    """A format whose members name further files: a repository's list of its packages."""

    @property
    def directory(self) -> str:
        """Name of the artifact's own directory where members are named from the one above it."""
        ...

    @property
    def inner(self) -> str:
        """Id of the format as which the further files are inspected."""
        ...

    def open_member(
        self, artifact: Artifact, place: str, member: Artifact, ctx: Context
    ) -> OpenedMember:
        """Look into the member at ``place``; what cannot be read is told, not raised.

        Bounded by the format. Raises ArtifactMalformed of the artifact, Cancelled.
        """
        ...


@runtime_checkable
class Naming(Protocol):
    """A format with detached signatures whose files have names of their own (``InRelease``)."""

    def names(
        self, name: str, slots: tuple[Slot, ...], options: Options
    ) -> tuple[tuple[str, str], ...]:
        """Return (suffix of the output, path) of every file that ``sign`` gives for these slots.

        ``name`` and the paths are below the same root; the suffix is that of ``Sibling``, or empty
        for the artifact itself.
        """
        ...


@runtime_checkable
class EveryType(Protocol):
    """A format that each key signs once for each of its signature types, where none is chosen."""

    @property
    def every_type(self) -> tuple[SignatureType, ...]:
        """The types, in the order of the slots of one key."""
        ...
