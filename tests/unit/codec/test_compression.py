"""Compressed streams: opened within bounds or refused, written as the kernel's build does."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import zlib
from contextlib import suppress

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from signstation.codec.compression import (
    WINDOW,
    Obstacle,
    announced,
    beginning,
    obstacle,
    pack,
    unpack,
    written,
)
from signstation.errors import ArtifactMalformed, Cancelled
from signstation.model.asks import Compression
from tests.support.xz import with_dictionary

EACH = pytest.mark.parametrize("compression", Compression)
TEXT = b"".join(b"line %d\n" % number for number in range(4000))
PACKED = {each: pack(TEXT, each) for each in Compression}
EMPTY = {each: pack(b"", each) for each in Compression}


def _unpack(packed: bytes, compression: Compression, limit: int = 1 << 20) -> bytes:
    return b"".join(unpack((packed,), compression, limit))


@EACH
@given(content=st.binary(max_size=400), cut=st.integers(1, 60))
def test_what_was_packed_comes_back_in_whatever_pieces(
    compression: Compression, content: bytes, cut: int
) -> None:
    packed = pack(content, compression)
    assert announced(packed) is compression
    assert obstacle(packed, compression) is None
    pieces = [packed[at : at + cut] for at in range(0, len(packed), cut)]
    assert b"".join(unpack(pieces, compression)) == content
    assert pack(content, compression) == packed


@EACH
def test_content_of_several_pieces_comes_back(compression: Compression) -> None:
    content = random.Random(4).randbytes(1 << 14) * 80 + bytes(2 << 20) + b"end"  # noqa: S311
    packed = pack(content, compression)
    assert _unpack(packed, compression, len(content)) == content
    assert pack(bytearray(content), compression) == packed


@EACH
@given(data=st.binary(max_size=300), at=st.integers(0, 2000), change=st.integers(1, 255))
def test_any_bytes_give_content_or_an_error_of_ours(
    compression: Compression, data: bytes, at: int, change: int
) -> None:
    changed = bytearray(PACKED[compression])
    changed[at % len(changed)] ^= change
    for each in (data, EMPTY[compression][:8] + data, bytes(changed)):
        with suppress(ArtifactMalformed):
            _unpack(each, compression)
        with suppress(ArtifactMalformed):
            assert len(beginning(each, compression, 10)) <= 10


@EACH
def test_a_changed_byte_never_gives_other_content(compression: Compression) -> None:
    """Each has a check of its content; some bits of zstd and gzip mean nothing."""
    packed = PACKED[compression]
    for at in range(0, len(packed), max(1, len(packed) // 150)):
        changed = bytearray(packed)
        changed[at] ^= 1 << at % 8
        with suppress(ArtifactMalformed):
            assert _unpack(bytes(changed), compression) == TEXT
            assert compression is not Compression.XZ


@EACH
def test_what_was_packed_otherwise_is_told(compression: Compression) -> None:
    """By settings, by one bit, or for xz by no more than what every bit is checked for."""
    packed = PACKED[compression]
    assert written(packed, TEXT, compression)
    others = {
        Compression.XZ: [
            lzma.compress(TEXT),
            lzma.compress(TEXT, check=lzma.CHECK_CRC32),
            with_dictionary(TEXT, 2),
        ],
        Compression.ZSTD: [zstandard.compress(TEXT, 19), zstandard.compress(TEXT)],
        Compression.GZIP: [gzip.compress(TEXT, 1, mtime=0), gzip.compress(TEXT, mtime=1)],
    }
    for each in others[compression]:
        assert _unpack(each, compression) == TEXT
        assert not written(each, TEXT, compression)
    for at in range(0, len(packed), max(1, len(packed) // 50)):
        changed = bytearray(packed)
        changed[at] ^= 1 << at % 8
        with suppress(ArtifactMalformed):
            assert not written(bytes(changed), _unpack(bytes(changed), compression), compression)


@EACH
def test_a_stream_that_is_cut_or_followed_is_refused(compression: Compression) -> None:
    packed = PACKED[compression]
    for length in (1, len(packed) // 2, len(packed) - 1):
        with pytest.raises(ArtifactMalformed):
            _unpack(packed[:length], compression)
    for more in (b"\0", b"\0\0\0\0", packed, bytes(5000)):
        for pieces in ((packed + more,), (packed, more)):
            with pytest.raises(ArtifactMalformed) as raised:
                list(unpack(pieces, compression))
            assert raised.value.found == "bytes behind the stream"
            assert raised.value.offset == len(packed)


@EACH
def test_more_than_the_limit_is_refused_in_small_steps(compression: Compression) -> None:
    """A bomb: what is handed out before it is refused is bounded, whatever is inside."""
    bomb = pack(bytes(20 << 20), compression)
    assert len(bomb) < 50_000
    handed: list[int] = []
    with pytest.raises(ArtifactMalformed, match="at most"):
        handed.extend(map(len, unpack((bomb,), compression, 10 << 20)))
    assert max(handed) <= 8 << 20
    assert sum(handed) <= 10 << 20
    assert _unpack(pack(bytes(1000), compression), compression, 1000) == bytes(1000)


def test_the_largest_usual_dictionary_is_opened_and_a_larger_one_is_not() -> None:
    assert with_dictionary(TEXT, 1) == PACKED[Compression.XZ]
    assert _unpack(with_dictionary(TEXT, WINDOW >> 20), Compression.XZ) == TEXT
    with pytest.raises(ArtifactMalformed, match=r"[Mm]emory"):
        _unpack(with_dictionary(TEXT, WINDOW >> 19), Compression.XZ)
    for log, opens in ((26, True), (27, False)):
        parameters = zstandard.ZstdCompressionParameters(window_log=log, compression_level=1)
        writer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
        packed = writer.compress(TEXT) + writer.flush()  # of unknown size: it names its window
        if opens:
            assert _unpack(packed, Compression.ZSTD) == TEXT
            continue
        with pytest.raises(ArtifactMalformed, match="memory"):
            _unpack(packed, Compression.ZSTD)


def test_what_the_kernels_own_decompressor_refuses_is_named() -> None:
    bcj = [{"id": lzma.FILTER_X86}, {"id": lzma.FILTER_LZMA2, "preset": 6}]
    named = io.BytesIO()
    with gzip.GzipFile("module.ko", "wb", fileobj=named, mtime=0) as writer:
        writer.write(TEXT)
    plain = pack(TEXT, Compression.GZIP)
    commented = plain[:3] + b"\x10" + plain[4:10] + b"a comment\0" + plain[10:]
    for packed, compression, expected in (
        (lzma.compress(TEXT), Compression.XZ, Obstacle.XZ_CHECK),
        (lzma.compress(TEXT, check=lzma.CHECK_SHA256), Compression.XZ, Obstacle.XZ_CHECK),
        (lzma.compress(TEXT, check=lzma.CHECK_NONE), Compression.XZ, None),
        (lzma.compress(TEXT, check=lzma.CHECK_CRC32), Compression.XZ, None),
        (lzma.compress(b"", check=lzma.CHECK_CRC32), Compression.XZ, None),
        (
            lzma.compress(TEXT, check=lzma.CHECK_CRC32, filters=bcj),
            Compression.XZ,
            Obstacle.XZ_FILTER,
        ),
        (zstandard.compress(TEXT, 19), Compression.ZSTD, None),
        (named.getvalue(), Compression.GZIP, None),
        (commented, Compression.GZIP, Obstacle.GZIP_HEADER),
    ):
        assert _unpack(packed, compression) in {TEXT, b""}
        assert obstacle(packed, compression) is expected


def test_only_what_kernels_open_is_announced() -> None:
    for content in (b"", b"\x7fELF", bz2.compress(b""), zlib.compress(b""), b"\x1f\x8b\x07"):
        assert announced(content) is None


@EACH
def test_packing_can_be_cancelled(compression: Compression) -> None:
    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        pack(bytes(10), compression, stop)
