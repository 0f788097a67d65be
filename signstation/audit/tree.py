"""The Merkle tree of RFC 6962 section 2.1, over SHA-256: root and inclusion proofs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

HASH_SIZE = 32
"""Bytes of a SHA-256."""


def leaf_hash(record: bytes) -> bytes:
    """Return the hash of a leaf: SHA-256(0x00 || record)."""
    return hashlib.sha256(b"\x00" + record).digest()


def root_hash(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes in order; that of no leaves is SHA-256 of nothing."""
    level = list(leaves)
    while len(level) > 1:
        level = _above(level)
    return level[0] if level else hashlib.sha256().digest()


def inclusion_path(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Return the path (RFC 6962 section 2.1.1) of the leaf at ``index``, from 0; bottom first."""
    return inclusion_paths(leaves, (index,))[0]


def inclusion_paths(
    leaves: Sequence[bytes], indices: Sequence[int]
) -> tuple[tuple[bytes, ...], ...]:
    """Return the paths of several leaves: the tree is built once, whatever their number."""
    paths: list[list[bytes]] = [[] for _ in indices]
    places = list(indices)
    level = list(leaves)
    while len(level) > 1:
        for path, place in zip(paths, places, strict=True):
            if place ^ 1 < len(level):
                path.append(level[place ^ 1])
        level, places = _above(level), [each >> 1 for each in places]
    return tuple(tuple(each) for each in paths)


def root_of_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root that a path leads to (RFC 9162 section 2.1.3.2).

    None where a path of this length does not belong to that place in a tree of that size.
    """
    if not 0 <= index < size:
        return None
    place, last, found = index, size - 1, leaf
    for each in path:
        if last == 0:
            return None
        if place & 1 or place == last:
            found = _node(each, found)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            found = _node(found, each)
        place, last = place >> 1, last >> 1
    return found if last == 0 else None


def _above(level: Sequence[bytes]) -> list[bytes]:
    """Return the next level; a last one without a partner goes up as it is."""
    above = [_node(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
    return [*above, level[-1]] if len(level) % 2 else above


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
