"""Every error has a stable code of its own and words for people."""

from __future__ import annotations

from collections import Counter

from signstation.errors import all_errors
from signstation.reports.messages import MESSAGES


def test_every_error_has_words() -> None:
    assert {error.code for error in all_errors()} - set(MESSAGES) == set()


def test_there_are_no_words_for_errors_that_do_not_exist() -> None:
    assert set(MESSAGES) - {error.code for error in all_errors()} == set()


def test_no_two_errors_share_a_code() -> None:
    """A code crosses sockets and stands in reports: from_wire takes the first class that has it."""
    shared = [code for code, count in Counter(e.code for e in all_errors()).items() if count > 1]
    assert shared == []


def test_every_error_explains_itself_to_the_reader_of_the_code() -> None:
    assert [error.__name__ for error in all_errors() if not error.__doc__] == []
