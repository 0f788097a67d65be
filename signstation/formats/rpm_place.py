"""Where signatures go in an RPM package: which tag for which slot, and the new signature header.

Tag 268 holds an RSA and tag 267 any other signature over the header, one each: what RPM 4 reads.
Tag 278 holds any number: what RPM 6 reads first. A package that says nothing of its payload in
the header gets tag 1002 or 1005 too, over header and payload, as rpmsign does.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
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
from signstation.formats.rpm_read import SIGNATURE_TAGS, is_rpm6, payload_is_signed
from signstation.model.keys import Mechanism, Slot
from signstation.model.options import Choice, Existing, Field, FieldKind, Options
from signstation.model.text import Text


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

_HEADER_TAGS = (SignatureTag.RSA, SignatureTag.DSA)
_RPM4_ALGORITHMS = frozenset(
    {PublicKeyAlgorithm.RSA, PublicKeyAlgorithm.ECDSA, PublicKeyAlgorithm.EDDSA_LEGACY}
)
_RESERVES = (SignatureTag.RESERVED, SignatureTag.RESERVED_SPACE)
"""Where there is room for signatures: in packages of version 6, and of version 4."""
_REPLACED = frozenset({*SIGNATURE_TAGS, SignatureTag.PGP5})
"""What goes when signatures are replaced: deleteSigs() of rpmsign. File signatures stay."""


@dataclass(frozen=True, slots=True)
class Place:
    """What is made with one slot: the tags that get its signature over the header, or over all."""

    slot: int
    header: SignatureTag | None = None
    multiple: bool = False
    whole: SignatureTag | None = None


def is_signed(package: Package) -> bool:
    """Whether there is anything that rpm takes for a signature."""
    return any(tag in package.signature for tag in _REPLACED)


def places(package: Package, slots: Sequence[Slot], options: Options) -> tuple[Place, ...]:
    """Decide where each slot's signature goes.

    Raises AlreadySigned where it may not replace what is there, UsageError where the signatures do
    not fit into the tags.
    """
    chosen = dict(options)
    existing, style = Existing(chosen["existing"]), Style(chosen["signatures"])
    if existing is Existing.REFUSE and is_signed(package):
        raise AlreadySigned
    kept = existing is Existing.KEEP
    taken = kept and any(tag in package.signature for tag in _HEADER_TAGS)
    if is_rpm6(package):
        compatible = style is Style.HEADER and not taken
        return _multiple(slots, header=slots[0] if compatible else None)
    one = style is Style.AUTO and len(slots) == 1 and _rpm4_reads(slots[0]) and not taken
    if style is not Style.HEADER and not one:
        readable = (each for each in slots if _rpm4_reads(each))
        return _multiple(slots, header=None if taken else next(readable, None), package=package)
    if taken:
        raise AlreadySigned
    return _header_only(package, slots)


def _multiple(
    slots: Sequence[Slot], *, header: Slot | None, package: Package | None = None
) -> tuple[Place, ...]:
    """All slots in tag 278, and ``header`` besides where RPM 4 looks, as ``rpmsign --rpmv6``."""
    found: list[Place] = []
    for number, slot in enumerate(slots):
        if slot is header:
            whole = None if package is None else _whole_tag(package, slot)
            found.append(Place(number, _header_tag(slot), multiple=True, whole=whole))
        else:
            found.append(Place(number, multiple=True))
    return tuple(found)


def _header_only(package: Package, slots: Sequence[Slot]) -> tuple[Place, ...]:
    found = tuple(
        Place(number, _header_tag(slot), whole=_whole_tag(package, slot))
        for number, slot in enumerate(slots)
    )
    if len({each.header for each in found}) != len(found):
        reason = "header signatures: at most one by an RSA key and one by another"
        raise UsageError(reason=reason)
    return found


def _rpm4_reads(slot: Slot) -> bool:
    """Whether a header tag can hold it: putSignature() in sign/rpmgensig.cc."""
    profile = slot.signer.openpgp
    return profile is not None and profile.algorithm in _RPM4_ALGORITHMS


def _header_tag(slot: Slot) -> SignatureTag:
    if not _rpm4_reads(slot):
        raise SchemeUnsupported(key=str(slot.signer.key), scheme=slot.scheme.value)
    rsa = slot.scheme.mechanism is Mechanism.RSA_PKCS1
    return SignatureTag.RSA if rsa else SignatureTag.DSA


def _whole_tag(package: Package, slot: Slot) -> SignatureTag | None:
    if payload_is_signed(package):
        return None
    rsa = slot.scheme.mechanism is Mechanism.RSA_PKCS1
    return SignatureTag.PGP if rsa else SignatureTag.GPG


@dataclass(frozen=True, slots=True)
class Made:
    """The packets made for one place; ``whole`` is empty where none was asked for."""

    header: bytes
    whole: bytes = b""


def write(
    signature: Header, chosen: Sequence[Place], made: Sequence[Made], options: Options
) -> bytes:
    """Return the new signature header with its padding, as long as the old one where it can be.

    ``made`` is in the order of ``chosen``. Freed bytes go back to the reserved space. Where the
    reserve is missing or too small the header becomes longer, as with rpmsign. Raises LimitReached.
    """
    keep = Existing(dict(options)["existing"]) is Existing.KEEP
    kept = [each for each in items_of(signature) if keep or each.tag not in _REPLACED]
    added = [
        item for place, packets in zip(chosen, made, strict=True) for item in _items(place, packets)
    ]
    several = [
        base64.b64encode(packets.header)
        for place, packets in zip(chosen, made, strict=True)
        if place.multiple
    ]
    if several:
        before = signature.strings(SignatureTag.OPENPGP) if keep else ()
        added.append(string_array(SignatureTag.OPENPGP, (*before, *several)))
    new = {each.tag for each in added}
    items = [each for each in kept if each.tag not in new] + added
    return _with_reserve(signature, items)


def _items(place: Place, packets: Made) -> Iterator[Item]:
    if place.header is not None:
        yield binary(place.header, packets.header)
    if place.whole is not None:
        yield binary(place.whole, packets.whole)


def _with_reserve(old: Header, items: Sequence[Item]) -> bytes:
    tag = next((each for each in _RESERVES if each in old), None)
    if tag is None:
        return padded(signature_header(items))
    others = [each for each in items if each.tag != tag]
    without = len(signature_header([*others, binary(tag, b"\0")])) - 1
    room = len(old.raw) - without
    reserve = room if room > 0 else old.count(tag)
    return padded(signature_header([*others, binary(tag, bytes(reserve))]))
