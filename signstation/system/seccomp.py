"""System call filters: a policy as data, compiled to classic BPF and installed for all threads."""

from __future__ import annotations

import ctypes
import errno
import struct
from dataclasses import dataclass
from enum import Enum

from signstation.system.linux import Machine, syscall
from signstation.system.syscalls import NEWEST, X32_BIT, number

_SET_MODE_FILTER = 1  # include/uapi/linux/seccomp.h
_FLAG_TSYNC = 1
_KILL_PROCESS = 0x80000000
_ERRNO = 0x00050000
_ALLOW = 0x7FFF0000

_LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS; include/uapi/linux/bpf_common.h
_JUMP_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_JUMP_GREATER = 0x25  # BPF_JMP | BPF_JGT | BPF_K
_JUMP_AT_LEAST = 0x35  # BPF_JMP | BPF_JGE | BPF_K
_JUMP_ANY_BIT = 0x45  # BPF_JMP | BPF_JSET | BPF_K
_RETURN = 0x06  # BPF_RET | BPF_K

_AT_NUMBER = 0  # struct seccomp_data
_AT_ARCHITECTURE = 4
_AT_ARGUMENTS = 16

_ARCHITECTURES = {Machine.X86_64: 0xC000003E, Machine.AARCH64: 0xC00000B7}  # linux/audit.h
_SECCOMP = {Machine.X86_64: 317, Machine.AARCH64: 277}

_INSTRUCTION = struct.Struct("=HBBI")  # struct sock_filter


class Test(Enum):
    """What an argument must satisfy for the call to go through."""

    HAS_BITS = "has-bits"  # at least one of the bits
    NO_BITS = "no-bits"
    EQUALS = "equals"


@dataclass(frozen=True, slots=True)
class Rule:
    """One call judged by the low 32 bits of one argument; several rules of a call are alternatives.

    A call that fits none of its rules is refused with EPERM.
    """

    call: str
    argument: int
    test: Test
    value: int


@dataclass(frozen=True, slots=True)
class Filter:
    """Calls refused with EPERM, calls answered with ENOSYS, and calls judged by an argument."""

    refused: frozenset[str]
    absent: frozenset[str] = frozenset()
    rules: tuple[Rule, ...] = ()


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return _INSTRUCTION.pack(code, if_true, if_false, value)


_DENY = _instruction(_RETURN, _ERRNO | errno.EPERM)
_ABSENT = _instruction(_RETURN, _ERRNO | errno.ENOSYS)


def _judge(rules: list[Rule]) -> bytes:
    """Return the code for one call's alternatives; falls to EPERM. The number is not kept."""
    code = b""
    for rule in rules:
        code += _instruction(_LOAD, _AT_ARGUMENTS + 8 * rule.argument)
        match rule.test:
            case Test.EQUALS:
                code += _instruction(_JUMP_EQUAL, rule.value, 0, 1)
            case Test.HAS_BITS:
                code += _instruction(_JUMP_ANY_BIT, rule.value, 0, 1)
            case Test.NO_BITS:
                code += _instruction(_JUMP_ANY_BIT, rule.value, 1, 0)
        code += _instruction(_RETURN, _ALLOW)
    return code + _DENY


def compile_filter(policy: Filter, machine: Machine) -> bytes:
    """Return the BPF program. Another architecture's and x32 calls kill the process.

    Every test jumps at most over its own few instructions, so no jump exceeds the 8 bits it has.
    """
    code = _instruction(_LOAD, _AT_ARCHITECTURE)
    code += _instruction(_JUMP_EQUAL, _ARCHITECTURES[machine], 1, 0)
    code += _instruction(_RETURN, _KILL_PROCESS)
    code += _instruction(_LOAD, _AT_NUMBER)
    if machine is Machine.X86_64:
        code += _instruction(_JUMP_AT_LEAST, X32_BIT, 0, 1) + _instruction(_RETURN, _KILL_PROCESS)
    code += _instruction(_JUMP_GREATER, NEWEST, 0, 1) + _ABSENT
    judged: dict[str, list[Rule]] = {}
    for rule in policy.rules:
        judged.setdefault(rule.call, []).append(rule)
    bodies = [(name, _judge(rules)) for name, rules in judged.items()]
    bodies += [(name, _ABSENT) for name in sorted(policy.absent)]
    bodies += [(name, _DENY) for name in sorted(policy.refused - judged.keys())]
    for name, body in bodies:
        value = number(name, machine)
        if value is not None:
            skip = len(body) // _INSTRUCTION.size
            code += _instruction(_JUMP_EQUAL, value, 0, skip) + body
    return code + _instruction(_RETURN, _ALLOW)


def install(policy: Filter, machine: Machine) -> None:
    """Install the filter for every thread of this process; needs no_new_privs. Raises OSError."""
    code = compile_filter(policy, machine)
    program = ctypes.create_string_buffer(code, len(code))
    head = struct.pack("@HP", len(code) // _INSTRUCTION.size, ctypes.addressof(program))
    syscall(
        _SECCOMP[machine],
        _SET_MODE_FILTER,
        _FLAG_TSYNC,
        ctypes.create_string_buffer(head, len(head)),
    )
