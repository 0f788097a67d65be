"""The OpenPGP certificates that a recipe hands out, read strictly and slimmed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from signstation.codec.armor import ArmorKind, armor, dearmor, is_armored
from signstation.codec.openpgp import SubpacketType
from signstation.codec.openpgp_certificates import TransferableKey, split_certificates
from signstation.codec.openpgp_packets import Tag
from signstation.errors import UsageError

MAX_KEYS = 16
"""Most certificates of one recipe: the key in use, the next one, and old ones for some years."""
_ADDRESS = re.compile(r"<([^<>]+)>\s*\Z")
_OLD_VERSION = 4
_SIGNS = 0x02
"""The key flag "may be used to sign data" (RFC 9580 section 5.2.3.29)."""


@dataclass(frozen=True, slots=True)
class Certificates:
    """At least one certificate, without other people's certifications and photo IDs."""

    keys: tuple[TransferableKey, ...]

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """Fingerprints of the primary keys, upper-case hexadecimal."""
        return tuple(each.primary.fingerprint for each in self.keys)

    @property
    def binary(self) -> bytes:
        """The keyring as gpgv and apt read it."""
        return b"".join(each.material for each in self.keys)

    @property
    def armored(self) -> bytes:
        """The same in one armored block with CRC-24, without which old clients refuse it."""
        return armor(ArmorKind.PUBLIC_KEY, self.binary)

    @property
    def notes(self) -> tuple[str, ...]:
        """What consumers will make of these keys, where it is not simply yes."""
        newer = [each for each in self.keys if each.primary.version != _OLD_VERSION]
        if not newer:
            return ()
        return (
            "A key of version 6 is read by Debian 13 and later, and by rpm 6; older clients refuse"
            " it, and those with gpgv refuse every other key of the same file too.",
        )


def read_certificates(contents: tuple[bytes, ...]) -> Certificates:
    """Read files with certificates, armored or binary, in order; a key that comes again is left.

    Raises UsageError where there is none or too many, ArtifactMalformed (private keys too) and
    LimitReached.
    """
    found: dict[str, TransferableKey] = {}
    for content in contents:
        blocks = [content]
        if is_armored(content):
            # A private block is given to the reader too, which says what it is.
            wanted = {ArmorKind.PUBLIC_KEY, ArmorKind.PRIVATE_KEY}
            blocks = [each.data for each in dearmor(content) if each.kind in wanted]
        for block in blocks:
            for key in split_certificates(block):
                found.setdefault(key.primary.fingerprint, key)
    if not found:
        raise UsageError(reason="there is no OpenPGP certificate in what was named")
    if len(found) > MAX_KEYS:
        raise UsageError(reason=f"{len(found)} certificates are too many: at most {MAX_KEYS}")
    return Certificates(tuple(found.values()))


def signs_by_subkey(key: TransferableKey) -> bool:
    """Whether a subkey is bound for signing: then the primary key is seldom what signs."""
    return any(
        flags.value[0] & _SIGNS
        for each in key.components
        if each.packet.tag == Tag.PUBLIC_SUBKEY
        for signature in each.signatures
        if (flags := signature.first(SubpacketType.KEY_FLAGS)) is not None and flags.value
    )


def addresses(key: TransferableKey) -> tuple[str, ...]:
    """Return the mail addresses of the user ids in order, those alone that stand in brackets."""
    found: dict[str, None] = {}
    for each in key.components:
        if each.packet.tag == Tag.USER_ID:
            named = _ADDRESS.search(each.packet.body.decode(errors="replace"))
            if named:
                found[named[1]] = None
    return tuple(found)
