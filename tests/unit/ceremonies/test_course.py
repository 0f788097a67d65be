"""The frame of guided procedures: answers, position, way back, and what may be logged."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.ceremonies.answers import MAX_ANSWER, Answers, Problem
from signstation.ceremonies.key_export import CLASH, FOLDER, ExportOrder, key_export
from signstation.ceremonies.key_import import FILE, KIND, ImportOrder, Kind, key_import
from signstation.ceremonies.procedure import Course
from signstation.errors import UsageError
from signstation.model.keys import KeyState
from tests.support import windowdata

KEY = windowdata.key_list()[0]


def test_a_second_procedure_is_carried_by_the_same_frame() -> None:
    course = Course(key_export(KEY))
    assert course.position == "place"
    wrong = course.obstacle()
    assert wrong is not None
    assert wrong.english() == "Folder: Name a place."
    course = course.answer(FOLDER, "/media/stick").answer(CLASH, "replace").forward()
    assert course.reviewing
    assert course.order() == ExportOrder(KEY.key, Path("/media/stick"), replace=True)
    assert course.preview().command.endswith("--output /media/stick --replace")
    result = course.result((Path("/media/stick/release.asc"),))
    assert [fact.value for fact in result.facts] == ["/media/stick/release.asc"]
    assert result.fingerprint == KEY.fingerprint


def test_the_way_forward_is_closed_while_something_is_wrong() -> None:
    course = Course(key_export(KEY)).answer(FOLDER, "relative")
    with pytest.raises(UsageError, match="Begin with /"):
        course.forward()
    with pytest.raises(UsageError):
        course.order()


def test_no_order_before_the_review() -> None:
    with pytest.raises(UsageError, match="not everything"):
        Course(key_export(KEY)).answer(FOLDER, "/srv").order()


def test_the_way_back_keeps_every_answer() -> None:
    course = Course(key_export(KEY)).answer(FOLDER, "/srv").forward()
    back = course.back()
    assert (back.position, back.passed) == ("place", ())
    assert back.answers == course.answers
    assert back.back() == back
    assert course.back_to("place") == back
    with pytest.raises(UsageError):
        back.back_to("place")
    with pytest.raises(UsageError):
        course.forward()


def test_an_answer_changes_nothing_but_itself() -> None:
    course = Course(key_export(KEY)).answer(FOLDER, "/srv")
    other = course.answer(FOLDER, "/opt")
    assert course.answers[FOLDER] == Path("/srv")
    assert other.answers[FOLDER] == Path("/opt")
    assert len(other.answers.given) == 1


def test_a_value_that_is_no_choice_falls_back_to_the_default() -> None:
    assert Answers().with_answer(CLASH, "burn").typed(CLASH) == "keep"


def test_only_the_allow_list_reaches_a_log() -> None:
    course = Course(key_export(KEY)).answer(FOLDER, "/secret/project").answer(CLASH, "keep")
    assert course.log_fields() == {"procedure": "key-export", "step": "place", "clash": "keep"}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("k.asc", Kind.OPENPGP),
        ("K.GPG", Kind.OPENPGP),
        ("k.pem", Kind.KEY_FILE),
        ("k", Kind.KEY_FILE),
    ],
)
def test_what_is_in_a_file_is_proposed_by_its_name_and_can_be_changed(
    name: str, kind: Kind
) -> None:
    course = Course(key_import()).answer(FILE, f"/srv/{name}")
    assert course.answers[KIND] is kind
    assert course.answer(KIND, "gpg").forward().order() == ImportOrder("gpg", Path(f"/srv/{name}"))


def test_public_halves_alone_are_not_called_trusted() -> None:
    course = Course(key_import()).answer(FILE, "/srv/k.asc").forward()
    public = windowdata.key_list()[4]
    assert public.state is KeyState.PUBLIC_ONLY
    assert "not trusted" in course.result((public,)).detail.english()
    assert course.result(()).key is None
    assert course.result((KEY,)).key == KEY.key


@pytest.mark.parametrize("typed", ["", " ", "a\x00b", "/a\u202eb", "~nobody-of-that-name/x", "x/y"])
def test_paths_that_cannot_be_are_refused_at_the_field(typed: str) -> None:
    assert isinstance(Answers().with_answer(FOLDER, typed).read(FOLDER), Problem)


@given(st.text(max_size=40))
def test_any_text_gives_a_path_or_a_problem(typed: str) -> None:
    value = Answers().with_answer(FOLDER, typed).read(FOLDER)
    assert isinstance(value, Problem) or value.is_absolute()


def test_an_answer_without_an_end_is_refused() -> None:
    answers = Answers().with_answer(FOLDER, "/" + "a" * MAX_ANSWER)
    value = answers.read(FOLDER)
    assert isinstance(value, Problem)
    assert value.text.english() == "That is too long."
