"""Reads the INI files of dnf, yum and flatpak: sections of values, each with its line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from signstation.acceptance.facts import FactFile

_SECTION = re.compile(r"\[(.+)\]\s*([#;].*)?")
_MARK = re.compile(r"[=:]")
ON = frozenset({"1", "yes", "true", "on", "enabled"})
OFF = frozenset({"0", "no", "false", "off", "disabled"})
"""Words of libdnf's and GLib's booleans; others are neither."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value and the line that it stands in, counted from 1."""

    text: str
    line: int

    @property
    def on(self) -> bool:
        """Whether it is a word for yes."""
        return self.text.lower() in ON

    @property
    def off(self) -> bool:
        """Whether it is a word for no."""
        return self.text.lower() in OFF


@dataclass(frozen=True, slots=True)
class Section:
    """A section: its values by names in small letters, the last of each name wins."""

    name: str
    line: int
    values: Mapping[str, Value]


def sections(file: FactFile) -> list[Section]:
    """Return the sections in order; lines that are neither are passed over, as dnf does."""
    found: list[Section] = []
    values: dict[str, Value] = {}
    for number, line in enumerate(file.lines, 1):
        if section := _SECTION.fullmatch(line.rstrip()):
            values = {}
            found.append(Section(section[1].strip(), number, values))
        elif line[:1] not in {"#", ";", " ", "\t"} and (mark := _MARK.search(line)):
            values[line[: mark.start()].strip().lower()] = Value(line[mark.end() :].strip(), number)
    return found
