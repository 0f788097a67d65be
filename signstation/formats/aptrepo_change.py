"""What clients will make of a Release file: its dates, and what it changes of the state before.

apt refuses what has expired or comes from the future, keeps a newer state that it knows (older
dates are ignored without a word), and asks before it takes a changed origin, label, suite or
codename (apt-secure(8), apt-get(8) --allow-releaseinfo-change).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from signstation.formats.aptrepo_dates import dates
from signstation.model.artifacts import Finding, Inspection, Severity
from signstation.model.options import Options
from signstation.model.text import Text, text

MAX_NAMED = 5
"""Most indexes that are named; the number of all is told."""
_ASKED = ("Origin", "Label", "Suite", "Codename", "Signed by")
"""Facts of which clients, or those who pinned the signer, must not be surprised."""


def foresee(
    current: Inspection, previous: Inspection | None, options: Options, time: int
) -> tuple[Finding, ...]:
    """See ``interfaces.archive``: Succeeding."""
    facts = _facts(current)
    stated, ends = _moment(facts, "Date"), _moment(facts, "Valid until")
    wanted = dates(options, stated, time)
    date = stated if wanted.date is None else wanted.date
    until = ends if wanted.until is None else wanted.until
    return (
        *_dates(date, until, time),
        *(() if previous is None else _since(facts, _facts(previous), date)),
    )


def _dates(date: int | None, until: int | None, time: int) -> Iterator[Finding]:
    if until is not None and until < time:
        said = Text("Its validity has ended already: clients refuse it. Set valid_for, or date.")
        yield Finding("aptrepo.expired", Severity.BLOCKER, said)
    if date is not None and date > time:
        said = Text("Its date is in the future: clients refuse it until then.")
        yield Finding("aptrepo.future", Severity.WARNING, said)


def _since(
    facts: Mapping[str, str], before: Mapping[str, str], date: int | None
) -> Iterator[Finding]:
    earlier = _moment(before, "Date")
    if earlier is not None and (date is None or date < earlier):
        words = "It is older than what is signed here: clients that saw the newer state keep it."
        yield Finding("aptrepo.rollback", Severity.WARNING, Text(words))
    for label in _ASKED:
        old, new = before.get(label, ""), facts.get(label, "")
        if old != new:
            words = "{label} changes from “{old}” to “{new}”: clients ask before they take it."
            said = text(words, label=label, old=old, new=new)
            yield Finding("aptrepo.identity", Severity.WARNING, said)
    yield from _indexes(_lines(before), _lines(facts))


def _indexes(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Finding]:
    added, removed = new.keys() - old.keys(), old.keys() - new.keys()
    changed = {each for each in new.keys() & old.keys() if new[each] != old[each]}
    if removed:
        names = ", ".join(sorted(removed)[:MAX_NAMED])
        more = f" … ({len(removed)})" if len(removed) > MAX_NAMED else ""
        said = text("Indexes of the state before are gone: {names}", names=names + more)
        yield Finding("aptrepo.removed", Severity.WARNING, said)
    words = "Since the state that is signed here: {added} indexes new, {changed} changed."
    said = text(words, added=len(added), changed=len(changed))
    yield Finding("aptrepo.difference", Severity.NOTE, said)


def _facts(inspection: Inspection) -> Mapping[str, str]:
    """Return values by label; a label stands once in a Release file's inspection."""
    return {fact.label.template: fact.value for each in inspection.sections for fact in each.facts}


def _moment(facts: Mapping[str, str], label: str) -> int | None:
    return int(facts[label]) if label in facts else None


def _lines(facts: Mapping[str, str]) -> Mapping[str, str]:
    pairs = (each.partition("  ") for each in facts.get("Digest and name", "").split("\n"))
    return {path: digest for digest, _, path in pairs if path}
