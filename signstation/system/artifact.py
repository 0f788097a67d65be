"""An opened regular file with bounded random reads."""

from __future__ import annotations

import os
import stat
from typing import Self

from signstation.errors import ArtifactUnreadable, LimitReached, NotARegularFile

MAX_READ = 64 * 1024 * 1024
"""Most bytes of one read (as ``interfaces.artifact.MAX_READ``)."""


class FileArtifact:
    """A read-only descriptor as an Artifact and a Source. Owns the descriptor when ``owned``."""

    __slots__ = ("_descriptor", "_owned", "_size")

    def __init__(self, descriptor: int, *, owned: bool = False) -> None:
        """Wrap an open descriptor; raise NotARegularFile for anything else."""
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise NotARegularFile(kind=oct(stat.S_IFMT(status.st_mode)))
        self._descriptor = descriptor
        self._owned = owned
        self._size = status.st_size

    @property
    def size(self) -> int:
        """Size in bytes when it was wrapped."""
        return self._size

    def read(self, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes from ``offset``; fewer only at the end of the file."""
        if length > MAX_READ:
            raise LimitReached(what="bytes of one read", limit=MAX_READ)
        if length <= 0 or offset < 0:
            return b""
        parts: list[bytes] = []
        try:
            while length > 0 and (part := os.pread(self._descriptor, length, offset)):
                parts.append(part)
                offset += len(part)
                length -= len(part)
        except OSError as error:
            raise ArtifactUnreadable(reason=error.strerror or "") from error
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._descriptor

    def close(self) -> None:
        """Close the descriptor if it is owned."""
        if self._owned:
            self._owned = False
            os.close(self._descriptor)

    def __enter__(self) -> Self:
        """Return self."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()
