"""The few system calls that Python has no name for: prctl, capset and raw syscall, by libc."""

from __future__ import annotations

import ctypes
import os
import platform
from enum import Enum

PR_SET_PDEATHSIG = 1  # include/uapi/linux/prctl.h, as all of these
PR_GET_DUMPABLE = 3
PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38

_CAPABILITY_VERSION_3 = 0x20080522  # include/uapi/linux/capability.h

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


class Machine(Enum):
    """Architectures whose system call numbers are known here; the value is ``uname -m``."""

    X86_64 = "x86_64"
    AARCH64 = "aarch64"


def machine() -> Machine | None:
    """Return this machine's architecture, None for one that is not in the tables."""
    try:
        return Machine(platform.machine())
    except ValueError:
        return None


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def prctl(option: int, value: int = 0) -> int:
    """Control this process (man 2 prctl); unused arguments are zero, as the kernel insists."""
    zero = ctypes.c_ulong(0)
    return _checked(_libc.prctl(ctypes.c_int(option), ctypes.c_ulong(value), zero, zero, zero))


def syscall(number: int, *arguments: int | ctypes.Array[ctypes.c_char] | None) -> int:
    """Make a raw system call. Raises OSError; integers travel as C long, buffers by address."""
    converted = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return _checked(_libc.syscall(ctypes.c_long(number), *converted))


def drop_capabilities() -> None:
    """Give up every capability, for good together with no_new_privs (capabilities(7))."""
    header = ctypes.create_string_buffer(_CAPABILITY_VERSION_3.to_bytes(4, "little") + bytes(4), 8)
    nothing = ctypes.create_string_buffer(24)  # two struct __user_cap_data_struct of zeros
    _checked(_libc.capset(header, nothing))
