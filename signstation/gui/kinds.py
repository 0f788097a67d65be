"""Formats, signature types and uses of keys in words and pictures: the same on every page."""

from __future__ import annotations

from signstation.gui.words import tr, trn
from signstation.model.keys import SignatureType
from signstation.reports.tables import SIGNATURES

ICONS = {
    "rpm": "package",
    "deb": "package",
    "debsource": "package",
    "kmod": "module",
    "text": "file-text",
    "checksums": "list",
    "aptrepo": "list",
    "rpmrepo": "list",
    "blob": "file",
}
"""Icons of formats; others show a file."""

_WORDS = {
    "rpm": ("RPM package", "RPM packages"),
    "deb": ("Debian package", "Debian packages"),
    "debsource": ("Debian source or upload", "Debian sources and uploads"),
    "kmod": ("Kernel module", "Kernel modules"),
    "checksums": ("List of checksums", "Lists of checksums"),
    "aptrepo": ("APT repository", "APT repositories"),
    "rpmrepo": ("RPM repository", "RPM repositories"),
    "text": ("Text signed in the clear", "Texts signed in the clear"),
    "blob": ("Other file", "Other files"),
}
PLACES = (
    ("package", "Signed inside", ("rpm", "deb", "kmod")),
    ("file", "Signed beside: OpenPGP, CMS, SSH", ("aptrepo", "rpmrepo", "checksums", "blob")),
)
"""What can be signed, by where its signature goes, for the first step: icon, place, formats."""

_USAGES = {
    "certify": "certify other keys",
    "sign": "sign",
    "encrypt": "encrypt",
    "authenticate": "log in",
    "code-signing": "sign code",
    "kernel-modules": "sign kernel modules only",
    "email-protection": "sign mail",
    "any": "anything",
}


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


def signature_words(kind: SignatureType) -> str:
    """Return what envelope a signature has."""
    return tr(SIGNATURES[kind])


def usage_words(usage: str) -> str:
    """Return what a key may be used to; a use that has no name here is shown as it is written."""
    return tr(_USAGES.get(usage, "{use}"), use=usage)
