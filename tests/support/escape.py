"""A child process that gives its rights up as a worker does, and then tries what it must not.

``python -m tests.support.escape LAYER KIND DIRECTORY`` prints one JSON object: act -> "done" or the
name of the error. LAYER is ``none`` (the control), ``all``, ``landlock``, ``seccomp``; ``file``:
everything, but for one open file; ``x32``: everything, and then a call in the x32 ABI's numbering.
"""

from __future__ import annotations

import ctypes
import errno
import json
import mmap
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from signstation.system import landlock, seccomp
from signstation.system.linux import PR_SET_NO_NEW_PRIVS, machine, prctl, syscall
from signstation.system.sandbox import WorkerKind, confine, filter_of, python_paths
from signstation.system.syscalls import KERNEL, OTHER_PROCESSES, X32_BIT, number

ARGUMENTS: dict[str, tuple[int, ...]] = {
    "clock_adjtime": (0, 0),
    "kexec_load": (0, 0, 0, 0xFFFF),
    "mount": (0, 0, 0, 0, 0),
    "reboot": (1, 2, 3, 0),
    "sethostname": (0, -1),
    "setdomainname": (0, -1),
    "syslog": (99,),
    "unshare": (0x40,),
    "setns": (-1, 0),
    "vhangup": (),
}
"""Arguments with which a permitted call fails harmlessly; others get wild ones."""
DESTRUCTIVE = {"vhangup", "acct", "iopl", "ioperm", "settimeofday", "clock_settime", "adjtimex"}
"""Calls that even wild arguments do not make harmless: never tried without a sandbox."""

GETPID = 39
"""Its number on x86_64: harmless, were it let through."""


def _raw(name: str) -> Callable[[], object]:
    known = machine()
    assert known is not None
    found = number(name, known)
    arguments = ARGUMENTS.get(name, (-1, -1, -1, -1))
    return lambda: syscall(found if found is not None else -1, *arguments)


def _thread() -> None:
    one = threading.Thread(target=int)
    one.start()
    one.join()


def _fork() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _exec() -> None:
    child = os.posix_spawn("/bin/true", ("true",), {})
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        raise OSError(errno.EPERM, "not started")


def _socket(family: int) -> Callable[[], object]:
    def act() -> None:
        with closing(socket.socket(family, socket.SOCK_STREAM)):
            pass

    return act


def acts(directory: Path) -> dict[str, Callable[[], object]]:
    """Return what is tried; ``directory`` holds ``secret`` and ``victim``, and ``inside/``."""
    victim = directory / "victim"
    tried: dict[str, Callable[[], object]] = {
        "thread": _thread,
        "read own code": lambda: Path(__file__).parents[2].joinpath("signstation/errors.py").open(),
        "read a file of the user": (directory / "secret").read_bytes,
        "read another file of the user": victim.read_bytes,
        "list a directory of the user": lambda: list(directory.iterdir()),
        "write a file": lambda: victim.write_bytes(b"x"),
        "make a file": lambda: (directory / "new").write_bytes(b"x"),
        "make a file in its own directory": lambda: (directory / "inside/new").write_bytes(b"x"),
        "make a directory": (directory / "newdir").mkdir,
        "rename a file": lambda: victim.rename(directory / "renamed"),
        "remove a file": (directory / "doomed").unlink,
        "link a file": lambda: (directory / "link").symlink_to("/"),
        "change a mode": lambda: (directory / "secret").chmod(0o777),
        "change a time": lambda: os.utime(directory / "secret"),
        "truncate a file": lambda: os.truncate(directory / "secret", 0),
        "fork": _fork,
        "start a program": _exec,
        "signal the parent": lambda: os.kill(os.getppid(), 0),
        "make an IP socket": _socket(socket.AF_INET),
        "make a local socket": _socket(socket.AF_UNIX),
        "make a raw socket": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
        "take 3 GiB": lambda: mmap.mmap(-1, 3 * 1024**3, flags=mmap.MAP_PRIVATE),
    }
    return tried | {name: _raw(name) for name in sorted(KERNEL | OTHER_PROCESSES)}


def _give_up(layer: str, kind: WorkerKind, directory: Path) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    match layer:
        case "all" | "x32":
            confine(kind, writable=(directory / "inside", Path("/dev/null")))
        case "file":
            confine(kind, files=(os.open(directory / "secret", os.O_RDONLY),))
        case "landlock":
            prctl(PR_SET_NO_NEW_PRIVS, 1)
            landlock.restrict(python_paths())
        case "seccomp":
            known = machine()
            assert known is not None
            prctl(PR_SET_NO_NEW_PRIVS, 1)
            seccomp.install(filter_of(kind, network=False), known)
        case _:
            pass


def _outcome(act: Callable[[], object]) -> str:
    try:
        act()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    except MemoryError:
        return "MemoryError"
    return "done"


def main(layer: str, kind: WorkerKind, directory: Path) -> None:
    """Give up, try, tell."""
    tried = acts(directory)
    if layer in {"none", "landlock"}:
        tried = {name: act for name, act in tried.items() if name not in DESTRUCTIVE}
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    ctypes.set_errno(0)
    _give_up(layer, kind, directory)
    if layer == "x32":
        syscall(X32_BIT | GETPID)
    print(json.dumps({name: _outcome(act) for name, act in tried.items()}))  # noqa: T201 - its result


if __name__ == "__main__":
    main(sys.argv[1], WorkerKind(sys.argv[2]), Path(sys.argv[3]))
