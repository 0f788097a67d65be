"""Formats in words and pictures: the same on every page."""

from __future__ import annotations

from signstation.gui.words import tr, trn

ICONS = {"rpm": "package", "kmod": "module", "text": "file-text", "blob": "file"}
"""Icons of formats; others show a file."""

_WORDS = {
    "rpm": ("RPM package", "RPM packages"),
    "kmod": ("Kernel module", "Kernel modules"),
    "text": ("Text signed in the clear", "Texts signed in the clear"),
    "blob": ("Other file", "Other files"),
}
COVERS = (
    ("rpm", "OpenPGP, in the package's header"),
    ("kmod", "CMS, appended to the module"),
    ("blob", "OpenPGP, CMS or SSH, beside the file"),
)
"""What can be signed, and where its signature goes, for the first step."""


def kind_icon(format_id: str) -> str:
    """Return the icon of a format."""
    return ICONS.get(format_id, "file")


def kind_words(format_id: str, count: int) -> str:
    """Return "1 RPM package", "12 kernel modules" and the like without the number."""
    one, many = _WORDS.get(format_id, (format_id, format_id))
    return trn(one, many, count)


def kind_title(format_id: str) -> str:
    """Return the plural as a title."""
    return tr(_WORDS.get(format_id, (format_id, format_id))[1])
