"""Where signatures go in an RPM package: which tag for which slot, and the new signature header.

Tag 268 holds an RSA and tag 267 any other signature over the header, one each: what RPM 4 reads.
Tag 278 holds any number: what RPM 6 reads first. A package that states no digest of its payload in
the header (RPM before 4.14 built it) gets tag 1002 or 1005 instead, over header and payload: each
slot makes one signature, and one over the header alone would leave the payload open.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from signstation.codec.openpgp_packets import PublicKeyAlgorithm
from signstation.codec.rpmfile import Header, Package
from signstation.codec.rpmtags import SignatureTag
from signstation.codec.rpmwrite import (
    Item,
    binary,
    items_of,
    padded,
    signature_header,
    string_array,
)
from signstation.errors import AlreadySigned, SchemeUnsupported, UsageError
from signstation.formats.rpm_read import SIGNATURE_TAGS, Target, is_rpm6, payload_is_signed
from signstation.model.keys import Mechanism, Slot
from signstation.model.options import Choice, Existing, Field, FieldKind, Options
from signstation.model.text import Text, text


class Style(Enum):
    """Values of the option ``signatures``."""

    AUTO = "auto"
    HEADER = "header"
    RPM6 = "rpm6"


STYLE_FIELD = Field(
    "signatures",
    Text("Kind of signatures"),
    FieldKind.CHOICE,
    Style.AUTO.value,
    (
        Choice(
            Style.AUTO.value, Text("What the package's version and the number of keys call for")
        ),
        Choice(Style.HEADER.value, Text("Header signatures, which RPM 4 and RPM 6 read")),
        Choice(Style.RPM6.value, Text("RPM 6 signatures, and one for RPM 4 in its packages")),
    ),
)

_RPM4_ALGORITHMS = frozenset(
    {PublicKeyAlgorithm.RSA, PublicKeyAlgorithm.ECDSA, PublicKeyAlgorithm.EDDSA_LEGACY}
)
_RESERVES = (SignatureTag.RESERVED, SignatureTag.RESERVED_SPACE)
"""Where there is room for signatures: in packages of version 6, and of version 4."""
_REPLACED = frozenset({*SIGNATURE_TAGS, SignatureTag.PGP5})
"""What goes when signatures are replaced: deleteSigs() of rpmsign. File signatures stay."""
_SINGLE = {
    Target.HEADER: (SignatureTag.RSA, SignatureTag.DSA),
    Target.WHOLE: (SignatureTag.PGP, SignatureTag.GPG),
}
"""Tags that hold one packet: for RSA keys, and for all others (putSignature() of rpmsign)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the one signature of a slot goes: a tag of its own, tag 278, or both."""

    slot: int
    target: Target
    tag: SignatureTag | None = None
    multiple: bool = False


def is_signed(package: Package) -> bool:
    """Whether there is anything that rpm takes for a signature."""
    return any(tag in package.signature for tag in _REPLACED)


def places(package: Package, slots: Sequence[Slot], options: Options) -> tuple[Place, ...]:
    """Decide where each slot's signature goes.

    Raises AlreadySigned where it may not replace what is there, UsageError where the signatures do
    not fit into the tags, SchemeUnsupported for a key that no tag is for.
    """
    chosen = dict(options)
    existing, style = Existing(chosen["existing"]), Style(chosen["signatures"])
    if existing is Existing.REFUSE and is_signed(package):
        raise AlreadySigned
    target = Target.HEADER if payload_is_signed(package) else Target.WHOLE
    kept = existing is Existing.KEEP
    taken = kept and any(tag in package.signature for tag in _SINGLE[target])
    if is_rpm6(package):
        return _multiple(slots, None if taken or style is not Style.HEADER else slots[0])
    one = style is Style.AUTO and len(slots) == 1 and _rpm4_reads(slots[0]) and not taken
    if target is Target.HEADER and style is not Style.HEADER and not one:
        readable = (each for each in slots if _rpm4_reads(each))
        return _multiple(slots, None if taken else next(readable, None))
    if taken:
        raise AlreadySigned
    return _singles(slots, target)


def _multiple(slots: Sequence[Slot], single: Slot | None) -> tuple[Place, ...]:
    """All in tag 278, and one besides where RPM 4 looks: as ``rpmsign --rpmv6`` of RPM 6."""
    target = Target.HEADER
    return tuple(
        Place(number, target, _tag(slot, target) if slot is single else None, multiple=True)
        for number, slot in enumerate(slots)
    )


def _singles(slots: Sequence[Slot], target: Target) -> tuple[Place, ...]:
    found = tuple(Place(number, target, _tag(slot, target)) for number, slot in enumerate(slots))
    if len({each.tag for each in found}) != len(found):
        reason = "there is room for one signature by an RSA key and one by another"
        raise UsageError(reason=reason)
    return found


def cautions(slots: Sequence[Slot], options: Options) -> tuple[Text, ...]:
    """Say which key's signature makes RPM 4.18 and older refuse a package of version 4.

    These look at the header signatures: all that are wanted as such, else the first that fits.
    """
    shown = [each for each in slots if _rpm4_reads(each)]
    if dict(options)["signatures"] != Style.HEADER.value:
        shown = shown[:1]
    return tuple(
        text(
            "RPM 4.18 and older refuse packages with an ECDSA signature: {key}.",
            key=str(each.signer.key),
        )
        for each in shown
        if each.signer.openpgp and each.signer.openpgp.algorithm == PublicKeyAlgorithm.ECDSA
    )


def _rpm4_reads(slot: Slot) -> bool:
    """Whether a tag of its own can hold it: putSignature() in sign/rpmgensig.cc."""
    profile = slot.signer.openpgp
    return profile is not None and profile.algorithm in _RPM4_ALGORITHMS


def _tag(slot: Slot, target: Target) -> SignatureTag:
    if not _rpm4_reads(slot):
        raise SchemeUnsupported(key=str(slot.signer.key), scheme=slot.scheme.value)
    rsa, others = _SINGLE[target]
    return rsa if slot.scheme.mechanism is Mechanism.RSA_PKCS1 else others


def write(
    signature: Header, chosen: Sequence[Place], packets: Sequence[bytes], options: Options
) -> bytes:
    """Return the new signature header with its padding, as long as the old one where it can be.

    ``packets`` are in the order of ``chosen``. Freed bytes go back to the reserved space. Where the
    reserve is missing or too small the header becomes longer, as with rpmsign. Raises LimitReached.
    """
    made = tuple(zip(chosen, packets, strict=True))
    keep = Existing(dict(options)["existing"]) is Existing.KEEP
    kept = [each for each in items_of(signature) if keep or each.tag not in _REPLACED]
    added = [binary(place.tag, packet) for place, packet in made if place.tag is not None]
    if several := [base64.b64encode(packet) for place, packet in made if place.multiple]:
        before = signature.strings(SignatureTag.OPENPGP) if keep else ()
        added.append(string_array(SignatureTag.OPENPGP, (*before, *several)))
    new = {each.tag for each in added}
    return _with_reserve(signature, [each for each in kept if each.tag not in new] + added)


def _with_reserve(old: Header, items: Sequence[Item]) -> bytes:
    tag = next((each for each in _RESERVES if each in old), None)
    if tag is None:
        return padded(signature_header(items))
    others = [each for each in items if each.tag != tag]
    without = len(signature_header([*others, binary(tag, b"\0")])) - 1
    room = len(old.raw) - without
    reserve = room if room > 0 else old.count(tag)
    return padded(signature_header([*others, binary(tag, bytes(reserve))]))
