"""Reads apt.conf(5): scopes, values and comments, each value with its full name and line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from signstation.acceptance.facts import FactFile
from signstation.errors import ArtifactMalformed

MAX_DEPTH = 20
"""Most scopes inside one another: as many as apt's own reader keeps (apt-pkg/contrib)."""
_TOKEN = re.compile(
    r"""(?://|\#(?!clear|include))[^\n]*
      | \s+
      | (?P<mark>[{};])
      | "(?P<quoted>[^"\n]*)"
      | (?P<word>[^\s{};"]+)""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Setting:
    """One value: ``name`` in small letters with ``::`` between its parts."""

    name: str
    value: str
    file: FactFile
    line: int


@dataclass(frozen=True, slots=True)
class _Token:
    """A mark (``{``, ``}`` or ``;``), or a word."""

    text: str
    mark: bool
    line: int


def settings(file: FactFile) -> Iterator[Setting]:
    """Yield the values in their order. Raises ArtifactMalformed for what apt would refuse too."""
    scopes: list[str] = []
    words: list[_Token] = []
    for token in _tokens(file):
        if not token.mark:
            words.append(token)
            continue
        if token.text == "{":
            scopes.append(words[0].text if words else "")
            if len(scopes) > MAX_DEPTH:
                _fail(token.line, f"at most {MAX_DEPTH} scopes", "more")
        elif token.text == "}":
            del scopes[-1:]  # apt passes over an end without a beginning
        elif words and words[0].text == "#clear":
            yield from (Setting(each.text.lower(), "", file, each.line) for each in words[1:])
        elif words and words[0].text != "#include":
            name = "::".join([*(each for each in scopes if each), words[0].text]).lower()
            yield Setting(name, words[1].text if len(words) > 1 else "", file, words[0].line)
        words = []


def _tokens(file: FactFile) -> Iterator[_Token]:
    text = file.content.decode(errors="backslashreplace")
    at, line = 0, 1
    while at < len(text):
        if text.startswith("/*", at):
            closed = text.find("*/", at + 2)
            end = len(text) if closed < 0 else closed + 2
        elif (found := _TOKEN.match(text, at)) is None:
            _fail(line, "the end of a quoted text", "the end of the line")
        else:
            end = found.end()
            if found["mark"]:
                yield _Token(found["mark"], mark=True, line=line)
            elif found["word"] is not None or found["quoted"] is not None:
                yield _Token(found["word"] or found["quoted"] or "", mark=False, line=line)
        line += text.count("\n", at, end)
        at = end


def _fail(line: int, expected: str, found: str) -> NoReturn:
    raise ArtifactMalformed(
        format="apt.conf", offset=0, expected=f"{expected} in line {line}", found=found
    )
