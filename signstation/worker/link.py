"""The station's end of one worker process: its socket, its error output and its end."""

from __future__ import annotations

import array
import asyncio
import logging
import os
import signal
import socket
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from signstation.errors import ProtocolViolation
from signstation.model.secret import Secret
from signstation.system.process import Started, start_worker
from signstation.system.sandbox import WorkerKind
from signstation.worker.frames import (
    MAX_AT_ONCE,
    Frame,
    FrameBuffer,
    FrameType,
    SecretFrame,
    pack,
    pack_secret,
)

MAX_GROUP = 64
"""Most frames in one message to the kernel (UIO_MAXIOV is 1024)."""
MAX_SAID = 64 * 1024
"""Bytes of a worker's error output that go to the log; the rest is dropped."""
EXIT_SECONDS = 1.0
"""Seconds that a worker has to end after its socket was closed from its side."""
_PIECE = 4096

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class _Outgoing:
    """A frame on its way: what is left of it, and our own duplicates of its descriptors."""

    left: memoryview
    descriptors: tuple[int, ...] = ()
    secret: bytearray | None = None

    def close_descriptors(self) -> None:
        for descriptor in self.descriptors:
            os.close(descriptor)
        self.descriptors = ()

    def close(self) -> None:
        self.close_descriptors()
        if self.secret is not None:
            self.secret[:] = bytes(len(self.secret))


class Link:
    """Starts a worker and moves frames, all on the event loop, without a task per message.

    ``on_frame`` gets each frame and may raise ProtocolViolation, which ends the worker. ``on_end``
    is called once after the last frame, when the process is collected, with the exit status
    (negative: signal) and the violation that ended it, if one did.
    """

    def __init__(
        self,
        kind: WorkerKind,
        environment: Mapping[str, str],
        on_frame: Callable[[Frame], None],
        on_end: Callable[[int, ProtocolViolation | None], None],
    ) -> None:
        """Start the process. Raises OSError. Call it on the loop's thread (start_worker)."""
        self._kind = kind
        self._on_frame = on_frame
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._started: Started = start_worker(kind, environment)
        self.pid = self._started.child.pid
        self._buffer = FrameBuffer()
        self._out: deque[_Outgoing] = deque()
        self._flushing = False
        self._open = True
        self._said = 0
        self._violation: ProtocolViolation | None = None
        self._loop.add_reader(self._started.socket, self._readable)
        self._loop.add_reader(self._started.stderr, self._hear)
        self._loop.add_reader(self._started.child.pidfd, self._ended)

    def send(
        self, type_: FrameType, number: int, body: bytes = b"", descriptors: Sequence[int] = ()
    ) -> None:
        """Send a frame with the others of this turn of the loop; the caller keeps its descriptors.

        Nothing happens when the worker has ended. Raises ProtocolViolation for a frame that is too
        large, and OSError when there are no descriptors left.
        """
        if self._open:
            frame = pack(type_, number, body, len(descriptors))
            self._queue(_Outgoing(memoryview(frame), tuple(map(os.dup, descriptors))))

    def send_secret(self, number: int, secret: Secret) -> None:
        """Send a secret; its copy on the way is wiped when the kernel has it."""
        if self._open:
            frame = pack_secret(number, secret)
            self._queue(_Outgoing(memoryview(frame), secret=frame))

    def kill(self) -> None:
        """Kill the process; ``on_end`` follows."""
        self._started.child.send(signal.SIGKILL)

    def hang_up(self) -> None:
        """Close the socket: the worker ends by itself at its next look."""
        if self._open:
            self._flush()
            self._close_socket()

    def _queue(self, outgoing: _Outgoing) -> None:
        self._out.append(outgoing)
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        if not self._open:
            return
        try:
            while self._out:
                self._send_group()
        except BlockingIOError:
            self._flushing = True
            self._loop.add_writer(self._started.socket, self._writable)
        except OSError:  # it has ended, and _ended will say so
            self._drop()

    def _writable(self) -> None:
        self._loop.remove_writer(self._started.socket)
        self._flush()

    def _send_group(self) -> None:
        group: list[_Outgoing] = []
        descriptors: list[int] = []
        for each in self._out:
            if len(group) == MAX_GROUP or len(descriptors) + len(each.descriptors) > MAX_AT_ONCE:
                break
            group.append(each)
            descriptors += each.descriptors
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
        sent = self._started.socket.sendmsg(
            [each.left for each in group], rights if descriptors else [], socket.MSG_NOSIGNAL
        )
        for each in group:  # they went with the first byte
            each.close_descriptors()
        while sent:
            first = self._out[0]
            if sent < len(first.left):
                first.left = first.left[sent:]
                break
            sent -= len(first.left)
            self._out.popleft().close()

    def _drop(self) -> None:
        while self._out:
            self._out.popleft().close()

    def drain(self) -> None:
        """Take in everything that is there now."""
        while self._open and self._read():
            pass

    def _readable(self) -> None:
        """Read once: more is announced again by the loop."""
        self._read()

    def _read(self) -> bool:
        """Take in what one read gives; say whether there may be more."""
        try:
            with self._buffer.space() as space:
                count = self._started.socket.recv_into(space)
            if count == 0:
                raise ConnectionResetError
            for frame in self._buffer.received(count):
                if isinstance(frame, SecretFrame) or frame.descriptors:
                    raise ProtocolViolation(reason="a worker sends no secrets and no descriptors")  # noqa: TRY301
                self._on_frame(frame)
        except BlockingIOError:
            return False
        except OSError:
            self._close_socket()
            # it is about to end, and its own status says more than a signal of ours would
            self._loop.call_later(EXIT_SECONDS, self.kill)
            return False
        except ProtocolViolation as error:
            self._violation = error
            self._close_socket()
            self.kill()
            return False
        return True

    def _close_socket(self) -> None:
        if self._open:
            self._open = False
            self._loop.remove_reader(self._started.socket)
            self._loop.remove_writer(self._started.socket)
            self._started.socket.close()
            self._drop()

    def _hear(self) -> None:
        """Log what the worker says on its error output: a crash's last words."""
        try:
            data = os.read(self._started.stderr, _PIECE)
        except BlockingIOError:
            return
        if not data:
            self._loop.remove_reader(self._started.stderr)
            return
        kept = data[: max(0, MAX_SAID - self._said)]
        self._said += len(kept)
        for line in kept.decode(errors="replace").splitlines():
            _LOG.info("%s worker %d: %s", self._kind.value, self.pid, ascii(line))

    def _ended(self) -> None:
        self._loop.remove_reader(self._started.child.pidfd)
        status = self._started.child.close()
        self.drain()
        self._close_socket()
        self._hear()
        self._loop.remove_reader(self._started.stderr)
        os.close(self._started.stderr)
        self._on_end(status, self._violation)
