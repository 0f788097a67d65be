"""The German help stays in step with the English: same parts, same tables, same links and names."""

from __future__ import annotations

import re

import pytest

from signstation.gui.help_topics import ORDER, Help

GENERATED = "command-line"
"""Made from the commands themselves, which speak English."""


def _headings(markdown: str) -> list[str]:
    return re.findall(r"^(#+) ", markdown, re.MULTILINE)


def _tables(markdown: str) -> list[int]:
    """Cells of each row, row by row."""
    return [line.count("|") for line in markdown.splitlines() if line.startswith("|")]


def _links(markdown: str) -> list[str]:
    return sorted(re.findall(r"\]\(([^)]*)\)", markdown))


def _names(markdown: str) -> set[str]:
    """Commands, files, options and fields: what stands in code and is never translated."""
    return {" ".join(each.split()) for each in re.findall(r"`([^`]+)`", markdown)}


@pytest.mark.parametrize("page", [each for each in ORDER if each != GENERATED])
def test_a_german_page_has_the_parts_of_the_english_one(page: str) -> None:
    english, german = Help("en").topics[page], Help("de").topics[page]
    assert german.language == "de"
    assert german.title != english.title or page == "start"
    for part in (_headings, _tables, _links):
        assert part(german.markdown) == part(english.markdown), part.__name__
    assert _names(german.markdown) == _names(english.markdown)
