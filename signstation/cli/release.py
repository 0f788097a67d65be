"""What a plan says of the release as a whole, for people at a terminal."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from signstation.cli.output import nearby
from signstation.model.artifacts import Severity
from signstation.model.orders import PlanSummary
from signstation.reports.words import sentence, show

_WORDS = {
    Severity.BLOCKER: "Cannot be signed",
    Severity.WARNING: "Warning",
    Severity.NOTE: "Note",
}


def release_lines(plan: PlanSummary) -> Iterator[str]:
    """Yield findings with what mends them, then what is not signed because it need not be."""
    for each in plan.findings:
        place = show(nearby(str(each.path)))
        yield f"{_WORDS[each.finding.severity]}: {place}: {sentence(each.finding.text)}"
        if each.remedy:
            yield f"  Run: {show(shlex.join(each.remedy))}"
    if plan.covered:
        by = ", ".join(sorted({show(nearby(str(each.by))) for each in plan.covered}))
        yield f"Covered, and not signed one by one: {len(plan.covered)} (by {by}; --as signs them)"
    if plan.signed:
        yield f"Signed by these keys already, and left out: {len(plan.signed)}"
