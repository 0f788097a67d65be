"""A guided procedure: frozen descriptions of its steps, and the pure state of one run through it.

Window and command line render the same description. A procedure asks, says what will happen, and
ends in an order; who renders it hands the order to the station and the outcome back for the result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Generic, TypeVar

from signstation.ceremonies.answers import Answers, Field, Problem
from signstation.errors import UsageError
from signstation.model.artifacts import Fact, Severity
from signstation.model.keys import KeyRef
from signstation.model.text import Text

OrderT = TypeVar("OrderT")
DoneT = TypeVar("DoneT")

REVIEW = "review"
"""Position after the last step: everything is answered and shown before anything happens."""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that a person should know because of the answers; it never forbids."""

    severity: Severity
    text: Text


def _no_remarks(_answers: Answers) -> tuple[Remark, ...]:
    return ()


def _always(_answers: Answers) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Step:
    """One screen: a short title for the overview, a question, an explanation and the fields."""

    id: str
    title: Text
    question: Text
    words: Text
    fields: tuple[Field[Any], ...]
    remarks: Callable[[Answers], tuple[Remark, ...]] = _no_remarks
    needed: Callable[[Answers], bool] = _always

    def asked(self, answers: Answers) -> tuple[Field[Any], ...]:
        """Return the fields that these answers call for."""
        return tuple(each for each in self.fields if each.asked(answers))

    def problems(self, answers: Answers) -> dict[str, Text]:
        """Return what is wrong, by the name of the field."""
        found = ((each.name, answers.read(each)) for each in self.asked(answers))
        return {name: value.text for name, value in found if isinstance(value, Problem)}


class EffectKind(Enum):
    """Kinds of what will happen."""

    ASK = "ask"  # a person will be asked for a secret
    MAKE = "make"
    WRITE = "write"  # a file appears or is replaced
    TRUST = "trust"  # what this station trusts becomes more
    STAY = "stay"  # what stays as it is, said because one could fear for it


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that will happen; ``path`` names the file or directory that it concerns."""

    kind: EffectKind
    text: Text
    path: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """Everything that will happen, whether it can be undone, and the command that does the same."""

    effects: tuple[Effect, ...]
    undo: Text
    command: str


@dataclass(frozen=True, slots=True)
class Result:
    """What became of it. ``fingerprint``: hexadecimal digits to write down; ``key``: it is here."""

    headline: Text
    detail: Text
    facts: tuple[Fact, ...] = ()
    advice: tuple[Text, ...] = ()
    fingerprint: str = ""
    key: KeyRef | None = None


@dataclass(frozen=True, slots=True)
class Procedure(Generic[OrderT, DoneT]):
    """The whole description. ``order`` may be asked for once every step is without a problem."""

    id: str
    title: Text
    sentence: Text
    steps: tuple[Step, ...]
    action: Text  # the button that begins the work, as verb and object
    doing: Text
    preview: Callable[[Answers], Preview]
    order: Callable[[Answers], OrderT]
    result: Callable[[Answers, DoneT], Result]


NOTHING = Answers()


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why there is no way forward: the title of the field, and what is wrong with its answer."""

    field: Text
    problem: Text

    def english(self) -> str:
        """Return both as an English sentence, not escaped."""
        return f"{self.field.english()}: {self.problem.english()}"


@dataclass(frozen=True, slots=True)
class Course(Generic[OrderT, DoneT]):
    """Where one run through a procedure stands: answers, position and the way back. Immutable."""

    procedure: Procedure[OrderT, DoneT]
    answers: Answers = NOTHING
    passed: tuple[str, ...] = ()
    at: str = ""  # id of the step, or REVIEW; empty is the first step

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps that these answers call for."""
        return tuple(each for each in self.procedure.steps if each.needed(self.answers))

    @property
    def position(self) -> str:
        """The id of the step, or REVIEW."""
        return self.at or self.steps[0].id

    @property
    def step(self) -> Step:
        """The step that is shown. Raises UsageError at the review."""
        for each in self.steps:
            if each.id == self.position:
                return each
        raise UsageError(reason=f"{self.position} is not a step of {self.procedure.id}")

    @property
    def reviewing(self) -> bool:
        """Whether everything was asked."""
        return self.at == REVIEW

    def answer(self, field: Field[Any], typed: str) -> Course[OrderT, DoneT]:
        """Return the course with an answer given or changed; the position stays."""
        return replace(self, answers=self.answers.with_answer(field, typed))

    def problems(self) -> dict[str, Text]:
        """Return what is wrong at this step, by field; at the review, at any step."""
        steps = self.steps if self.reviewing else (self.step,)
        return {
            name: words for step in steps for name, words in step.problems(self.answers).items()
        }

    def obstacle(self) -> Obstacle | None:
        """Return the first thing that is wrong; None where the way forward is free."""
        problems = self.problems()
        for step in self.steps:
            for each in step.asked(self.answers):
                if words := problems.get(each.name):
                    return Obstacle(each.title, words)
        return None

    def forward(self) -> Course[OrderT, DoneT]:
        """Go to the next step, or to the review. Raises UsageError where something is wrong."""
        wrong = self.obstacle()
        if wrong is not None or self.reviewing:
            raise UsageError(reason=wrong.english() if wrong else "this is the review")
        ids = [each.id for each in self.steps]
        after = ids[ids.index(self.position) + 1 :]
        return replace(self, passed=(*self.passed, self.position), at=after[0] if after else REVIEW)

    def back(self) -> Course[OrderT, DoneT]:
        """Go where one came from; at the first step this is the same course."""
        if not self.passed:
            return self
        return replace(self, passed=self.passed[:-1], at=self.passed[-1])

    def back_to(self, step: str) -> Course[OrderT, DoneT]:
        """Go back to a step that was passed. Raises UsageError for any other."""
        if step not in self.passed:
            raise UsageError(reason=f"{step} was not passed")
        return replace(self, passed=self.passed[: self.passed.index(step)], at=step)

    def preview(self) -> Preview:
        """Return what will happen. Raises UsageError where something is wrong."""
        return self.procedure.preview(self.answers)

    def order(self) -> OrderT:
        """Return the order. Raises UsageError unless everything was asked and is right."""
        wrong = self.obstacle()
        if wrong is not None or not self.reviewing:
            raise UsageError(reason=wrong.english() if wrong else "not everything was asked")
        return self.procedure.order(self.answers)

    def result(self, done: DoneT) -> Result:
        """Return what became of it."""
        return self.procedure.result(self.answers, done)

    def remarks(self) -> tuple[Remark, ...]:
        """Return what these answers give to think, of this step or, at the review, of all."""
        steps = self.steps if self.reviewing else (self.step,)
        return tuple(each for step in steps for each in step.remarks(self.answers))

    def log_fields(self) -> dict[str, str]:
        """Return what may be written to a log: where it stands, and the allow-listed answers."""
        told = {
            field.name: self.answers.typed(field)
            for step in self.steps
            for field in step.asked(self.answers)
            if field.logged
        }
        return {"procedure": self.procedure.id, "step": self.position, **told}
