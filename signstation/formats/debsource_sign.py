"""Signing a description of a build in the clear, as debsign does; an old signature is replaced."""

from __future__ import annotations

from collections.abc import Sequence

from signstation.codec.debsource import Kind
from signstation.errors import (
    AlreadySigned,
    ContentDamaged,
    RecheckFailed,
    UsageError,
)
from signstation.formats.debsource_read import (
    Read,
    Restate,
    read_description,
    read_whole,
    text_of,
)
from signstation.formats.debsource_renew import RENEWED, restated, taken
from signstation.interfaces.artifact import Artifact
from signstation.interfaces.context import Context
from signstation.interfaces.format import Signing
from signstation.model.asks import Part
from signstation.model.hashes import Digest, sha256
from signstation.model.keys import SignatureType, Slot
from signstation.model.options import Existing, Options
from signstation.model.outputs import Patch, Patched
from signstation.signatures.openpgp_clear import check_own_cleartext, sign_cleartext


def refuse(slots: Sequence[Slot]) -> None:
    """Raise UsageError for slots that are not those of a description."""
    if not slots or any(each.kind is not SignatureType.CLEARTEXT for each in slots):
        raise UsageError(reason="a .dsc, .buildinfo or .changes is signed in the clear, by OpenPGP")


def sign(artifact: Artifact, slots: tuple[Slot, ...], options: Options, ctx: Context) -> Signing:
    """Yield one round with one ask per slot; return the file with its signatures. Reads once."""
    refuse(slots)
    ctx.digests(artifact)
    found = read_description(artifact)
    if found.clear is not None and dict(options).get("existing") != Existing.REPLACE.value:
        raise AlreadySigned
    _refuse_content(found)
    text, covers = text_of(found, _restated(found, options))
    numbered = tuple(enumerate(slots))
    document = yield from sign_cleartext(
        numbered, text, part=Part.FILE, time=ctx.time, covers=covers
    )
    return (Patched((Patch(0, artifact.size, document),)),)


def _restated(found: Read, options: Options) -> Restate:
    renewed = taken(dict(options).get(RENEWED, ""), found.description)
    return lambda lines: tuple(restated(lines, renewed))


def _refuse_content(found: Read) -> None:
    description = found.description
    if found.clear is not None and found.clear.odd:
        raise ContentDamaged(what="there is more in the file than its signed text")
    if description.paragraph.repeated or description.contradictions:
        raise ContentDamaged(what="its fields or lists of files contradict each other")
    if any(not each.place for each in description.files):
        raise ContentDamaged(what="it names a file outside its own directory")
    if not description.files and description.kind is not Kind.BUILD:
        raise ContentDamaged(what="it names no file")


def recheck(
    artifact: Artifact,
    outputs: tuple[Artifact, ...],
    slots: tuple[Slot, ...],
    options: Options,
    ctx: Context,
) -> tuple[Digest, ...]:
    """Read the signed file back: it holds the same text, and every number fits."""
    ctx.digests(artifact)
    if len(outputs) != 1:
        raise RecheckFailed(reason="there is not one signed file")
    found = read_description(artifact)
    text, _ = text_of(found, _restated(found, options))
    document = read_whole(outputs[0])
    check_own_cleartext(document, text, tuple(enumerate(slots)), time=ctx.time)
    return (sha256(document),)
