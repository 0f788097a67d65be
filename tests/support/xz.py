"""xz streams with a dictionary of any size, without the memory that an encoder would take."""

from __future__ import annotations

import struct
import zlib

from signstation.codec.compression import pack
from signstation.model.asks import Compression

_FLAGS, _SIZE, _CHECK = 12, 16, 20
"""Offsets in a stream of ``pack``: block header, its byte for the dictionary, its CRC32."""


def with_dictionary(content: bytes, mebibytes: int) -> bytes:
    """Compress, and say that a dictionary of ``mebibytes`` (a power of two) is needed."""
    packed = bytearray(pack(content, Compression.XZ))
    # xz-file-format 1.1.0 section 5.3.1: even values are powers of two from 4 KiB on
    packed[_SIZE] = 2 * ((mebibytes << 20).bit_length() - 1 - 12)
    packed[_CHECK : _CHECK + 4] = struct.pack("<I", zlib.crc32(packed[_FLAGS:_CHECK]))
    return bytes(packed)
