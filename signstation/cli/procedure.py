"""Guided procedures at the terminal: the same steps, words and checks as in the window.

Questions go to stderr and answers come from stdin, so that stdout holds the result alone.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from typing import Any, TypeVar

from signstation.ceremonies.answers import MAX_ANSWER, Field, FieldKind, Problem, shown_answer
from signstation.ceremonies.procedure import Course, Procedure, Remark, Result, Step
from signstation.cli.output import Output
from signstation.errors import Cancelled
from signstation.model.artifacts import Fact, FactStyle, Severity
from signstation.model.text import Text
from signstation.reports.words import groups, sentence, show

OrderT = TypeVar("OrderT")
DoneT = TypeVar("DoneT")

WIDTH = 92
BACK = "<"
YES = "yes"
_MARKS = {Severity.NOTE: "Note", Severity.WARNING: "Warning", Severity.BLOCKER: "Stop"}


class _GoBack(Exception):  # never leaves this module
    """The person typed BACK."""


def guide(procedure: Procedure[OrderT, DoneT]) -> Course[OrderT, DoneT]:
    """Ask everything and return the course at its review, confirmed. Blocks for a person.

    Raises Cancelled at the end of the input, or where the review is not confirmed.
    """
    course = Course(procedure)
    _say(sentence(procedure.title), sentence(procedure.sentence))
    _say(f"Enter takes what stands in brackets, {BACK} goes back, Ctrl-C leaves.", "")
    while True:
        try:
            if course.reviewing:
                _confirm(course)
                return course
            course = _ask_step(course)
        except _GoBack:
            course = course.back()


def tell(output: Output, result: Result) -> None:
    """Print what became of it; not with ``--json``."""
    output.text(sentence(result.headline), sentence(result.detail), "")
    if result.fingerprint:
        output.text("Fingerprint to write down:", f"  {groups(show(result.fingerprint))}", "")
    output.table(("FACT", "VALUE"), [(sentence(each.label), _value(each)) for each in result.facts])
    if result.advice:
        output.text("", "Next:", *(f"  {line}" for each in result.advice for line in _wrap(each)))


def _value(fact: Fact) -> str:
    return groups(fact.value) if fact.style is FactStyle.HEX else fact.value


def _wrap(words: Text) -> Iterator[str]:
    yield from textwrap.wrap(sentence(words), WIDTH - 4)


def _ask_step(course: Course[OrderT, DoneT]) -> Course[OrderT, DoneT]:
    """Ask the fields of one step and go on. Raises _GoBack."""
    step = course.step
    number = [each.id for each in course.steps].index(step.id) + 1
    _say(f"Step {number} of {len(course.steps)}: {sentence(step.question)}")
    _say(*_wrap(step.words), "")
    asked: set[str] = set()
    while field := _next_field(step, course, asked):
        asked.add(field.name)
        course = _ask_field(course, field)
    for each in course.remarks():
        _remark(each)
    _say("")
    return course.forward()


def _next_field(step: Step, course: Course[OrderT, DoneT], asked: set[str]) -> Field[Any] | None:
    """Return the next field: which ones are asked may depend on the answers of this step."""
    for each in step.asked(course.answers):
        if each.name not in asked:
            return each
    return None


def _ask_field(course: Course[OrderT, DoneT], field: Field[Any]) -> Course[OrderT, DoneT]:
    choices = field.choices(course.answers)
    _say(f"  {sentence(field.title)}")
    for line in _wrap(field.words):
        _say(f"    {line}")
    for number, each in enumerate(choices, 1):
        mark = " (recommended)" if each.recommended else ""
        _say(f"    {number}  {sentence(each.title)}{mark}")
        for line in textwrap.wrap(sentence(each.words), WIDTH - 10):
            _say(f"       {line}")
    while True:
        typed = _read(course, field)
        if choices and typed.isdecimal() and 0 < int(typed) <= len(choices):
            typed = choices[int(typed) - 1].value
        answered = course.answer(field, typed)
        if choices and typed not in {each.value for each in choices}:
            _say(f"    Type a number from 1 to {len(choices)}.")
            continue
        value = answered.answers.read(field)
        if not isinstance(value, Problem):
            return answered
        _say(f"    {sentence(value.text)}")


def _read(course: Course[OrderT, DoneT], field: Field[Any]) -> str:
    """Read one answer; Enter takes the default, which is never proposed for a phrase."""
    default = course.answers.typed(field)
    offered = "" if field.kind is FieldKind.PHRASE or not default else default
    shown = sentence(shown_answer(field, course.answers)) if offered else ""
    return _line(f"  [{shown}] " if shown else "  ") or offered


def _confirm(course: Course[OrderT, DoneT]) -> None:
    """Show everything that will happen, and take nothing but a whole word for a yes."""
    preview = course.preview()
    _say("This will happen:")
    for effect in preview.effects:
        for number, line in enumerate(_wrap(effect.text)):
            _say(f"  {'-' if number == 0 else ' '} {line}")
        if effect.path:
            _say(f"      {show(effect.path)}")
    _say("", *_wrap(preview.undo), "", "The same without questions:", f"  {show(preview.command)}")
    for each in course.remarks():
        _remark(each)
    action = sentence(course.procedure.action)
    if _line(f'\n{action}? Type "{YES}": ').casefold() != YES:
        raise Cancelled


def _remark(remark: Remark) -> None:
    lines = textwrap.wrap(f"{_MARKS[remark.severity]}: {sentence(remark.text)}", WIDTH - 4)
    _say(*(f"  {each}" for each in lines))


def _line(label: str) -> str:
    """Read one line. Raises _GoBack, and Cancelled at the end of the input."""
    sys.stderr.write(label)
    sys.stderr.flush()
    typed = sys.stdin.readline(MAX_ANSWER + 2)
    if not typed:
        raise Cancelled
    if typed.strip() == BACK:
        raise _GoBack
    return typed.strip()


def _say(*lines: str) -> None:
    sys.stderr.write("".join(f"{each}\n" for each in lines))
    sys.stderr.flush()
