"""What each kind of worker gives up before it touches anything from outside.

Two layers say the same where they can: Landlock decides by path, the system call filter by what is
done, and each holds where a kernel refuses the other. Nothing is undone until the process ends.
"""

from __future__ import annotations

import os
import resource
import socket
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import assert_never

import signstation
from signstation.system import landlock, seccomp, syscalls
from signstation.system.linux import (
    PR_SET_NO_NEW_PRIVS,
    Machine,
    drop_capabilities,
    machine,
    prctl,
    syscall,
)
from signstation.system.seccomp import Filter, Rule, Test

_GIB = 1024**3

CHECK_MEMORY = 1 * _GIB
"""Private writable memory of a check worker in bytes: 16 times the largest single read. Not the
address space, because libraries map whole files."""
HASH_MEMORY = _GIB // 4
"""The same of a hash worker, which holds one chunk and one frame, and a decoder of up to 64 MiB."""
TOOL_MEMORY = 4 * _GIB
"""The same of each real tool."""
TOOL_FILE = 1 * _GIB
"""Largest file in bytes that a real tool may write (into its private directory)."""
CHECK_DESCRIPTORS = 1024
"""Open descriptors of a check or hash worker: 64 items in flight with a dozen files each."""

_CLONE_THREAD = 0x00010000  # include/uapi/linux/sched.h
_CLONE_NEWNET = 0x40000000
_NEW_NAMESPACES = 0x7E020000
_OPEN_FOR_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | 0o20000000  # __O_TMPFILE


class WorkerKind(Enum):
    """Kinds of worker processes (DESIGN.md section 6)."""

    CHECK = "check"  # parses hostile content; no keys
    HASH = "hash"  # reads, decompresses and compares; parses nothing
    TOOL = "tool"  # runs real tools; no keys
    KEY = "key"  # holds keys; never sees an artifact


class ProtectionState(Enum):
    """What became of a protection in one worker."""

    INSTALLED = "installed"
    REFUSED = "refused"  # the kernel or the container said no


@dataclass(frozen=True, slots=True)
class Protection:
    """One protection of one worker; ``detail`` is the kernel's word where it refused."""

    name: str
    state: ProtectionState
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """Resource limits in bytes and counts; None leaves one as it was."""

    memory: int | None = None
    file_size: int | None = None
    descriptors: int | None = None


def limits_of(kind: WorkerKind) -> Limits:
    """Return the limits of a kind. CPU time is bounded by the parent's watchdog, per task."""
    match kind:
        case WorkerKind.CHECK:
            return Limits(CHECK_MEMORY, 0, CHECK_DESCRIPTORS)
        case WorkerKind.HASH:
            return Limits(HASH_MEMORY, 0, CHECK_DESCRIPTORS)
        case WorkerKind.TOOL:
            return Limits(TOOL_MEMORY, TOOL_FILE, None)
        case WorkerKind.KEY:
            return Limits()
    assert_never(kind)


def filter_of(kind: WorkerKind, *, network: bool) -> Filter:
    """Return the system call policy of a kind; ``network`` allows a key worker IP sockets.

    clone3 keeps its flags behind a pointer, so it does not exist here: libc falls back to clone.
    """
    always = syscalls.KERNEL.keys() | syscalls.OTHER_PROCESSES.keys()
    absent = frozenset({"clone3"})
    no_namespaces = Rule("clone", 0, Test.NO_BITS, _NEW_NAMESPACES)
    match kind:
        case WorkerKind.CHECK | WorkerKind.HASH:
            others = (
                syscalls.NETWORK.keys()
                | syscalls.NEW_PROGRAMS.keys()
                | syscalls.SIGNALS.keys()
                | syscalls.SHARED_OBJECTS.keys()
                | syscalls.FILE_CHANGES.keys()
            )
            return Filter(frozenset(always | others), absent, _own_process_only())
        case WorkerKind.TOOL:
            return Filter(frozenset(always | syscalls.NETWORK.keys()), absent, (no_namespaces,))
        case WorkerKind.KEY:
            local = (
                Rule("socket", 0, Test.EQUALS, socket.AF_UNIX),
                Rule("socket", 0, Test.EQUALS, socket.AF_NETLINK),  # how libusb finds readers
            )
            return Filter(frozenset(always), absent, (no_namespaces, *(() if network else local)))
    assert_never(kind)


def _own_process_only() -> tuple[Rule, ...]:
    return (
        Rule("clone", 0, Test.HAS_BITS, _CLONE_THREAD),
        Rule("open", 1, Test.NO_BITS, _OPEN_FOR_WRITING),
        Rule("openat", 2, Test.NO_BITS, _OPEN_FOR_WRITING),
        Rule("tgkill", 0, Test.EQUALS, os.getpid()),
        Rule("prlimit64", 0, Test.EQUALS, 0),
        Rule("prlimit64", 0, Test.EQUALS, os.getpid()),
    )


def python_paths() -> tuple[Path, ...]:
    """Return what Python and its libraries may still read: their own code, nobody's data."""
    code = (sys.prefix, sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))
    ours = signstation.__path__[0]
    system = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/ssl/openssl.cnf")
    return tuple(map(Path, (*code, ours, *system, "/dev/null", "/dev/urandom")))


def confine(
    kind: WorkerKind,
    *,
    writable: tuple[Path, ...] = (),
    files: tuple[int, ...] = (),
    network: bool = False,
) -> tuple[Protection, ...]:
    """Give everything up that the kind does not need; call it once, before any thread starts.

    ``writable`` is where a tool worker's tools may write, ``files`` are open files that a library
    may open again by /proc/self/fd. What the kernel refuses is in the result,
    and the others are still installed.
    """
    steps: list[tuple[str, Callable[[], object]]] = [
        ("limits", lambda: _limit(limits_of(kind))),
        ("no_new_privs", lambda: prctl(PR_SET_NO_NEW_PRIVS, 1)),
    ]
    if kind is WorkerKind.TOOL:
        steps.append(("network namespace", _leave_network))
    if kind is not WorkerKind.KEY:  # a key store may need its caller's own capabilities
        readable = None if kind is WorkerKind.TOOL else python_paths()
        steps.append(("capabilities", drop_capabilities))
        steps.append(("landlock", lambda: landlock.restrict(readable, writable, files)))
    steps.append(("seccomp", lambda: seccomp.install(filter_of(kind, network=network), _known())))
    return tuple(_attempt(name, act) for name, act in steps)


def _attempt(name: str, act: Callable[[], object]) -> Protection:
    try:
        act()
    except OSError as error:
        return Protection(name, ProtectionState.REFUSED, error.strerror or "")
    return Protection(name, ProtectionState.INSTALLED)


def _known() -> Machine:
    found = machine()
    if found is None:
        raise OSError(0, "no system call table for this architecture")
    return found


def _leave_network() -> None:
    syscall(syscalls.number("unshare", _known()) or 0, _CLONE_NEWNET)


def _limit(limits: Limits) -> None:
    for name, value in (
        (resource.RLIMIT_DATA, limits.memory),
        (resource.RLIMIT_FSIZE, limits.file_size),
        (resource.RLIMIT_NOFILE, limits.descriptors),
    ):
        if value is not None:
            _, hard = resource.getrlimit(name)
            bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(name, (bound, bound))
