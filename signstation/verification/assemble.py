"""Puts inspection, checks and the real tools' opinions together into one Verification."""

from __future__ import annotations

from signstation.model.artifacts import Inspection
from signstation.model.checks import Opinion, Verification, Verified
from signstation.verification.verdict import disagreements, reasons, verdict


def assemble(
    path: str,
    inspection: Inspection,
    verified: Verified,
    opinions: tuple[Opinion, ...] = (),
    *,
    at: int,
) -> Verification:
    """Return everything that a report needs; ``at`` is the reference time in Unix seconds.

    Reasons begin with those of the verdict; then comes each tool that says the opposite.
    """
    said = verdict(verified.checks)
    return Verification(
        path=path,
        format=inspection.format,
        title=inspection.title,
        size=inspection.size,
        sha256=inspection.sha256,
        verdict=said,
        reasons=(
            *reasons(verified.checks, verified.signatures),
            *disagreements(said, opinions),
        ),
        checks=verified.checks,
        signatures=verified.signatures,
        opinions=opinions,
        at=at,
    )
