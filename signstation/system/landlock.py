"""Landlock: this process and its children see and change only the named parts of file systems.

Numbers and structures: include/uapi/linux/landlock.h; versions: Documentation/userspace-api.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable
from pathlib import Path

from signstation.system.linux import syscall

_CREATE, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_GET_VERSION = 1
_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE = 1 << 14
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_VERSION_1 = (1 << 13) - 1
_SINCE = ((2, 1 << 13), (3, _TRUNCATE))  # refer, truncate
_READING = _EXECUTE | _READ_FILE | _READ_DIR

_TCP = (1 << 0) | (1 << 1)  # bind and connect, from version 4
_SCOPES = (1 << 0) | (1 << 1)  # abstract Unix sockets and signals, from version 6
_NETWORK_VERSION, _SCOPE_VERSION = 4, 6


def version() -> int:
    """Return the kernel's Landlock version. Raises OSError where there is none or it is off."""
    return syscall(_CREATE, None, 0, _GET_VERSION)


def _rights(known: int) -> int:
    return _VERSION_1 | sum(right for since, right in _SINCE if known >= since)


def _attributes(known: int, file_rights: int) -> bytes:
    fields = [file_rights]
    if known >= _NETWORK_VERSION:
        fields.append(_TCP)
    if known >= _SCOPE_VERSION:
        fields.append(_SCOPES)
    return struct.pack(f"={len(fields)}Q", *fields)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return  # nothing there to be allowed
    try:
        _allow_open(ruleset, descriptor, rights)
    finally:
        os.close(descriptor)


def _allow_open(ruleset: int, descriptor: int, rights: int) -> None:
    if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
        rights &= _OF_FILES
    rule = struct.pack("=Qi", rights, descriptor)  # packed in the kernel's header too
    syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.create_string_buffer(rule, len(rule)), 0)


def restrict(
    readable: Iterable[Path] | None,
    writable: Iterable[Path] = (),
    files: Iterable[int] = (),
) -> int:
    """Restrict this thread and its children for good; needs no_new_privs.

    ``readable`` None leaves reading and executing as they are. ``files`` are open files that may be
    opened again by path (/proc/self/fd). Paths that do not exist are left out. TCP, abstract
    sockets and signals to others are refused where the kernel can. Returns the version used; raises
    OSError.
    """
    known = version()
    rights = _rights(known)
    handled = rights if readable is not None else rights & ~_READING
    packed = _attributes(known, handled)
    ruleset = syscall(_CREATE, ctypes.create_string_buffer(packed, len(packed)), len(packed), 0)
    try:
        for path in readable or ():
            _allow(ruleset, path, _READING & handled)
        for path in writable:
            _allow(ruleset, path, handled)
        for descriptor in files:
            _allow_open(ruleset, descriptor, _READ_FILE & handled)
        syscall(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    return known
