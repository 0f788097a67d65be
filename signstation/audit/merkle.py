"""The Merkle tree of RFC 6962 section 2.1: hashes, tree heads, inclusion and consistency proofs.

Hashes are 32 bytes of SHA-256. Proofs are verified as RFC 9162 sections 2.1.3.2 and 2.1.4.2 say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

HASH_SIZE = 32
MAX_PROOF = 64
"""Most hashes of a proof: a tree of 2^64 leaves is no deeper."""

_LEAF = b"\x00"
_NODE = b"\x01"


def leaf_hash(record: bytes) -> bytes:
    """Return the hash of a record as a leaf."""
    return hashlib.sha256(_LEAF + record).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return hashlib.sha256(_NODE + left + right).digest()


class Tree:
    """A tree that only grows. Keeps one hash per leaf and inner node: 64 bytes a record."""

    __slots__ = ("_levels",)

    def __init__(self) -> None:
        """Start empty."""
        # level n holds the hashes of all whole subtrees of 2^n leaves
        self._levels: list[list[bytes]] = [[]]

    @property
    def size(self) -> int:
        """Number of leaves."""
        return len(self._levels[0])

    def append(self, leaf: bytes) -> None:
        """Add the hash of a leaf."""
        level, found = 0, leaf
        while True:
            row = self._levels[level]
            row.append(found)
            if len(row) % 2:
                return
            found = node_hash(row[-2], row[-1])
            level += 1
            if level == len(self._levels):
                self._levels.append([])

    def root(self, size: int | None = None) -> bytes:
        """Return the tree head of the first ``size`` leaves (of all for None).

        Raises ValueError where there are fewer.
        """
        count = self.size if size is None else size
        if not 0 <= count <= self.size:
            raise ValueError(f"no {count} leaves")
        return self._range(0, count) if count else hashlib.sha256().digest()

    def inclusion(self, index: int, size: int) -> tuple[bytes, ...]:
        """Return the audit path of a leaf in the tree of ``size`` leaves (RFC 6962 2.1.1).

        Raises ValueError where the leaf is not in that tree.
        """
        if not 0 <= index < size <= self.size:
            raise ValueError("the leaf is not in that tree")
        path: list[bytes] = []
        start, end = 0, size
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                path.append(self._range(middle, end))
                end = middle
            else:
                path.append(self._range(start, middle))
                start = middle
        return tuple(reversed(path))

    def consistency(self, first: int, size: int) -> tuple[bytes, ...]:
        """Return the proof that the first ``first`` leaves begin the tree of ``size`` (2.1.2).

        Raises ValueError unless 0 < first <= size <= the tree's own size.
        """
        if not 0 < first <= size <= self.size:
            raise ValueError("no such pair of trees")
        path: list[bytes] = []
        start, end, whole = 0, size, True
        while first != end:
            middle = start + _split(end - start)
            if first <= middle:
                path.append(self._range(middle, end))
                end = middle
            else:
                path.append(self._range(start, middle))
                start, whole = middle, False
        if not whole:
            path.append(self._range(start, end))
        return tuple(reversed(path))

    def _range(self, start: int, end: int) -> bytes:
        """Return the hash of the subtree over these leaves; ``start`` is one that RFC 6962 has."""
        count = end - start
        level = count.bit_length() - 1
        if count == 1 << level:
            return self._levels[level][start >> level]
        middle = start + _split(count)
        return node_hash(self._range(start, middle), self._range(middle, end))


def root_from_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """Return the tree head that an audit path leads to (RFC 9162 2.1.3.2).

    Raises ValueError where the path has not the length that index and size need.
    """
    if not 0 <= index < size:
        raise ValueError("the index is outside the tree")
    node, last, found = index, size - 1, leaf
    for each in path:
        if last == 0:
            raise ValueError("the path is too long")
        if node & 1 or node == last:
            found = node_hash(each, found)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            found = node_hash(found, each)
        node >>= 1
        last >>= 1
    if last:
        raise ValueError("the path is too short")
    return found


def roots_from_consistency(
    first: int, size: int, first_root: bytes, path: Sequence[bytes]
) -> tuple[bytes, bytes]:
    """Return both tree heads that a consistency proof leads to (RFC 9162 2.1.4.2).

    They are to be compared with the heads that are claimed. Raises ValueError for a malformed one.
    """
    if not 0 < first <= size:
        raise ValueError("no such pair of trees")
    if first == size:
        if path:
            raise ValueError("the path is too long")
        return first_root, first_root
    hashes = list(path)
    if first & (first - 1) == 0:
        hashes.insert(0, first_root)
    if not hashes:
        raise ValueError("the path is empty")
    node, last = first - 1, size - 1
    while node & 1:
        node >>= 1
        last >>= 1
    old = new = hashes[0]
    for each in hashes[1:]:
        if last == 0:
            raise ValueError("the path is too long")
        if node & 1 or node == last:
            old, new = node_hash(each, old), node_hash(each, new)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            new = node_hash(new, each)
        node >>= 1
        last >>= 1
    if last:
        raise ValueError("the path is too short")
    return old, new


def _split(count: int) -> int:
    """Return the largest power of two smaller than ``count`` (at least 2)."""
    return 1 << ((count - 1).bit_length() - 1)
