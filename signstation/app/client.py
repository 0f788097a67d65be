"""The station of another process, reached over its private socket."""

from __future__ import annotations

import itertools
import logging
import os
import socket
import struct
import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from signstation.app.bound import OnItem
from signstation.app.home import SOCKET_NAME
from signstation.app.methods import (
    EVENT,
    TYPES,
    Hello,
    Method,
    Welcome,
    decode,
    encode,
    encode_call,
)
from signstation.codec.stationwire import (
    MAX_FRAME,
    PROTOCOL,
    Frame,
    FrameBuffer,
    FrameType,
    SecretFrame,
    pack,
    pack_secret,
)
from signstation.errors import (
    Cancelled,
    ProtocolViolation,
    SignstationError,
    WorkerDied,
    from_wire,
)
from signstation.model.secret import Secret
from signstation.model.station import PromptOpened, StationEvent

_LOG = logging.getLogger(__name__)

HELLO_SECONDS = 10.0
"""An owner that is alive greets within milliseconds; this bounds one that was stopped."""
_CREDENTIALS = struct.Struct("3i")  # struct ucred of unix(7): pid, uid, gid


@dataclass(slots=True)
class _Pending:
    method: Method
    future: Future[Any]
    on_item: OnItem | None


class SocketTransport:
    """Implements ``Transport``. A thread of its own reads; callbacks run on it."""

    def __init__(
        self,
        connection: socket.socket,
        frames: FrameBuffer,
        *listeners: Callable[[StationEvent], None],
    ) -> None:
        """Take over a connection whose greeting is done; ``listeners`` hear from its beginning."""
        self._socket = connection
        self._frames = frames
        self._pending: dict[int, _Pending] = {}
        self._listeners = list(listeners)
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()  # of the tables above
        self._sending = threading.Lock()
        self._closed = False
        self._reader = threading.Thread(target=self._read, name="station client", daemon=True)
        self._reader.start()

    def call(
        self, method: Method, arguments: tuple[object, ...], on_item: OnItem | None = None
    ) -> Future[Any]:
        """Send a call."""
        number, future = self._enlist(method, on_item)
        try:
            self._send(pack(FrameType.CALL, number, encode_call(method, arguments)))
        except SignstationError as error:
            self._finish(number, error)
        return future

    def answer(self, prompt_id: str, secret: Secret) -> Future[None]:
        """Send a secret and wipe it."""
        number, future = self._enlist(Method.DISMISS, None)
        frame = bytearray()
        try:
            frame = pack_secret(number, prompt_id, secret)
            self._send(frame)
        except SignstationError as error:
            self._finish(number, error)
        finally:
            frame[:] = bytes(len(frame))
            secret.wipe()
        return future

    def subscribe(self, listener: Callable[[StationEvent], None]) -> Callable[[], None]:
        """Hear events; they come in any case and are dropped where nobody listens."""
        with self._lock:
            self._listeners.append(listener)

        def end() -> None:
            with self._lock, suppress(ValueError):
                self._listeners.remove(listener)

        return end

    def join(self) -> None:
        """Wait until the connection has ended and every open call with it. Blocks."""
        self._reader.join()

    def close(self) -> None:
        """Hang up and wait for the reader."""
        self._closed = True
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        if threading.current_thread() is not self._reader:
            self._reader.join()

    def _enlist(self, method: Method, on_item: OnItem | None) -> tuple[int, Future[Any]]:
        future: Future[Any] = Future()
        with self._lock:
            number = next(self._numbers)
            self._pending[number] = _Pending(method, future, on_item)
        future.add_done_callback(lambda done: self._abandon(number, done))
        return number, future

    def _abandon(self, number: int, future: Future[Any]) -> None:
        if future.cancelled():
            with self._lock:
                self._pending.pop(number, None)
            with suppress(SignstationError):
                self._send(pack(FrameType.ABANDON, number, None))

    def _send(self, frame: bytes | bytearray) -> None:
        try:
            with self._sending:
                self._socket.sendall(frame)
        except OSError as error:
            raise WorkerDied(kind="station") from error

    def _read(self) -> None:
        reason: SignstationError = WorkerDied(kind="station")
        try:
            count = 0  # what came together with the greeting
            while True:
                for frame in self._frames.received(count):
                    self._take(frame)
                count = self._socket.recv_into(self._frames.space())
                if count == 0:
                    break
        except OSError:
            pass  # as an end of the connection
        except SignstationError as error:
            reason = error
        self._end(Cancelled() if self._closed else reason)

    def _take(self, frame: Frame | SecretFrame) -> None:
        if isinstance(frame, SecretFrame):
            raise ProtocolViolation(reason="a secret from the station")
        if frame.type is FrameType.EVENT:
            self._hear(cast("StationEvent", decode(frame.data, EVENT)))
            return
        with self._lock:
            pending = self._pending.get(frame.call)
        if pending is None:
            return  # abandoned
        match frame.type:
            case FrameType.ITEM:
                self._item(frame.call, pending, frame.data)
            case FrameType.RESULT:
                self._finish(frame.call, decode(frame.data, TYPES[pending.method].result))
            case FrameType.ERROR if isinstance(frame.data, dict):
                self._finish(frame.call, from_wire(frame.data))
            case _:
                raise ProtocolViolation(reason=f"unexpected {frame.type.name}")

    def _item(self, number: int, pending: _Pending, data: object) -> None:
        item = decode(data, TYPES[pending.method].item)
        if pending.on_item is None:
            raise ProtocolViolation(reason="a partial result where none belongs")
        try:
            pending.on_item(item)
        except Exception:  # noqa: BLE001 - a guest's fault must not end the connection
            _LOG.exception("a callback failed")
            self._finish(number, Cancelled())

    def _hear(self, event: StationEvent) -> None:
        with self._lock:
            listeners = tuple(self._listeners)
        if isinstance(event, PromptOpened) and not listeners:
            self.call(Method.DISMISS, (event.prompt.id,))
        for listener in listeners:
            try:
                listener(event)
            except Exception:  # noqa: BLE001 - a guest's fault must not end the connection
                _LOG.exception("a listener failed")

    def _finish(self, number: int, result: object) -> None:
        with self._lock:
            pending = self._pending.pop(number, None)
        if pending is None:
            return
        with suppress(InvalidStateError):  # cancelled at this moment
            if isinstance(result, SignstationError):
                pending.future.set_exception(result)
            else:
                pending.future.set_result(result)

    def _end(self, reason: SignstationError) -> None:
        self._socket.close()
        with self._lock:
            numbers = tuple(self._pending)
        for number in numbers:
            self._finish(number, reason)


def reach(
    home: Path, hello: Hello, *listeners: Callable[[StationEvent], None]
) -> SocketTransport | None:
    """Connect to the owner of ``home`` and exchange greetings; None where nobody listens (yet).

    ``listeners`` hear every event. Raises ProtocolViolation where the owner speaks another version.
    Blocks up to HELLO_SECONDS.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(HELLO_SECONDS)
        _connect(connection, home)
        if _peer_uid(connection) != os.geteuid():
            raise ProtocolViolation(reason="the socket belongs to another user")
        frames = FrameBuffer()
        connection.sendall(pack(FrameType.HELLO, 0, encode(hello, Hello)))
        _greeted(connection, frames)
        frames.limit = MAX_FRAME
        connection.settimeout(None)
        return SocketTransport(connection, frames, *listeners)
    except OSError:
        connection.close()
        return None
    except SignstationError:
        connection.close()
        raise


def _connect(connection: socket.socket, home: Path) -> None:
    # Through the directory's descriptor: sun_path has 108 bytes (unix(7)), a home may have more.
    directory = os.open(home, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        connection.connect(f"/proc/self/fd/{directory}/{SOCKET_NAME}")
    finally:
        os.close(directory)


def _peer_uid(connection: socket.socket) -> int:
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(raw)[1])


def _greeted(connection: socket.socket, frames: FrameBuffer) -> None:
    """Wait for WELCOME. Raises OSError where the owner hangs up, the owner's error otherwise."""
    while count := connection.recv_into(frames.space()):
        for frame in frames.received(count):
            if not isinstance(frame, Frame):
                raise ProtocolViolation(reason="a secret from the station")
            if frame.type is FrameType.ERROR and isinstance(frame.data, dict):
                raise from_wire(frame.data)
            if frame.type is not FrameType.WELCOME:
                raise ProtocolViolation(reason="no greeting from the station")
            welcome = cast("Welcome", decode(frame.data, Welcome))
            if welcome.protocol != PROTOCOL:
                raise ProtocolViolation(
                    reason=f"the running station speaks version {welcome.protocol} of the "
                    f"protocol, this program {PROTOCOL}"
                )
            return
    raise ConnectionResetError
