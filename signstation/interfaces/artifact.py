"""How formats and key stores see bytes: bounded random reads, never names or paths."""

from __future__ import annotations

from typing import Protocol

MAX_READ = 64 * 1024 * 1024
"""Most bytes that one ``read`` returns; larger things are hashed in a stream, never held."""


class Artifact(Protocol):
    """An opened regular file. Implemented over a read-only descriptor."""

    @property
    def size(self) -> int:
        """Size in bytes when it was opened."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes from ``offset``; fewer only at the end of the file.

        Raises ArtifactUnreadable on an I/O error and LimitReached above MAX_READ. Blocks.
        """
        ...

    def fileno(self) -> int:
        """The open descriptor, for libraries that stream or map the file themselves."""
        ...


class Source(Protocol):
    """What ``recognise`` may look at: content only, no file name."""

    @property
    def size(self) -> int:
        """Size in bytes."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """As ``Artifact.read``."""
        ...
