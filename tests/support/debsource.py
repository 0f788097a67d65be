"""Small Debian source packages and uploads: a tarball, .dsc, .buildinfo and .changes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from signstation.codec.debsource import parse_description
from signstation.model.members import FoundMember, MemberState, Surroundings

TARBALL = "hello_1.0.tar.gz"
DSC = "hello_1.0.dsc"
BUILDINFO = "hello_1.0_source.buildinfo"
CHANGES = "hello_1.0_source.changes"
_SHA = ("sha1", "sha256")


def _lists(files: Mapping[str, bytes], first: str, before: str = "") -> str:
    lines = [f"{first}:"]
    lines += [
        f" {hashlib.md5(content, usedforsecurity=False).hexdigest()} {len(content)} {before}{name}"
        for name, content in files.items()
    ]
    for each in _SHA:
        lines.append(f"Checksums-{each.capitalize()}:")
        lines += [
            f" {hashlib.new(each, content).hexdigest()} {len(content)} {name}"
            for name, content in files.items()
        ]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Source:
    """What a build left: unsigned descriptions, and the bytes of each file by name."""

    tarball: bytes = b"not really a tarball"
    built: bytes = b""  # the .dsc, where dpkg-source made it

    @property
    def dsc(self) -> bytes:
        """The source package."""
        if self.built:
            return self.built
        head = (
            "Format: 3.0 (native)\nSource: hello\nBinary: hello\nArchitecture: all\n"
            "Version: 1.0\nMaintainer: A <a@example.org>\nStandards-Version: 4.6.2\n"
            "Package-List:\n hello deb misc optional arch=all\n"
        )
        rest = _lists({TARBALL: self.tarball}, "Files")
        return (head + rest).encode()

    @property
    def buildinfo(self) -> bytes:
        """The record of the build."""
        head = "Format: 1.0\nSource: hello\nArchitecture: source\nVersion: 1.0\n"
        rest = _lists({DSC: self.dsc}, "Checksums-Md5")
        tail = (
            "Build-Origin: Debian\nBuild-Architecture: amd64\nInstalled-Build-Depends:\n a (= 1)\n"
        )
        return (head + rest + tail).encode()

    @property
    def changes(self) -> bytes:
        """The upload."""
        head = (
            "Format: 1.8\nDate: Sun, 01 Jan 2023 00:00:00 +0000\nSource: hello\n"
            "Architecture: source\nVersion: 1.0\nDistribution: unstable\nUrgency: medium\n"
            "Maintainer: A <a@example.org>\nChanged-By: A <a@example.org>\n"
            "Changes:\n hello (1.0) unstable; urgency=medium\n .\n   * First.\n"
        )
        named = {DSC: self.dsc, TARBALL: self.tarball, BUILDINFO: self.buildinfo}
        return (head + _lists(named, "Files", "misc optional ")).encode()

    def files(self) -> dict[str, bytes]:
        """Every file by name."""
        return {
            TARBALL: self.tarball,
            DSC: self.dsc,
            BUILDINFO: self.buildinfo,
            CHANGES: self.changes,
        }

    def write(self, directory: Path) -> Path:
        """Write them; return the .changes."""
        for name, content in self.files().items():
            (directory / name).write_bytes(content)
        return directory / CHANGES


def around(description: bytes, files: Mapping[str, bytes]) -> Surroundings:
    """What the station finds beside an unsigned description where these files lie."""
    members = []
    for each in parse_description(description).files:
        content = files.get(each.place)
        state = MemberState.MISSING if content is None else MemberState.READ
        for algorithm in each.digests if each.place else ():
            digest = hashlib.new(algorithm.value, content or b"").digest() if content else b""
            members.append(FoundMember(each.place, algorithm, state, digest, len(content or b"")))
    return Surroundings(tuple(members))
