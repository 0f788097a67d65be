"""A ToolContext over plain subprocess, for tests of what runs real tools outside the workers."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from signstation.errors import ToolMissing
from signstation.interfaces.artifact import Artifact
from signstation.model.programs import Completed


@dataclass(frozen=True, slots=True)
class PlainPrograms:
    """Runs programs of the host, or a given argv prefix for a name (the referee tree)."""

    home: Path
    instead: Mapping[str, tuple[str, ...]]
    environment: Mapping[str, str]
    absent: tuple[str, ...] = ()

    def find(self, name: str) -> Path:
        """Return the program's path."""
        found = shutil.which(name, path="/usr/bin:/usr/sbin:/bin:/sbin")
        if found is None or name in self.absent:
            raise ToolMissing(program=name)
        return Path(found)

    def run(  # noqa: PLR0913 - as interfaces.tools.Programs
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
        """Run to the end."""
        command = (*(self.instead.get(name) or (str(self.find(name)),)), *arguments)
        neutral = {
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.home),
        }
        done = subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            env={**neutral, **self.environment, **(environment or {})},
            pass_fds=tuple(descriptors),
            timeout=timeout,
            cwd=cwd,
            check=False,
        )
        return Completed(command, done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True, slots=True)
class PlainToolContext:
    """Implements ``interfaces.context.ToolContext``."""

    time: int
    directory: Path
    programs: PlainPrograms

    def path_of(self, artifact: Artifact, name: str) -> Path:
        """Return a link with a harmless name to the open descriptor."""
        link = self.directory / name
        link.unlink(missing_ok=True)
        link.symlink_to(f"/proc/self/fd/{artifact.fileno()}")
        return link


@contextmanager
def tool_context(
    time: int,
    instead: Mapping[str, tuple[str, ...]] | None = None,
    environment: Mapping[str, str] | None = None,
    absent: tuple[str, ...] = (),
) -> Iterator[PlainToolContext]:
    """Give a context in a private directory that is removed afterwards.

    ``instead``: argv beginnings by program name (the referee tree); ``absent``: programs that this
    machine shall seem not to have.
    """
    directory = Path(tempfile.mkdtemp(prefix="st-tool-", dir="/tmp"))
    try:
        programs = PlainPrograms(directory, instead or {}, environment or {}, absent)
        yield PlainToolContext(time, directory, programs)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def descriptor_of(path: Path) -> int:
    """Open a file for reading; the caller closes it."""
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
