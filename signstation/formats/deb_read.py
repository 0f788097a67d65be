"""Debian packages as read by the format: the three members that count, signatures, what is extra.

dpkg and debsig-verify ignore what follows ``data.tar``; here every member has to be explained.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from signstation.codec import ar
from signstation.codec.ar import Member, fail
from signstation.codec.openpgp import SignaturePacket, parse_signatures
from signstation.errors import ArtifactMalformed, LimitReached, SignstationError
from signstation.interfaces.artifact import Artifact, Source
from signstation.model.asks import Range
from signstation.model.text import Text, text

VERSION_MEMBER = "debian-binary"
VERSION = b"2.0\n"
"""What the first member holds: format 2.0, the only one since 1995 (deb(5))."""
SIGNATURE_PREFIX = "_gpg"
"""Names of members with signatures: this and the role (debsigs(1), dpkg-sig(1))."""
MAX_SIGNATURE = 64 * 1024
"""Most bytes of a member with a signature; the largest made with RSA-4096 has 3,000."""
MAX_CONTROL = 16 * 1024 * 1024
"""Most bytes of the control member, compressed: the largest of Debian has 1.5 MB."""
MAX_TAIL = 4 * 1024 * 1024
"""Most bytes behind ``data.tar`` that are rewritten: 64 signatures, all as large as may be."""
_CLEARSIGNED = b"-----BEGIN PGP SIGNED MESSAGE-----"


class Compression(Enum):
    """Suffix of a member's name, and so how its tar archive is compressed (deb(5))."""

    NONE = ""
    GZIP = ".gz"
    XZ = ".xz"
    ZSTD = ".zst"
    BZIP2 = ".bz2"
    LZMA = ".lzma"

    @property
    def title(self) -> str:
        """Name for people."""
        return self.value.removeprefix(".") or "none"


_CONTROL = frozenset({Compression.NONE, Compression.GZIP, Compression.XZ, Compression.ZSTD})
_MAGIC = {
    Compression.GZIP: b"\x1f\x8b",
    Compression.XZ: b"\xfd7zXZ\x00",
    Compression.ZSTD: b"\x28\xb5\x2f\xfd",
    Compression.BZIP2: b"BZh",
    Compression.LZMA: b"\x5d\x00\x00",
}


@dataclass(frozen=True, slots=True)
class Tar:
    """A member that is a tar archive, and how it is compressed."""

    member: Member
    compression: Compression


@dataclass(frozen=True, slots=True)
class Package:
    """The members of a package; ``tail`` is all that follows ``data.tar``, in order."""

    version: Member
    control: Tar
    data: Tar
    tail: tuple[Member, ...]
    size: int

    @property
    def covered(self) -> tuple[Range, ...]:
        """What a debsigs signature is over: the bytes of the three members, one after the other."""
        three = (self.version, self.control.member, self.data.member)
        return tuple(Range(each.start, each.size) for each in three)

    @property
    def signatures(self) -> tuple[Member, ...]:
        """Members with signatures."""
        return tuple(each for each in self.tail if each.name.startswith(SIGNATURE_PREFIX))

    @property
    def repeated(self) -> tuple[str, ...]:
        """Names that stand there more than once; dpkg takes one of them, others may another."""
        names = [self.version.name, self.control.member.name, self.data.member.name]
        counts = Counter([*names, *(each.name for each in self.tail)])
        twice = [name for name, count in counts.items() if count > 1]
        stems = Counter(each.split(".tar")[0] for each in counts if ".tar" in each)
        return tuple(dict.fromkeys([*twice, *(f"{n}.tar" for n, c in stems.items() if c > 1)]))

    @property
    def unknown(self) -> tuple[Member, ...]:
        """Members that are neither part of a package nor marked as to be ignored."""
        return tuple(each for each in self.tail if not each.name.startswith("_"))

    @property
    def ignored(self) -> tuple[Member, ...]:
        """Members that deb(5) lets everybody ignore and that are no signatures."""
        signatures = self.signatures
        return tuple(
            each for each in self.tail if each.name.startswith("_") and each not in signatures
        )


def recognise(source: Source) -> int:
    """How sure it is: an ar archive whose first member is ``debian-binary``."""
    try:
        start = source.read(0, len(ar.MAGIC) + ar.HEADER_SIZE)
    except SignstationError:
        return 0
    return 100 if start.startswith(ar.MAGIC + VERSION_MEMBER.encode()) else 0


def read(artifact: Artifact) -> Package:
    """Read the members. Raises ArtifactMalformed and LimitReached."""
    found = ar.members(artifact.read, artifact.size)
    if len(found) < 3:  # noqa: PLR2004 - the three of deb(5)
        fail(artifact.size, "the members debian-binary, control.tar and data.tar", "fewer")
    version, control, data, *tail = found
    if version.name != VERSION_MEMBER:
        fail(version.at, VERSION_MEMBER, version.name)
    if version.size != len(VERSION) or artifact.read(version.start, version.size) != VERSION:
        fail(version.start, "format 2.0", "another")
    return Package(
        version,
        _tar(artifact, control, "control", _CONTROL),
        _tar(artifact, data, "data", frozenset(Compression)),
        tuple(tail),
        artifact.size,
    )


def _tar(artifact: Artifact, member: Member, stem: str, allowed: frozenset[Compression]) -> Tar:
    suffixes = {f"{stem}.tar{each.value}": each for each in allowed}
    compression = suffixes.get(member.name)
    if compression is None:
        fail(member.at, f"{stem}.tar and a known compression", member.name)
    magic = _MAGIC.get(compression, b"")
    if artifact.read(member.start, len(magic)) != magic:
        fail(member.start, f"{compression.title} data", "something else")
    return Tar(member, compression)


# ---- signatures ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """One signature: the member's role, and its packet or, with dpkg-sig's form, its text."""

    role: str
    packet: SignaturePacket | None  # None for dpkg-sig's clear-signed list of digests
    document: bytes = b""  # that text with its signature

    @property
    def place(self) -> Text:
        """Where it is, for people."""
        return text("signature for the role {role}", role=self.role)


def signatures(artifact: Artifact, package: Package) -> tuple[Found, ...]:
    """Return the signatures; what cannot be read is one too, with its ``problem``."""
    return tuple(each for member in package.signatures for each in _signatures_of(artifact, member))


def _signatures_of(artifact: Artifact, member: Member) -> Iterator[Found]:
    role = member.name.removeprefix(SIGNATURE_PREFIX)
    if member.size > MAX_SIGNATURE:
        problem = f"more than {MAX_SIGNATURE} bytes"
        yield Found(role, SignaturePacket(b"", 0, problem=problem))
        return
    content = artifact.read(member.start, member.size)
    if content.lstrip().startswith(_CLEARSIGNED):
        yield Found(role, None, content)
        return
    try:
        packets = parse_signatures(content)
    except (ArtifactMalformed, LimitReached) as error:
        packets = (SignaturePacket(content, 0, problem=f"not OpenPGP ({error})"),)
    for packet in packets or (SignaturePacket(content, 0, problem="no OpenPGP packet"),):
        yield Found(role, packet)
