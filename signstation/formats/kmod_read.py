"""Kernel modules as read by the format: content, appended signatures, ELF and .modinfo."""

from __future__ import annotations

from dataclasses import dataclass

from signstation.codec import compression, elf, kmod
from signstation.codec.elf import Elf
from signstation.codec.kmod import Appended
from signstation.errors import ArtifactMalformed, SignstationError
from signstation.formats.kmod_open import compression_of
from signstation.interfaces.artifact import Artifact, Source

PEEK = 1024 * 1024
"""Most bytes that are decompressed, or read to do so, to recognise a compressed module."""
SURE = 95
PROBABLE = 60
"""Scores of ``recognise``: an ELF file with .modinfo; a compressed one that looks like it."""


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


def read_module(module: Artifact) -> Module:
    """Read a module that is not compressed. Raises ArtifactMalformed."""
    signatures = kmod.signatures(module.read, module.size)
    content = signatures[-1].content if signatures else module.size
    headers, info = read_elf(module, content)
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
    """Score by content: ELF with .modinfo, or a compressed stream that begins like one.

    One that is compressed twice is recognised too, so that it is refused with words.
    """
    try:
        found = compression_of(source)
        if found is None:
            read_elf(source, source.size)
            return SURE
        start = compression.beginning(source.read(0, PEEK), found, PEEK)
        if (within := compression.announced(start)) is not None:
            start = compression.beginning(start, within, PEEK)
    except SignstationError:
        return 0
    relocatable = start[:4] == elf.MAGIC and start[16:18] in {b"\1\0", b"\0\1"}
    # .modinfo lies behind the code: large modules do not show it within the peek
    cut = source.size > PEEK or len(start) == PEEK
    return PROBABLE if relocatable and (cut or b"vermagic=" in start) else 0
