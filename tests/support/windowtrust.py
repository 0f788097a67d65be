"""Frozen anchors and sightings for the window, of the same small release as ``windowdata``."""

from __future__ import annotations

from dataclasses import replace

from signstation.app.keycases import GENERATED
from signstation.model.anchors import Anchor, AnchorKey, AnchorKind, PinOrder
from signstation.model.keys import KeyFamily, KeyState, KeyType
from signstation.model.sightings import Seen
from signstation.model.text import text
from signstation.model.trust import Origin, Purpose
from tests.support import windowdata
from tests.support.windowdata import MODULE_KEY, NOW, PRIMARY, ROOT_KEY, SUBKEY, YEAR

DAY = 86400
MAKER = "C0FFEE5E11D2A9B33F4E7D8890A1B2C3D4E5F607"
BOLT = "B017B017A90233CD5E8800D2C6B1E7715AF09B3C"
OTHER_ROOT = windowdata.digest("another root").hex()


def anchors() -> tuple[Anchor, ...]:
    """An own key, an authority, an own leaf, and a maker whose key was revoked."""
    file = "file {name}, pinned by release"
    return (
        _openpgp(PRIMARY, "Acme Release Signing 2026 <release@acme.example>", GENERATED),
        Anchor(
            identity=ROOT_KEY,
            kind=AnchorKind.AUTHORITY,
            label="Acme Root 2024",
            names=("CN=Acme Root 2024,O=Acme",),
            state=KeyState.ACTIVE,
            expires=NOW + 61 * DAY,
            keys=(
                AnchorKey(
                    ROOT_KEY,
                    KeyType(KeyFamily.RSA, 4096),
                    KeyState.ACTIVE,
                    NOW - 2 * YEAR,
                    NOW + 61 * DAY,
                    ("certify",),
                ),
            ),
            purposes=(Purpose.KERNEL_MODULES,),
            origin=Origin(file.format(name="acme-root.pem"), NOW - 200 * DAY),
        ),
        Anchor(
            identity=MODULE_KEY,
            kind=AnchorKind.CERTIFICATE,
            label="Acme module key 2026",
            names=("CN=Acme module key 2026,O=Acme", "CN=Acme Root 2024,O=Acme"),
            state=KeyState.ACTIVE,
            expires=NOW + 97 * DAY,
            keys=(
                AnchorKey(
                    MODULE_KEY,
                    KeyType(KeyFamily.RSA, 4096),
                    KeyState.ACTIVE,
                    NOW - 90 * DAY,
                    NOW + 97 * DAY,
                    ("sign", "code-signing"),
                ),
            ),
            purposes=(Purpose.KERNEL_MODULES,),
            origin=Origin(GENERATED, NOW - 90 * DAY),
        ),
        _revoked(),
    )


def _openpgp(identity: str, label: str, source: str) -> Anchor:
    ed25519, rsa = KeyType(KeyFamily.ED25519), KeyType(KeyFamily.RSA, 4096)
    made, end = NOW - 318 * DAY, NOW + 25 * DAY
    return Anchor(
        identity=identity,
        kind=AnchorKind.OPENPGP,
        label=label,
        names=(label, "Acme Build <build@acme.example>"),
        state=KeyState.ACTIVE,
        expires=end,
        keys=(
            AnchorKey(identity, ed25519, KeyState.ACTIVE, made, NOW + 412 * DAY, ("certify",)),
            AnchorKey(SUBKEY, rsa, KeyState.ACTIVE, made, end, ("sign",)),
        ),
        purposes=(Purpose.ANY,),
        origin=Origin(source, made),
    )


def _revoked() -> Anchor:
    maker = _openpgp(BOLT, "Bolt Tools <keys@bolt.example>", "file bolt.asc, pinned by release")
    note = text("revoked on {day}: another key took its place", day="2026-10-15")
    primary = replace(maker.keys[0], state=KeyState.REVOKED, notes=(note,))
    subkey = replace(maker.keys[1], fingerprint=BOLT[::-1], expires=NOW - 40 * DAY)
    keys = (primary, replace(subkey, state=KeyState.EXPIRED))
    return replace(
        maker,
        names=(maker.label,),
        state=KeyState.REVOKED,
        keys=keys,
        purposes=(Purpose.PACKAGES, Purpose.FILES),
        origin=replace(maker.origin, since=NOW - 700 * DAY),
    )


def file_anchors() -> tuple[Anchor, ...]:
    """A maker's key and an authority, neither of them pinned."""
    maker = _openpgp(MAKER, "Carbon Drivers <release@carbon.example>", "")
    subkey = replace(maker.keys[1], fingerprint=MAKER[::-1])
    maker = replace(maker, names=(maker.label,), keys=(maker.keys[0], subkey))
    authority = anchors()[1]
    other = replace(
        authority,
        identity=OTHER_ROOT,
        label="Carbon Root",
        names=("CN=Carbon Root",),
        keys=(replace(authority.keys[0], fingerprint=OTHER_ROOT),),
    )
    nowhere = Origin("trust file /srv/trust/carbon.pem")
    return (replace(maker, origin=nowhere), replace(other, origin=nowhere))


def hostile() -> tuple[Anchor, ...]:
    """An anchor whose every text tries to be markup or to reorder the line."""
    evil = windowdata.HOSTILE_NAME
    first, *_ = anchors()
    note = text("{value}", value=evil)
    keys = tuple(replace(each, usages=(evil,), notes=(note,)) for each in first.keys)
    origin = Origin(f"file {evil}, pinned by {evil}", NOW)
    return (replace(first, label=evil, names=(evil, f"b{evil}"), keys=keys, origin=origin),)


def pinned(file: tuple[Anchor, ...], order: PinOrder) -> tuple[Anchor, ...]:
    """Return the ordered anchors as they are once they are pinned."""
    origin = Origin(f"file {order.path.name}, pinned by release", NOW)
    return tuple(
        replace(each, purposes=order.purposes, origin=origin)
        for each in file
        if each.identity in order.identities
    )


def seen() -> tuple[Seen, ...]:
    """What verifying the release left behind."""
    rests = {"rpm": (PRIMARY,), "kmod": (ROOT_KEY,)}
    return tuple(
        Seen(
            each.sha256,
            each.title,
            each.format,
            each.verdict,
            each.reasons[0],
            NOW - 600 * number,
            rests.get(each.format, ()) if not each.verdict.value.startswith("un") else (),
            each.path,
        )
        for number, each in enumerate(windowdata.release())
    )
