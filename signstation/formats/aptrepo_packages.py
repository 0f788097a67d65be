"""Which packages the indexes of a repository name: what a signature of the Release file covers."""

from __future__ import annotations

from collections.abc import Iterator

from signstation.codec.aptpackages import Packaged, read_packages
from signstation.codec.aptrelease import COMPRESSED, Index
from signstation.codec.compression import MAGIC, announced, unpack
from signstation.errors import ArtifactMalformed, LimitReached
from signstation.interfaces.artifact import Artifact
from signstation.interfaces.context import Context
from signstation.model.hashes import HashAlgorithm
from signstation.model.members import OpenedMember, OpenedState, StatedFile

PACKAGES = "Packages"
DISTRIBUTIONS = "dists"
"""The directory of Release files; packages are named from the one above it."""
PIECE = 1024 * 1024
_PREFERRED = (".xz", ".gz", ".zst", "")
"""Forms of an index that are opened, the one that most archives have first."""


def packages_root(name: str) -> str:
    """Return the directory that packages are named from: above dists, else the file's own."""
    above = name.split("/")[:-1]
    if DISTRIBUTIONS in above:
        above = above[: above.index(DISTRIBUTIONS)]
    return "".join(f"{each}/" for each in above)


def opened(indexes: tuple[Index, ...]) -> frozenset[str]:
    """Return the paths of indexes that name packages, one form of each."""
    forms: dict[str, list[Index]] = {}
    for each in indexes:
        if each.stem.rpartition("/")[2] == PACKAGES:
            forms.setdefault(each.stem, []).append(each)
    return frozenset(min(found, key=_rank).path for found in forms.values())


def _rank(index: Index) -> int:
    suffix = index.path.removeprefix(index.stem)
    return _PREFERRED.index(suffix) if suffix in _PREFERRED else len(COMPRESSED)


def open_member(place: str, member: Artifact, ctx: Context) -> OpenedMember:
    """Read one index; the station compares what it states."""
    try:
        files = tuple(map(_stated, read_packages(_unpacked(member, ctx))))
    except (ArtifactMalformed, LimitReached) as error:
        return OpenedMember(place, OpenedState.UNREADABLE, str(error))
    return OpenedMember(place, OpenedState.SAME, "", files)


def _unpacked(member: Artifact, ctx: Context) -> Iterator[bytes]:
    pieces = _pieces(member, ctx)
    compression = announced(member.read(0, MAGIC))
    return pieces if compression is None else unpack(pieces, compression)


def _pieces(member: Artifact, ctx: Context) -> Iterator[bytes]:
    for offset in range(0, member.size, PIECE):
        ctx.checkpoint(offset)
        yield member.read(offset, PIECE)


def _stated(each: Packaged) -> StatedFile:
    parts = each.filename.removeprefix("./").split("/")
    good = all(part not in {"", ".", ".."} for part in parts)
    algorithm = HashAlgorithm.SHA256 if each.sha256 else None
    place = "/".join(parts) if good else ""
    outside = "" if good else each.filename
    return StatedFile(place, each.size, algorithm, each.sha256, (), outside)
