"""Sentences of the window, translated late: the English template is the key."""

from __future__ import annotations

import html

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import Qt

from signstation.model.text import Text
from signstation.reports.words import show

CONTEXT = "signstation"
"""The one translation context."""


def tr(template: str, **values: str | int) -> str:
    """Translate a template of ours and fill in values, escaped because they may be untrusted."""
    translated = QCoreApplication.translate(CONTEXT, template)
    if not values:
        return translated
    return translated.format_map({name: show(str(value)) for name, value in values.items()})


def trn(one: str, many: str, count: int, **values: str | int) -> str:
    """Translate the template for one thing or for many; both may use ``{count}``."""
    return tr(one if count == 1 else many, count=count, **values)


def say(value: Text) -> str:
    """Translate a Text and fill in its values, escaped."""
    return tr(value.template, **dict(value.values))


def tip(words: str) -> str:
    """Return a tooltip that shows ``words`` literally: Qt takes what looks like markup for it."""
    return f"<p>{html.escape(words)}</p>" if Qt.mightBeRichText(words) else words
