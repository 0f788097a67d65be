"""Which commands fit what was typed, and how well: letters in order, words and beginnings first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

MAX_SHOWN = 60
_WORD, _RUN, _LETTER = 8, 4, 1
"""Points for a letter that begins a word, follows the one before it, or is just there."""


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that can be done: its words, the group it belongs to, and how it is done."""

    group: str
    title: str
    icon: str
    run: Callable[[], None]
    detail: str = ""


def score(typed: str, words: str) -> int:
    """Return how well ``typed`` fits ``words``: 0 where a letter is missing or out of order."""
    wanted, folded = "".join(typed.casefold().split()), words.casefold()
    points, at, last = 0, -1, -2
    for letter in wanted:
        at = _next(folded, letter, last)
        if at < 0:
            return 0
        begins = at == 0 or not folded[at - 1].isalnum()
        points += _WORD if begins else _RUN if at == last + 1 else _LETTER
        last = at
    return points


def _next(folded: str, letter: str, last: int) -> int:
    """Where a letter is next: right behind the last one, at a word's beginning, or anywhere."""
    start = last + 1 if last >= 0 else 0
    if folded[start : start + 1] == letter:
        return start
    at = folded.find(letter, start)
    anywhere = at
    while at >= 0:
        if at == 0 or not folded[at - 1].isalnum():
            return at
        at = folded.find(letter, at + 1)
    return anywhere


def matching(typed: str, commands: Iterable[Command]) -> list[Command]:
    """Return what fits, the best first; everything, in its own order, while nothing is typed."""
    if not typed.strip():
        return list(commands)[:MAX_SHOWN]
    scored = [
        (max(3 * score(typed, each.title) // 2, score(typed, f"{each.group} {each.title}"))
         or score(typed, f"{each.title} {each.detail}") // 2, each)
        for each in commands
    ]  # fmt: skip
    fitting = [each for each in scored if each[0]]
    fitting.sort(key=lambda each: (-each[0], len(each[1].title)))
    return [command for _, command in fitting[:MAX_SHOWN]]
