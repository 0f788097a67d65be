"""Keys that a client trusts for packages and that are too weak, or that it cannot read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from signstation.acceptance.facts import MAX_EVIDENCE, FactFile, Finding, Risk, unreadable
from signstation.codec.armor import ArmorKind, dearmor, is_armored
from signstation.codec.openpgp_keys import public_keys
from signstation.errors import ArtifactMalformed, LimitReached

KEYRINGS = re.compile(
    r"/etc/apt/trusted\.gpg(\.d/[^/]+\.(gpg|asc))?"
    r"|/(etc/apt|usr/share)/keyrings/[^/]+\.(gpg|asc)|/etc/pki/rpm-gpg/[^/]+"
)
NAMED = re.compile(r"/(etc/apt|usr/share)/keyrings/")
"""Where a keyring counts only when a source names it."""
SOURCES = re.compile(r"/etc/apt/sources\.list")
LEAST_RSA = 2048
"""Fewest bits of RSA that apt with sqv, and Fedora's policies, take."""
_RSA = re.compile(r"RSA-([0-9]+)")


def check_keys(files: Sequence[FactFile]) -> Iterator[Finding]:
    """Yield the weak keys of every keyring that is used: for all, by rpm, or as a Signed-By."""
    sources = [each.content for each in files if SOURCES.match(each.path)]
    for file in files:
        if not KEYRINGS.fullmatch(file.path) or not file.content:
            continue
        if NAMED.match(file.path) and not any(file.path.encode() in each for each in sources):
            continue
        try:
            found = [each for block in _blocks(file.content) for each in public_keys(block)]
        except (ArtifactMalformed, LimitReached) as error:
            yield unreadable(file, f"no keyring: {error.code}")
            continue
        weak = [f"{each.title} {each.fingerprint}" for each in found if _weak(each.title)]
        if weak:
            yield Finding(
                "keys.weak",
                Risk.MEDIUM,
                file.path,
                0,
                ", ".join(weak)[:MAX_EVIDENCE],
                "Keys in this file are too weak: Debian 13 and later refuse what they sign.",
                "Get newer keys from whoever signs, and remove these.",
            )


def _weak(title: str) -> bool:
    bits = _RSA.search(title)
    return title.startswith("DSA") or (bits is not None and int(bits[1]) < LEAST_RSA)


def _blocks(content: bytes) -> tuple[bytes, ...]:
    if not is_armored(content):
        return (content,)
    return tuple(each.data for each in dearmor(content) if each.kind is ArmorKind.PUBLIC_KEY)
