"""Compressed kernel modules: opened within bounds, written as the kernel's own build writes them.

scripts/Makefile.modinst compresses; kernel/module/decompress.c and kmod open. The kernel takes one
stream: xz with CRC32 or no check and LZMA2 alone, one zstd frame, gzip with at most a file name in
its header.
"""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from typing import NoReturn, Protocol, assert_never

import zstandard

from signstation.errors import ArtifactMalformed
from signstation.model.asks import Compression

MAX_PACKED = 64 * 1024 * 1024
"""Most bytes of a compressed module: the largest distributed ones have under 30 MiB."""
MAX_UNPACKED = 128 * 1024 * 1024
"""Most bytes of what is inside: the largest distributed modules have about 60 MiB."""
PIECE = 1024 * 1024
"""Most bytes that the xz and gzip decoders hand out at a time."""
WINDOW = 64 * 1024 * 1024
"""Largest dictionary or window in bytes that is opened: that of ``xz -9``."""

_XZ_MEMORY = WINDOW + PIECE
"""liblzma's decoder needs its dictionary and less than 100 KiB."""
_ZSTD_SLICE = 256
"""Bytes given to the zstd decoder at a time. Its output has no limit of its own; a block of four
bytes can hold 128 KiB (RFC 8878 section 3.1.1.2), so that one step gives at most 8 MiB."""
_WITHIN_GZIP = 31
"""zlib: a window of 32 KiB (15) in a gzip wrapper (16)."""
_XZ_DICTIONARY = 1024 * 1024
_XZ_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": _XZ_DICTIONARY}]
_XZ_HEAD = bytes.fromhex("fd377a585a000001 6922de36 0200210110000000 a8708e86")
"""Stream header (CRC32) and block header (no sizes, LZMA2 alone, 1 MiB) with these settings."""
_ZSTD_LEVEL = 3
_GZIP_LEVEL = 6
"""The settings of scripts/Makefile.modinst: ``xz --check=crc32 --lzma2=dict=1MiB``, ``zstd``, and
``gzip -n``; the levels are the programs' defaults."""

_MAGICS = {
    b"\xfd7zXZ\x00": Compression.XZ,
    b"\x28\xb5\x2f\xfd": Compression.ZSTD,
    b"\x1f\x8b\x08": Compression.GZIP,
}
MAGIC = max(map(len, _MAGICS))
"""Bytes that ``announced`` wants to see."""
_ERRORS = (lzma.LZMAError, zlib.error, zstandard.ZstdError, EOFError)

Bytes = bytes | bytearray | memoryview
Checkpoint = Callable[[], None]


class Obstacle(Enum):
    """Why the kernel's own decompressor refuses a stream that others open."""

    XZ_CHECK = "xz-check"  # XZ_UNSUPPORTED_CHECK: it knows CRC32 only
    XZ_FILTER = "xz-filter"  # XZ_OPTIONS_ERROR where CONFIG_XZ_DEC_* of the filter is off
    GZIP_HEADER = "gzip-header"  # module_gzip_header_len() skips no field but the file's name


class _Decoder(Protocol):
    """One stream. ``feed`` yields what a piece of input gives, ``rest`` counts bytes behind it."""

    @property
    def ended(self) -> bool: ...

    @property
    def rest(self) -> int: ...

    def feed(self, piece: Bytes) -> Iterator[bytes]: ...


class _Encoder(Protocol):
    """Common to the three libraries."""

    def compress(self, data: Bytes, /) -> bytes: ...

    def flush(self) -> bytes: ...


class _Xz:
    def __init__(self) -> None:
        self._stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)

    @property
    def ended(self) -> bool:
        return self._stream.eof

    @property
    def rest(self) -> int:
        return len(self._stream.unused_data)

    def feed(self, piece: Bytes) -> Iterator[bytes]:
        yield self._stream.decompress(piece, PIECE)
        while not self._stream.eof and not self._stream.needs_input:
            yield self._stream.decompress(b"", PIECE)


class _Gzip:
    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_WITHIN_GZIP)

    @property
    def ended(self) -> bool:
        return self._stream.eof

    @property
    def rest(self) -> int:
        return len(self._stream.unused_data)

    def feed(self, piece: Bytes) -> Iterator[bytes]:
        while True:
            found = self._stream.decompress(piece, PIECE)
            yield found
            piece = self._stream.unconsumed_tail
            # output may still be held back where a piece was filled to its end
            if self._stream.eof or (not piece and len(found) < PIECE):
                return


class _Zstd:
    def __init__(self) -> None:
        self._stream = zstandard.ZstdDecompressor(max_window_size=WINDOW).decompressobj()
        self._behind = 0

    @property
    def ended(self) -> bool:
        return self._stream.eof

    @property
    def rest(self) -> int:
        return self._behind

    def feed(self, piece: Bytes) -> Iterator[bytes]:
        for at in range(0, len(piece), _ZSTD_SLICE):
            yield self._stream.decompress(piece[at : at + _ZSTD_SLICE])
            if self._stream.eof:
                self._behind = len(self._stream.unused_data) + len(piece[at + _ZSTD_SLICE :])
                return


def never() -> None:
    """Take no notice of a checkpoint."""


def announced(head: bytes) -> Compression | None:
    """Name the compression that a file's first MAGIC bytes announce, None for none."""
    return next((found for magic, found in _MAGICS.items() if head.startswith(magic)), None)


def unpack(
    packed: Iterable[Bytes], compression: Compression, limit: int = MAX_UNPACKED
) -> Iterator[bytes]:
    """Yield in pieces of at most 8 MiB what one stream holds; ``packed`` is all of the file.

    Holds no more than a piece and WINDOW. Raises ArtifactMalformed for a stream that is damaged,
    cut off, longer than ``limit`` inside or followed by anything.
    """
    decoder = _decoder(compression)
    read = held = 0
    for piece in packed:
        if decoder.ended:
            _fail(compression, read, "the end of the file", "bytes behind the stream")
        for found in _guarded(decoder, piece, compression, read):
            held += len(found)
            if held > limit:
                _fail(compression, read, f"at most {limit} bytes inside", "more")
            yield found
        read += len(piece)
        if decoder.rest:
            _fail(
                compression, read - decoder.rest, "the end of the file", "bytes behind the stream"
            )
    if not decoder.ended:
        _fail(compression, read, "the end of the stream", "the end of the file")


def beginning(packed: bytes, compression: Compression, length: int) -> bytes:
    """Return up to ``length`` bytes of what a stream holds, of which ``packed`` is the beginning.

    Raises ArtifactMalformed where the stream is damaged so far.
    """
    decoder = _decoder(compression)
    found = bytearray()
    for piece in _guarded(decoder, packed, compression, 0):
        found += piece
        if len(found) >= length:
            break
    return bytes(found[:length])


def pack(content: Bytes, compression: Compression, checkpoint: Checkpoint = never) -> bytes:
    """Compress as the kernel's own build does; the same bytes for the same versions of libraries.

    ``checkpoint`` is called after each PIECE of ``content`` and may raise. Blocks: xz takes about a
    quarter of a second for each.
    """
    stream = _encoder(compression, len(content))
    packed = bytearray()
    view = memoryview(content)
    for at in range(0, len(view), PIECE):
        packed += stream.compress(view[at : at + PIECE])
        checkpoint()
    packed += stream.flush()
    return bytes(packed)


def written(
    packed: bytes, content: Bytes, compression: Compression, checkpoint: Checkpoint = never
) -> bool:
    """Say whether ``packed``, which holds ``content``, is as ``pack`` writes it.

    zstd and gzip have bits that mean nothing: they are compressed once more and compared. Of xz the
    headers tell the settings and every byte stands under a CRC32 that was checked when ``content``
    was read, which spares the tenth of a second that another compression of a module would take.
    """
    if compression is Compression.XZ:
        return packed.startswith(_XZ_HEAD)
    return packed == pack(content, compression, checkpoint)


def obstacle(packed: bytes, compression: Compression) -> Obstacle | None:
    """Say why the kernel's own decompressor refuses a stream that ``unpack`` opens.

    Looks at the headers: xz-file-format 1.1.0 sections 2.1.1.2 and 3.1.2 (of the first block),
    RFC 1952 section 2.3.1. Every zstd frame within WINDOW is taken.
    """
    match compression:
        case Compression.XZ:
            if packed[7] not in {lzma.CHECK_NONE, lzma.CHECK_CRC32}:
                return Obstacle.XZ_CHECK
            empty = packed[12] == 0  # an index without a block before it
            return Obstacle.XZ_FILTER if not empty and packed[13] & 3 else None
        case Compression.ZSTD:
            return None
        case Compression.GZIP:
            text_or_name = 0x01 | 0x08
            return Obstacle.GZIP_HEADER if packed[3] & ~text_or_name else None
    assert_never(compression)


def _encoder(compression: Compression, size: int) -> _Encoder:
    match compression:
        case Compression.XZ:
            return lzma.LZMACompressor(lzma.FORMAT_XZ, check=lzma.CHECK_CRC32, filters=_XZ_FILTERS)
        case Compression.ZSTD:
            writer = zstandard.ZstdCompressor(level=_ZSTD_LEVEL, write_checksum=True)
            return writer.compressobj(size=size)
        case Compression.GZIP:
            return zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _WITHIN_GZIP)
    assert_never(compression)


def _decoder(compression: Compression) -> _Decoder:
    match compression:
        case Compression.XZ:
            return _Xz()
        case Compression.ZSTD:
            return _Zstd()
        case Compression.GZIP:
            return _Gzip()
    assert_never(compression)


def _guarded(
    decoder: _Decoder, piece: Bytes, compression: Compression, offset: int
) -> Iterator[bytes]:
    try:
        yield from decoder.feed(piece)
    except _ERRORS as error:
        raise ArtifactMalformed(
            format=compression.value,
            offset=offset,
            expected=f"a sound {compression.value} stream",
            found=str(error),
        ) from error


def _fail(compression: Compression, offset: int, expected: str, found: str) -> NoReturn:
    raise ArtifactMalformed(format=compression.value, offset=offset, expected=expected, found=found)
