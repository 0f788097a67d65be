"""Starting a worker process, and the first things that a worker does to itself."""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from signstation.system.linux import PR_SET_DUMPABLE, PR_SET_PDEATHSIG, prctl
from signstation.system.programs import Child, spawn
from signstation.system.sandbox import WorkerKind

PRIVATE_UMASK = 0o077
"""Files that a worker or its tools make are nobody else's."""
PATIENCE = 5
"""How much nicer than the station a worker is (nice(2)): its window and prompts come first."""
BEHIND = 3
"""How much nicer than its window a station is together with its workers."""
AUTOGROUP = Path("/proc/self/autogroup")
"""How nice the whole session is (sched(7)): the kernel weighs sessions before processes."""
MODULE = "signstation.worker"
"""What ``python -m`` runs in a worker."""


@dataclass(frozen=True, slots=True)
class Started:
    """A worker that was just started: our ends of its socket and of its error output."""

    child: Child
    socket: socket.socket  # non-blocking
    stderr: int  # non-blocking, for reading


def start_worker(kind: WorkerKind, environment: Mapping[str, str]) -> Started:
    """Start a worker by exec with an inherited socket; takes about 2 ms. Raises OSError.

    The kernel kills it when the calling *thread* ends (PR_SET_PDEATHSIG, prctl(2)): call this on
    the thread that runs the event loop. Python's -I keeps the caller's environment, directory and
    user packages out; the package is found where this interpreter has it installed.
    """
    ours, theirs = socket.socketpair()
    reading, writing = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    os.set_blocking(writing, True)
    command = (sys.executable, "-I", "-m", MODULE, kind.value, str(theirs.fileno()))
    try:
        child = spawn(
            (*command, str(os.getpid())),
            environment=environment,
            descriptors=(theirs.fileno(),),
            stderr=writing,
        )
    except OSError:
        ours.close()
        os.close(reading)
        raise
    finally:
        theirs.close()
        os.close(writing)
    ours.setblocking(False)  # noqa: FBT003 - its only form
    return Started(child, ours, reading)


def forbid_cores() -> None:
    """Leave no core file of this process: passphrases pass through it. Children inherit that."""
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, most))


def stand_behind() -> None:
    """Let the window have a processor when it wants one; nobody is slower where there are enough.

    For the leader of a session, before it starts anything and before it is made non-dumpable. A
    kernel that does not group processes by session has no such file, one that was told so within
    the last 0.1 s by anybody refuses (kernel/sched/autogroup.c): then only nice(2) holds.
    """
    os.nice(BEHIND)
    with suppress(OSError):
        AUTOGROUP.write_text(str(BEHIND), "ascii")


def harden(parent: int) -> None:
    """Close the ways into this process: no core dumps, no ptrace by equals, no life without parent.

    Non-dumpable also keeps /proc/PID/mem, environ and maps from others of the same user. Ends the
    process when ``parent`` (its id) is gone already.
    """
    os.umask(PRIVATE_UMASK)
    os.nice(PATIENCE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    prctl(PR_SET_DUMPABLE, 0)
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the line above
        sys.exit(0)
