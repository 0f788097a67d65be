"""Paragraphs of fields as Debian's control files have them: deb822(5)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from signstation.errors import ArtifactMalformed, LimitReached

MAX_FIELDS = 256
"""Most fields of one paragraph: deb-control(5) names about forty."""
_NAME = re.compile(r"[!-,.-9;-~][!-9;-~]*")
"""Field names: no blanks, no colon, and neither ``#`` nor ``-`` at the beginning (deb822(5))."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph: values by lower-case name, the first of each name wins.

    Lines of a value are joined by line feeds, each without its first blank. ``names`` are the names
    as they are written, in order; ``repeated`` are those that stand there again.
    """

    fields: Mapping[str, str]
    names: tuple[str, ...]
    repeated: tuple[str, ...]

    def field(self, name: str) -> str:
        """Return a field's value, empty where it is missing."""
        return self.fields.get(name.lower(), "")


def paragraph(content: bytes, *, format_id: str, offset: int = 0) -> Paragraph:
    """Read one paragraph; bytes that are not UTF-8 become escapes.

    Raises ArtifactMalformed for what is no field, for a second paragraph too, and LimitReached.
    """
    fields: dict[str, list[str]] = {}
    names: list[str] = []
    repeated: list[str] = []
    current: list[str] = []
    text = content.decode(errors="backslashreplace").rstrip("\n")
    for number, line in enumerate(text.split("\n") if text else ()):
        if line.startswith("#"):
            continue
        if line[:1] in {" ", "\t"} and line.strip() and names:
            current.append(line[1:].rstrip())
            continue
        name, colon, value = line.partition(":")
        if not colon or not _NAME.fullmatch(name) or name.startswith("#"):
            raise ArtifactMalformed(
                format=format_id,
                offset=offset,
                expected=f"a field in line {number + 1}",
                found=repr(line[:40]),
            )
        if len(names) == MAX_FIELDS:
            raise LimitReached(what="fields", limit=MAX_FIELDS)
        names.append(name)
        current = [value.strip()]
        if name.lower() in fields:
            repeated.append(name)
        else:
            fields[name.lower()] = current
    values = {name: "\n".join(lines) for name, lines in fields.items()}
    return Paragraph(values, tuple(names), tuple(repeated))
