"""Kernel modules as read by the format: content, appended signatures, ELF and .modinfo."""

from __future__ import annotations

import lzma
import zlib
from dataclasses import dataclass

from signstation.codec import elf, kmod
from signstation.codec.elf import Elf
from signstation.codec.kmod import Appended
from signstation.errors import ArtifactMalformed, CompressedModule, SignstationError
from signstation.interfaces.artifact import Artifact, Source

PEEK = 1024 * 1024
"""Most bytes that are decompressed, or read to do so, to recognise a compressed module."""
XZ_MEMORY = 80 * 1024 * 1024
"""Most memory of the xz decoder in bytes: its largest preset has a dictionary of 64 MiB."""
SURE = 95
PROBABLE = 60
"""Scores of ``recognise``: an ELF file with .modinfo; a compressed one that looks like it."""

_MAGICS = {
    b"\xfd7zXZ\x00": "xz",
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
}
_WITHIN_GZIP = 31
"""zlib: a window of 32 KiB (15) in a gzip wrapper (16)."""


@dataclass(frozen=True, slots=True)
class Module:
    """A kernel module: the first ``content`` bytes are the module itself."""

    content: int
    signatures: tuple[Appended, ...]  # from the outermost inwards: the kernel sees only the first
    elf: Elf
    info: tuple[tuple[str, str], ...]

    def values(self, key: str) -> tuple[str, ...]:
        """Return all values of a .modinfo key; untrusted text."""
        return tuple(value for name, value in self.info if name == key)

    def value(self, key: str) -> str:
        """Return the first value of a .modinfo key, empty where there is none."""
        return next(iter(self.values(key)), "")


def compression(source: Source) -> str | None:
    """Name the compression that a file's first bytes announce, None for none."""
    head = source.read(0, 6)
    return next((name for magic, name in _MAGICS.items() if head.startswith(magic)), None)


def read_module(artifact: Artifact) -> Module:
    """Read a module. Raises ArtifactMalformed and CompressedModule."""
    if found := compression(artifact):
        raise CompressedModule(compression=found)
    signatures = kmod.signatures(artifact.read, artifact.size)
    content = signatures[-1].content if signatures else artifact.size
    headers, info = read_elf(artifact, content)
    return Module(content, signatures, headers, info)


def read_elf(artifact: Source, content: int) -> tuple[Elf, tuple[tuple[str, str], ...]]:
    """Read the headers and .modinfo of the first ``content`` bytes. Raises ArtifactMalformed."""
    headers = elf.parse(artifact.read, content)
    if headers.type != elf.RELOCATABLE:
        raise ArtifactMalformed(
            format=kmod.NAME, offset=16, expected="a relocatable ELF file", found=str(headers.type)
        )
    return headers, elf.modinfo(artifact.read, headers)


def recognise(source: Source) -> int:
    """Score by content: ELF with .modinfo, or xz and gzip that begin like one.

    The standard library has no zstd: such a file is taken for a blob unless it is named a module.
    """
    try:
        found = compression(source)
        if found is None:
            read_elf(source, source.size)
            return SURE
        start = _decompressed(source.read(0, PEEK), found)
        relocatable = start[:4] == elf.MAGIC and start[16:18] in {b"\1\0", b"\0\1"}
    except (SignstationError, lzma.LZMAError, zlib.error, EOFError):
        return 0
    # .modinfo lies behind the code: large modules do not show it within the peek
    return PROBABLE if relocatable and (b"vermagic=" in start or len(start) == PEEK) else 0


def _decompressed(data: bytes, found: str) -> bytes:
    if found == "xz":
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY).decompress(data, PEEK)
    if found == "gzip":
        return zlib.decompressobj(_WITHIN_GZIP).decompress(data, PEEK)
    return b""
