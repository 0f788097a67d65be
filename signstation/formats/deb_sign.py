"""Signing Debian packages as debsigs does: one packet over three members, in one at the end."""

from __future__ import annotations

from enum import Enum

from signstation.codec import ar
from signstation.codec.ar import Member
from signstation.errors import (
    AlreadySigned,
    ArtifactMalformed,
    ContentDamaged,
    LimitReached,
    RecheckFailed,
    SchemeUnsupported,
    UsageError,
)
from signstation.formats.deb_control import control_archive
from signstation.formats.deb_read import (
    MAX_CONTROL,
    MAX_SIGNATURE,
    MAX_TAIL,
    SIGNATURE_PREFIX,
    VERSION,
    Package,
    read,
)
from signstation.interfaces.artifact import Artifact
from signstation.interfaces.context import Context
from signstation.interfaces.format import Signing
from signstation.model.asks import Part
from signstation.model.hashes import Digest, HashAlgorithm, HashRequest
from signstation.model.keys import SignatureType, Slot
from signstation.model.options import Choice, Existing, Field, FieldKind, Options
from signstation.model.outputs import Patch, Patched
from signstation.model.text import Text, text
from signstation.signatures.openpgp_sign import check_own_openpgp, sign_openpgp


class Role(Enum):
    """Who signs: the roles that debsig-verify's policies know (debsigs(1))."""

    ORIGIN = "origin"
    MAINT = "maint"
    ARCHIVE = "archive"


ROLE_FIELD = Field(
    "role",
    Text("Role of the signer"),
    FieldKind.CHOICE,
    Role.ORIGIN.value,
    (
        Choice(Role.ORIGIN.value, Text("The origin: who gives the package out")),
        Choice(Role.MAINT.value, Text("The maintainer of the package")),
        Choice(Role.ARCHIVE.value, Text("The archive that carries it")),
    ),
)


def prefix(artifact: Artifact, package: Package) -> bytes:
    """Return what is hashed before ``data.tar``: the two small members. Raises LimitReached."""
    control = package.control.member
    if control.size > MAX_CONTROL:
        raise LimitReached(what="bytes of the control member", limit=MAX_CONTROL)
    return VERSION + artifact.read(control.start, control.size)


def request(artifact: Artifact, package: Package, algorithm: HashAlgorithm) -> HashRequest:
    """What to hash for a signature over the three members."""
    data = package.data.member
    return HashRequest(algorithm, data.start, data.size, prefix(artifact, package))


def sign(artifact: Artifact, slots: tuple[Slot, ...], options: Options, ctx: Context) -> Signing:
    """Yield one ask over the three members; write the members behind ``data.tar`` anew.

    Raises what ``interfaces.format.Format.sign`` names, all before the first yield.
    """
    slot = _only(slots)
    package = read(artifact)
    _refuse(package)
    control_archive(artifact, package.control)
    kept = _kept(package, options)
    digests = ctx.digests(artifact, (request(artifact, package, slot.hash),))
    packet = yield from sign_openpgp(
        0,
        slot,
        digests.states[0],
        part=Part.FILE,
        covers=package.covered,
        time=ctx.time,
    )
    start = package.data.member.next
    new = _bytes(artifact, kept) + ar.member(_name(options), packet)
    return (Patched((Patch(start, artifact.size - start, new),)),)


def _only(slots: tuple[Slot, ...]) -> Slot:
    if len(slots) != 1:
        reason = f"a Debian package takes one signature for each role, not {len(slots)} at once"
        raise UsageError(reason=reason)
    if slots[0].kind is not SignatureType.OPENPGP:
        raise SchemeUnsupported(key=str(slots[0].signer.key), scheme=slots[0].scheme.value)
    return slots[0]


def cautions(slots: tuple[Slot, ...]) -> tuple[Text, ...]:
    """Say whose signatures debsig-verify (0.28, measured) finds no policy for."""
    return tuple(
        text(
            "debsig-verify takes signatures by primary keys only, and {key} is a subkey.",
            key=str(each.signer.key),
        )
        for each in slots
        if each.signer.openpgp and each.signer.openpgp.fingerprint != each.signer.openpgp.primary
    )


def _refuse(package: Package) -> None:
    """What dpkg would install from, or ignore, while a signature says nothing of it."""
    for name in package.repeated:
        raise ContentDamaged(what=f"{name} stands there twice")
    for each in package.unknown:
        raise ContentDamaged(what=f"the member {each.name} belongs to no Debian package")


def _name(options: Options) -> str:
    return SIGNATURE_PREFIX + dict(options)["role"]


def _kept(package: Package, options: Options) -> tuple[Member, ...]:
    """Members behind ``data.tar`` that stay. Raises AlreadySigned."""
    existing = Existing(dict(options)["existing"])
    signed = package.signatures
    taken = any(each.name == _name(options) for each in signed)
    if (existing is Existing.REFUSE and signed) or (existing is Existing.KEEP and taken):
        raise AlreadySigned
    if existing is Existing.KEEP:
        return package.tail
    return tuple(each for each in package.tail if each not in signed)


def _bytes(artifact: Artifact, kept: tuple[Member, ...]) -> bytes:
    if sum(each.next - each.at for each in kept) > MAX_TAIL:
        raise LimitReached(what="bytes behind data.tar", limit=MAX_TAIL)
    return b"".join(artifact.read(each.at, each.next - each.at) for each in kept)


# ---- the check of the result --------------------------------------------------------------------


def recheck(
    artifact: Artifact, output: Artifact, slots: tuple[Slot, ...], options: Options, ctx: Context
) -> Digest:
    """Compare headers and what stays byte for byte; the number tells of the three members.

    It is over the bytes of the output, and was made for those of the artifact. Raises
    RecheckFailed.
    """
    slot = _only(slots)
    try:
        before, after = read(artifact), read(output)
        wanted = request(output, after, slot.hash)
    except (ArtifactMalformed, LimitReached) as error:
        raise RecheckFailed(reason=str(error)) from error
    if _headers(before) != _headers(after):
        raise RecheckFailed(reason="the headers of the members were changed")
    tail = output.read(before.data.member.next, MAX_TAIL + MAX_SIGNATURE + ar.HEADER_SIZE)
    kept = _bytes(artifact, _kept(before, options))
    packet = _packet(output, after)
    if tail != kept + ar.member(_name(options), packet):
        raise RecheckFailed(reason="what follows data.tar is not as it was written")
    digests = ctx.digests(output, (wanted,))
    check_own_openpgp(packet, slot, digests.states[0], time=ctx.time)
    filling = _filling(artifact, before), _filling(output, after)
    if filling[0] != filling[1]:
        raise RecheckFailed(reason="bytes between the members were changed")
    return digests.sha256


def _headers(package: Package) -> tuple[bytes, ...]:
    return tuple(
        each.header for each in (package.version, package.control.member, package.data.member)
    )


def _filling(artifact: Artifact, package: Package) -> bytes:
    three = (package.version, package.control.member, package.data.member)
    return artifact.read(0, len(ar.MAGIC)) + b"".join(
        artifact.read(each.end, each.next - each.end) for each in three
    )


def _packet(output: Artifact, package: Package) -> bytes:
    if not package.tail:
        raise RecheckFailed(reason="the signature is missing")
    last = package.tail[-1]
    if last.size > MAX_SIGNATURE:
        raise RecheckFailed(reason="the signature is too long")
    return output.read(last.start, last.size)
