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
from signstation.formats.rpm_place import Made, Place, places, write
from signstation.formats.rpm_read import (
    Target,
    claims,
    covered,
    payload_claims,
    payload_is_signed,
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

MAX_SLOTS = MAX_BATCH // 2
"""Most signatures in one go: each can need two asks, and one batch holds MAX_BATCH."""


@dataclass(frozen=True, slots=True)
class _Task:
    """One place with what its signatures are over."""

    place: Place
    slot: Slot
    header: HashState
    whole: HashState | None  # None where no signature over header and payload is made
    header_range: Range
    whole_range: Range

    def signatures(self, time: int) -> Generator[Batch, tuple[Answer, ...], Made]:
        """Ask for one or two signatures in one round."""
        wanted = [
            sign_openpgp(
                self.place.slot,
                self.slot,
                self.header,
                part=Part.HEADER,
                covers=(self.header_range,),
                time=time,
            )
        ]
        if self.whole is not None:
            over_all = sign_openpgp(
                self.place.slot,
                self.slot,
                self.whole,
                part=Part.HEADER_AND_PAYLOAD,
                covers=(self.whole_range,),
                time=time,
            )
            wanted.append(over_all)
        packets = yield from together(*wanted)
        return Made(*packets)


def sign(artifact: Artifact, slots: tuple[Slot, ...], options: Options, ctx: Context) -> Signing:
    """Yield one round of asks over the header; patch the signature header.

    Raises what ``interfaces.format.Format.sign`` names, and UsageError for signatures that do not
    fit together, all before the first yield.
    """
    signature, tasks = _prepare(artifact, slots, options, ctx)
    made = yield from together(*(each.signatures(ctx.time) for each in tasks))
    new = write(signature, tuple(each.place for each in tasks), made, options)
    room = signature.end + -signature.end % ALIGNMENT - LEAD_SIZE
    return (Patched((Patch(LEAD_SIZE, room, new),)),)


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
    if not 0 < len(slots) <= MAX_SLOTS:
        raise UsageError(reason=f"1 to {MAX_SLOTS} signatures, not {len(slots)}")
    for each in slots:
        if each.kind is not SignatureType.OPENPGP:
            raise SchemeUnsupported(key=str(each.signer.key), scheme=each.scheme.value)


def _whole_requests(
    package: Package, chosen: Sequence[Place], slots: tuple[Slot, ...]
) -> tuple[HashRequest, ...]:
    return tuple(
        HashRequest(slots[each.slot].hash, package.main.start)
        for each in chosen
        if each.whole is not None
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
            hashlib.new(slots[place.slot].hash.value, package.main.raw),
            next(left) if place.whole is not None else None,
            covered(package, Target.HEADER),
            covered(package, Target.WHOLE),
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
        made = _found(after, chosen)
        expected = write(before.signature, chosen, made, options)
    except (ArtifactMalformed, binascii.Error) as error:
        raise RecheckFailed(reason=str(error)) from error
    if after.signature.raw + after.padding != expected:
        raise RecheckFailed(reason="the signature header is not as it was written")
    if (after.lead_raw, after.main.raw) != (before.lead_raw, before.main.raw):
        raise RecheckFailed(reason="the lead or the header was changed")
    if after.size - after.main.end != before.size - before.main.end:
        raise RecheckFailed(reason="the payload has another length")
    stated = payload_claims(after)
    asked = requests(stated)
    digests = ctx.digests(output, (*asked, *_whole_requests(after, chosen, slots)))
    if any(each.known and not each.agrees for each in settle(stated, digests.states)):
        raise RecheckFailed(reason="the payload was changed")
    if not payload_is_signed(after):
        _compare_payload(artifact, output, before, after, ctx)
    tasks = _tasks(after, chosen, slots, digests.states[len(asked) :])
    for task, packets in zip(tasks, made, strict=True):
        check_own_openpgp(packets.header, task.slot, task.header, time=ctx.time)
        if task.whole is not None:
            check_own_openpgp(packets.whole, task.slot, task.whole, time=ctx.time)
    return digests.sha256


def _found(package: Package, chosen: Sequence[Place]) -> tuple[Made, ...]:
    """Take the new packets out of their places. Raises ArtifactMalformed and RecheckFailed."""
    signature = package.signature
    several = list(signature.strings(SignatureTag.OPENPGP))
    count = sum(each.multiple for each in chosen)
    if count > len(several):
        raise RecheckFailed(reason="a signature is missing")
    new = iter(several[len(several) - count :])
    return tuple(
        Made(
            base64.b64decode(next(new), validate=True)
            if each.multiple
            else signature.binary(each.header or 0),
            signature.binary(each.whole or 0),
        )
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
