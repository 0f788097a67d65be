"""The signature appended to a kernel module: where the content ends, what the trailer says.

``content || CMS || struct module_signature (12 bytes) || marker``: include/linux/module_signature.h
and kernel/module_signature.c. The kernel looks at the end of the file only.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import NoReturn

from signstation.codec import cms
from signstation.errors import ArtifactMalformed

NAME = "kmod"
MARKER = b"~Module signature appended~\n"
"""MODULE_SIG_STRING."""
_TRAILER = struct.Struct(">5B3xI")
"""algo, hash, id_type, signer_len, key_id_len, 3 bytes of padding, sig_len (big-endian)."""
TAIL = _TRAILER.size + len(MARKER)
"""Bytes behind the CMS."""
MAX_NESTED = 16
"""Most signatures on top of one another: sign-file nests one for each careless call."""

Read = Callable[[int, int], bytes]
"""``read(offset, length)``: fewer bytes only at the end of the file."""


class IdType(IntEnum):
    """enum pkey_id_type; the kernel has taken only PKCS#7 since 4.3."""

    PGP = 0
    X509 = 1
    PKCS7 = 2


@dataclass(frozen=True, slots=True)
class Appended:
    """One appended signature. ``content`` bytes of the file come before it and are signed."""

    content: int
    signature: bytes
    id_type: int
    exact: bool  # the fields that mod_check_sig() wants to be zero are zero

    @property
    def end(self) -> int:
        """Offset behind the marker."""
        return self.content + len(self.signature) + TAIL


def signature_before(read: Read, end: int) -> Appended | None:
    """Read the signature that ends at offset ``end`` of a file, None where there is no marker.

    Raises ArtifactMalformed where the trailer contradicts the file.
    """
    start = end - TAIL
    tail = read(max(start, 0), min(end, TAIL))
    if not tail.endswith(MARKER):
        return None
    if start < 0:
        _fail(0, f"{TAIL} bytes of trailer", f"{end} bytes")
    raw = tail[: _TRAILER.size]
    _, _, id_type, _, _, length = _TRAILER.unpack(raw)
    # mod_check_sig(): the signature must be shorter than what is left of the file
    limit = min(cms.MAX_SIZE, start - 1)
    if not 0 < length <= limit:
        _fail(start + 8, f"a signature of 1 to {limit} bytes", f"{length} bytes")
    exact = raw == _TRAILER.pack(0, 0, id_type, 0, 0, length)
    content = start - length
    return Appended(content, read(content, length), id_type, exact)


def signatures(read: Read, size: int) -> tuple[Appended, ...]:
    """Read all signatures from the end of a file inwards: the first is the one that counts.

    Raises ArtifactMalformed, also for more than MAX_NESTED.
    """
    found: list[Appended] = []
    end = size
    while each := signature_before(read, end):
        if len(found) == MAX_NESTED:
            _fail(end, f"at most {MAX_NESTED} signatures", "more")
        found.append(each)
        end = each.content
    return tuple(found)


def _fail(offset: int, expected: str, found: str) -> NoReturn:
    raise ArtifactMalformed(format=NAME, offset=offset, expected=expected, found=found)


def append(signature: bytes) -> bytes:
    """Build what goes behind the content: CMS, trailer and marker."""
    return signature + _TRAILER.pack(0, 0, IdType.PKCS7, 0, 0, len(signature)) + MARKER
