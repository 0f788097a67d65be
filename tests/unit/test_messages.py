"""Every error in words: five parts, every field used, nothing of the program's inside."""

from __future__ import annotations

import string
from dataclasses import fields

import pytest

from signstation import errors
from signstation.errors import Effect, ExitStatus, SignstationError, all_errors, from_wire
from signstation.reports.messages import EFFECTS, MESSAGES, explain
from signstation.reports.words import sentence

CLASSES = sorted(all_errors(), key=lambda cls: cls.code)


def _fields(cls: type[SignstationError]) -> set[str]:
    return {each.name for each in fields(cls)} - {"effect"}


def _places(code: str) -> set[str]:
    words = MESSAGES[code]
    whole = " ".join((words.what, words.why, *words.do))
    return {name for _, name, _, _ in string.Formatter().parse(whole) if name}


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.code)
def test_every_code_has_words_that_use_exactly_its_fields(cls: type[SignstationError]) -> None:
    places = _places(cls.code)
    assert places <= _fields(cls)
    own = _fields(cls) - {"path", "key", "program"}  # a certificate may lie anywhere
    assert own <= places


def test_codes_are_unique_and_no_words_are_left_over() -> None:
    codes = [cls.code for cls in CLASSES]
    assert len(codes) == len(set(codes))
    assert set(MESSAGES) == set(codes)
    assert set(EFFECTS) == set(Effect)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.code)
def test_an_error_survives_the_wire(cls: type[SignstationError]) -> None:
    error = cls(effect=Effect.STAGED_ONLY)
    again = from_wire(error.to_wire())
    assert type(again) is cls
    assert again.to_wire() == error.to_wire()


def test_an_unknown_code_from_the_wire_is_an_internal_error() -> None:
    assert isinstance(from_wire({"code": "nonsense", "fields": {}}), errors.InternalError)
    assert isinstance(from_wire({}), errors.InternalError)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.code)
def test_no_message_names_a_class_or_a_traceback(cls: type[SignstationError]) -> None:
    message = explain(cls())
    whole = " ".join(
        sentence(each) for each in (message.what, message.why, message.effect, *message.do) if each
    )
    assert "Traceback" not in whole
    assert cls.__name__ not in whole.split()
    assert isinstance(cls.status, ExitStatus)


def test_values_of_an_error_are_escaped() -> None:
    message = explain(errors.PathMissing(path="a\x1b[2Jb"))
    assert sentence(message.what) == "a\\x1b[2Jb does not exist."


def test_tries_that_nobody_counts_are_said_to_be_so() -> None:
    message = explain(errors.PassphraseWrong(key="file:x"))
    assert message.why is not None
    assert sentence(message.why) == "Tries left: not counted."
