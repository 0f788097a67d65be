"""The compiled system call filters say what the policy says, on both architectures.

The programs are run by a small interpreter of classic BPF here, so that the one of the other
architecture is tested too; tests/engine/test_sandbox.py tries the real thing on the kernel.
"""

from __future__ import annotations

import errno
import os
import socket
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signstation.system import syscalls
from signstation.system.linux import Machine
from signstation.system.sandbox import WorkerKind, filter_of
from signstation.system.seccomp import Filter, compile_filter
from signstation.system.syscalls import NEWEST, X32_BIT, number

ARCHITECTURES = {Machine.X86_64: 0xC000003E, Machine.AARCH64: 0xC00000B7}
ALLOW, KILL = 0x7FFF0000, 0x80000000
EPERM, ENOSYS = 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS

MACHINES = pytest.mark.parametrize("machine", list(Machine))
PARSERS = pytest.mark.parametrize("kind", [WorkerKind.CHECK, WorkerKind.HASH])

HARMLESS = {  # read, mmap, futex, recvmsg, exit_group, memfd_create, landlock_restrict_self
    Machine.X86_64: (0, 9, 202, 47, 231, 319, 446),
    Machine.AARCH64: (63, 222, 98, 212, 94, 279, 446),
}


def judge(code: bytes, call: int, arguments: tuple[int, ...] = (), *, architecture: int) -> int:
    """Run a filter as the kernel does and return its verdict."""
    padded = (*arguments, *[0] * (6 - len(arguments)))
    data = struct.pack("=IIQ6Q", call, architecture, 0, *padded)
    accumulator, at = 0, 0
    for _ in range(4096):  # BPF_MAXINSNS
        opcode, if_true, if_false, value = struct.unpack_from("=HBBI", code, at * 8)
        at += 1
        match opcode:
            case 0x20:
                (accumulator,) = struct.unpack_from("=I", data, value)
            case 0x15:
                at += if_true if accumulator == value else if_false
            case 0x25:
                at += if_true if accumulator > value else if_false
            case 0x35:
                at += if_true if accumulator >= value else if_false
            case 0x45:
                at += if_true if accumulator & value else if_false
            case 0x06:
                return int(value)
            case _:
                raise AssertionError(f"opcode {opcode:#x}")
    raise AssertionError("no end")


class Judge:
    """One kind's filter on one architecture."""

    def __init__(self, kind: WorkerKind, machine: Machine, *, network: bool = False) -> None:
        self.machine = machine
        self.code = compile_filter(filter_of(kind, network=network), machine)

    def __call__(self, name: str, *arguments: int) -> int:
        """Judge a call by name; one that the architecture does not have counts as refused."""
        found = number(name, self.machine)
        return EPERM if found is None else self.of_number(found, *arguments)

    def of_number(self, call: int, *arguments: int) -> int:
        """Judge a call by number."""
        return judge(self.code, call, arguments, architecture=ARCHITECTURES[self.machine])


@MACHINES
@PARSERS
def test_parsers_may_compute_and_nothing_else(kind: WorkerKind, machine: Machine) -> None:
    ask = Judge(kind, machine)
    for call in HARMLESS[machine]:
        assert ask.of_number(call) == ALLOW
    for group in (
        syscalls.NETWORK,
        syscalls.NEW_PROGRAMS,
        syscalls.OTHER_PROCESSES,
        syscalls.SIGNALS,
        syscalls.KERNEL,
        syscalls.SHARED_OBJECTS,
        syscalls.FILE_CHANGES,
    ):
        assert {name for name in group if ask(name) != EPERM} == set()


@MACHINES
@PARSERS
def test_parsers_start_threads_but_no_processes(kind: WorkerKind, machine: Machine) -> None:
    ask = Judge(kind, machine)
    thread, fork, with_namespace = 0x3D0F00, 0x1200011, 0x10000000
    assert ask("clone", thread) == ALLOW
    assert ask("clone", fork) == EPERM
    assert ask("clone", with_namespace) == EPERM
    assert ask("clone3") == ENOSYS


@MACHINES
@PARSERS
@pytest.mark.parametrize(
    "flags",
    [os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_TRUNC, os.O_TMPFILE, os.O_RDWR | os.O_CLOEXEC],
)
def test_parsers_open_for_reading_only(kind: WorkerKind, machine: Machine, flags: int) -> None:
    ask = Judge(kind, machine)
    at_cwd = 0xFFFFFF9C
    assert ask("openat", at_cwd, 0, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK) == ALLOW
    assert ask("openat", at_cwd, 0, flags) == EPERM
    assert ask("open", 0, flags) == EPERM


@MACHINES
@PARSERS
def test_parsers_signal_and_limit_only_themselves(kind: WorkerKind, machine: Machine) -> None:
    ask = Judge(kind, machine)
    assert ask("tgkill", os.getpid()) == ALLOW
    assert ask("tgkill", os.getppid()) == EPERM
    assert ask("prlimit64", 0) == ask("prlimit64", os.getpid()) == ALLOW
    assert ask("prlimit64", 1) == EPERM


@MACHINES
def test_tools_start_programs_and_have_no_sockets(machine: Machine) -> None:
    ask = Judge(WorkerKind.TOOL, machine)
    assert ask("execve") == ask("clone", 0x1200011) == ALLOW
    assert ask("clone", 0x40000000) == EPERM  # a network namespace of its own
    assert {name for name in syscalls.NETWORK if ask(name) != EPERM} == set()
    assert ask("socket", socket.AF_INET) == ask("socket", socket.AF_UNIX) == EPERM
    assert ask("ptrace") == ask("unshare") == ask("bpf") == EPERM


@MACHINES
def test_keys_have_local_sockets_only_in_air_gap_mode(machine: Machine) -> None:
    ask = Judge(WorkerKind.KEY, machine)
    assert ask("socket", socket.AF_UNIX) == ask("connect") == ask("execve") == ALLOW
    for family in (socket.AF_INET, socket.AF_INET6, socket.AF_PACKET, socket.AF_VSOCK):
        assert ask("socket", family) == EPERM
    assert Judge(WorkerKind.KEY, machine, network=True)("socket", socket.AF_INET) == ALLOW
    assert ask("ptrace") == ask("process_vm_readv") == ask("keyctl") == EPERM


@MACHINES
@pytest.mark.parametrize("kind", list(WorkerKind))
def test_what_is_newer_than_the_table_does_not_exist(kind: WorkerKind, machine: Machine) -> None:
    ask = Judge(kind, machine)
    assert ask.of_number(NEWEST + 1) == ENOSYS
    assert ask.of_number(X32_BIT - 1) == ENOSYS


@MACHINES
@pytest.mark.parametrize("kind", list(WorkerKind))
def test_another_architecture_kills(kind: WorkerKind, machine: Machine) -> None:
    code = compile_filter(filter_of(kind, network=False), machine)
    for architecture in (0x40000003, *ARCHITECTURES.values()):  # i386 and the two
        if architecture != ARCHITECTURES[machine]:
            assert judge(code, 0, architecture=architecture) == KILL


@pytest.mark.parametrize("kind", list(WorkerKind))
def test_x32_calls_kill(kind: WorkerKind) -> None:
    ask = Judge(kind, Machine.X86_64)
    for call in (X32_BIT, X32_BIT | 59, 0xFFFFFFFF):
        assert ask.of_number(call) == KILL


@settings(max_examples=50)
@given(st.sampled_from(Machine), st.frozensets(st.sampled_from(sorted(syscalls.KERNEL))))
def test_exactly_the_refused_are_refused(machine: Machine, refused: frozenset[str]) -> None:
    code = compile_filter(Filter(refused), machine)
    for name in syscalls.KERNEL:
        call = number(name, machine)
        if call is not None:
            verdict = judge(code, call, architecture=ARCHITECTURES[machine])
            assert verdict == (EPERM if name in refused else ALLOW)


@MACHINES
def test_no_two_calls_share_a_number(machine: Machine) -> None:
    numbers = [number(name, machine) for name in syscalls._ALL]
    known = [each for each in numbers if each is not None]
    assert len(known) == len(set(known))
    assert max(known) <= NEWEST
