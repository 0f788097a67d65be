"""Small APT repositories for tests: an index, its compressed form, and a Release file."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path

PACKAGES = b"Package: hello\nVersion: 1\nArchitecture: all\nMaintainer: a <a@example.org>\n\n"


@dataclass(frozen=True, slots=True)
class Repository:
    """What to write. ``date`` and ``until`` are Unix seconds; ``more`` are further fields."""

    date: int
    until: int | None = None
    indexes: Mapping[str, bytes] = field(
        default_factory=lambda: {
            "main/binary-all/Packages": PACKAGES,
            "main/binary-all/Packages.gz": gzip.compress(PACKAGES, mtime=0),
        }
    )
    hashes: tuple[str, ...] = ("MD5Sum", "SHA256")
    more: Mapping[str, str] = field(default_factory=dict)

    def release(self) -> bytes:
        """The Release file."""
        lines = ["Origin: Example", "Label: Example", "Suite: stable", "Codename: test"]
        lines.append(f"Date: {_date(self.date)}")
        if self.until is not None:
            lines.append(f"Valid-Until: {_date(self.until)}")
        lines += ["Architectures: all amd64", "Components: main"]
        lines += [f"{name}: {value}" for name, value in self.more.items()]
        for name in self.hashes:
            lines.append(f"{name}:")
            algorithm = name.lower().replace("sum", "")
            for path, content in self.indexes.items():
                digest = hashlib.new(algorithm, content).hexdigest()
                lines.append(f" {digest} {len(content):>8} {path}")
        return ("\n".join(lines) + "\n").encode()

    def write(self, directory: Path) -> Path:
        """Write dists/stable below ``directory``; return the Release file."""
        top = directory / "dists" / "stable"
        for path, content in self.indexes.items():
            (top / path).parent.mkdir(parents=True, exist_ok=True)
            (top / path).write_bytes(content)
        (top / "Release").write_bytes(self.release())
        return top / "Release"


def _date(moment: int) -> str:
    return formatdate(moment, usegmt=True).replace("GMT", "UTC")
