"""The help's pages: which there are, their text in the window's language, and finding in them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from signstation.system.resources import resource

ENGLISH = "en"
START = "start"
"""The topic that lists all others."""
MAX_FOUND = 40
_TITLE = re.compile(r"^#\s+(.+)$", re.MULTILINE)
_MARKS = re.compile(r"[*`#|]|\[|\]\([^)]*\)|:?-{3,}:?")


@dataclass(frozen=True, slots=True)
class Topic:
    """One page: its id is the name of its file; ``language`` is what it is written in."""

    id: str
    title: str
    markdown: str
    language: str

    @property
    def plain(self) -> str:
        """The text without marks, on one line."""
        return " ".join(_MARKS.sub(" ", self.markdown).split())


@dataclass(frozen=True, slots=True)
class Found:
    """A page in which every word was found, and the text around the first of them."""

    topic: Topic
    excerpt: str


ORDER = (
    START,
    "overview",
    "sign",
    "verify",
    "verdicts",
    "keys",
    "trust",
    "ssh",
    "hsm",
    "audit",
    "queue",
    "recovery",
    "evidence",
    "backup",
    "formats",
    "clients",
    "keyboard",
    "command-line",
    "speed",
    "threat-model",
)
"""Every page, in the order of the list."""


class Help:
    """All pages in one language, English where a page was not translated; read once."""

    def __init__(self, language: str) -> None:
        """Read every page. Raises FileNotFoundError where the installation is incomplete."""
        self.topics = {name: _read(name, language) for name in ORDER}

    def search(self, typed: str) -> tuple[Found, ...]:
        """Return pages that have every typed word, those with a word in the title first."""
        words = typed.casefold().split()
        found: list[tuple[bool, Found]] = []
        for topic in self.topics.values():
            plain = topic.plain
            folded = plain.casefold()
            if words and all(each in folded for each in words):
                titled = any(each in topic.title.casefold() for each in words)
                found.append((not titled, Found(topic, _around(plain, folded.find(words[0])))))
        found.sort(key=lambda each: each[0])
        return tuple(each for _, each in found[:MAX_FOUND])


def _around(plain: str, at: int) -> str:
    start = max(0, at - 40)
    start = plain.rfind(" ", 0, start) + 1 if start else 0
    return ("… " if start else "") + plain[start : at + 80].rsplit(" ", 1)[0] + " …"


def _read(name: str, language: str) -> Topic:
    try:
        path, written = resource("help", language, f"{name}.md"), language
    except FileNotFoundError:
        path, written = resource("help", f"{name}.md"), ENGLISH
    markdown = path.read_text("utf-8")
    title = _TITLE.search(markdown)
    return Topic(name, title.group(1) if title else name, markdown, written)
