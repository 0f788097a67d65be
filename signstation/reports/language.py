"""Reports in the reader's language: the catalogue of texts, without the window's Qt."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from signstation.model.artifacts import Fact
from signstation.model.checks import Check, Opinion, SignatureFacts, TrustNode, Verification
from signstation.model.language import Language
from signstation.model.text import Text, text
from signstation.reports.words import show
from signstation.system.resources import resource

_Say = Callable[[Text], Text]


class Translate(Protocol):
    """Gives a template in another language, filled with values that are escaped."""

    def __call__(self, template: str, **values: str | int) -> str:
        """Return the sentence; a template without a translation stays English."""


def read_catalogue(language: Language) -> dict[str, str]:
    """Return a language's catalogue: English template to translation."""
    if language is Language.ENGLISH:
        return {}
    content = resource("translations", f"{language.value}.json").read_text("utf-8")
    return {str(source): str(words) for source, words in json.loads(content).items()}


def translator(language: Language) -> Translate:
    """Return the function that speaks a language."""
    entries = read_catalogue(language)

    def tr(template: str, **values: str | int) -> str:
        words = entries.get(template, template)
        if not values:
            return words
        return words.format_map({name: show(str(value)) for name, value in values.items()})

    return tr


def translated(verification: Verification, language: Language) -> Verification:
    """Return a verification whose sentences are in a language; its values stay unescaped."""
    entries = read_catalogue(language)

    def say(value: Text) -> Text:
        words = Text(entries.get(value.template, value.template), value.values)
        return text("{words}", words=words.english())

    return replace(
        verification,
        reasons=tuple(map(say, verification.reasons)),
        signatures=tuple(_signature(each, say) for each in verification.signatures),
        checks=tuple(_check(each, say) for each in verification.checks),
        opinions=tuple(_opinion(each, say) for each in verification.opinions),
    )


def _signature(facts: SignatureFacts, say: _Say) -> SignatureFacts:
    return replace(
        facts,
        place=say(facts.place),
        reasons=tuple(map(say, facts.reasons)),
        path=tuple(_node(each, say) for each in facts.path),
    )


def _node(node: TrustNode, say: _Say) -> TrustNode:
    edge = say(node.edge) if node.edge else None
    return replace(node, detail=say(node.detail), edge=edge)


def _check(check: Check, say: _Say) -> Check:
    details = tuple(Fact(say(each.label), each.value, each.style) for each in check.details)
    return replace(check, summary=say(check.summary), details=details)


def _opinion(opinion: Opinion, say: _Say) -> Opinion:
    return replace(opinion, note=say(opinion.note) if opinion.note else None)
