"""Words of our own code that no person should read: values of enums where words belong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

from PySide6.QtWidgets import QWidget

from signstation.model import anchors, artifacts, checks, hashes, jobs, keys, orders, trust
from tests.support.windowscenes import every_text

_APART = re.compile(r" · |, |; |: |\n")
_MODULES = (anchors, artifacts, checks, hashes, jobs, keys, orders, trust)
_NAMED: frozenset[str] = frozenset({"SHA-256", "SHA-384", "SHA-512"})


def _values() -> frozenset[str]:
    """Values with a hyphen or underscore, and the signature types, which look like words."""
    found = {
        member.value
        for module in _MODULES
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Enum)
        for member in each
        if isinstance(member.value, str) and re.search(r"\w[-_]\w", member.value)
    }
    usages = {"code-signing", "kernel-modules", "email-protection", "time-stamping"}
    return frozenset(found | usages | {each.value for each in keys.SignatureType}) - _NAMED


RAW = _values()


def raw_words(window: QWidget) -> Iterator[str]:
    """Yield every piece of a text that is the value of an enum and nothing else."""
    for text in every_text(window):
        for piece in _APART.split(text):
            if piece.strip() in RAW:
                yield f"{piece!r} in {text!r}"
