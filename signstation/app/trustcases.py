"""Looking at, pinning and unpinning what this station trusts."""

from __future__ import annotations

import asyncio
import logging
import pwd
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from signstation.app.keycases import GENERATED, IMPORTED
from signstation.app.reading import read_file
from signstation.app.recording import Notes
from signstation.app.trust import MAX_TRUST_FILE, TrustSource
from signstation.app.trustfacts import Moment, anchors_of
from signstation.app.trustpins import (
    identities_of,
    openpgp_identity,
    revocations_identity,
    ssh_identity,
    x509_identity,
)
from signstation.errors import ArtifactChanged, UsageError
from signstation.model.anchors import Anchor, AnchorFile, AnchorKind, PinOrder, Unpinned
from signstation.model.hashes import sha256
from signstation.model.keys import KeyInfo
from signstation.model.sightings import Seen
from signstation.model.text import Text, text
from signstation.model.trust import Origin, Purpose, Trust
from signstation.system.files import shown

_LOG = logging.getLogger(__name__)

Clock = Callable[[], int]
"""Gives Unix seconds."""


async def anchors(trust: TrustSource, clock: Clock) -> tuple[Anchor, ...]:
    """Return what is pinned, oldest pin first. Raises StoreDamaged."""
    prepared = await trust.trust(())
    found = await asyncio.to_thread(anchors_of, prepared, Moment(clock()))
    order = {pin.identity: place for place, pin in enumerate(await trust.pins())}
    return tuple(sorted(found, key=lambda each: order.get(each.identity, len(order))))


async def preview(trust: TrustSource, clock: Clock, path: Path) -> AnchorFile:
    """Return what a file would have pinned; nothing is trusted by looking.

    Raises the errors of reading, and KeyUnreadable naming the file.
    """
    content, prepared = await _read(trust, path)
    found = await asyncio.to_thread(anchors_of, prepared, Moment(clock()))
    known = {pin.identity for pin in await trust.pins()}
    pinned = tuple(each.identity for each in found if each.identity in known)
    return AnchorFile(path, sha256(content).value, found, pinned)


async def pin(
    trust: TrustSource, clock: Clock, order: PinOrder, notes: Notes
) -> tuple[Anchor, ...]:
    """Record and pin anchors of a file, and return them as they are pinned now.

    Raises ArtifactChanged where the file is no longer the one that was looked at.
    """
    purposes = _purposes(order.purposes)
    content, prepared = await _read(trust, order.path)
    digest = sha256(content)
    if digest.value != order.sha256:
        raise ArtifactChanged(path=shown(order.path), expected=order.sha256.hex(), found=digest.hex)
    chosen = _only(prepared, order.identities)
    user = _user(notes.caller.uid)
    source = f"file {shown(Path(order.path.name))}, pinned by {user}"
    named = ", ".join(each.value for each in purposes)
    for identity in order.identities:
        await notes.trust("pinned", identity, source=source, purposes=named)
    await trust.keep(chosen, Origin(source, clock()), purposes)
    for identity in order.identities:
        _LOG.info("trusted from now on: %s, %s, for %s", identity, source, order.purposes)
    now = await anchors(trust, clock)
    return tuple(each for each in now if each.identity in order.identities)


async def unpin(trust: TrustSource, identity: str, notes: Notes) -> Unpinned:
    """Record and trust an anchor no longer. Raises UsageError for one that is not pinned."""
    if any(each.identity == identity for each in await trust.pins()):
        await notes.trust("unpinned", identity)
    gone, material = await trust.unpin(identity)
    _LOG.info("no longer trusted: %s, unpinned by %s", identity, _user(notes.caller.uid))
    return Unpinned(gone.identity, gone.label, material, gone.origin, gone.purposes)


async def restore(trust: TrustSource, unpinned: Unpinned, notes: Notes) -> None:
    """Record and pin again what was unpinned, with the day and the source that it had.

    Raises KeyUnreadable and UsageError where the material is not what it says it is.
    """
    prepared = await trust.prepare([(unpinned.label, unpinned.material)])
    chosen = _only(prepared, (unpinned.identity,))
    purposes = _purposes(unpinned.purposes)
    named = ", ".join(each.value for each in purposes)
    await notes.trust("restored", unpinned.identity, label=unpinned.label, purposes=named)
    await trust.keep(chosen, unpinned.origin, purposes)
    _LOG.info("trusted again: %s", unpinned.identity)


def losses(anchor: Anchor, keys: Collection[KeyInfo], seen: Collection[Seen]) -> tuple[Text, ...]:
    """Say what stops being verified when an anchor is unpinned, the gravest first."""
    return tuple(_losses(anchor, keys, seen))


def _losses(anchor: Anchor, keys: Collection[KeyInfo], seen: Collection[Seen]) -> Iterator[Text]:
    if anchor.kind is AnchorKind.SSH_REVOCATIONS:
        yield Text(
            "The keys that it revokes will be trusted again where a trusted line names them."
        )
        return
    prints = {each.fingerprint.casefold() for each in anchor.keys}
    here = any(each.fingerprint.casefold() in prints for each in keys)
    if here or anchor.origin.source in {GENERATED, IMPORTED}:
        yield Text(
            "It is a key of this station: what is signed with it here is checked against it, and "
            "will be called not trusted."
        )
    resting = [each.label for each in seen if anchor.identity in each.anchors]
    if resting:
        yield text("Of what was verified lately, this rests on it: {names}.", names=_some(resting))
    for each in anchor.purposes:
        yield _LOSS[each]


_LOSS = {
    Purpose.ANY: Text("Everything that it signed or certified will be called not trusted."),
    Purpose.FILES: Text("Files with signatures by it will be called not trusted."),
    Purpose.PACKAGES: Text("Packages with signatures by it will be called not trusted."),
    Purpose.KERNEL_MODULES: Text("Kernel modules signed by it will be called not trusted."),
}
NAMED = 3
"""Most artifacts of an inventory that are named; the others are counted."""


def _some(labels: Sequence[str]) -> str:
    rest = len(labels) - NAMED
    return ", ".join(labels[:NAMED]) + (f" (+{rest})" if rest > 0 else "")


async def _read(trust: TrustSource, path: Path) -> tuple[bytes, Trust]:
    content = await asyncio.to_thread(read_file, path, MAX_TRUST_FILE)
    return content, await trust.prepare([(shown(path), content)])


def _only(prepared: Trust, identities: Collection[str]) -> Trust:
    """Return the named anchors alone. Raises UsageError where one is missing, or none is named."""
    wanted = frozenset(identities)
    chosen = Trust(
        tuple(each for each in prepared.openpgp if openpgp_identity(each) in wanted),
        tuple(each for each in prepared.x509 if x509_identity(each) in wanted),
        tuple(each for each in prepared.ssh if ssh_identity(each) in wanted),
        tuple(each for each in prepared.ssh_revoked if revocations_identity(each) in wanted),
    )
    found = set(identities_of(chosen))
    if not wanted or found != wanted:
        missing = ", ".join(sorted(wanted - found)) or "nothing was chosen"
        raise UsageError(reason=f"not in the file: {missing}")
    return chosen


def _purposes(purposes: Collection[Purpose]) -> tuple[Purpose, ...]:
    if not purposes:
        raise UsageError(reason="an anchor is trusted for at least one purpose")
    if Purpose.ANY in purposes:
        return (Purpose.ANY,)
    return tuple(each for each in Purpose if each in purposes)


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
