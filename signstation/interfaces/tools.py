"""Running real programs: found only in the system's directories, with a neutral environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from signstation.model.programs import Completed


class Programs(Protocol):
    """Finds and runs programs. Implemented by ``system/programs.py``."""

    def find(self, name: str) -> Path:
        """Return the absolute path; raise ToolMissing (with the package's name where known)."""
        ...

    def run(  # noqa: PLR0913 - each names a thing that a caller has to decide
        self,
        name: str,
        arguments: Sequence[str],
        *,
        stdin: bytes = b"",
        environment: Mapping[str, str] | None = None,
        descriptors: Sequence[int] = (),
        timeout: float = 60.0,
        cwd: Path | None = None,
    ) -> Completed:
        """Run to the end and return it, whatever its exit status. Blocks.

        ``environment`` is added to a neutral one (LC_ALL=C.UTF-8, TZ=UTC, fixed PATH, own HOME);
        ``descriptors`` stay open in the child under the same numbers. Output is bounded to 16 MiB.
        Raises ToolMissing and ToolTimedOut (the process group is killed).
        """
        ...
