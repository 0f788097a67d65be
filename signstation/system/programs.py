"""Starting programs: the one place for it, with look-up, environment, time and output bounded."""

from __future__ import annotations

import os
import selectors
import signal
import stat
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from signstation.errors import ToolMissing, ToolTimedOut
from signstation.model.programs import Completed
from signstation.system.linux import PR_SET_PDEATHSIG, prctl

SYSTEM_DIRECTORIES = tuple(
    map(Path, ("/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin", "/usr/local/sbin"))
)
"""Where programs are looked for; PATH is never consulted."""
KBUILD = "/usr/lib"
"""Below it lie Debian's linux-kbuild-VERSION/scripts with sign-file; the newest is used."""

MAX_OUTPUT = 16 * 1024 * 1024
"""Bytes kept of each output of a program; the rest is read and dropped."""
GRACE = 3.0
"""Seconds between TERM and KILL: time for a tool to remove its lock files."""
LINGER = 0.5
"""Seconds that outputs are read on after the program ended, when a child of it holds them open."""
POLL = 0.1
"""Seconds between two looks at whether somebody wants the program to stop."""
_PIECE = 64 * 1024

PACKAGES = {
    "depmod": "kmod",
    "gpg-connect-agent": "gpgconf",
    "mokutil": "mokutil",
    "modinfo": "kmod",
    "rpmbuild": "rpm",
    "rpmkeys": "rpm",
    "rpmsign": "rpm",
    "sbverify": "sbsigntool",
    "setpriv": "util-linux",
    "sign-file": "linux-kbuild",
    "ssh-keygen": "openssh-client",
}
"""Debian packages of programs that are named otherwise."""


def trusted(path: Path) -> bool:
    """Say whether only root or we could have put the file and its directories there."""
    owners = {0, os.geteuid()}
    for each in (path, *path.parents):
        status = each.stat()
        sticky = stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX
        by_others = status.st_mode & stat.S_IWOTH and not sticky
        by_group = status.st_mode & stat.S_IWGRP and status.st_gid != 0 and not sticky
        if status.st_uid not in owners or by_others or by_group:
            return False
    return True


def _executable(path: Path) -> Path | None:
    """Return the resolved file if it is a program that we would run."""
    try:
        real = path.resolve(strict=True)
        if real.is_file() and os.access(real, os.X_OK) and trusted(real):
            return path
    except OSError:
        return None
    return None


class Child:
    """A started process: its id, its stable descriptor, and what became of it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        """Take a fresh process over; ``close`` must be called when it has ended."""
        self._process = process
        self.pid = process.pid
        self.pidfd = os.pidfd_open(process.pid)  # readable when it has ended

    def send(self, number: signal.Signals) -> None:
        """Send a signal to exactly this process; nothing happens when it has ended."""
        if self.pidfd >= 0:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, number)

    def close(self) -> int:
        """Collect the ended process and return its status (negative: signal). Blocks until then."""
        status = self._process.wait()
        if self.pidfd >= 0:
            os.close(self.pidfd)
            self.pidfd = -1
        return status


def spawn(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    descriptors: Sequence[int],
    stderr: int,
    leader: bool = False,
) -> Child:
    """Start a process of ours by exec, kept from our terminal; its standard input is empty.

    It leads a session of its own where it shall or where ours has a terminal. Else it stays: the
    kernel may share its processors between sessions first (sched(7), autogroup), and one that has
    ten workers shall not outweigh its window ten times.
    ``descriptors`` stay open under the same numbers, all others are closed. Raises OSError.
    """
    own = leader or _has_terminal()
    return Child(
        subprocess.Popen(
            tuple(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            env=dict(environment),
            pass_fds=tuple(descriptors),
            cwd="/",
            start_new_session=own,
            process_group=None if own else 0,
        )
    )


def split_off(work: Callable[[], None]) -> None:
    """Do ``work`` in a copy of this process, which ends with it, or when this one is gone.

    For a process with one thread, before it gives its rights up. Raises OSError.
    """
    worker = os.getpid()
    if os.fork():
        return
    try:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == worker:  # else it died before the line above
            work()
    finally:
        os._exit(0)


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True


class Programs:
    """Implements ``interfaces.tools.Programs``."""

    def __init__(
        self,
        home: Path,
        directories: Sequence[Path] = (),
        interrupt: Callable[[], None] | None = None,
    ) -> None:
        """``home`` is HOME of the tools; ``directories`` are looked into before the system's.

        ``interrupt`` is called while a program runs and raises (Cancelled) when it shall stop.
        """
        self._home = home
        self._directories = tuple(directories)
        self._interrupt = interrupt

    def find(self, name: str) -> Path:
        """Return the absolute path of a program; raise ToolMissing."""
        if "/" not in name:
            for directory in self._places():
                if found := _executable(directory / name):
                    return found
        raise ToolMissing(program=name, package=PACKAGES.get(name, name))

    def _places(self) -> Iterator[Path]:
        yield from self._directories
        yield from SYSTEM_DIRECTORIES
        yield from sorted(Path(KBUILD).glob("linux-kbuild-*/scripts"), reverse=True)

    def environment(self) -> dict[str, str]:
        """Return the neutral environment: nothing of the caller's own gets through."""
        return {
            "HOME": str(self._home),
            "LC_ALL": "C.UTF-8",
            "PATH": "/usr/bin:/usr/sbin:/bin:/sbin",
            "TZ": "UTC",
        }

    def run(  # noqa: PLR0913 - the interface's
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
        """Run a program to its end (``interfaces.tools.Programs.run``)."""
        command = (str(self.find(name)), *arguments)
        try:
            process = subprocess.Popen(
                (*self._tied(), *command),
                stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**self.environment(), **(environment or {})},
                pass_fds=tuple(descriptors),
                cwd=cwd or "/",
                start_new_session=True,  # a group to end, and no terminal to ask on
            )
        except (FileNotFoundError, PermissionError) as error:
            raise ToolMissing(program=name, package=PACKAGES.get(name, name)) from error
        with process, _ended(process):
            outputs = _Outputs(process, stdin)
            deadline = time.monotonic() + timeout
            while not outputs.done():
                if time.monotonic() > deadline:
                    raise ToolTimedOut(program=name, seconds=round(timeout))
                if self._interrupt:
                    self._interrupt()
                outputs.exchange(POLL)
            return Completed(command, process.wait(), *outputs.kept())

    def _tied(self) -> tuple[str, ...]:
        """Have the kernel kill the program when this process dies: util-linux's setpriv does it."""
        with suppress(ToolMissing):
            return (str(self.find("setpriv")), "--pdeathsig", "KILL", "--")
        return ()


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Whatever happens, leave no process of the group behind: TERM, then KILL."""
    try:
        yield
    finally:
        if process.poll() is None:
            _signal_group(process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(GRACE)
        _signal_group(process.pid, signal.SIGKILL)


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


class _Outputs:
    """The three pipes of a running program."""

    def __init__(self, process: subprocess.Popen[bytes], stdin: bytes) -> None:
        self._process = process
        self._left = memoryview(stdin)
        self._ended_at: float | None = None
        self._selector = selectors.DefaultSelector()
        self._kept: dict[IO[bytes], bytearray] = {}
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                self._kept[pipe] = bytearray()
                self._add(pipe, selectors.EVENT_READ)
        if process.stdin is not None:
            self._add(process.stdin, selectors.EVENT_WRITE)

    def _add(self, pipe: IO[bytes], event: int) -> None:
        os.set_blocking(pipe.fileno(), False)
        self._selector.register(pipe, event)

    def done(self) -> bool:
        """Say whether the program has ended and its outputs are read."""
        if self._process.poll() is None:
            return False
        if self._ended_at is None:
            self._ended_at = time.monotonic()
        if self._selector.get_map() and time.monotonic() < self._ended_at + LINGER:
            return False
        self._selector.close()
        return True

    def exchange(self, seconds: float) -> None:
        """Write and read what can be, waiting up to ``seconds``."""
        if not self._selector.get_map():  # it closed its outputs and goes on
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
            return
        for key, _ in self._selector.select(seconds):
            pipe = key.fileobj
            if pipe is self._process.stdin:
                self._write(self._process.stdin)
            else:
                self._read(pipe)  # type: ignore[arg-type]

    def _write(self, pipe: IO[bytes]) -> None:
        try:
            self._left = self._left[os.write(pipe.fileno(), self._left[:_PIECE]) :]
        except BrokenPipeError:
            self._left = self._left[:0]
        if not self._left:
            self._selector.unregister(pipe)
            pipe.close()

    def _read(self, pipe: IO[bytes]) -> None:
        data = os.read(pipe.fileno(), _PIECE)
        if not data:
            self._selector.unregister(pipe)
            return
        kept = self._kept[pipe]
        kept += data[: MAX_OUTPUT - len(kept)]

    def kept(self) -> tuple[bytes, bytes]:
        """Return standard output and standard error, each at most MAX_OUTPUT bytes."""
        first, second = self._kept.values()
        return bytes(first), bytes(second)
