"""What a procedure asks: fields with their grammar, and the answers that were given so far.

Secrets are no answers: they are prompts of the station, asked when the work is done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypeVar

from signstation.errors import UsageError
from signstation.model.text import Text

T = TypeVar("T")

MAX_ANSWER = 4096
"""Most characters of one answer: PATH_MAX of Linux (limits.h), the longest thing asked for."""


class FieldKind(Enum):
    """How a surface asks for an answer; every answer travels as a string."""

    CHOICE = "choice"
    TEXT = "text"
    FILE = "file"  # the path of a file that exists
    DIRECTORY = "directory"
    PHRASE = "phrase"  # typed letter by letter to confirm; nothing is proposed


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a choice: its title and, in plain words, why one would take it."""

    value: str
    title: Text
    words: Text
    recommended: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an answer cannot be taken, said at its field."""

    text: Text


NO_WORDS = Text("")


def _empty(_answers: Answers) -> str:
    return ""


def _no_choices(_answers: Answers) -> tuple[Choice, ...]:
    return ()


def _always(_answers: Answers) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Field(Generic[T]):
    """One question. ``read`` turns what was typed into a value, or says what is wrong with it.

    Default, choices and whether it is asked at all may depend on answers that were given before.
    ``logged`` is the allow-list for logs: what a field without it holds is never written there.
    """

    name: str
    title: Text
    kind: FieldKind
    read: Callable[[str, Answers], T | Problem]
    words: Text = NO_WORDS
    default: Callable[[Answers], str] = _empty
    choices: Callable[[Answers], tuple[Choice, ...]] = _no_choices
    asked: Callable[[Answers], bool] = _always
    logged: bool = False


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers by the name of their field, as typed; immutable."""

    given: tuple[tuple[str, str], ...] = ()

    def with_answer(self, field: Field[Any], typed: str) -> Answers:
        """Return these answers with one more, or another one."""
        kept = tuple(each for each in self.given if each[0] != field.name)
        return Answers((*kept, (field.name, typed)))

    def was_given(self, field: Field[Any]) -> bool:
        """Whether somebody answered, even with nothing."""
        return any(name == field.name for name, _ in self.given)

    def typed(self, field: Field[Any]) -> str:
        """Return what was typed, else the default; a choice that is gone falls back to it too."""
        value = dict(self.given).get(field.name)
        if value is None:
            return field.default(self)
        if field.kind is FieldKind.CHOICE and value not in values(field, self):
            return field.default(self)
        return value

    def read(self, field: Field[T]) -> T | Problem:
        """Return the value of a field, or why there is none."""
        typed = self.typed(field)
        if len(typed) > MAX_ANSWER:
            return Problem(Text("That is too long."))
        if field.kind is FieldKind.CHOICE and typed not in values(field, self):
            return Problem(Text("Choose one of them."))
        return field.read(typed, self)

    def __getitem__(self, field: Field[T]) -> T:
        """Return the value of a field that was found to be right. Raises UsageError."""
        value = self.read(field)
        if isinstance(value, Problem):
            raise UsageError(reason=f"{field.title.english()}: {value.text.english()}")
        return value


def values(field: Field[Any], answers: Answers) -> frozenset[str]:
    """Return the values that a choice may have now."""
    return frozenset(each.value for each in field.choices(answers))


def shown_answer(field: Field[Any], answers: Answers) -> Text:
    """Return an answer as people read it: the title of a choice, else what was typed."""
    typed = answers.typed(field)
    for each in field.choices(answers):
        if each.value == typed:
            return each.title
    return Text("{value}", (("value", typed.strip()),)) if typed.strip() else Text("—")
