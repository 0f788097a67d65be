"""The one way in which untrusted text becomes text that is shown.

Control, bidirectional, zero-width and undecodable characters become visible escapes, so that a
name can neither move the cursor, reorder the line nor hide a part of itself.
"""

from __future__ import annotations

import unicodedata

from signstation.model.text import Text

MAX_SHOWN = 4096
"""Most characters of one value that are shown; the rest is counted."""

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_INVISIBLE = frozenset("\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u3164\uffa0\ufe0f\u034f")


_LAST_BYTE = 0xFF
_LAST_BASIC = 0xFFFF
_DECIMAL_STEP = 1000


def _escape(character: str) -> str:
    number = ord(character)
    if number <= _LAST_BYTE:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= _LAST_BASIC else f"\\U{number:08x}"


def _visible(character: str) -> bool:
    if character in _INVISIBLE:
        return False
    category = unicodedata.category(character)
    return category not in _HIDDEN and (category != "Zs" or character in " \u00a0")


def show(value: str, *, limit: int = MAX_SHOWN) -> str:
    """Return ``value`` on one line with everything hidden made visible.

    A backslash stays as it is: the result is for reading, not for parsing back. Longer values end
    in "… (+N characters)".
    """
    shown = value if len(value) <= limit else value[:limit]
    if not shown.isascii() or not shown.isprintable():
        shown = "".join(each if _visible(each) else _escape(each) for each in shown)
    rest = len(value) - limit
    return shown if rest <= 0 else f"{shown}… (+{rest} characters)"


def show_block(value: str, *, limit: int = MAX_SHOWN * 4) -> str:
    """As ``show``, but line feeds stay: for scriptlets and excerpts."""
    return "\n".join(show(line, limit=limit) for line in value[:limit].split("\n"))


def sentence(value: Text) -> str:
    """Return a Text as an English sentence with its values escaped."""
    if not value.values:
        return value.template
    return value.template.format_map({name: show(each) for name, each in value.values})


def groups(hexadecimal: str, size: int = 4) -> str:
    """Return hexadecimal digits in groups, as people compare them; SSH's are not in groups."""
    if hexadecimal.startswith("SHA256:"):
        return hexadecimal
    return " ".join(hexadecimal[i : i + size] for i in range(0, len(hexadecimal), size))


def human_size(count: int) -> str:
    """Return a size in decimal units with at most one decimal: ``60.2 kB``, ``1.4 GB``."""
    value, units = float(count), ("bytes", "kB", "MB", "GB", "TB", "PB")
    for unit in units[:-1]:
        if value < _DECIMAL_STEP:
            return f"{count} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= _DECIMAL_STEP
    return f"{value:.1f} {units[-1]}"
