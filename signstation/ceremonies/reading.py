"""Grammars that fields of several procedures share: choices of an Enum, paths, typed phrases."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import TypeVar

from signstation.ceremonies.answers import Answers, Problem
from signstation.model.text import Text, text

EnumT = TypeVar("EnumT", bound=Enum)

CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
"""What no name or path of ours may hold: control, bidirectional and zero-width characters."""


def chosen(kind: type[EnumT]) -> Callable[[str, Answers], EnumT | Problem]:
    """Return a reader of the values of an Enum."""

    def read(typed: str, _answers: Answers) -> EnumT | Problem:
        for each in kind:
            if each.value == typed:
                return each
        return Problem(Text("Choose one of them."))

    return read


def read_path(typed: str, _answers: Answers) -> Path | Problem:
    """Read an absolute path; ``~`` at the beginning is the home directory."""
    given = typed.strip()
    if not given:
        return Problem(Text("Name a place."))
    if CONTROL.search(given):
        return Problem(Text("It holds invisible characters."))
    try:
        path = Path(given).expanduser()
    except RuntimeError:
        return Problem(Text("There is no such user."))
    if not path.is_absolute():
        return Problem(Text("Begin with / or ~, so that it is clear where it is."))
    return path


def phrase(wanted: str) -> Callable[[str, Answers], str | Problem]:
    """Return a reader that takes exactly this phrase, in any case and spacing."""

    def read(typed: str, _answers: Answers) -> str | Problem:
        if " ".join(typed.casefold().split()) == wanted.casefold():
            return wanted
        return Problem(text("Type “{phrase}” to confirm.", phrase=wanted))

    return read
