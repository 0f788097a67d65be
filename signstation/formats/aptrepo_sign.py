"""Signing a Release file: InRelease in the clear, Release.gpg beside it, each by all keys."""

from __future__ import annotations

from collections.abc import Generator, Sequence

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
from signstation.formats.aptrepo_read import IN_RELEASE, read_release, read_whole
from signstation.interfaces.artifact import Artifact
from signstation.interfaces.context import Context
from signstation.interfaces.format import Signing
from signstation.model.asks import Answer, Batch, Part, Range
from signstation.model.hashes import Digest, HashRequest, HashState, sha256
from signstation.model.keys import SignatureType, Slot
from signstation.model.options import CONTENT, CONTENT_COPIED, Options
from signstation.model.outputs import Patched, Sibling
from signstation.signatures.openpgp_clear import check_own_cleartext, sign_cleartext
from signstation.signatures.openpgp_sign import check_own_openpgp, sign_openpgp
from signstation.signatures.together import together

INLINE, DETACHED = ".inrelease", ".gpg"
"""Suffixes of the outputs; the first stands for a file named InRelease."""

Numbered = Sequence[tuple[int, Slot]]


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
    """Return whether the Release file comes along with its signatures."""
    return dict(options).get(CONTENT) == CONTENT_COPIED


def split(slots: Sequence[Slot]) -> tuple[Numbered, Numbered]:
    """Return the slots in the clear and those beside, with their numbers."""
    numbered = tuple(enumerate(slots))
    inline = tuple(each for each in numbered if each[1].kind is SignatureType.CLEARTEXT)
    return inline, tuple(each for each in numbered if each not in inline)


def sign(artifact: Artifact, slots: tuple[Slot, ...], options: Options, ctx: Context) -> Signing:
    """Yield one round with one ask per slot; return copy, InRelease and Release.gpg. Reads once."""
    refuse(slots)
    inline, detached = split(slots)
    digests = ctx.digests(artifact, [HashRequest(slot.hash) for _, slot in detached])
    found = read_release(artifact)
    if found.clear is not None:
        raise AlreadySigned
    if found.release.paragraph.repeated or found.release.sizes_differ:
        raise ContentDamaged(what="fields or lists of the Release file contradict each other")
    if not found.release.indexes or any(not each.place for each in found.release.indexes):
        raise ContentDamaged(what="it names no index, or one outside the repository")
    covers = (Range(0, artifact.size),)
    results = yield from together(
        *([_inline(found.data, inline, ctx.time)] if inline else []),
        *(
            _detached(number, slot, state, covers, ctx.time)
            for (number, slot), state in zip(detached, digests.states, strict=True)
        ),
    )
    outputs: list[Patched | Sibling] = [Patched(())] if copied(options) else []
    if inline:
        outputs.append(Sibling(INLINE, results[0]))
    if detached:
        packets = b"".join(results[1:] if inline else results)
        outputs.append(Sibling(DETACHED, armor(ArmorKind.SIGNATURE, packets)))
    return tuple(outputs)


def _inline(data: bytes, slots: Numbered, time: int) -> Generator[Batch, tuple[Answer, ...], bytes]:
    return sign_cleartext(slots, data, part=Part.RELEASE, time=time)


def _detached(
    number: int, slot: Slot, state: HashState, covers: tuple[Range, ...], time: int
) -> Generator[Batch, tuple[Answer, ...], bytes]:
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
    content = copies[0] if copies else artifact
    wanted = len(copies) + bool(inline) + bool(detached)
    if content.size != artifact.size or len(outputs) != wanted:
        raise RecheckFailed(reason="the copy has another size, or an output is missing")
    digests = ctx.digests(content, [HashRequest(slot.hash) for _, slot in detached])
    data = read_whole(artifact)
    if copies and read_whole(content) != data:
        raise RecheckFailed(reason="the copy differs")
    written = [read_whole(each) for each in outputs[len(copies) :]]
    if inline:
        check_own_cleartext(written[0], data, inline, time=ctx.time)
    if detached:
        _recheck_detached(written[-1], detached, digests.states, ctx.time)
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
