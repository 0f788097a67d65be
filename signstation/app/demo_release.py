"""A small release to practise on: kernel modules, a source tarball and the parts of an RPM.

Everything is made on the spot, so that the demonstration needs no file of anybody else. The
modules are well-formed and have no code; no kernel would load them for lack of a matching vermagic.
"""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
from dataclasses import dataclass
from pathlib import Path

NAME = "hello"
VERSION = "1.0"

_ELF64_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_ET_REL, _EM_X86_64 = 1, 62
_PROGBITS, _STRTAB, _ALLOC = 1, 3, 2


@dataclass(frozen=True, slots=True)
class ElfSection:
    """A section of the object file: name, sh_type, sh_flags, content."""

    name: str
    type: int
    flags: int
    content: bytes


def elf_object(sections: tuple[ElfSection, ...]) -> bytes:
    """Return a little-endian 64-bit ET_REL file (System V ABI, chapter 4) with the sections."""
    names = bytearray(b"\0")
    places: list[tuple[int, int]] = []
    body = bytearray()
    table = ElfSection(".shstrtab", _STRTAB, 0, b"")
    for each in (*sections, table):
        name_at = len(names)
        names += each.name.encode() + b"\0"
        body += bytes(-len(body) % 8)
        places.append((name_at, _ELF64_HEADER.size + len(body)))
        body += bytes(names) if each is table else each.content
    body += bytes(-len(body) % 8)
    headers = bytearray(_SECTION.size)
    for each, (name_at, offset) in zip((*sections, table), places, strict=True):
        size = len(names) if each is table else len(each.content)
        headers += _SECTION.pack(name_at, each.type, each.flags, 0, offset, size, 0, 0, 8, 0)
    identity = b"\x7fELF\x02\x01\x01" + bytes(9)
    count = len(sections) + 2
    header = _ELF64_HEADER.pack(
        identity, _ET_REL, _EM_X86_64, 1, 0, 0, _ELF64_HEADER.size + len(body), 0,
        _ELF64_HEADER.size, 0, 0, _SECTION.size, count, count - 1,
    )  # fmt: skip
    return header + bytes(body) + bytes(headers)


def kernel_module(name: str, description: str, size: int = 60_000) -> bytes:
    """Return a kernel module of about ``size`` bytes that ``modinfo`` reads."""
    info = (
        ("license", "GPL"), ("description", description), ("author", "signstation demo"),
        ("alias", f"demo:{name}"), ("depends", ""), ("retpoline", "Y"), ("name", name),
        ("vermagic", "0.0.0-signstation-demo SMP mod_unload"),
    )  # fmt: skip
    modinfo = b"".join(f"{key}={value}\0".encode() for key, value in info)
    return elf_object(
        (
            ElfSection(".text", _PROGBITS, _ALLOC | 4, bytes(size)),
            ElfSection(".modinfo", _PROGBITS, _ALLOC, modinfo),
        )
    )


def tarball(time: int) -> bytes:
    """Return ``hello-1.0.tar.gz``: a README and a script. ``time`` is Unix seconds."""
    members = {
        "README": b"A greeting, to practise signing with.\n",
        "hello": b"#!/bin/sh\necho 'Hello, signed world.'\n",
    }
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(f"{NAME}-{VERSION}/{name}")
            member.size, member.mtime, member.mode = len(content), time, 0o755
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(raw.getvalue(), mtime=time)


SPEC = f"""\
Name: {NAME}
Version: {VERSION}
Release: 1
Summary: A greeting, to practise signing with
License: Apache-2.0
BuildArch: noarch
Source0: {NAME}-{VERSION}.tar.gz

%description
Made by signstation demo.

%prep
%setup -q

%install
install -D -m 755 hello %{{buildroot}}/usr/bin/hello

%post
echo "hello is here"

%files
/usr/bin/hello
"""
"""The package that rpmbuild makes of the tarball: with a scriptlet, so that there is one to see."""


def write_release(directory: Path, time: int) -> tuple[Path, ...]:
    """Write modules and tarball into an existing directory; return their paths."""
    files = {
        f"{NAME}-{VERSION}.tar.gz": tarball(time),
        "hello.ko": kernel_module("hello", "Greets on load"),
        "hello_sensor.ko": kernel_module("hello_sensor", "Measures greetings"),
        "hello_net.ko": kernel_module("hello_net", "Greets over the wire"),
    }
    paths = []
    for name, content in files.items():
        path = directory / name
        path.write_bytes(content)
        paths.append(path)
    return tuple(paths)
