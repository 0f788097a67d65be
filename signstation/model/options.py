"""Options that a format declares and the window and command line render without its code."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from signstation.errors import UsageError
from signstation.model.text import Text


class FieldKind(Enum):
    """Kinds of option values; every value travels as a string."""

    CHOICE = "choice"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a choice and its title."""

    value: str
    title: Text


@dataclass(frozen=True, slots=True)
class Field:
    """One option: name on the wire, title for people, default, and the values it may have."""

    name: str
    title: Text
    kind: FieldKind
    default: str
    choices: tuple[Choice, ...] = ()


Options = tuple[tuple[str, str], ...]
"""Resolved options: every declared field with its value, sorted by name."""


CONTENT = "content"
"""Name of the field of formats with detached signatures that says whether the file comes along."""
CONTENT_LEFT = "leave"
CONTENT_COPIED = "copy"


class Existing(Enum):
    """What happens to signatures that are already there; every format declares a field for it."""

    KEEP = "keep"
    REPLACE = "replace"
    REFUSE = "refuse"


def existing_field(default: Existing, *allowed: Existing) -> Field:
    """The ``existing`` field with a format's default and what the format can do."""
    titles = {
        Existing.KEEP: Text("Keep existing signatures and add mine"),
        Existing.REPLACE: Text("Replace existing signatures"),
        Existing.REFUSE: Text("Refuse files that are already signed"),
    }
    choices = tuple(Choice(value.value, titles[value]) for value in allowed)
    return Field("existing", Text("Existing signatures"), FieldKind.CHOICE, default.value, choices)


def resolve(declared: tuple[Field, ...], given: dict[str, str]) -> Options:
    """Fill in defaults and refuse unknown names and values with UsageError."""
    names = {field.name for field in declared}
    if unknown := sorted(set(given) - names):
        raise UsageError(reason=f"unknown option {unknown[0]}")
    values: list[tuple[str, str]] = []
    for field in declared:
        value = given.get(field.name, field.default)
        if field.choices and value not in {choice.value for choice in field.choices}:
            raise UsageError(reason=f"option {field.name} cannot be {value}")
        values.append((field.name, value))
    return tuple(sorted(values))
