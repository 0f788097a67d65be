"""What is inside an index of an RPM repository: gzip, xz, zstd, bzip2 or plain, within bounds."""

from __future__ import annotations

import bz2
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NoReturn

from signstation.codec.compression import announced, unpack
from signstation.errors import ArtifactMalformed

MAX_OPEN = 4 * 1024**3
"""Most bytes inside an index: the lists of files of a large distribution have 1 GB."""
PIECE = 1024 * 1024
"""Most bytes that the bzip2 decoder hands out at a time."""
_BZIP2 = b"BZh"
NAME = "bzip2"


def open_index(pieces: Iterable[bytes], limit: int = MAX_OPEN) -> Iterator[bytes]:
    """Yield in pieces of at most 8 MiB what is inside; ``pieces`` are all of the file.

    The beginning tells the compression, never a name. Raises ArtifactMalformed for a stream that is
    damaged, cut off, longer than ``limit`` inside or followed by anything.
    """
    source = iter(pieces)
    first = next(source, b"")
    whole = chain((first,), source)
    compression = announced(first)
    if compression is not None:
        yield from unpack(whole, compression, limit)
    elif first.startswith(_BZIP2):
        yield from _bzip2(whole, limit)
    else:
        yield from whole


def _bzip2(pieces: Iterable[bytes], limit: int) -> Iterator[bytes]:
    decoder = bz2.BZ2Decompressor()
    read = held = 0
    for piece in pieces:
        if decoder.eof:
            _fail(read, "the end of the file", "bytes behind the stream")
        for found in _bzip2_piece(decoder, piece, read):
            held += len(found)
            if held > limit:
                _fail(read, f"at most {limit} bytes inside", "more")
            yield found
        read += len(piece)
        if decoder.unused_data:
            _fail(read - len(decoder.unused_data), "the end of the file", "bytes behind the stream")
    if not decoder.eof:
        _fail(read, "the end of the stream", "the end of the file")


def _bzip2_piece(decoder: bz2.BZ2Decompressor, piece: bytes, offset: int) -> Iterator[bytes]:
    try:
        yield decoder.decompress(piece, PIECE)
        while not (decoder.eof or decoder.needs_input):
            yield decoder.decompress(b"", PIECE)
    except OSError as error:
        raise ArtifactMalformed(
            format=NAME, offset=offset, expected="a sound bzip2 stream", found=str(error)
        ) from error


def _fail(offset: int, expected: str, found: str) -> NoReturn:
    raise ArtifactMalformed(format=NAME, offset=offset, expected=expected, found=found)
