"""Signing a Release file: InRelease in the clear, Release.gpg beside it, each by all keys."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from signstation.codec.armor import ArmorKind, armor, dearmor
from signstation.codec.openpgp import parse_signatures
from signstation.errors import (
    AlreadySigned,
    ArtifactMalformed,
    ContentDamaged,
    LimitReached,
    RecheckFailed,
    UsageError,
)
from signstation.formats.aptrepo_dates import patched, patches, rewrites, traced
from signstation.formats.aptrepo_read import IN_RELEASE, read_release, read_whole
from signstation.interfaces.artifact import Artifact
from signstation.interfaces.context import Context
from signstation.interfaces.format import Signing
from signstation.model.asks import Answer, Batch, Literal, Part, Range
from signstation.model.hashes import Digest, HashState, sha256
from signstation.model.keys import SignatureType, Slot
from signstation.model.options import CONTENT, CONTENT_COPIED, Options
from signstation.model.outputs import Patch, Patched, Sibling
from signstation.signatures.openpgp_clear import (
    check_own_cleartext,
    cover_lines,
    sign_cleartext,
)
from signstation.signatures.openpgp_sign import check_own_openpgp, sign_openpgp
from signstation.signatures.together import together

INLINE, DETACHED = ".inrelease", ".gpg"
"""Suffixes of the outputs; the first stands for a file named InRelease."""

Numbered = Sequence[tuple[int, Slot]]


@dataclass(frozen=True, slots=True)
class _Text:
    """What is signed: the Release file of ``size`` bytes with its dates as they were wished."""

    data: bytes
    changes: tuple[Patch, ...]
    size: int

    def traced(self, segments: Sequence[Range | Literal]) -> tuple[Range | Literal, ...]:
        """Return segments of it in terms of the artifact."""
        return traced(segments, self.changes, self.size)


def names(name: str, slots: Sequence[Slot], options: Options) -> tuple[tuple[str, str], ...]:
    """Return the files that are written for a Release file called ``name``."""
    kinds = {each.kind for each in slots}
    found = [("", name)] if copied(options) else []
    if SignatureType.CLEARTEXT in kinds:
        directory, slash, _ = name.rpartition("/")
        found.append((INLINE, f"{directory}{slash}{IN_RELEASE}"))
    if SignatureType.OPENPGP in kinds:
        found.append((DETACHED, name + DETACHED))
    return tuple(found)


def refuse(slots: Sequence[Slot]) -> None:
    """Raise UsageError for slots that are not those of a Release file."""
    if not slots or not {each.kind for each in slots} <= {
        SignatureType.OPENPGP,
        SignatureType.CLEARTEXT,
    }:
        raise UsageError(reason="a Release file takes OpenPGP signatures, in the clear and beside")


def copied(options: Options) -> bool:
    """Return whether the Release file comes along with its signatures, as one that changes must."""
    return dict(options).get(CONTENT) == CONTENT_COPIED or rewrites(options)


def split(slots: Sequence[Slot]) -> tuple[Numbered, Numbered]:
    """Return the slots in the clear and those beside, with their numbers."""
    numbered = tuple(enumerate(slots))
    inline = tuple(each for each in numbered if each[1].kind is SignatureType.CLEARTEXT)
    return inline, tuple(each for each in numbered if each not in inline)


def sign(artifact: Artifact, slots: tuple[Slot, ...], options: Options, ctx: Context) -> Signing:
    """Yield one round with one ask per slot; return copy, InRelease and Release.gpg. Reads once."""
    refuse(slots)
    inline, detached = split(slots)
    ctx.digests(artifact)
    found = read_release(artifact)
    if found.clear is not None:
        raise AlreadySigned
    if found.release.paragraph.repeated or found.release.sizes_differ:
        raise ContentDamaged(what="fields or lists of the Release file contradict each other")
    if not found.release.indexes or any(not each.place for each in found.release.indexes):
        raise ContentDamaged(what="it names no index, or one outside the repository")
    changes = patches(found.data, found.release, options, ctx.time)
    text = _Text(patched(found.data, changes), changes, artifact.size)
    results = yield from together(
        *([_inline(text, inline, ctx.time)] if inline else []),
        *(_detached(number, slot, text, ctx.time) for number, slot in detached),
    )
    outputs: list[Patched | Sibling] = [Patched(changes)] if copied(options) else []
    if inline:
        outputs.append(Sibling(INLINE, results[0]))
    if detached:
        packets = b"".join(results[1:] if inline else results)
        outputs.append(Sibling(DETACHED, armor(ArmorKind.SIGNATURE, packets)))
    return tuple(outputs)


def _inline(text: _Text, slots: Numbered, time: int) -> Generator[Batch, tuple[Answer, ...], bytes]:
    covers = text.traced(cover_lines(text.data))
    return sign_cleartext(slots, text.data, part=Part.RELEASE, time=time, covers=covers)


def _detached(
    number: int, slot: Slot, text: _Text, time: int
) -> Generator[Batch, tuple[Answer, ...], bytes]:
    state: HashState = hashlib.new(slot.hash.value, text.data)
    covers = text.traced((Range(0, len(text.data)),))
    return sign_openpgp(number, slot, state, part=Part.RELEASE, covers=covers, time=time)


def recheck(
    artifact: Artifact,
    outputs: tuple[Artifact, ...],
    slots: tuple[Slot, ...],
    options: Options,
    ctx: Context,
) -> tuple[Digest, ...]:
    """Read both signatures back and check every number; a copy is read in the artifact's place."""
    inline, detached = split(slots)
    copies = outputs[:1] if copied(options) else ()
    found = read_release(artifact)
    data = patched(found.data, patches(found.data, found.release, options, ctx.time))
    if len(outputs) != len(copies) + bool(inline) + bool(detached):
        raise RecheckFailed(reason="an output is missing")
    content = copies[0] if copies else artifact
    digests = ctx.digests(content)
    if copies and read_whole(content) != data:
        raise RecheckFailed(reason="the copy differs")
    written = [read_whole(each) for each in outputs[len(copies) :]]
    if inline:
        check_own_cleartext(written[0], data, inline, time=ctx.time)
    if detached:
        states = [hashlib.new(slot.hash.value, data) for _, slot in detached]
        _recheck_detached(written[-1], detached, states, ctx.time)
    hashes = tuple(sha256(each) for each in written)
    return (digests.sha256, *hashes) if copies else hashes


def _recheck_detached(
    content: bytes, slots: Numbered, states: Sequence[HashState], time: int
) -> None:
    try:
        (block,) = dearmor(content)
        found = parse_signatures(block.data)
    except (ArtifactMalformed, LimitReached, ValueError) as error:
        raise RecheckFailed(reason=f"Release.gpg cannot be read: {error}") from error
    if len(found) != len(slots):
        raise RecheckFailed(reason=f"{len(found)} signatures instead of {len(slots)}")
    for packet, (_, slot), state in zip(found, slots, states, strict=True):
        check_own_openpgp(packet.raw, slot, state, time=time)
    if content != armor(ArmorKind.SIGNATURE, b"".join(each.raw for each in found)):
        raise RecheckFailed(reason="Release.gpg holds more than the signatures")
