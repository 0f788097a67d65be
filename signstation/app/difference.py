"""What changed in the meaning of an artifact since an earlier version of the same thing.

Facts are compared by the stable ids of their sections and by their labels, never by bytes: a
rebuild changes every byte, a reviewer needs the script that is new. Pure; knows no format's code.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from signstation.model.artifacts import Fact, FactSection, FactStyle, Finding, Inspection, Severity
from signstation.model.text import Text, text

MAX_ORDERED_LINES = 2000
"""Lines up to which the order of lines is compared: difflib is quadratic at its worst."""
MAX_LINES = 400
"""Most lines of one change that are kept; the rest is counted."""
GROWTH_PERCENT = 50
"""Change of the size in per cent that is worth a look."""

_UNORDERED = {"dependencies", "files"}
"""Sections whose lines are a set: their order says nothing."""


class ChangeKind(Enum):
    """What happened to a fact."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One fact that differs. ``lines`` begin with ``+`` or ``-``: values of several lines."""

    section: str
    title: Text  # of the section
    label: Text
    kind: ChangeKind
    style: FactStyle
    before: str
    after: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that differs between two inspections, in the order of the newer one."""

    earlier: str  # title of the earlier version: untrusted text
    later: str
    same_bytes: bool
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]

    def counts(self) -> tuple[int, int, int]:
        """Return how many facts were added, removed and changed."""
        kinds = Counter(each.kind for each in self.changes)
        return kinds[ChangeKind.ADDED], kinds[ChangeKind.REMOVED], kinds[ChangeKind.CHANGED]

    def watched(self) -> tuple[Change, ...]:
        """Return the changes that are worth a warning: scripts, special rights, aliases."""
        return tuple(
            each
            for each in self.changes
            if any(watch.severity is Severity.WARNING and watch.meets(each) for watch in _WATCHED)
        )


@dataclass(frozen=True, slots=True)
class _Watch:
    """Changes of a section that a reviewer must be told of. ``labels`` empty means all."""

    code: str
    section: str
    labels: frozenset[str]
    severity: Severity
    words: str

    def meets(self, change: Change) -> bool:
        """Say whether it is about this change."""
        return change.section == self.section and (
            not self.labels or change.label.template in self.labels
        )


_WATCHED = (
    _Watch(
        "difference.scripts",
        "scripts",
        frozenset(),
        Severity.WARNING,
        "Scripts that run as root changed since {earlier}: {names}.",
    ),
    _Watch(
        "difference.rights",
        "files",
        frozenset({"With special rights"}),
        Severity.WARNING,
        "Files with special rights changed since {earlier}.",
    ),
    _Watch(
        "difference.dependencies",
        "dependencies",
        frozenset(),
        Severity.NOTE,
        "Dependencies changed since {earlier}: {names}.",
    ),
    _Watch(
        "difference.aliases",
        "interface",
        frozenset({"Alias", "Aliases"}),
        Severity.WARNING,
        "The devices that load it changed since {earlier}.",
    ),
    _Watch(
        "difference.interface",
        "interface",
        frozenset(
            {"Depends on", "Soft dependency", "Loads firmware", "Imports namespace", "Parameter"}
        ),
        Severity.NOTE,
        "What it needs or takes changed since {earlier}: {names}.",
    ),
)


def compare(earlier: Inspection, later: Inspection) -> Difference:
    """Compare two inspections of one format. Pure; bounded by what inspections hold."""
    before = {section.id: section for section in earlier.sections}
    after = {section.id: section for section in later.sections}
    changes = tuple(
        change
        for ident in dict.fromkeys((*after, *before))
        for change in _section(before.get(ident), after.get(ident))
    )
    findings = (*_watched(earlier.title, changes), *_size(earlier, later))
    return Difference(
        earlier=earlier.title,
        later=later.title,
        same_bytes=earlier.sha256 == later.sha256,
        changes=changes,
        findings=findings,
    )


def _section(before: FactSection | None, after: FactSection | None) -> Iterator[Change]:
    section = after or before
    if section is None:
        return
    old = _by_label(before.facts if before else ())
    new = _by_label(after.facts if after else ())
    for label in dict.fromkeys((*new, *old)):
        yield from _label(section, old.get(label, ()), new.get(label, ()))


def _by_label(facts: Iterable[Fact]) -> dict[Text, tuple[Fact, ...]]:
    found: dict[Text, list[Fact]] = {}
    for fact in facts:
        found.setdefault(fact.label, []).append(fact)
    return {label: tuple(each) for label, each in found.items()}


def _label(section: FactSection, old: tuple[Fact, ...], new: tuple[Fact, ...]) -> Iterator[Change]:
    """Compare the facts of one label: one with one, several as a set."""
    if len(old) == len(new) == 1:
        if old[0].value != new[0].value:
            yield _change(section, ChangeKind.CHANGED, old[0], new[0])
        return
    gone = Counter(each.value for each in old)
    come = Counter(each.value for each in new)
    for fact in old:
        if gone[fact.value] > come[fact.value]:
            gone[fact.value] -= 1
            yield _change(section, ChangeKind.REMOVED, fact, None)
    gone = Counter(each.value for each in old)
    for fact in new:
        if come[fact.value] > gone[fact.value]:
            come[fact.value] -= 1
            yield _change(section, ChangeKind.ADDED, None, fact)


def _change(
    section: FactSection, kind: ChangeKind, before: Fact | None, after: Fact | None
) -> Change:
    old, new = before.value if before else "", after.value if after else ""
    fact = after or before
    if fact is None:
        raise ValueError(kind)
    several = fact.style is FactStyle.CODE
    return Change(
        section=section.id,
        title=section.title,
        label=fact.label,
        kind=kind,
        style=fact.style,
        before=old,
        after=new,
        lines=_lines(old, new, ordered=section.id not in _UNORDERED) if several else (),
    )


def _lines(before: str, after: str, *, ordered: bool) -> tuple[str, ...]:
    old, new = before.splitlines(), after.splitlines()
    if ordered and len(old) + len(new) <= MAX_ORDERED_LINES:
        found = list(difflib.unified_diff(old, new, lineterm="", n=2))[2:]
    else:
        gone, come = Counter(old), Counter(new)
        found = [f"-{each}" for each in (gone - come).elements()]
        found += [f"+{each}" for each in (come - gone).elements()]
    if len(found) > MAX_LINES:
        return (*found[:MAX_LINES], f"… {len(found) - MAX_LINES} more")
    return tuple(found)


def _watched(earlier: str, changes: tuple[Change, ...]) -> Iterator[Finding]:
    for watch in _WATCHED:
        labels = [each.label.english() for each in changes if watch.meets(each)]
        if labels:
            names = ", ".join(dict.fromkeys(labels))
            said = Text(watch.words, (("earlier", earlier), ("names", names)))
            yield Finding(watch.code, watch.severity, said)


def _size(earlier: Inspection, later: Inspection) -> Iterator[Finding]:
    if not earlier.size:
        return
    percent = (later.size - earlier.size) * 100 // earlier.size
    if abs(percent) >= GROWTH_PERCENT:
        said = text(
            "Its size changed by {percent} % since {earlier}.",
            percent=f"{percent:+d}",
            earlier=earlier.title,
        )
        yield Finding("difference.size", Severity.WARNING, said)
