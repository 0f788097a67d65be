"""A kernel module as the kernel gets it: the file itself, or the one stream that it holds."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from signstation.codec import compression as codec
from signstation.codec import kmod
from signstation.codec.compression import Checkpoint
from signstation.errors import (
    ArtifactChanged,
    ArtifactMalformed,
    ArtifactUnreadable,
    CompressedModule,
    LimitReached,
)
from signstation.interfaces.artifact import MAX_READ, Artifact, Source
from signstation.interfaces.context import Context
from signstation.model.asks import Compression, Plain, Range, Unpacked
from signstation.model.hashes import Digests, HashAlgorithm, HashRequest, HashState
from signstation.model.outputs import MAX_PATCH_BYTES, Patch, Patched


class Inside:
    """What a compressed module holds, in memory; an Artifact without a descriptor."""

    __slots__ = ("_content",)

    def __init__(self, content: bytearray) -> None:
        """Keep ``content``, which nobody changes any more."""
        self._content = content

    @property
    def size(self) -> int:
        """Bytes inside."""
        return len(self._content)

    def read(self, offset: int, length: int) -> bytes:
        """As ``Artifact.read``."""
        if length > MAX_READ:
            raise LimitReached(what="bytes of one read", limit=MAX_READ)
        if length <= 0 or offset < 0:
            return b""
        return bytes(self.view(offset, length))

    def view(self, offset: int, length: int) -> memoryview:
        """Return up to ``length`` bytes from ``offset`` without a copy."""
        return memoryview(self._content)[offset : offset + length]

    def fileno(self) -> int:
        """Raise ArtifactUnreadable: it is in memory."""
        raise ArtifactUnreadable(reason="it is compressed")


@dataclass(frozen=True, slots=True)
class Opened:
    """A module that is not compressed."""

    file: Artifact

    @property
    def module(self) -> Artifact:
        """What the kernel loads."""
        return self.file

    def covers(self, length: int) -> tuple[Plain, ...]:
        """Name the first ``length`` bytes of the module."""
        return (Range(0, length),)

    def digests(self, wanted: Sequence[HashAlgorithm], length: int, ctx: Context) -> Digests:
        """Hash the file, and in the same pass the first ``length`` bytes of the module."""
        return ctx.digests(self.file, [HashRequest(each, 0, length) for each in wanted])

    def output(self, content: int, signature: bytes, ctx: Context) -> Patched:
        """Put what is behind ``content`` bytes of the module in the place of what was there."""
        del ctx  # nothing takes long
        return Patched((Patch(content, self.file.size - content, signature),))


@dataclass(frozen=True, slots=True)
class OpenedStream:
    """A compressed module, decompressed: as ``Opened``, by what is inside."""

    file: Artifact
    packed: bytes
    compression: Compression
    module: Inside

    def covers(self, length: int) -> tuple[Plain, ...]:
        """Name the first ``length`` bytes of what is inside."""
        return (Unpacked(self.compression, 0, length, self.module.size),)

    def digests(self, wanted: Sequence[HashAlgorithm], length: int, ctx: Context) -> Digests:
        """Hash the file, and the first ``length`` bytes of what was read from it inside.

        Raises ArtifactChanged where the file is not the one that was opened.
        """
        whole = ctx.digests(self.file).sha256
        read = hashlib.sha256(self.packed).digest()
        if read != whole.value:
            raise ArtifactChanged(expected=read.hex(), found=whole.hex)
        view = self.module.view(0, length)
        states: list[HashState] = [hashlib.new(each.value, view) for each in wanted]
        return Digests(whole, tuple(states))

    def output(self, content: int, signature: bytes, ctx: Context) -> Patched:
        """Compress ``content`` bytes of the module and the signature as one new file.

        Raises LimitReached where that is more than an output carries, or would be opened again.
        """
        inside = bytearray(self.module.view(0, content))
        inside += signature
        if len(inside) > codec.MAX_UNPACKED:
            raise LimitReached(what="bytes inside a compressed module", limit=codec.MAX_UNPACKED)
        packed = codec.pack(inside, self.compression, self._noting(ctx))
        if len(packed) > MAX_PATCH_BYTES:
            raise LimitReached(what="bytes of a compressed module", limit=MAX_PATCH_BYTES)
        return Patched((Patch(0, self.file.size, packed),))

    def written_like(self, output: Opened | OpenedStream, ctx: Context) -> bool:
        """Whether ``output`` has this compression, in the form in which it is written."""
        if isinstance(output, Opened) or output.compression is not self.compression:
            return False
        inside = output.module.view(0, output.module.size)
        return codec.written(output.packed, inside, self.compression, self._noting(ctx))

    def _noting(self, ctx: Context) -> Checkpoint:
        return lambda: ctx.checkpoint(self.file.size)


AnyOpened = Opened | OpenedStream


def compression_of(source: Source) -> Compression | None:
    """Name the compression that a file's first bytes announce, None for none."""
    return codec.announced(source.read(0, codec.MAGIC))


def open_module(artifact: Artifact) -> AnyOpened:
    """Decompress where it is compressed, within the bounds of ``codec.compression``.

    Raises ArtifactMalformed for a stream that is damaged, too large or followed by anything, and
    CompressedModule where another compression is inside.
    """
    compression = compression_of(artifact)
    if compression is None:
        return Opened(artifact)
    if artifact.size > codec.MAX_PACKED:
        raise ArtifactMalformed(
            format=kmod.NAME,
            offset=codec.MAX_PACKED,
            expected=f"at most {codec.MAX_PACKED} bytes compressed",
            found=f"{artifact.size} bytes",
        )
    packed = artifact.read(0, artifact.size)
    content = bytearray()
    for piece in codec.unpack((packed,), compression):
        content += piece
    inside = Inside(content)
    if codec.announced(inside.read(0, codec.MAGIC)) is not None:
        raise CompressedModule(compression=compression.value)
    return OpenedStream(artifact, packed, compression, inside)
