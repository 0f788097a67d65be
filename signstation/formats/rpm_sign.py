"""Signing RPM packages: what is asked of the keys, the patch, and the check of the result."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from signstation.codec.rpmfile import ALIGNMENT, CHUNK, LEAD_SIZE, Header, Package
from signstation.codec.rpmtags import SignatureTag
from signstation.errors import (
    ArtifactMalformed,
    ContentDamaged,
    RecheckFailed,
    SchemeUnsupported,
    UsageError,
)
from signstation.formats.rpm_place import Place, places, write
from signstation.formats.rpm_read import (
    Target,
    claims,
    covered,
    good_payload_claims,
    read,
    requests,
    settle,
)
from signstation.interfaces.artifact import Artifact
from signstation.interfaces.context import Context
from signstation.interfaces.format import Signing
from signstation.model.asks import MAX_BATCH, Answer, Batch, Part, Range
from signstation.model.hashes import Digest, HashRequest, HashState
from signstation.model.keys import SignatureType, Slot
from signstation.model.options import Options
from signstation.model.outputs import Patch, Patched
from signstation.signatures.openpgp_sign import check_own_openpgp, sign_openpgp
from signstation.signatures.together import together

_PARTS = {Target.HEADER: Part.HEADER, Target.WHOLE: Part.HEADER_AND_PAYLOAD}


@dataclass(frozen=True, slots=True)
class _Task:
    """One place, what its signature is over, and the hash of that."""

    place: Place
    slot: Slot
    state: HashState
    covers: Range

    def packet(self, time: int) -> Generator[Batch, tuple[Answer, ...], bytes]:
        """Ask for the signature."""
        return sign_openpgp(
            self.place.slot,
            self.slot,
            self.state,
            part=_PARTS[self.place.target],
            covers=(self.covers,),
            time=time,
        )


def sign(artifact: Artifact, slots: tuple[Slot, ...], options: Options, ctx: Context) -> Signing:
    """Yield one round of asks over the header; patch the signature header.

    Raises what ``interfaces.format.Format.sign`` names, and UsageError for signatures that do not
    fit together, all before the first yield.
    """
    signature, tasks = _prepare(artifact, slots, options, ctx)
    packets = yield from together(*(each.packet(ctx.time) for each in tasks))
    new = write(signature, tuple(each.place for each in tasks), packets, options)
    old_length = signature.end + -signature.end % ALIGNMENT - LEAD_SIZE
    return (Patched((Patch(LEAD_SIZE, old_length, new),)),)


def _prepare(
    artifact: Artifact, slots: tuple[Slot, ...], options: Options, ctx: Context
) -> tuple[Header, tuple[_Task, ...]]:
    """Read, decide and hash; the main header is not held any longer than this."""
    _check_slots(slots)
    package = read(artifact)
    if repeated := package.signature.duplicates or package.main.duplicates:
        raise ContentDamaged(what=f"tag {repeated[0]} stands there twice")
    chosen = places(package, slots, options)
    stated = claims(package, everything=False)
    asked = requests(stated)
    states = ctx.digests(artifact, (*asked, *_whole_requests(package, chosen, slots))).states
    for each in settle(stated, states):
        if each.known and not each.agrees:
            raise ContentDamaged(what=each.what.english())
    return package.signature, _tasks(package, chosen, slots, states[len(asked) :])


def _check_slots(slots: tuple[Slot, ...]) -> None:
    if not 0 < len(slots) <= MAX_BATCH:
        raise UsageError(reason=f"1 to {MAX_BATCH} signatures, not {len(slots)}")
    for each in slots:
        if each.kind is not SignatureType.OPENPGP:
            raise SchemeUnsupported(key=str(each.signer.key), scheme=each.scheme.value)


def _whole_requests(
    package: Package, chosen: Sequence[Place], slots: tuple[Slot, ...]
) -> tuple[HashRequest, ...]:
    return tuple(
        HashRequest(slots[each.slot].hash, package.main.start)
        for each in chosen
        if each.target is Target.WHOLE
    )


def _tasks(
    package: Package,
    chosen: Sequence[Place],
    slots: tuple[Slot, ...],
    wholes: Sequence[HashState],
) -> tuple[_Task, ...]:
    left = iter(wholes)
    return tuple(
        _Task(
            place,
            slots[place.slot],
            next(left)
            if place.target is Target.WHOLE
            else hashlib.new(slots[place.slot].hash.value, package.main.raw),
            covered(package, place.target),
        )
        for place in chosen
    )


# ---- the check of the result --------------------------------------------------------------------


def recheck(
    artifact: Artifact,
    output: Artifact,
    slots: tuple[Slot, ...],
    options: Options,
    ctx: Context,
) -> Digest:
    """Compare with what the artifact and the packets found in it must give, byte for byte.

    The payload is compared through its digest in the unchanged header where there is one. Raises
    RecheckFailed.
    """
    try:
        before, after = read(artifact), read(output)
        chosen = places(before, slots, options)
        packets = _found(after, chosen)
        expected = write(before.signature, chosen, packets, options)
    except (ArtifactMalformed, binascii.Error) as error:
        raise RecheckFailed(reason=str(error)) from error
    if after.signature.raw + after.padding != expected:
        raise RecheckFailed(reason="the signature header is not as it was written")
    if (after.lead_raw, after.main.raw) != (before.lead_raw, before.main.raw):
        raise RecheckFailed(reason="the lead or the header was changed")
    if after.size - after.main.end != before.size - before.main.end:
        raise RecheckFailed(reason="the payload has another length")
    stated = good_payload_claims(after)[:1]  # one good digest tells as much as three
    asked = requests(stated)
    digests = ctx.digests(output, (*asked, *_whole_requests(after, chosen, slots)))
    if any(each.known and not each.agrees for each in settle(stated, digests.states)):
        raise RecheckFailed(reason="the payload was changed")
    if not stated:
        _compare_payload(artifact, output, before, after, ctx)
    tasks = _tasks(after, chosen, slots, digests.states[len(asked) :])
    for task, packet in zip(tasks, packets, strict=True):
        check_own_openpgp(packet, task.slot, task.state, time=ctx.time)
    return digests.sha256


def _found(package: Package, chosen: Sequence[Place]) -> tuple[bytes, ...]:
    """Take the new packets out of their places. Raises ArtifactMalformed and RecheckFailed."""
    signature = package.signature
    several = list(signature.strings(SignatureTag.OPENPGP))
    count = sum(each.multiple for each in chosen)
    if count > len(several):
        raise RecheckFailed(reason="a signature is missing")
    new = iter(several[len(several) - count :])
    return tuple(
        base64.b64decode(next(new), validate=True)
        if each.multiple
        else signature.binary(each.tag or 0)
        for each in chosen
    )


def _compare_payload(
    artifact: Artifact, output: Artifact, before: Package, after: Package, ctx: Context
) -> None:
    for offset in range(0, before.size - before.main.end, CHUNK):
        old = artifact.read(before.main.end + offset, CHUNK)
        if old != output.read(after.main.end + offset, CHUNK):
            raise RecheckFailed(reason="the payload was changed")
        ctx.checkpoint(before.main.end + offset)
