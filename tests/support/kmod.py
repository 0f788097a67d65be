"""Kernel modules for tests: a tiny ELF writer, drivers of the format, the kernel's sign-file."""

from __future__ import annotations

import os
import struct
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from signstation.formats.kmod import FORMAT
from signstation.model.hashes import HashAlgorithm
from signstation.model.outputs import Patched
from signstation.system.artifact import FileArtifact
from signstation.worker.context import StepContext
from tests.support.x509 import NOW, Identity, answer, slot

INFO = (
    ("license", "GPL"),
    ("description", "A module that does nothing"),
    ("author", "Nobody"),
    ("alias", "pci:v00001234d*"),
    ("parm", "count:How many (int)"),
    ("depends", "crc7,led-class"),
    ("intree", "Y"),
    ("name", "nothing"),
    ("vermagic", "6.1.0-56-amd64 SMP preempt mod_unload modversions "),
)
"""What .modinfo of a small module says."""


@dataclass(frozen=True)
class Layout:
    """How an ELF file is written."""

    wide: bool = True
    little: bool = True
    type: int = 1
    machine: int = 62
    extra: tuple[tuple[str, bytes], ...] = ()  # more sections


def module(
    info: Sequence[tuple[str, str]] = INFO, layout: Layout | None = None, code: bytes = b"\xc3" * 64
) -> bytes:
    """Write a relocatable ELF file with .text and .modinfo."""
    layout = layout or Layout()
    strings = b"".join(f"{key}={value}".encode() + b"\0" for key, value in info)
    sections = [("", b""), (".text", code), (".modinfo", strings), *layout.extra]
    sections.append((".shstrtab", b""))
    names = b"".join(name.encode() + b"\0" for name, _ in sections)
    sections[-1] = (".shstrtab", names)
    return _assemble(layout, sections)


def _assemble(layout: Layout, sections: Sequence[tuple[str, bytes]]) -> bytes:
    order = "<" if layout.little else ">"
    header_size = 64 if layout.wide else 52
    form = order + ("IIQQQQIIQQ" if layout.wide else "IIIIIIIIII")
    body = bytearray()
    headers = bytearray()
    name_at = 0
    for name, content in sections:
        kind = 0 if not name else 3 if name == ".shstrtab" else 1
        offset = header_size + len(body)
        headers += struct.pack(form, name_at, kind, 0, 0, offset, len(content), 0, 0, 1, 0)
        body += content
        name_at += len(name) + 1
    body += bytes(-len(body) % 8)
    fields = order + ("HHIQQQIHHHHHH" if layout.wide else "HHIIIIIHHHHHH")
    identification = bytes((0x7F, 0x45, 0x4C, 0x46, 1 + layout.wide, 2 - layout.little, 1))
    header = identification.ljust(16, b"\0") + struct.pack(
        fields,
        layout.type,
        layout.machine,
        1,
        0,
        0,
        header_size + len(body),
        0,
        header_size,
        0,
        0,
        struct.calcsize(form),
        len(sections),
        len(sections) - 1,
    )
    return header + bytes(body) + bytes(headers)


def artifact_of(path: Path, content: bytes | None = None) -> FileArtifact:
    """Open a file as an artifact, writing it first where ``content`` is given."""
    if content is not None:
        path.write_bytes(content)
    return FileArtifact(os.open(path, os.O_RDONLY | os.O_CLOEXEC), owned=True)


def sign(
    content: bytes,
    owner: Identity,
    directory: Path,
    hash_algorithm: HashAlgorithm = HashAlgorithm.SHA256,
    options: Mapping[str, str] | None = None,
) -> bytes:
    """Sign with the format as the runner does, recheck, and return the signed module."""
    chosen = {"certificate": "auto", "existing": "replace", **(options or {})}
    resolved = tuple(sorted(chosen.items()))
    slots = (slot(owner, hash_algorithm),)
    with artifact_of(directory / "unsigned.ko", content) as artifact:
        ctx = StepContext(time=NOW)
        signing = FORMAT.sign(artifact, slots, resolved, ctx)
        batch = next(signing)
        try:
            signing.send(tuple(answer(owner, ask) for ask in batch))
        except StopIteration as stop:
            outputs = stop.value
        else:
            raise AssertionError("a second round")
        (output,) = outputs
        signed = apply(content, output)
        with artifact_of(directory / "signed.ko", signed) as staged:
            FORMAT.recheck(artifact, (staged,), slots, resolved, StepContext(time=NOW))
    return signed


def apply(content: bytes, output: Patched) -> bytes:
    """Apply patches as the stager does."""
    result = bytearray(content)
    for patch in reversed(output.patches):
        result[patch.offset : patch.offset + patch.old_length] = patch.new
    return bytes(result)


def sign_file() -> Path:
    """Find the kernel's own sign-file (package linux-kbuild-*); its absence is a failure."""
    found = sorted(Path("/usr/lib").glob("linux-kbuild-*/scripts/sign-file"))
    assert found, "sign-file is missing: install linux-kbuild-*"
    return found[-1]


def sign_with_sign_file(
    content: bytes, owner: Identity, directory: Path, hash_name: str, *options: str
) -> bytes:
    """Sign with the kernel's tool."""
    key, certificate, target = (directory / name for name in ("k.pem", "c.pem", "by-tool.ko"))
    key.write_bytes(owner.key_pem())
    certificate.write_bytes(owner.certificate_pem())
    target.write_bytes(content)
    command = [str(sign_file()), *options, hash_name, str(key), str(certificate), str(target)]
    subprocess.run(command, check=True, capture_output=True)
    return target.read_bytes()
