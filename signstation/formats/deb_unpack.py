"""Members of a Debian package, decompressed within bounds: small ones whole, large ones flowing."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from collections.abc import Callable
from typing import IO, cast

import zstandard

from signstation.codec.compression import unpack
from signstation.errors import LimitReached
from signstation.formats.deb_read import Compression, Tar
from signstation.interfaces.artifact import Artifact
from signstation.model.asks import Compression as Stream

ZSTD_WINDOW = 128 * 1024 * 1024
"""Largest window of Zstandard: what the zstd program itself takes without being told (2^27)."""
MAX_FLOWING = 16 * 1024**3
"""Most bytes of an unpacked ``data.tar`` that are looked at: three times Debian's largest."""
PIECE = 1024 * 1024
"""Bytes read of the artifact at a time."""
_STREAMS = {
    Compression.GZIP: Stream.GZIP,
    Compression.XZ: Stream.XZ,
    Compression.ZSTD: Stream.ZSTD,
}


def unpacked(content: bytes, tar: Tar, limit: int) -> bytes:
    """Decompress a member that is held in memory. Raises ArtifactMalformed and LimitReached."""
    stream = _STREAMS.get(tar.compression)
    if stream is not None:
        return b"".join(unpack((content,), stream, limit))
    if len(content) > limit:
        raise LimitReached(what="bytes of an unpacked member", limit=limit)
    return content


class Bounded:
    """Reads of a stream, up to ``limit`` bytes in all: a few compressed ones can hold terabytes."""

    def __init__(self, stream: IO[bytes], limit: int = MAX_FLOWING) -> None:
        self._stream = stream
        self._left = limit
        self._limit = limit

    def read(self, length: int) -> bytes:
        """Read as the stream does. Raises LimitReached."""
        data = self._stream.read(length)
        self._left -= len(data)
        if self._left < 0:
            raise LimitReached(what="bytes of an unpacked data.tar", limit=self._limit)
        return data


class Stretch(io.RawIOBase):
    """A stretch of the artifact as a file that flows; tells of progress."""

    def __init__(
        self, artifact: Artifact, start: int, size: int, progress: Callable[[int], None]
    ) -> None:
        """``progress`` gets the offset reached; it may raise Cancelled."""
        super().__init__()
        self._artifact = artifact
        self._at = start
        self._end = start + size
        self._progress = progress

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # narrower, as io calls it
        """Fill the buffer from the next bytes."""
        length = min(len(buffer), self._end - self._at, PIECE)
        data = self._artifact.read(self._at, length)
        buffer[: len(data)] = data
        self._at += len(data)
        self._progress(self._at)
        return len(data)


def flowing(artifact: Artifact, tar: Tar, progress: Callable[[int], None]) -> IO[bytes]:
    """Open a member of any size for reading from start to end; errors come while reading."""
    member = tar.member
    raw = io.BufferedReader(Stretch(artifact, member.start, member.size, progress), PIECE)
    match tar.compression:
        case Compression.NONE:
            return raw
        case Compression.GZIP:
            return cast("IO[bytes]", gzip.open(raw))
        case Compression.XZ | Compression.LZMA:
            return lzma.open(raw)
        case Compression.BZIP2:
            return bz2.open(raw)
        case Compression.ZSTD:
            opener = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW)
            return opener.stream_reader(raw, read_across_frames=True)
