"""The frames of the station's socket: whole values come back, everything else is a typed error."""

from __future__ import annotations

import string
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signstation.codec import stationwire as wire
from signstation.errors import ProtocolViolation
from signstation.model.secret import Secret

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec=None), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=20,
)
CALLS = st.integers(0, 2**32 - 1)
IDS = st.text(string.ascii_letters + string.digits, max_size=wire.MAX_PROMPT_ID)
JSON_TYPES = st.sampled_from([each for each in wire.FrameType if each is not wire.FrameType.SECRET])


def feed(buffer: wire.FrameBuffer, data: bytes, piece: int) -> list[wire.Frame | wire.SecretFrame]:
    """Hand ``data`` to the buffer in pieces, as a socket would."""
    found: list[wire.Frame | wire.SecretFrame] = []
    for start in range(0, len(data), piece):
        rest = memoryview(data)[start : start + piece]
        while rest:
            space = buffer.space()
            count = min(len(space), len(rest))
            space[:count] = rest[:count]
            found.extend(buffer.received(count))
            rest = rest[count:]
    return found


@settings(max_examples=50)
@given(st.lists(st.tuples(JSON_TYPES, CALLS, JSON), max_size=5), st.integers(1, 4000))
def test_frames_come_back_however_they_are_cut(
    frames: list[tuple[wire.FrameType, int, object]], piece: int
) -> None:
    data = b"".join(wire.pack(*each) for each in frames)
    found = feed(wire.FrameBuffer(wire.MAX_FRAME), data, piece)
    assert found == [wire.Frame(*each) for each in frames]


@given(CALLS, IDS, st.binary(max_size=wire.MAX_SECRET), st.integers(1, 4000))
def test_a_secret_comes_back_and_its_bytes_are_wiped(
    call: int, prompt_id: str, value: bytes, piece: int
) -> None:
    buffer = wire.FrameBuffer()
    data = bytes(wire.pack_secret(call, prompt_id, Secret(value)))
    (frame,) = feed(buffer, data, piece)
    assert isinstance(frame, wire.SecretFrame)
    with frame.secret.open() as opened:
        assert (frame.call, frame.prompt_id, bytes(opened)) == (call, prompt_id, value)
    assert not any(buffer._data)


def test_half_a_secret_leaves_no_copy_when_the_buffer_moves_or_grows() -> None:
    buffer = wire.FrameBuffer(wire.MAX_FRAME)
    first = buffer._data
    secret = bytes(wire.pack_secret(1, "a", Secret(b"\xaa" * 4000)))
    filler = wire.pack(wire.FrameType.CALL, 0, "x" * (wire.FIRST_BUFFER - 100))
    assert len(feed(buffer, filler + secret[:50], wire.FIRST_BUFFER)) == 1
    assert buffer._data.count(0xAA) == 50 - 9 - 2  # header, length of the id, id
    big = wire.pack(wire.FrameType.CALL, 0, "x" * (2 * wire.FIRST_BUFFER))
    assert len(feed(buffer, secret[50:] + big, 1000)) == 2
    assert buffer._data is not first
    assert not any(first)
    assert 0xAA not in buffer._data


@given(st.binary(max_size=200))
def test_any_bytes_give_frames_or_a_typed_error(data: bytes) -> None:
    buffer = wire.FrameBuffer()
    with suppress(ProtocolViolation):
        feed(buffer, data, 7)


@settings(max_examples=50)
@given(JSON, st.integers(0, 200), st.integers(1, 255))
def test_a_changed_byte_gives_frames_or_a_typed_error(data: object, at: int, by: int) -> None:
    frame = bytearray(wire.pack(wire.FrameType.CALL, 7, data))
    frame[at % len(frame)] ^= by
    buffer = wire.FrameBuffer()
    with suppress(ProtocolViolation):
        feed(buffer, bytes(frame), 64)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param((2**31).to_bytes(4, "big") + bytes(9), id="too large"),
        pytest.param(bytes(9), id="too small"),
        pytest.param((wire.MAX_HELLO + 1).to_bytes(4, "big") + bytes(9), id="before hello"),
        pytest.param(b"\0\0\0\x05\x63\0\0\0\0", id="unknown type"),
        pytest.param(b"\0\0\0\x06\x02\0\0\0\0{", id="not JSON"),
        pytest.param(b"\0\0\x0f\xa5\x02\0\0\0\0" + b"[" * 4000, id="nested"),
        pytest.param(b"\0\0\0\x05\x04\0\0\0\0", id="an empty secret frame"),
        pytest.param(b"\0\0\0\x07\x04\0\0\0\0\x41a", id="a secret's id is too long"),
        pytest.param(b"\0\0\0\x08\x04\0\0\0\0\x09ab", id="a secret's id is cut"),
        pytest.param(b"\0\0\0\x07\x04\0\0\0\0\x01\xff", id="a secret's id is not ASCII"),
        pytest.param(b"\0\0\x10\x08\x04\0\0\0\0\x01a" + bytes(4097), id="the secret is too long"),
    ],
)
def test_bad_frames_are_refused(data: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        feed(wire.FrameBuffer(), data, 5000)


def test_what_is_too_long_is_not_packed() -> None:
    with pytest.raises(ProtocolViolation):
        wire.pack_secret(1, "a", Secret(bytes(wire.MAX_SECRET + 1)))
    with pytest.raises(ProtocolViolation):
        wire.pack_secret(1, "a" * (wire.MAX_PROMPT_ID + 1), Secret(b""))


def test_a_secret_has_no_json_form() -> None:
    with pytest.raises(TypeError):
        wire.pack(wire.FrameType.CALL, 1, Secret(b"x"))
