"""The loop of a worker over a real socket: order, errors, cancellation, and checkpoints."""

from __future__ import annotations

import array
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from signstation.errors import InternalError, ProtocolViolation, SignstationError
from signstation.worker.channel import Channel, Message
from signstation.worker.desk import HEAVY, Desk
from signstation.worker.failures import take_failure
from signstation.worker.frames import Frame, FrameBuffer, FrameType, pack

CALL, RESULT, ERROR = FrameType.CALL, FrameType.RESULT, FrameType.ERROR


class Station:
    """The station's end of a worker's socket."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self.socket.settimeout(10)
        self._buffer = FrameBuffer()
        self._found: list[Frame] = []

    def send(self, *frames: tuple[FrameType, int, bytes]) -> None:
        """Send frames in one go."""
        self.socket.sendall(b"".join(pack(*each) for each in frames))

    def receive(self) -> Frame:
        """Wait for one frame."""
        while not self._found:
            with self._buffer.space() as space:
                count = self.socket.recv_into(space)
            assert count, "the worker has ended"
            self._found += [f for f in self._buffer.received(count) if isinstance(f, Frame)]
        return self._found.pop(0)

    def answers(self, count: int) -> list[tuple[FrameType, int, bytes]]:
        """Wait for several frames, progress left out."""
        found: list[tuple[FrameType, int, bytes]] = []
        while len(found) < count:
            frame = self.receive()
            if frame.type is not FrameType.PROGRESS:
                found.append((frame.type, frame.number, frame.body))
        return found


Handler = Callable[[Desk, Message], bytes]


@contextmanager
def desk(handler: Handler) -> Iterator[Station]:
    """Run a desk in a thread until the station hangs up."""
    ours, theirs = socket.socketpair()
    made: list[Desk] = []
    made.append(Desk(Channel(theirs), lambda message: handler(made[0], message)))

    def serve() -> None:
        with suppress(SystemExit):
            made[0].serve()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield Station(ours)
    finally:
        ours.close()
        thread.join(10)
        theirs.close()
    assert not thread.is_alive()


def echo(_: Desk, message: Message) -> bytes:
    """Answer with the body; fail as the body says."""
    match message.body:
        case b"bug":
            raise ZeroDivisionError("hostile")
        case b"typed":
            raise ProtocolViolation(reason="as said")
        case b"memory":
            raise MemoryError
        case _:
            return message.body


def error_of(body: bytes) -> SignstationError:
    """Read an error."""
    return take_failure(body)[0]


def test_calls_are_answered_in_order_and_errors_do_not_end_the_worker() -> None:
    with desk(echo) as station:
        bodies = (b"one", b"bug", b"typed", b"memory", b"two")
        station.send(*((CALL, number, body) for number, body in enumerate(bodies)))
        found = station.answers(5)
    assert [(type_, number) for type_, number, _ in found] == [
        (RESULT, 0),
        (ERROR, 1),
        (ERROR, 2),
        (ERROR, 3),
        (RESULT, 4),
    ]
    internal, trace = take_failure(found[1][2])
    assert isinstance(internal, InternalError)
    assert "ZeroDivisionError: hostile" in trace
    assert [error_of(body).code for _, _, body in found[2:4]] == ["host.protocol", "host.limit"]


def test_a_ping_is_answered() -> None:
    with desk(echo) as station:
        station.send((FrameType.PING, 0, b""))
        assert station.receive().type is FrameType.PONG


class Reading:
    """A handler that reads for as long as it is told to, with checkpoints."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.started = threading.Event()
        self.go = threading.Event()
        self.seen: list[int] = []

    def __call__(self, desk: Desk, message: Message) -> bytes:
        """Handle one message: ``long`` has checkpoints until it may go on."""
        self.seen.append(message.number)
        if message.body == b"long":
            checkpoint = desk.progress(message.number, self.size)
            while not self.go.wait(0.01):
                self.started.set()
                checkpoint(1)
        return message.body


def test_a_running_call_is_cancelled_at_its_checkpoint() -> None:
    reading = Reading(1)
    with desk(reading) as station:
        station.send((CALL, 1, b"long"), (CALL, 2, b"after"))
        assert reading.started.wait(10)
        station.send((FrameType.CANCEL, 1, b""))
        (first, second) = station.answers(2)
    assert (first[:2], error_of(first[2]).code) == ((ERROR, 1), "cancelled")
    assert second == (RESULT, 2, b"after")


def test_a_call_that_waits_is_cancelled_without_being_run() -> None:
    reading = Reading(1)
    with desk(reading) as station:
        station.send((CALL, 1, b"long"), (CALL, 2, b"waits"), (CALL, 3, b"stays"))
        assert reading.started.wait(10)
        station.send((FrameType.CANCEL, 2, b""))
        (first,) = station.answers(1)
        reading.go.set()
        rest = station.answers(2)
    assert (first[:2], error_of(first[2]).code) == ((ERROR, 2), "cancelled")
    assert rest == [(RESULT, 1, b"long"), (RESULT, 3, b"stays")]
    assert reading.seen == [1, 3]


def test_cancelling_what_is_not_there_is_no_error() -> None:
    with desk(echo) as station:
        station.send((FrameType.CANCEL, 7, b""), (CALL, 8, b"fine"))
        assert station.answers(1) == [(RESULT, 8, b"fine")]


@pytest.mark.parametrize(("size", "expected"), [(HEAVY + 1, [2, 3, 1]), (HEAVY, [1, 2, 3])])
def test_light_calls_run_at_the_checkpoints_of_a_heavy_one_only(
    size: int, expected: list[int]
) -> None:
    reading = Reading(size)
    with desk(reading) as station:
        station.send((CALL, 1, b"long"))
        assert reading.started.wait(10)
        station.send((CALL, 2, b"small"), (CALL, 3, b"small"))
        if size > HEAVY:
            assert [number for _, number, _ in station.answers(2)] == expected[:2]
            reading.go.set()
            assert [number for _, number, _ in station.answers(1)] == expected[2:]
        else:
            reading.go.set()
            assert [number for _, number, _ in station.answers(3)] == expected


def test_a_call_inside_a_heavy_one_lets_no_third_in() -> None:
    """Nested calls stay one deep: the stack does not grow with what arrives."""
    depths: list[int] = []
    depth = threading.local()
    started, go = threading.Event(), threading.Event()

    def handler(desk: Desk, message: Message) -> bytes:
        depth.now = getattr(depth, "now", 0) + 1
        depths.append(depth.now)
        checkpoint = desk.progress(message.number, HEAVY + 1)
        while message.number == 1 and not go.wait(0.01):
            started.set()
            checkpoint(0)
        checkpoint(0)
        depth.now -= 1
        return b""

    with desk(handler) as station:
        station.send((CALL, 1, b""))
        assert started.wait(10)
        station.send(*((CALL, number, b"") for number in range(2, 20)))
        station.answers(18)
        go.set()
        station.answers(1)
    assert max(depths) == 2


def test_a_suspended_call_is_resumed_or_closed() -> None:
    closed: list[int] = []

    def handler(desk: Desk, message: Message) -> bytes:
        if message.type is CALL:
            desk.suspend(message.number, lambda: closed.append(message.number))
        desk.resumed(message.number)
        return b"resumed"

    with desk(handler) as station:
        station.send((CALL, 1, b""), (CALL, 2, b""), (FrameType.ANSWERS, 1, b""))
        assert station.answers(1) == [(RESULT, 1, b"resumed")]
        assert closed == []
        station.send((FrameType.CANCEL, 2, b""))
        (ended,) = station.answers(1)
    assert (ended[1], error_of(ended[2]).code) == (2, "cancelled")
    assert closed == [2]


def test_descriptors_belong_to_their_frames_however_they_arrive() -> None:
    def names(_: Desk, message: Message) -> bytes:
        contents = [os.pread(each, 10, 0) for each in message.descriptors]
        message.close()
        return b",".join(contents)

    files = []
    for content in (b"a", b"b", b"c"):
        files.append(os.memfd_create("test"))
        os.write(files[-1], content)
    with desk(names) as station:
        data = pack(CALL, 1, b"", 2) + pack(CALL, 2) + pack(CALL, 3, b"", 1)
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))]
        station.socket.sendmsg([data[:3]], rights)
        station.socket.sendall(data[3:])
        assert station.answers(3) == [(RESULT, 1, b"a,b"), (RESULT, 2, b""), (RESULT, 3, b"c")]
    for each in files:
        os.close(each)


def test_a_frame_without_its_descriptors_ends_the_worker() -> None:
    ours, theirs = socket.socketpair()
    ours.sendall(pack(CALL, 1, b"", 1))
    with pytest.raises(ProtocolViolation):
        Channel(theirs).receive()
    ours.close()
    theirs.close()
