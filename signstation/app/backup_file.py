"""The encrypted file of a backup: one stream, sealed in pieces that can be neither cut nor moved.

Layout: ``signstation-backup-v1`` and a line feed; one byte with log2 of scrypt's N; 16 bytes of
salt; 32 bytes HMAC-SHA256 over all of that. Then pieces of 64 KiB, each encrypted with
ChaCha20-Poly1305 (RFC 8439); the last is shorter or as long, and only the last says so in its
nonce: 11 bytes number of the piece, big-endian, one byte 1 for the last, else 0 (the construction
STREAM, Hoang and others 2015; the payload of age v1). scrypt (RFC 7914, r = 8, p = 1) turns the
passphrase into 64 bytes: the key of the pieces and the key of the HMAC. The salt is fresh for each
file, so no key ever seals two files.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import BinaryIO

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from signstation.errors import BackupDamaged, BackupLocked
from signstation.model.secret import Secret

MAGIC = b"signstation-backup-v1\n"
LOG_N = 17
"""log2 of scrypt's N for new files: 128 MiB and about half a second (OWASP: at least 2^17)."""
MAX_LOG_N = 20
"""Largest that is accepted: 1 GiB of memory; a file cannot ask for more."""
MIN_LOG_N = 10
SALT = 16
MAC = 32
HEADER = len(MAGIC) + 1 + SALT + MAC
PIECE = 64 * 1024
"""Bytes of plain text in each piece but the last."""
TAG = 16
"""Poly1305's tag (RFC 8439 section 2.5)."""


class SealedWriter:
    """Writes a stream; ``close`` makes the last piece, without which the file is refused."""

    def __init__(self, target: BinaryIO, passphrase: Secret, *, log_n: int = LOG_N) -> None:
        """Derive the keys (blocks for about half a second) and write the header."""
        head = MAGIC + bytes([log_n]) + secrets.token_bytes(SALT)
        cipher, mac = _keys(passphrase, head)
        mac.update(head)
        target.write(head + mac.finalize())
        self._target = target
        self._cipher = cipher
        self._pending = bytearray()
        self._number = 0

    def write(self, data: bytes) -> None:
        """Take bytes in; whole pieces are written, but never one that may be the last."""
        self._pending += data
        while len(self._pending) > PIECE:
            self._seal(bytes(self._pending[:PIECE]), last=False)
            del self._pending[:PIECE]

    def close(self) -> None:
        """Write the last piece. The target stays open."""
        self._seal(bytes(self._pending), last=True)
        self._pending.clear()

    def _seal(self, piece: bytes, *, last: bool) -> None:
        self._target.write(self._cipher.encrypt(_nonce(self._number, last=last), piece, None))
        self._number += 1


class SealedReader:
    """Reads a stream back; nothing is given out before its piece was authenticated."""

    def __init__(self, source: BinaryIO, passphrase: Secret, path: str) -> None:
        """Check the header. ``path`` is for messages.

        Raises BackupDamaged for what is no backup, BackupLocked where passphrase and header do
        not belong together. Blocks while the keys are derived.
        """
        self._source, self._path = source, path
        header = source.read(HEADER)
        if len(header) < HEADER or not header.startswith(MAGIC):
            raise BackupDamaged(path=path, what="The header: it is no backup of signstation")
        head, expected = header[:-MAC], header[-MAC:]
        if not MIN_LOG_N <= head[len(MAGIC)] <= MAX_LOG_N:
            raise BackupDamaged(path=path, what="The header: its key derivation is not one of ours")
        self._cipher, mac = _keys(passphrase, head)
        mac.update(head)
        try:
            mac.verify(expected)
        except InvalidSignature as error:
            raise BackupLocked(path=path) from error
        self._ahead = source.read(PIECE + TAG)
        self._ready = b""
        self._number = 0
        self._ended = False

    def read(self, count: int) -> bytes:
        """Return exactly ``count`` bytes. Raises BackupDamaged for changed or missing bytes."""
        found = bytearray()
        while len(found) < count:
            if not self._ready:
                self._next()
            part, self._ready = self._split(count - len(found))
            found += part
        return bytes(found)

    def copy(self, count: int, write: Callable[[bytes], object]) -> None:
        """Hand ``count`` bytes to ``write`` in pieces."""
        while count:
            part = self.read(min(count, PIECE))
            write(part)
            count -= len(part)

    def end(self) -> None:
        """Raise BackupDamaged unless everything was read and the last piece was the last."""
        if not self._ended and not self._ready:
            self._next()
        if self._ready or not self._ended:
            raise BackupDamaged(path=self._path, what="The end: more follows than belongs to it")

    def _split(self, count: int) -> tuple[bytes, bytes]:
        return self._ready[:count], self._ready[count:]

    def _next(self) -> None:
        if self._ended:
            raise BackupDamaged(path=self._path, what="The content: it ends too early")
        piece, self._ahead = self._ahead, self._source.read(PIECE + TAG)
        last = not self._ahead
        try:
            self._ready = self._cipher.decrypt(_nonce(self._number, last=last), piece, None)
        except InvalidTag as error:
            what = "or cut off" if last else "or moved"
            raise BackupDamaged(
                path=self._path, what=f"Piece {self._number + 1}: it was changed {what}"
            ) from error
        self._number += 1
        self._ended = last


def _keys(passphrase: Secret, head: bytes) -> tuple[ChaCha20Poly1305, HMAC]:
    log_n, salt = head[len(MAGIC)], head[len(MAGIC) + 1 :]
    derivation = Scrypt(salt=salt, length=64, n=1 << log_n, r=8, p=1)
    with passphrase.open() as opened:
        both = derivation.derive(opened)
    return ChaCha20Poly1305(both[:32]), HMAC(both[32:], SHA256())


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
