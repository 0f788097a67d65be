"""A file as it would be with patches in it, before a byte of it is written."""

from __future__ import annotations

import os
from collections.abc import Sequence

from signstation.errors import ArtifactUnreadable, ProtocolViolation
from signstation.model.outputs import Patch
from signstation.system.artifact import FileArtifact
from signstation.system.files_copy import check_patches, in_place


class PatchedArtifact:
    """Implements ``interfaces.artifact.Artifact`` over a file and patches that move no byte.

    It has no descriptor of its own: what streams or maps a file by itself cannot be used with it.
    """

    __slots__ = ("_base", "_patches", "_size")

    def __init__(self, base: FileArtifact, patches: Sequence[Patch]) -> None:
        """``base`` stays the caller's. Raises ProtocolViolation for patches that do not fit."""
        self._size = check_patches(patches, base.size)
        if not in_place(patches, base.size):
            raise ProtocolViolation(reason="patches that move bytes")
        self._base = base
        self._patches = tuple(patches)

    @property
    def size(self) -> int:
        """Size in bytes with the patches."""
        return self._size

    def read(self, offset: int, length: int) -> bytes:
        """As ``Artifact.read``."""
        if length <= 0 or offset < 0:
            return b""
        buffer = bytearray(max(0, min(length, self._size - offset)))
        count = self.read_into(memoryview(buffer), offset)
        return bytes(buffer[:count])

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill ``buffer`` from ``offset``; return how many bytes there were."""
        wanted = max(0, min(len(buffer), self._size - offset))
        got = 0
        try:
            while got < wanted:
                count = os.preadv(self._base.fileno(), [buffer[got:wanted]], offset + got)
                if count == 0:  # what was appended is not in the file
                    break
                got += count
        except OSError as error:
            raise ArtifactUnreadable(reason=error.strerror or "") from error
        for patch in self._patches:
            start = max(patch.offset, offset)
            end = min(patch.offset + len(patch.new), offset + wanted)
            if start < end:
                piece = patch.new[start - patch.offset : end - patch.offset]
                buffer[start - offset : end - offset] = piece
        return wanted

    def fileno(self) -> int:
        """Raise ArtifactUnreadable: the file has the old bytes."""
        raise ArtifactUnreadable(reason="it is not written yet")
