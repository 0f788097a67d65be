"""ssh-agent's protocol (draft-miller-ssh-agent): list keys and sign, over its socket.

An agent is given messages, never digests, and it may ask its user by itself (``ssh-add -c``).
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from signstation.codec.sshcert import is_certificate
from signstation.codec.sshwire import MAX_STRING, SshReader, string, uint32
from signstation.errors import (
    AgentMissing,
    ArtifactMalformed,
    KeyStoreFailed,
    ProtocolViolation,
)

VARIABLE = "SSH_AUTH_SOCK"
"""Names the agent's socket (ssh-agent(1))."""
MAX_KEYS = 2048
"""Most keys of one agent (MAX_AGENT_IDENTITIES of OpenSSH)."""
MAX_REPLY = MAX_STRING
"""Most bytes of a reply (AGENT_MAX_LEN of OpenSSH)."""
LIST_SECONDS = 10.0
"""How long an agent may take to list its keys, which asks nobody."""
SIGN_SECONDS = 120.0
"""How long an agent may take to sign: its user may have to touch or to confirm."""
_FAILURE, _LIST, _LISTED, _SIGN, _SIGNED = 5, 11, 12, 13, 14
_REFUSED = "the agent refused: nobody confirmed (ssh-add -c), or it is locked"
_CREDENTIALS = struct.Struct("iII")


@dataclass(frozen=True, slots=True)
class AgentKey:
    """One key of an agent: the encoded public key and its comment (untrusted)."""

    blob: bytes
    comment: str


class SshAgent:
    """A connection to an agent, on behalf of one key reference."""

    def __init__(self, connection: socket.socket, key: str) -> None:
        """``key`` is the text of the KeyRef that errors name."""
        self._connection = connection
        self._key = key

    @classmethod
    @contextmanager
    def at(cls, path: Path | None, key: str) -> Iterator[SshAgent]:
        """Connect to a socket, None where the caller named none. Raises AgentMissing.

        An agent of another user is none: who sits behind the socket is the kernel's word.
        """
        if path is None:
            raise AgentMissing(key=key, reason=f"{VARIABLE} is not set")
        named = str(path)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(LIST_SECONDS)
            try:
                connection.connect(named)
                size = _CREDENTIALS.size
                raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
            except OSError as error:
                raise AgentMissing(key=key, reason=f"{named}: {error.strerror}") from error
            if _CREDENTIALS.unpack(raw)[1] not in {0, os.geteuid()}:
                raise AgentMissing(key=key, reason=f"{named} is another user's")
            yield cls(connection, key)

    def list(self) -> tuple[AgentKey, ...]:
        """Return the keys that the agent offers. Raises KeyStoreFailed and ProtocolViolation."""
        self._connection.settimeout(LIST_SECONDS)
        reader = self._call(bytes((_LIST,)), _LISTED)
        try:
            count = reader.uint32()
            if count > MAX_KEYS:
                reader.fail(f"at most {MAX_KEYS} keys", str(count))
            return tuple(
                AgentKey(reader.string(), reader.string().decode("utf-8", "replace"))
                for _ in range(count)
            )
        except ArtifactMalformed as error:
            raise ProtocolViolation(reason=f"ssh-agent: {error}") from error

    def plain(self) -> tuple[AgentKey, ...]:
        """Return the keys without certificates: with one, a key stands there twice."""
        return tuple(each for each in self.list() if not _certified(each.blob))

    def sign(self, blob: bytes, message: bytes, flags: int) -> tuple[bytes, bytes]:
        """Return algorithm and number of a signature; waits for the agent's user where it asks.

        Raises KeyStoreFailed where the agent refuses, AgentMissing where it is gone.
        """
        self._connection.settimeout(SIGN_SECONDS)
        body = bytes((_SIGN,)) + string(blob) + string(message) + uint32(flags)
        reader = self._call(body, _SIGNED)
        try:
            signature = SshReader(reader.string(), "ssh signature")
            reader.end()
            algorithm, number = signature.string(), signature.string()
            signature.end()
        except ArtifactMalformed as error:
            raise ProtocolViolation(reason=f"ssh-agent: {error}") from error
        return algorithm, number

    def _call(self, body: bytes, expected: int) -> SshReader:
        try:
            self._connection.sendall(string(body))
            length = int.from_bytes(self._receive(4), "big")
            if not 0 < length <= MAX_REPLY:
                raise ProtocolViolation(reason=f"ssh-agent: a reply of {length} bytes")
            reply = self._receive(length)
        except OSError as error:
            reason = error.strerror or "no answer in time"
            raise AgentMissing(key=self._key, reason=reason) from error
        if reply[0] == _FAILURE:
            raise KeyStoreFailed(key=self._key, number=_FAILURE, reason=_REFUSED)
        if reply[0] != expected:
            raise ProtocolViolation(reason=f"ssh-agent: reply {reply[0]}, not {expected}")
        return SshReader(reply[1:], "ssh-agent")

    def _receive(self, length: int) -> bytes:
        parts = bytearray()
        while len(parts) < length:
            part = self._connection.recv(length - len(parts))
            if not part:
                raise AgentMissing(key=self._key, reason="it closed the connection")
            parts += part
        return bytes(parts)


def _certified(blob: bytes) -> bool:
    try:
        return is_certificate(blob)
    except ArtifactMalformed:
        return False
