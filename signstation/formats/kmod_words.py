"""What inspection and verification both say of compressed kernel modules."""

from __future__ import annotations

from typing import assert_never

from signstation.codec.compression import Obstacle
from signstation.model.text import Text

GZIP = Text(
    "Where kmod was built without zlib, as Debian's, a module in gzip is refused with misleading "
    "words: “Key was rejected by service”."
)


def refused_form(obstacle: Obstacle) -> Text:
    """Say what the kernel's own decompressor does not take; kmod takes all of it."""
    match obstacle:
        case Obstacle.XZ_CHECK:
            return Text(
                "The kernel's own decompressor refuses it: its xz stream has another check than "
                "CRC32. Where kmod decompresses, it loads."
            )
        case Obstacle.XZ_FILTER:
            return Text(
                "The kernel's own decompressor may refuse it: its xz stream has a filter for "
                "machine code. Where kmod decompresses, it loads."
            )
        case Obstacle.GZIP_HEADER:
            return Text(
                "The kernel's own decompressor refuses it: its gzip header has more than a name. "
                "Where kmod decompresses, it loads."
            )
    assert_never(obstacle)
