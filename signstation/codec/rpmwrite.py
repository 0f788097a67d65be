"""Writes RPM signature headers as rpm does: sorted by tag, one region, padded with zeros."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from signstation.codec.rpmfile import (
    ALIGNMENT,
    ENTRY_SIZE,
    HEADER_MAGIC,
    MAX_SIGNATURE_STORE,
    MAX_SIGNATURE_TAGS,
    Header,
)
from signstation.codec.rpmtags import DataType, Region
from signstation.errors import LimitReached

_ENTRY = struct.Struct(">IIiI")


@dataclass(frozen=True, slots=True)
class Item:
    """One entry to write: ``data`` as it stands in the store, ``count`` elements of it."""

    tag: int
    type: DataType
    count: int
    data: bytes


def items_of(header: Header) -> tuple[Item, ...]:
    """Return what a header holds, to be written again."""
    return tuple(
        Item(each.tag, each.type, each.count, header.data(each)) for each in header.entries
    )


def binary(tag: int, data: bytes) -> Item:
    """Return an entry of plain bytes."""
    return Item(tag, DataType.BINARY, len(data), data)


def string_array(tag: int, values: Sequence[bytes]) -> Item:
    """Return an entry of strings; none may hold a zero byte."""
    return Item(tag, DataType.STRING_ARRAY, len(values), b"".join(each + b"\0" for each in values))


def signature_header(items: Sequence[Item]) -> bytes:
    """Return a signature header without padding: byte-identical to headerExport() of rpm.

    Raises LimitReached where rpm would refuse to read it.
    """
    ordered = sorted(items, key=lambda each: each.tag)
    tags = len(ordered) + 1
    if tags > MAX_SIGNATURE_TAGS:
        raise LimitReached(what="tags of a signature header", limit=MAX_SIGNATURE_TAGS)
    index, store = bytearray(), bytearray()
    for each in ordered:
        store += bytes(-len(store) % each.type.alignment)
        index += _ENTRY.pack(each.tag, each.type, len(store), each.count)
        store += each.data
    region = _ENTRY.pack(Region.SIGNATURES, DataType.BINARY, len(store), ENTRY_SIZE)
    store += _ENTRY.pack(Region.SIGNATURES, DataType.BINARY, -tags * ENTRY_SIZE, ENTRY_SIZE)
    if len(store) > MAX_SIGNATURE_STORE:
        raise LimitReached(what="bytes of a signature header", limit=MAX_SIGNATURE_STORE)
    return HEADER_MAGIC + struct.pack(">II", tags, len(store)) + region + index + store


def padded(header: bytes) -> bytes:
    """Return a signature header with the zeros that come before the main header."""
    return header + bytes(-len(header) % ALIGNMENT)
