"""The station's private socket: every other process of this user becomes a client here.

Mode 0600 in a directory of mode 0700, and the kernel's word for the peer's user. Lives on the
runner's event loop; nothing here blocks.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, cast

import signstation
from signstation.app.home import SOCKET_NAME
from signstation.app.methods import (
    EVENT,
    TYPES,
    UNDERTAKINGS,
    Hello,
    Method,
    Welcome,
    decode,
    decode_call,
    encode,
)
from signstation.app.prompts import Session
from signstation.codec.stationwire import (
    MAX_FRAME,
    PROTOCOL,
    Frame,
    FrameBuffer,
    FrameType,
    SecretFrame,
    pack,
)
from signstation.errors import NotWritable, ProtocolViolation, SignstationError
from signstation.model.secret import Secret
from signstation.model.station import Caller, StationEvent

_LOG = logging.getLogger(__name__)

HELLO_SECONDS = 10.0
"""Time for a peer to say who it is."""
MAX_CALLS = 1024
"""Most open calls of one connection: a window has a handful."""
HIGH_WATER = 1024 * 1024
"""Bytes waiting for a slow peer above which partial results pause."""
MAX_BACKLOG = 2 * MAX_FRAME
"""Bytes waiting for a peer that has stopped reading above which it is dropped."""
_BACKLOG = 64
_CREDENTIALS = struct.Struct("3i")  # struct ucred of unix(7): pid, uid, gid

Emit = Callable[[object], Awaitable[None]]


class Service(Protocol):
    """What the socket needs of the station."""

    async def call(
        self, session: Session, method: Method, arguments: tuple[object, ...], emit: Emit
    ) -> object:
        """Carry out one call. Raises SignstationError classes only."""
        ...

    def answer(self, session: Session, prompt_id: str, secret: Secret) -> None:
        """Answer a prompt of the session; takes over the secret."""
        ...

    def enter(self, session: Session) -> None:
        """A caller has come."""
        ...

    def leave(self, session: Session) -> None:
        """The caller is gone."""
        ...


class Connection(asyncio.BufferedProtocol):
    """One client."""

    def __init__(self, service: Service, known: set[Connection]) -> None:
        """``known`` is the server's set of live connections."""
        self._service = service
        self._known = known
        self._frames = FrameBuffer()
        self._transport: asyncio.Transport | None = None
        self._session: Session | None = None
        self._calls: dict[int, tuple[Method, asyncio.Task[None]]] = {}
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._patience: asyncio.TimerHandle | None = None

    @property
    def busy(self) -> bool:
        """True while a call is open."""
        return bool(self._calls)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask the kernel who it is."""
        self._transport = cast("asyncio.Transport", transport)
        self._known.add(self)
        peer = transport.get_extra_info("socket")
        raw = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        self._pid, self._uid, _ = _CREDENTIALS.unpack(raw)
        if self._uid != os.geteuid():
            _LOG.warning("refused a connection of user %d", self._uid)
            self._transport.abort()
            return
        self._transport.set_write_buffer_limits(high=HIGH_WATER)
        self._patience = asyncio.get_running_loop().call_later(HELLO_SECONDS, self.hang_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the caller's questions and prompts; its orders and jobs go on."""
        self._known.discard(self)
        if self._patience:
            self._patience.cancel()
        if self._session:
            self._service.leave(self._session)
        self._flowing.set()
        for method, task in self._calls.values():
            if method not in UNDERTAKINGS:
                task.cancel()

    def pause_writing(self) -> None:
        """The peer reads slowly: partial results wait."""
        self._flowing.clear()

    def resume_writing(self) -> None:
        """The peer has caught up."""
        self._flowing.set()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Give the space for what comes."""
        return self._frames.space()

    def buffer_updated(self, nbytes: int) -> None:
        """Take the frames that are whole; hang up on whoever breaks the protocol."""
        try:
            for frame in self._frames.received(nbytes):
                self._take(frame)
        except SignstationError as error:
            _LOG.info("a client broke the protocol: %s", error)
            self._write(FrameType.ERROR, 0, error.to_wire())
            self.hang_up()

    def hang_up(self) -> None:
        """Close when what was written has gone out."""
        if self._transport:
            self._transport.close()

    def _take(self, frame: Frame | SecretFrame) -> None:
        if self._session is None:
            self._greet(frame)
        elif isinstance(frame, SecretFrame):
            self._answer(self._session, frame)
        elif frame.type is FrameType.CALL:
            method, arguments = decode_call(frame.data)
            if len(self._calls) >= MAX_CALLS or frame.call in self._calls:
                raise ProtocolViolation(reason="too many calls, or one number twice")
            work = self._carry_out(self._session, frame.call, method, arguments)
            task = asyncio.get_running_loop().create_task(work)
            self._calls[frame.call] = (method, task)
            # not in the task itself: one that is cancelled before it began runs no line of it
            task.add_done_callback(lambda _: self._calls.pop(frame.call))
        elif frame.type is FrameType.ABANDON:
            if frame.call in self._calls:
                self._calls[frame.call][1].cancel()
        else:
            raise ProtocolViolation(reason=f"unexpected {frame.type.name}")

    def _greet(self, frame: Frame | SecretFrame) -> None:
        if not isinstance(frame, Frame) or frame.type is not FrameType.HELLO:
            raise ProtocolViolation(reason="no greeting")
        hello = cast("Hello", decode(frame.data, Hello))
        if hello.protocol != PROTOCOL:
            raise ProtocolViolation(
                reason=f"this station speaks version {PROTOCOL} of the protocol, "
                f"the caller {hello.protocol}"
            )
        if self._patience:
            self._patience.cancel()
        places = (hello.gnupg_home, hello.ssh_agent)
        self._session = Session(Caller(self._uid, self._pid, hello.surface, *places))
        self._session.listen(self._event)
        self._service.enter(self._session)
        self._frames.limit = MAX_FRAME
        welcome = Welcome(PROTOCOL, signstation.__version__)
        self._write(FrameType.WELCOME, 0, encode(welcome, Welcome))

    def _answer(self, session: Session, frame: SecretFrame) -> None:
        try:
            self._service.answer(session, frame.prompt_id, frame.secret)
        except SignstationError as error:
            self._write(FrameType.ERROR, frame.call, error.to_wire())
        else:
            self._write(FrameType.RESULT, frame.call, None)

    async def _carry_out(
        self, session: Session, call: int, method: Method, arguments: tuple[object, ...]
    ) -> None:
        types = TYPES[method]

        async def emit(item: object) -> None:
            await self._flowing.wait()
            self._write(FrameType.ITEM, call, encode(item, types.item))

        try:
            result = await self._service.call(session, method, arguments, emit)
            # In a thread: the plan of 100,000 artifacts takes a second to write down.
            frame = await asyncio.to_thread(_packed, call, result, types.result)
        except SignstationError as error:
            self._write(FrameType.ERROR, call, error.to_wire())
        else:
            self._write_frame(frame)

    def _event(self, event: StationEvent) -> None:
        self._write(FrameType.EVENT, 0, encode(event, EVENT))

    def _write(self, kind: FrameType, call: int, data: object) -> None:
        self._write_frame(pack(kind, call, data))

    def _write_frame(self, frame: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(frame)
        if self._transport.get_write_buffer_size() > MAX_BACKLOG:
            _LOG.warning("a client stopped reading and was dropped")
            self._transport.abort()


def _packed(call: int, result: object, kind: object) -> bytes:
    return pack(FrameType.RESULT, call, encode(result, kind))


class SocketServer:
    """Listens in a state directory that this process owns."""

    def __init__(self, home: Path, service: Service) -> None:
        """Nothing happens before ``open``."""
        self._home = home
        self._service = service
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None

    @property
    def busy(self) -> bool:
        """True while a client has an open call."""
        return any(each.busy for each in self._connections)

    async def open(self) -> None:
        """Listen. A socket file that an earlier owner left is replaced."""
        listening = _listen(self._home)

        def accept() -> Connection:
            return Connection(self._service, self._connections)

        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(accept, sock=listening)

    def refuse(self) -> None:
        """Let no new client in: whoever comes now waits for the next owner."""
        if self._server:
            self._server.close()
            self._server = None
            with suppress(FileNotFoundError):
                (self._home / SOCKET_NAME).unlink()

    def close(self) -> None:
        """Hang up on everybody."""
        self.refuse()
        for each in tuple(self._connections):
            each.hang_up()


def _listen(home: Path) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    directory = -1
    try:
        # Through the directory's descriptor: sun_path has 108 bytes (unix(7)), a home may have more
        directory = os.open(home, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        place: Any = Path(f"/proc/self/fd/{directory}") / SOCKET_NAME
        with suppress(FileNotFoundError):
            place.unlink()
        listening.bind(str(place))
        place.chmod(0o600)  # nobody else can enter the directory in between
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise NotWritable(path=str(home), reason=error.strerror or "") from error
    finally:
        if directory >= 0:
            os.close(directory)
    return listening
