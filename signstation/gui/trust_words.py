"""Anchors in pictures and words: kinds, purposes, where one came from and when."""

from __future__ import annotations

from datetime import UTC, datetime

from signstation.app.keycases import GENERATED, IMPORTED
from signstation.gui.words import tr
from signstation.model.anchors import Anchor, AnchorKind
from signstation.model.trust import Origin, Purpose
from signstation.reports.words import show

_KINDS = {
    AnchorKind.OPENPGP: ("key", "OpenPGP certificate"),
    AnchorKind.AUTHORITY: ("anchor", "X.509 authority"),
    AnchorKind.CERTIFICATE: ("certificate", "X.509 certificate"),
    AnchorKind.SSH: ("key", "SSH key"),
    AnchorKind.SSH_AUTHORITY: ("anchor", "SSH authority"),
    AnchorKind.SSH_REVOCATIONS: ("x-circle", "List of revoked SSH keys"),
}
_MEANINGS = {
    AnchorKind.OPENPGP: "Trusts what its valid signing keys sign.",
    AnchorKind.AUTHORITY: "Trusts everybody to whom it gave a certificate.",
    AnchorKind.CERTIFICATE: "Trusts this one certificate and nobody else.",
    AnchorKind.SSH: "Trusts this one SSH key and nobody else.",
    AnchorKind.SSH_AUTHORITY: "Trusts everybody to whom it gave a certificate.",
    AnchorKind.SSH_REVOCATIONS: (
        "Trusts nobody: the keys and certificates that it names are refused."
    ),
}
PURPOSES = {
    Purpose.ANY: "anything",
    Purpose.FILES: "files",
    Purpose.PACKAGES: "packages",
    Purpose.KERNEL_MODULES: "kernel modules",
}
"""What an anchor is trusted for, after "trusted for"."""
_SOURCES = {GENERATED: "Generated on this station", IMPORTED: "Imported on this station"}
_SHORT = {GENERATED: "generated here", IMPORTED: "imported here"}


def kind_words(kind: AnchorKind) -> str:
    """Return what is pinned."""
    return tr(_KINDS[kind][1])


def kind_icon(kind: AnchorKind) -> str:
    """Return the icon of a kind."""
    return _KINDS[kind][0]


def meaning(kind: AnchorKind) -> str:
    """Return whom one trusts by trusting it."""
    return tr(_MEANINGS[kind])


def purposes_words(anchor: Anchor) -> str:
    """Return the purposes in one line; a list of revoked keys has none, it is always heeded."""
    if anchor.kind is AnchorKind.SSH_REVOCATIONS:
        return tr("nothing")
    return ", ".join(tr(PURPOSES[each]) for each in anchor.purposes)


def source_words(origin: Origin) -> str:
    """Return where it came from; a file's name in it is untrusted and escaped."""
    known = _SOURCES.get(origin.source)
    if known is not None:
        return tr(known)
    source = show(origin.source)
    return source[:1].upper() + source[1:]


def source_short(origin: Origin) -> str:
    """Return where it came from in a word or a file's name, for tables."""
    known = _SHORT.get(origin.source)
    if known is not None:
        return tr(known)
    return show(origin.source.removeprefix("file ").rpartition(", pinned by ")[0] or origin.source)


def since_words(origin: Origin) -> str:
    """Return since when it is trusted."""
    return tr("not pinned") if origin.since is None else day(origin.since)


def day(seconds: int) -> str:
    """Return Unix seconds as a day of UTC."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"


def short(identity: str) -> str:
    """Return the end of a fingerprint, for tables; never for comparing."""
    return f"… {identity[-8:-4]} {identity[-4:]}"
