"""Signing repomd.xml: one armored signature file by all keys, and the keys for clients."""

from __future__ import annotations

from collections.abc import Sequence

from signstation.codec.armor import ArmorKind, armor, dearmor
from signstation.codec.openpgp import parse_signatures
from signstation.codec.repomd import PRIMARY
from signstation.errors import (
    ArtifactMalformed,
    ContentDamaged,
    LimitReached,
    RecheckFailed,
    UsageError,
)
from signstation.formats.rpmrepo_read import read_repomd, read_whole
from signstation.interfaces.artifact import Artifact
from signstation.interfaces.context import Context
from signstation.interfaces.format import Signing
from signstation.model.asks import Part, Range
from signstation.model.hashes import Digest, HashRequest, HashState, sha256
from signstation.model.keys import SignatureType, Slot
from signstation.model.options import CONTENT, CONTENT_COPIED, Options
from signstation.model.outputs import Patched, Sibling
from signstation.signatures.openpgp_sign import check_own_openpgp, sign_openpgp
from signstation.signatures.together import together

SIGNATURE, KEY = ".asc", ".key"
"""Suffixes of the outputs: dnf and zypper look for these names."""
KEYS = "keys"
"""Name of the option that writes the signers' certificates."""


def refuse(slots: Sequence[Slot]) -> None:
    """Raise UsageError for slots that are not those of repomd.xml."""
    if not slots or {each.kind for each in slots} != {SignatureType.OPENPGP}:
        raise UsageError(reason="repomd.xml takes OpenPGP signatures, beside it")


def copied(options: Options) -> bool:
    """Return whether repomd.xml comes along with its signature."""
    return dict(options).get(CONTENT) == CONTENT_COPIED


def with_keys(options: Options) -> bool:
    """Return whether the signers' certificates are written."""
    return dict(options).get(KEYS) != "no"


def names(name: str, options: Options) -> tuple[tuple[str, str], ...]:
    """Return the files that are written for a repomd.xml called ``name``."""
    suffixes = (SIGNATURE, KEY) if with_keys(options) else (SIGNATURE,)
    copy = (("", name),) if copied(options) else ()
    return (*copy, *((suffix, name + suffix) for suffix in suffixes))


def sign(artifact: Artifact, slots: tuple[Slot, ...], options: Options, ctx: Context) -> Signing:
    """Yield one round with one ask per slot; return copy, signature and keys. Reads once."""
    refuse(slots)
    digests = ctx.digests(artifact, [HashRequest(each.hash) for each in slots])
    repomd = read_repomd(artifact)
    if repomd.repeated or not any(each.type == PRIMARY for each in repomd.data):
        raise ContentDamaged(what="it names no list of packages, or one index twice")
    if any(not each.location.place for each in repomd.data):
        raise ContentDamaged(what="it names an index outside the repository")
    covers = (Range(0, artifact.size),)
    packets = yield from together(
        *(
            sign_openpgp(number, slot, state, part=Part.RELEASE, covers=covers, time=ctx.time)
            for number, (slot, state) in enumerate(zip(slots, digests.states, strict=True))
        )
    )
    copies = (Patched(()),) if copied(options) else ()
    signature = Sibling(SIGNATURE, armor(ArmorKind.SIGNATURE, b"".join(packets)))
    keys = (Sibling(KEY, certificates(slots)),) if with_keys(options) else ()
    return (*copies, signature, *keys)


def certificates(slots: Sequence[Slot]) -> bytes:
    """Return the signers' certificates in armor, one block for each: RPM reads no two in one."""
    found = dict.fromkeys(
        slot.signer.openpgp.certificate for slot in slots if slot.signer.openpgp is not None
    )
    return b"".join(armor(ArmorKind.PUBLIC_KEY, each) for each in found)


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
    if content.size != artifact.size or len(outputs) != len(names("", options)):
        raise RecheckFailed(reason="the copy has another size, or an output is missing")
    digests = ctx.digests(content, [HashRequest(each.hash) for each in slots])
    if copies and read_whole(content) != read_whole(artifact):
        raise RecheckFailed(reason="the copy differs")
    written = [read_whole(each) for each in outputs[len(copies) :]]
    _recheck_signature(written[0], slots, digests.states, ctx.time)
    if with_keys(options) and written[1] != certificates(slots):
        raise RecheckFailed(reason="the keys are not those of the signers")
    hashes = tuple(sha256(each) for each in written)
    return (digests.sha256, *hashes) if copies else hashes


def _recheck_signature(
    content: bytes, slots: Sequence[Slot], states: Sequence[HashState], time: int
) -> None:
    try:
        (block,) = dearmor(content)
        found = parse_signatures(block.data)
    except (ArtifactMalformed, LimitReached, ValueError) as error:
        raise RecheckFailed(reason=f"the signature file cannot be read: {error}") from error
    if len(found) != len(slots):
        raise RecheckFailed(reason=f"{len(found)} signatures instead of {len(slots)}")
    for packet, slot, state in zip(found, slots, states, strict=True):
        check_own_openpgp(packet.raw, slot, state, time=time)
    if content != armor(ArmorKind.SIGNATURE, b"".join(each.raw for each in found)):
        raise RecheckFailed(reason="the signature file holds more than the signatures")
