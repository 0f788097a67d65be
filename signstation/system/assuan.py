"""A client of the Assuan protocol on a Unix socket, as gpg-agent speaks it (libassuan manual).

It knows lines, escapes, inquiries and pipelines; what the commands mean is the caller's business.
"""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from signstation.errors import AgentMissing, ProtocolViolation
from signstation.model.secret import Secret

MAX_LINE = 1000
"""Most bytes of a line without its line feed (libassuan manual, "Server responses")."""
MAX_REPLY = 4 * 1024 * 1024
"""Most bytes of one reply: the state of 10,000 keys (KEYINFO --list) has 1 MiB."""
CONNECT_SECONDS = 10.0
"""How long an agent may take to greet: it answers in under a millisecond when it is well."""
ANSWER_SECONDS = 600.0
"""How long one answer may take: a person may be looking for a card, or at another prompt."""

_CHUNK = 64 * 1024
_UCRED = struct.Struct("3i")
_HEX_DIGITS = b"0123456789ABCDEF"
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})?")
_ESCAPED = frozenset(b"%\r\n")
_CODE_MASK = 0xFFFF


@dataclass(frozen=True, slots=True)
class Accepted:
    """``OK``: the data of all D lines, and the status lines as (keyword, rest)."""

    data: bytearray = field(repr=False)
    status: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """``ERR``: libgpg-error's full number and the server's text, which is untrusted."""

    number: int
    text: str

    @property
    def code(self) -> int:
        """The error without its source (the low 16 bits)."""
        return self.number & _CODE_MASK


Reply = Accepted | Refused
Inquire = Callable[[str], Secret]
"""Answers an inquiry (its keyword and parameters). What it raises cancels the inquiry."""


def no_inquiry(asked: str) -> Secret:
    """Refuse: for commands that never inquire. Raises ProtocolViolation."""
    raise ProtocolViolation(reason=f"the agent asked for {asked[:40]!r} unexpectedly")


class Assuan(AbstractContextManager["Assuan"]):
    """One connection. Every method blocks; AgentMissing means that the connection is lost.

    After ProtocolViolation or AgentMissing the connection is of no more use.
    """

    def __init__(self, connected: socket.socket) -> None:
        """Take over a connected socket and read the greeting."""
        self._socket = connected
        self._received = bytearray()
        self._taken = 0  # bytes of the reply that is being read
        greeting = self.reply()
        if isinstance(greeting, Refused):
            raise AgentMissing(reason=f"it refused to talk: {greeting.text}")
        self._socket.settimeout(ANSWER_SECONDS)

    @classmethod
    def connect(cls, path: Path, peers: frozenset[int]) -> Self:
        """Connect to the socket at ``path``; the server must run under one of the uids ``peers``.

        Raises AgentMissing.
        """
        connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            connected.settimeout(CONNECT_SECONDS)
            connected.connect(str(path))
            _check_peer(connected, path, peers)
            return cls(connected)
        except OSError as error:
            connected.close()
            raise AgentMissing(reason=f"{path}: {error.strerror or error}") from error
        except BaseException:
            connected.close()
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection; the server forgets what was set on it."""
        self.close()

    def close(self) -> None:
        """As leaving the ``with``."""
        self._socket.close()
        _wipe(self._received)

    def call(self, command: str, inquire: Inquire = no_inquiry) -> Reply:
        """Send one command and return its reply."""
        self.send((command,))
        return self.reply(inquire)

    def send(self, commands: Sequence[str]) -> None:
        """Send commands in one write; take one ``reply`` for each.

        No command but the last may inquire: the server would take what follows for the answer.
        """
        lines = [each.encode() for each in commands]
        for line in lines:
            if len(line) > MAX_LINE or b"\n" in line:
                raise ProtocolViolation(reason="a command does not fit into a line")
        self._write(b"".join(line + b"\n" for line in lines))

    def reply(self, inquire: Inquire = no_inquiry) -> Reply:
        """Read up to OK or ERR. What ``inquire`` raises is raised when the server has cancelled."""
        data, status = bytearray(), list[tuple[str, str]]()
        failure: BaseException | None = None
        self._taken = 0
        while True:
            keyword, rest = self._line()
            match keyword:
                case b"D":
                    data += _unescape(rest)
                case b"S":
                    name, _, parameters = _text(rest).partition(" ")
                    status.append((name, parameters))
                case b"INQUIRE" if failure is None:
                    failure = self._answer(_text(rest), inquire)
                case b"OK" | b"ERR":
                    if failure is not None:
                        _wipe(data)
                        raise failure
                    return _refused(rest) if keyword == b"ERR" else Accepted(data, tuple(status))
                case _ if keyword.startswith(b"#"):
                    pass
                case _:
                    raise ProtocolViolation(reason=f"unexpected {_text(keyword)[:40]!r}")

    def _answer(self, asked: str, inquire: Inquire) -> Exception | None:
        """Answer an inquiry, or cancel it and return why."""
        try:
            secret = inquire(asked)
        except Exception as error:  # noqa: BLE001 - whatever it is, the server must hear of it
            self._write(b"CAN\n")
            return error
        lines = bytearray()
        with secret.open() as plain:
            _escape_lines(plain, lines)
        lines += b"END\n"
        try:
            self._write(lines)
        finally:
            _wipe(lines)
        return None

    def _write(self, content: bytes | bytearray) -> None:
        try:
            self._socket.sendall(content)
        except OSError as error:
            raise _lost(error) from error

    def _line(self) -> tuple[bytes, bytes]:
        """Return the keyword and the rest of the next line."""
        searched = 0
        while (end := self._received.find(b"\n", searched, MAX_LINE + 1)) < 0:
            searched = len(self._received)
            if searched > MAX_LINE:
                raise ProtocolViolation(reason=f"a line of more than {MAX_LINE} bytes")
            self._receive()
        line = bytes(self._received[:end])
        del self._received[: end + 1]
        self._taken += end + 1
        if self._taken > MAX_REPLY:
            raise ProtocolViolation(reason=f"a reply of more than {MAX_REPLY} bytes")
        keyword, _, rest = line.partition(b" ")
        return keyword, rest

    def _receive(self) -> None:
        try:
            found = self._socket.recv(_CHUNK)
        except OSError as error:
            raise _lost(error) from error
        if not found:
            raise AgentMissing(reason="it closed the connection")
        self._received += found


def _check_peer(connected: socket.socket, path: Path, peers: frozenset[int]) -> None:
    credentials = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    uid = _UCRED.unpack(credentials)[1]
    if uid not in peers:
        raise AgentMissing(reason=f"{path} is served by user {uid}")


def _lost(error: OSError) -> AgentMissing:
    if isinstance(error, TimeoutError):
        return AgentMissing(reason="it does not answer")
    return AgentMissing(reason=error.strerror or str(error))


def _refused(rest: bytes) -> Refused:
    number, _, words = rest.partition(b" ")
    if not number.isdigit() or len(number) > 10:  # noqa: PLR2004 - digits of 32 bits
        raise ProtocolViolation(reason="an error without a number")
    return Refused(int(number), _text(words))


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")


def _unescape(raw: bytes) -> bytes:
    """Undo percent escapes (``%25 %0D %0A``, any case). Raises ProtocolViolation."""
    return _ESCAPE.sub(_unescape_one, raw)


def _unescape_one(match: re.Match[bytes]) -> bytes:
    digits: bytes | None = match.group(1)
    if digits is None:
        raise ProtocolViolation(reason="a wrong percent escape")
    return bytes((int(digits, 16),))


def _escape_lines(plain: bytearray, lines: bytearray) -> None:
    """Append ``plain`` to ``lines`` as D lines. The caller wipes both."""
    room = 0
    for byte in plain:
        if room < len(b"%0A"):
            lines += b"\nD " if room or lines else b"D "
            room = MAX_LINE - len(b"D ")
        if byte in _ESCAPED:
            lines += bytes((ord("%"), _HEX_DIGITS[byte >> 4], _HEX_DIGITS[byte & 15]))
            room -= 3
        else:
            lines.append(byte)
            room -= 1
    if lines:
        lines += b"\n"


def _wipe(secret: bytearray) -> None:
    secret[:] = bytes(len(secret))
    secret.clear()
