"""A sentence for people whose words are chosen late: a template and its values.

The template is English with ``{name}`` places and doubles as the key of a translation; values may
be untrusted text and are escaped only where they are shown.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """An English template with named places and the values that fill them."""

    template: str
    values: tuple[tuple[str, str], ...] = ()

    def english(self) -> str:
        """Return the English sentence, values as they are (not escaped)."""
        return self.template.format_map(dict(self.values)) if self.values else self.template


def text(template: str, **values: str | int) -> Text:
    """Build a Text; the template is a literal at each call, so that translators can find it."""
    return Text(template, tuple(sorted((name, str(value)) for name, value in values.items())))
