"""Asks are recomputed from the bytes that they name, and refused where they do not follow."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.codec.compression import MAX_UNPACKED, pack
from signstation.errors import ArtifactUnreadable, Cancelled, GuardRefused
from signstation.model.asks import (
    Compression,
    HashOf,
    Literal,
    Part,
    Range,
    Segment,
    ToSign,
    Unpacked,
)
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import Scheme
from signstation.system.artifact import FileArtifact
from signstation.worker.hashing import CHECKPOINT, MAX_LITERALS, Covered, confirm

CONTENT = bytes(range(256)) * 16


@pytest.fixture
def covered() -> Iterator[Covered]:
    """The bytes of a small file."""
    descriptor = os.memfd_create("test")
    os.write(descriptor, CONTENT)
    with FileArtifact(descriptor, owned=True) as artifact:
        yield Covered(artifact, lambda _: None)


RANGES = st.tuples(st.integers(0, 4000), st.integers(0, 96)).map(lambda pair: Range(*pair))
PLAIN = RANGES | st.builds(Literal, st.binary(max_size=20))
SEGMENTS = PLAIN | st.builds(
    HashOf, st.sampled_from((HashAlgorithm.SHA1, HashAlgorithm.SHA512)), st.tuples(PLAIN, RANGES)
)


def joined(segments: tuple[Segment, ...]) -> bytes:
    """The bytes that segments name, in the plainest way."""
    parts: list[bytes] = []
    for each in segments:
        match each:
            case Range(offset, length):
                parts.append(CONTENT[offset : offset + length])
            case Literal(value):
                parts.append(value)
            case HashOf(algorithm, inner):
                parts.append(hashlib.new(algorithm.value, joined(inner)).digest())
    return b"".join(parts)


@given(RANGES, st.lists(SEGMENTS, max_size=5), st.booleans())
def test_what_follows_is_confirmed_and_one_changed_byte_is_not(
    first: Range,
    rest: list[Segment],
    is_message: bool,  # noqa: FBT001 - hypothesis gives it by name
) -> None:
    segments = (first, *rest)
    data = joined(segments)
    descriptor = os.memfd_create("test")
    os.write(descriptor, CONTENT)
    with FileArtifact(descriptor, owned=True) as artifact:
        under_test = Covered(artifact, lambda _: None)
        if is_message:
            good = ToSign(0, Scheme.ED25519, Part.FILE, segments, message=data)
            bad = ToSign(0, Scheme.ED25519, Part.FILE, segments, message=data + b"x")
        else:
            digest = hashlib.sha512(data).digest()
            scheme = Scheme.RSA_PKCS1_SHA512
            good = ToSign(0, scheme, Part.FILE, segments, digest=digest)
            bad = ToSign(0, scheme, Part.FILE, segments, digest=digest[:-1] + b"x")
        confirm(good, under_test)
        if bad.input != good.input:
            with pytest.raises(GuardRefused, match="does not follow"):
                confirm(bad, under_test)


@pytest.mark.parametrize(
    "segments",
    [
        pytest.param((Literal(CONTENT),), id="a literal"),
        pytest.param((), id="nothing"),
        pytest.param((HashOf(HashAlgorithm.SHA256, (Literal(b"x"),)),), id="a hash of literals"),
    ],
)
def test_an_ask_without_the_artifact_in_it_is_refused(
    covered: Covered, segments: tuple[Segment, ...]
) -> None:
    ask = ToSign(0, Scheme.ED25519, Part.FILE, segments, message=joined(segments))
    with pytest.raises(GuardRefused, match="does not cover"):
        confirm(ask, covered)


def test_literals_cannot_stand_for_a_whole_file(covered: Covered) -> None:
    segments = (Range(0, 1), Literal(bytes(MAX_LITERALS)), Literal(b"x"))
    ask = ToSign(0, Scheme.ED25519, Part.FILE, segments, message=joined(segments))
    with pytest.raises(GuardRefused, match="does not cover"):
        confirm(ask, covered)


@pytest.mark.parametrize("where", [Range(4090, 7), Range(2**64 - 1, 2**64 - 1), Range(5000, 0)])
def test_bytes_beyond_the_end_are_refused(covered: Covered, where: Range) -> None:
    ask = ToSign(0, Scheme.ED25519, Part.FILE, (Range(0, 1), where), message=CONTENT[:1])
    with pytest.raises(GuardRefused, match="beyond the end"):
        confirm(ask, covered)


def test_a_digest_that_follows_from_no_bytes_is_refused(covered: Covered) -> None:
    ask = ToSign(0, Scheme.MLDSA65_MU, Part.FILE, (Range(0, 1),), digest=bytes(64))
    with pytest.raises(GuardRefused, match="from bytes"):
        confirm(ask, covered)


def test_a_file_that_shrinks_is_unreadable() -> None:
    descriptor = os.memfd_create("test")
    os.write(descriptor, CONTENT)
    with FileArtifact(descriptor, owned=True) as artifact:
        os.truncate(descriptor, 10)
        ask = ToSign(0, Scheme.ED25519, Part.FILE, (Range(0, 100),), message=CONTENT[:100])
        with pytest.raises(ArtifactUnreadable):
            confirm(ask, Covered(artifact, lambda _: None))


def test_a_long_range_has_checkpoints() -> None:
    def stop(done: int) -> None:
        assert done == CHECKPOINT
        raise Cancelled

    descriptor = os.memfd_create("test")
    os.truncate(descriptor, 2 * CHECKPOINT)
    with FileArtifact(descriptor, owned=True) as artifact:
        ask = ToSign(0, Scheme.ED25519, Part.FILE, (Range(0, 2 * CHECKPOINT),), message=b"")
        with pytest.raises(Cancelled):
            confirm(ask, Covered(artifact, stop))


# --- what is inside a compressed artifact ------------------------------------------------------


def _confirm_inside(held: bytes, digest: bytes, *covers: Segment) -> None:
    descriptor = os.memfd_create("test")
    os.write(descriptor, held)
    with FileArtifact(descriptor, owned=True) as artifact:
        ask = ToSign(0, Scheme.ECDSA_SHA256, Part.MODULE, covers, digest=digest)
        confirm(ask, Covered(artifact, lambda _: None))


@pytest.mark.parametrize("compression", Compression)
@given(offset=st.integers(0, 4096), length=st.integers(0, 4096))
def test_what_is_inside_is_confirmed_and_nothing_else(
    compression: Compression, offset: int, length: int
) -> None:
    length = min(length, len(CONTENT) - offset)
    inside = Unpacked(compression, offset, length, len(CONTENT))
    held = pack(CONTENT, compression)
    digest = hashlib.sha256(CONTENT[offset : offset + length]).digest()
    _confirm_inside(held, digest, inside)
    with pytest.raises(GuardRefused, match="does not follow"):
        _confirm_inside(held, bytes(32), inside)


SIZE = len(CONTENT)
HELD = pack(CONTENT, Compression.XZ)


@pytest.mark.parametrize(
    ("held", "inside"),
    [
        pytest.param(HELD, Unpacked(Compression.XZ, 0, SIZE, SIZE + 1), id="less than it says"),
        pytest.param(HELD, Unpacked(Compression.XZ, 0, SIZE - 1, SIZE - 1), id="more than it says"),
        pytest.param(HELD, Unpacked(Compression.XZ, 1, SIZE, SIZE), id="beyond the end"),
        pytest.param(HELD, Unpacked(Compression.ZSTD, 0, SIZE, SIZE), id="another compression"),
        pytest.param(HELD, Unpacked(Compression.XZ, 0, 0, 2**64 - 1), id="beyond every bound"),
        pytest.param(HELD + b"x", Unpacked(Compression.XZ, 0, SIZE, SIZE), id="followed"),
        pytest.param(HELD[:-1], Unpacked(Compression.XZ, 0, SIZE, SIZE), id="cut"),
        pytest.param(b"", Unpacked(Compression.XZ, 0, 0, 0), id="nothing"),
    ],
)
def test_a_stream_that_is_not_as_the_ask_says_is_refused(held: bytes, inside: Unpacked) -> None:
    digest = hashlib.sha256(CONTENT[inside.offset : inside.offset + inside.length]).digest()
    with pytest.raises(GuardRefused, match=r"compressed|decompressed|holds less"):
        _confirm_inside(held, digest, inside)


def test_a_bomb_costs_no_more_than_the_ask_says() -> None:
    """Stopped at the size that the ask names, long before its end."""
    bomb = pack(bytes(MAX_UNPACKED // 8), Compression.ZSTD)
    with pytest.raises(GuardRefused, match="at most 1000 bytes"):
        _confirm_inside(bomb, bytes(32), Unpacked(Compression.ZSTD, 0, 10, 1000))
