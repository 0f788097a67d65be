"""Families of keys and what was signed with them, without Qt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from signstation.model.jobs import JobRow
from signstation.model.keys import KeyInfo


@dataclass(frozen=True, slots=True)
class Placed:
    """A key in its family: how deep below the root, counted from 0."""

    key: KeyInfo
    depth: int


def _children(keys: Sequence[KeyInfo]) -> dict[str, list[KeyInfo]]:
    known = {str(each.key) for each in keys}
    found: dict[str, list[KeyInfo]] = {}
    for each in keys:
        if each.parent is not None and str(each.parent) in known and each.parent != each.key:
            found.setdefault(str(each.parent), []).append(each)
    return found


def family_order(keys: Sequence[KeyInfo]) -> tuple[Placed, ...]:
    """Return every key once, each one after its parent; other order stays.

    Keys whose parents name one another in a circle are not lost: they come last, as roots.
    """
    children = _children(keys)
    inside = {str(child.key) for family in children.values() for child in family}
    placed: dict[str, Placed] = {}

    def put(key: KeyInfo) -> None:
        waiting = [Placed(key, 0)]
        while waiting:  # not recursive: a chain of issuers may be as long as somebody likes
            at = waiting.pop()
            if str(at.key.key) not in placed:
                placed[str(at.key.key)] = at
                below = children.get(str(at.key.key), ())
                waiting.extend(Placed(each, at.depth + 1) for each in reversed(below))

    for each in keys:
        if str(each.key) not in inside:
            put(each)
    for each in keys:
        put(each)
    return tuple(placed.values())


def family_of(ordered: Sequence[Placed], key: KeyInfo) -> tuple[Placed, ...]:
    """Return the part of ``family_order`` that ``key`` belongs to, its root first."""
    at = next((n for n, each in enumerate(ordered) if each.key.key == key.key), None)
    if at is None:
        return (Placed(key, 0),)
    start = at
    while ordered[start].depth > 0:
        start -= 1
    end = start + 1
    while end < len(ordered) and ordered[end].depth > 0:
        end += 1
    return tuple(ordered[start:end])


@dataclass(frozen=True, slots=True)
class Use:
    """What jobs of this station signed: artifacts, jobs, the last time in Unix seconds.

    A job with several keys does not tell which of them signed an artifact: then ``exact`` is False
    and ``artifacts`` is the most that it can be.
    """

    artifacts: int
    jobs: int
    last: int
    exact: bool


def uses(rows: Iterable[JobRow]) -> Mapping[str, Use]:
    """Count by the text of the key's reference; jobs that signed nothing are left out."""
    found: dict[str, Use] = {}
    for row in rows:
        if row.done == 0:
            continue
        last, exact = row.finished or row.created, len(row.keys) == 1
        for key in row.keys:
            old = found.get(key, Use(0, 0, 0, exact=True))
            found[key] = Use(
                old.artifacts + row.done,
                old.jobs + 1,
                max(old.last, last),
                exact=old.exact and exact,
            )
    return found


def use_of(family: Sequence[Placed], found: Mapping[str, Use]) -> Use | None:
    """Return the use of a whole family: orders name a primary key or its subkey; None: unused."""
    own = [found[str(each.key.key)] for each in family if str(each.key.key) in found]
    if not own:
        return None
    return Use(
        sum(each.artifacts for each in own),
        sum(each.jobs for each in own),
        max(each.last for each in own),
        exact=all(each.exact for each in own),
    )
