"""Frames between station and worker: whole values come back, everything else is a typed error."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signstation.errors import ProtocolViolation
from signstation.model.secret import Secret
from signstation.worker import frames
from signstation.worker.frames import Frame, FrameBuffer, FrameType, SecretFrame

NUMBERS = st.integers(0, 2**32 - 1)
TYPES = st.sampled_from([each for each in FrameType if each is not FrameType.SECRET])
FRAMES = st.tuples(TYPES, NUMBERS, st.binary(max_size=300), st.integers(0, 64))


def feed(buffer: FrameBuffer, data: bytes, piece: int) -> list[Frame | SecretFrame]:
    """Hand ``data`` to the buffer in pieces, as a socket would."""
    found: list[Frame | SecretFrame] = []
    for start in range(0, len(data), piece):
        rest = memoryview(data)[start : start + piece]
        while rest:
            with buffer.space() as space:
                count = min(len(space), len(rest))
                space[:count] = rest[:count]
            found.extend(buffer.received(count))
            rest = rest[count:]
    return found


@settings(max_examples=60)
@given(st.lists(FRAMES, max_size=8), st.integers(1, 2000))
def test_frames_come_back_however_they_are_cut(
    given_frames: list[tuple[FrameType, int, bytes, int]], piece: int
) -> None:
    data = b"".join(frames.pack(*each) for each in given_frames)
    found = feed(FrameBuffer(), data, piece)
    assert found == [Frame(t, n, d, b) for t, n, b, d in given_frames]


def test_a_frame_larger_than_the_buffer_comes_back_and_the_buffer_shrinks_again() -> None:
    buffer = FrameBuffer()
    body = bytes(range(256)) * 8192
    data = frames.pack(FrameType.PING, 1) + frames.pack(FrameType.RESULT, 2, body)
    assert feed(buffer, data, 60_000) == [
        Frame(FrameType.PING, 1, 0, b""),
        Frame(FrameType.RESULT, 2, 0, body),
    ]
    with buffer.space() as space:
        assert len(space) == frames.FIRST_BUFFER


@given(NUMBERS, st.binary(max_size=frames.MAX_SECRET), st.integers(1, 3000))
def test_a_secret_comes_back_and_its_bytes_are_wiped(number: int, value: bytes, piece: int) -> None:
    buffer = FrameBuffer()
    (frame,) = feed(buffer, bytes(frames.pack_secret(number, Secret(value))), piece)
    assert isinstance(frame, SecretFrame)
    with frame.secret.open() as opened:
        assert (frame.number, bytes(opened)) == (number, value)
    header = 10
    assert not any(buffer._data[header:])


def test_a_secret_has_no_printable_frame() -> None:
    (frame,) = feed(FrameBuffer(), bytes(frames.pack_secret(1, Secret(b"hunter2"))), 100)
    assert "hunter2" not in repr(frame)


@settings(max_examples=200)
@given(st.binary(max_size=400), st.integers(1, 500))
def test_any_bytes_give_frames_or_a_violation(data: bytes, piece: int) -> None:
    with suppress(ProtocolViolation):
        for frame in feed(FrameBuffer(), data, piece):
            assert isinstance(frame, Frame | SecretFrame)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xff\xff\xff\xff" + bytes(6), id="four gigabytes"),
        pytest.param(b"\x00\x00\x00\x05" + bytes(6), id="shorter than its header"),
        pytest.param(b"\x00\x00\x00\x06\x7f" + bytes(5), id="an unknown type"),
        pytest.param(b"\x00\x00\x00\x06\x01\x41" + bytes(4), id="too many descriptors"),
    ],
)
def test_a_bad_header_is_a_violation_at_once(data: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        feed(FrameBuffer(), data, 100)


def test_a_bad_length_takes_no_memory() -> None:
    buffer = FrameBuffer()
    with pytest.raises(ProtocolViolation):
        feed(buffer, b"\x7f\xff\xff\xff" + bytes(20), 100)
    assert len(buffer._data) == frames.FIRST_BUFFER


def test_what_is_too_large_is_not_packed() -> None:
    with pytest.raises(ProtocolViolation):
        frames.pack(FrameType.RESULT, 1, bytes(frames.MAX_FRAME + 1))
    with pytest.raises(ProtocolViolation):
        frames.pack(FrameType.SIGN, 1, b"", frames.MAX_DESCRIPTORS + 1)
    with pytest.raises(ProtocolViolation):
        frames.pack_secret(1, Secret(bytes(frames.MAX_SECRET + 1)))


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"1", b"[" * 100_000, b'{"a":NaN'])
def test_json_bodies_are_objects(body: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        frames.take_json(body)
