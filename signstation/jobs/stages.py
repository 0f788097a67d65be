"""The order in which a release is signed: what states digests of other files comes after them."""

from __future__ import annotations

from signstation.model.releases import Stage

_LATER = {
    "aptrepo": Stage.METADATA,
    "rpmrepo": Stage.METADATA,
    "debsource": Stage.METADATA,
    "checksums": Stage.CHECKSUMS,
}
_ORDER = {stage: number for number, stage in enumerate(Stage)}


def stage_of(format_id: str) -> Stage:
    """Return the stage in which artifacts of a format are signed."""
    return _LATER.get(format_id, Stage.PACKAGES)


def place_of(format_id: str) -> int:
    """Return the place of that stage in the order, from 0."""
    return _ORDER[stage_of(format_id)]
