"""Builds Debian packages for tests from deb(5), independent of ``signstation.codec``."""

from __future__ import annotations

import gzip
import io
import lzma
import tarfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import zstandard

CONTROL = """\
Package: hello
Version: 2.10-3
Architecture: amd64
Maintainer: Somebody <somebody@example.org>
Installed-Size: 12
Depends: libc6 (>= 2.34), bash
Section: devel
Priority: optional
Description: a package for tests
 with a second line
"""
_PACKERS: Mapping[str, Callable[[bytes], bytes]] = {
    "": lambda data: data,
    ".gz": lambda data: gzip.compress(data, mtime=0),
    ".xz": lzma.compress,
    ".zst": zstandard.compress,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of an archive."""

    name: str
    content: bytes = b""
    mode: int = 0o644
    kind: bytes = tarfile.REGTYPE
    link: str = ""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to build; ``more`` are members behind ``data.tar``."""

    control: str = CONTROL
    scripts: Mapping[str, str] = field(default_factory=lambda: {"postinst": "#!/bin/sh\ntrue\n"})
    files: Sequence[Entry] = (
        Entry("./usr/", mode=0o755, kind=tarfile.DIRTYPE),
        Entry("./usr/hello", b"hello\n" * 50),
    )
    packed: str = ".xz"
    more: Sequence[tuple[str, bytes]] = ()


def tar(entries: Sequence[Entry]) -> bytes:
    """An uncompressed archive."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for each in entries:
            info = tarfile.TarInfo(each.name)
            info.size, info.mode, info.type = len(each.content), each.mode, each.kind
            info.linkname, info.uname, info.gname = each.link, "root", "root"
            archive.addfile(info, io.BytesIO(each.content))
    return out.getvalue()


def member(name: str, content: bytes, slash: str = "") -> bytes:
    """One member of the ar archive."""
    head = f"{name + slash:<16}{1700000000:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n"
    return head.encode() + content + b"\n" * (len(content) % 2)


def parts(recipe: Recipe = Recipe()) -> list[tuple[str, bytes]]:
    """The members, by name."""
    scripts = [Entry(f"./{name}", text.encode(), 0o755) for name, text in recipe.scripts.items()]
    control = tar([Entry("./control", recipe.control.encode()), *scripts])
    pack = _PACKERS[recipe.packed]
    return [
        ("debian-binary", b"2.0\n"),
        (f"control.tar{recipe.packed}", pack(control)),
        (f"data.tar{recipe.packed}", pack(tar(recipe.files))),
        *recipe.more,
    ]


def archive(members: Sequence[tuple[str, bytes]]) -> bytes:
    """An ar archive of members."""
    return b"!<arch>\n" + b"".join(member(name, content) for name, content in members)


def build(recipe: Recipe = Recipe()) -> bytes:
    """A package."""
    return archive(parts(recipe))


def spans(content: bytes) -> dict[str, range]:
    """Where the bytes of each member stand."""
    found: dict[str, range] = {}
    at = 8
    while at < len(content):
        name = content[at : at + 16].decode().rstrip()
        size = int(content[at + 48 : at + 58])
        found[name] = range(at + 60, at + 60 + size)
        at += 60 + size + size % 2
    return found
