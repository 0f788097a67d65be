"""Signing a list of checksums: a detached signature of its bytes, or a copy signed in the clear."""

from __future__ import annotations

from collections.abc import Sequence

from signstation.codec.armor import ArmorKind, armor, dearmor
from signstation.codec.openpgp import SignaturePacket, parse_signatures
from signstation.errors import (
    AlreadySigned,
    ArtifactMalformed,
    LimitReached,
    RecheckFailed,
    UsageError,
)
from signstation.formats.checksums_read import read_list, read_whole
from signstation.interfaces.artifact import Artifact
from signstation.interfaces.context import Context
from signstation.interfaces.format import Signing
from signstation.model.asks import Part, Range
from signstation.model.hashes import Digest, Digests, HashRequest, sha256
from signstation.model.keys import SignatureType, Slot
from signstation.model.options import CONTENT, CONTENT_COPIED, Options
from signstation.model.outputs import Patched, Sibling
from signstation.signatures.openpgp_clear import check_own_cleartext, sign_cleartext
from signstation.signatures.openpgp_sign import check_own_openpgp, sign_openpgp
from signstation.signatures.together import together

ARMORED, BINARY = ".asc", ".sig"
ARMOR = "armor"
"""Name of the option that chooses between the two (as ``jobs.targets`` reads it)."""


def refuse(slots: Sequence[Slot]) -> None:
    """Raise UsageError for slots that do not go together: one kind of OpenPGP signature."""
    kinds = {each.kind for each in slots}
    if len(kinds) != 1 or not kinds <= {SignatureType.OPENPGP, SignatureType.CLEARTEXT}:
        raise UsageError(reason="a list of checksums has OpenPGP signatures of one kind")


def sign(artifact: Artifact, slots: tuple[Slot, ...], options: Options, ctx: Context) -> Signing:
    """Yield one round with one ask per slot; return the copy where wanted, and the signature."""
    refuse(slots)
    digests = ctx.digests(artifact, [HashRequest(each.hash) for each in slots])
    listed = read_list(artifact)
    if listed.clear is not None:
        raise AlreadySigned
    if any(not each.place for each in listed.entries):
        raise UsageError(reason="the list names a file outside its own directory")
    copies = (Patched(()),) if copied(options) else ()
    if clear(slots):
        numbered = tuple(enumerate(slots))
        document = yield from sign_cleartext(numbered, listed.data, part=Part.FILE, time=ctx.time)
        return (*copies, Sibling(ARMORED, document))
    covers = (Range(0, artifact.size),)
    packets = yield from together(
        *(
            sign_openpgp(number, slot, state, part=Part.FILE, covers=covers, time=ctx.time)
            for number, (slot, state) in enumerate(zip(slots, digests.states, strict=True))
        )
    )
    return (*copies, _sibling(b"".join(packets), options))


def recheck(
    artifact: Artifact,
    outputs: tuple[Artifact, ...],
    slots: tuple[Slot, ...],
    options: Options,
    ctx: Context,
) -> tuple[Digest, ...]:
    """Read the signature back and check every number; a copy is read in the artifact's place."""
    copies = outputs[:1] if copied(options) else ()
    content = copies[0] if copies else artifact
    if content.size != artifact.size:
        raise RecheckFailed(reason="the copy has another size")
    digests = ctx.digests(content, [HashRequest(each.hash) for each in slots])
    if len(outputs) != len(copies) + 1:
        raise RecheckFailed(reason="there is not one signature file")
    written = read_whole(outputs[-1])
    if clear(slots):
        numbered = tuple(enumerate(slots))
        check_own_cleartext(written, read_whole(content), numbered, time=ctx.time)
    else:
        _recheck_packets(written, slots, digests, options, ctx.time)
    return (digests.sha256, sha256(written)) if copies else (sha256(written),)


def _recheck_packets(
    content: bytes, slots: tuple[Slot, ...], digests: Digests, options: Options, time: int
) -> None:
    try:
        found = _packets(content, options)
    except (ArtifactMalformed, LimitReached, ValueError) as error:
        raise RecheckFailed(reason=f"the signature file cannot be read: {error}") from error
    if len(found) != len(slots):
        raise RecheckFailed(reason=f"{len(found)} signatures instead of {len(slots)}")
    for packet, slot, state in zip(found, slots, digests.states, strict=True):
        check_own_openpgp(packet.raw, slot, state, time=time)
    if content != _sibling(b"".join(each.raw for each in found), options).content:
        raise RecheckFailed(reason="the signature file holds more than the signatures")


def _packets(content: bytes, options: Options) -> tuple[SignaturePacket, ...]:
    if not armored(options):
        return parse_signatures(content)
    (block,) = dearmor(content)
    return parse_signatures(block.data)


def _sibling(packets: bytes, options: Options) -> Sibling:
    if armored(options):
        return Sibling(ARMORED, armor(ArmorKind.SIGNATURE, packets))
    return Sibling(BINARY, packets)


def clear(slots: Sequence[Slot]) -> bool:
    """Return whether the list is signed in the clear."""
    return slots[0].kind is SignatureType.CLEARTEXT


def copied(options: Options) -> bool:
    """Return whether the list comes along with its signature."""
    return dict(options).get(CONTENT) == CONTENT_COPIED


def armored(options: Options) -> bool:
    """Return whether a detached signature is text."""
    return dict(options).get(ARMOR) != "no"
