"""Small RPM repositories for tests, made in plain Python."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import zstandard

from tests.support.rpm import Recipe, build

PACKERS: Mapping[str, Callable[[bytes], bytes]] = {
    "gz": lambda data: gzip.compress(data, mtime=0),
    "xz": lzma.compress,
    "zst": zstandard.ZstdCompressor().compress,
    "bz2": bz2.compress,
    "": bytes,
}
"""Compressions of indexes by the end of their names."""


def package(name: str = "twin") -> bytes:
    """A small package."""
    return build(Recipe(name=name.encode()))


def listed(stem: str, content: bytes, **changes: str) -> str:
    """An entry of primary.xml; ``changes`` go before what is true."""
    stated = {
        "name": stem,
        "epoch": "0",
        "version": "1.0",
        "href": f"{stem}.rpm",
        "base": "",
        "algorithm": "sha256",
        "digest": hashlib.sha256(content).hexdigest(),
        "size": str(len(content)),
        **changes,
    }
    base = f" xml:base={quoteattr(stated['base'])}" if stated["base"] else ""
    return (
        f'<package type="rpm"><name>{escape(stated["name"])}</name><arch>noarch</arch>'
        f'<version epoch="{stated["epoch"]}" ver="{stated["version"]}" rel="1"/>'
        f'<checksum type="{stated["algorithm"]}" pkgid="YES">{stated["digest"]}</checksum>'
        f'<size package="{stated["size"]}" installed="1" archive="1"/>'
        f"<location href={quoteattr(stated['href'])}{base}/></package>"
    )


def primary(entries: Sequence[str]) -> bytes:
    """The list of packages."""
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<metadata xmlns="x" xmlns:rpm="y" packages='
    return f'{head}"{len(entries)}">\n{"".join(entries)}</metadata>\n'.encode()


def data(kind: str, suffix: str, content: bytes, packed: bytes, **changes: str) -> str:
    """An entry of repomd.xml."""
    stated = {
        "href": f"repodata/{kind}.xml{suffix}",
        "algorithm": "sha256",
        "digest": hashlib.sha256(packed).hexdigest(),
        "size": str(len(packed)),
        "inside": hashlib.sha256(content).hexdigest(),
        "open_size": str(len(content)),
        **changes,
    }
    return (
        f'<data type="{kind}"><checksum type="{stated["algorithm"]}">{stated["digest"]}</checksum>'
        f'<open-checksum type="sha256">{stated["inside"]}</open-checksum>'
        f"<location href={quoteattr(stated['href'])}/><timestamp>1600000000</timestamp>"
        f"<size>{stated['size']}</size><open-size>{stated['open_size']}</open-size></data>"
    )


def repomd(entries: Sequence[str]) -> bytes:
    """The index of indexes."""
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<repomd xmlns="x">\n<revision>7</revision>\n'
    return f"{head}{''.join(entries)}\n</repomd>\n".encode()


@dataclass(frozen=True, slots=True)
class RpmRepository:
    """What to write: packages by name, changes of their entries and of that of the index."""

    packages: Mapping[str, bytes] = field(default_factory=lambda: {"twin": package()})
    packing: str = "gz"
    entry: Mapping[str, str] = field(default_factory=dict)
    index: Mapping[str, str] = field(default_factory=dict)

    def write(self, root: Path) -> Path:
        """Write it; return repomd.xml."""
        (root / "repodata").mkdir(parents=True)
        for name, content in self.packages.items():
            (root / f"{name}.rpm").write_bytes(content)
        content = primary(
            [listed(name, each, **self.entry) for name, each in self.packages.items()]
        )
        suffix = f".{self.packing}" if self.packing else ""
        packed = PACKERS[self.packing](content)
        (root / f"repodata/primary.xml{suffix}").write_bytes(packed)
        path = root / "repodata/repomd.xml"
        path.write_bytes(repomd([data("primary", suffix, content, packed, **self.index)]))
        return path
