"""The same procedures at a terminal: questions on stderr, answers from stdin."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from signstation.ceremonies.key_export import ExportOrder, key_export
from signstation.ceremonies.key_fields import Places
from signstation.ceremonies.key_generation import key_generation
from signstation.ceremonies.procedure import Course
from signstation.cli.main import main
from signstation.cli.output import Output
from signstation.cli.procedure import guide, tell
from signstation.errors import Cancelled
from signstation.model.orders import KeyForm
from tests.support import windowdata

PLACES = Places(Path("/h/.gnupg"), Path("/h/keys"), frozenset(), windowdata.NOW)


@pytest.fixture
def typing(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What the person types; write to it and seek to 0."""
    typed = io.StringIO()
    monkeypatch.setattr("sys.stdin", typed)
    return typed


def give(typing: io.StringIO, *lines: str) -> None:
    typing.write("".join(f"{each}\n" for each in lines))
    typing.seek(0)


def test_enter_takes_what_is_proposed(
    typing: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    give(typing, "", "", "Acme", "r@acme.example", "", "", "yes")
    order = guide(key_generation(PLACES)).order()
    assert (order.form, order.name) == (KeyForm.OPENPGP, "Acme <r@acme.example>")
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Step 5 of 5: What protects the private key?" in shown.err
    assert "This will happen:" in shown.err
    assert "/h/.gnupg" in shown.err


def test_an_ssh_key_is_asked_for_by_its_number(
    typing: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    give(typing, "4", "", "release@acme.example", "/srv/keys", "", "yes")
    order = guide(key_generation(PLACES)).order()
    assert (order.form, order.name, order.algorithm, order.expires, order.output) == (
        KeyForm.SSH,
        "release@acme.example",
        "ed25519",
        None,
        Path("/srv/keys"),
    )
    shown = capsys.readouterr().err
    assert "/srv/keys/release-acme-example.ssh.pub" in shown
    assert "Life time" not in shown


def test_wrong_input_is_explained_and_asked_again(
    typing: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    give(typing, "9", "1", "x", "", "<b>", "Acme", "nobody", "r@acme.example", "", "", "yes")
    assert guide(key_generation(PLACES)).order().name == "Acme <r@acme.example>"
    shown = capsys.readouterr().err
    assert shown.count("Type a number from 1 to 4.") == 1  # purposes
    assert shown.count("Type a number from 1 to 3.") == 1  # algorithms
    assert "A name has no" in shown
    assert "An address looks like" in shown


def test_back_keeps_what_was_answered(typing: io.StringIO) -> None:
    give(typing, "", "2", "Acme", "r@acme.example", "<", "", "", "1", "2", "no passphrase", "yes")
    order = guide(key_generation(PLACES)).order()
    assert order.algorithm == "ed25519"
    assert order.name == "Acme <r@acme.example>"
    assert order.expires == 365 * 86400
    assert not order.protect


def test_back_from_the_review(typing: io.StringIO) -> None:
    give(typing, "/srv", "", "<", "/media/stick", "2", "yes")
    order = guide(key_export(windowdata.key_list()[0])).order()
    assert order == ExportOrder(windowdata.key_list()[0].key, Path("/media/stick"), replace=True)


@pytest.mark.parametrize("last", ["", "y", "no", "YES PLEASE"])
def test_nothing_but_a_whole_yes_begins_the_work(typing: io.StringIO, last: str) -> None:
    give(typing, "/srv", "", last)
    with pytest.raises(Cancelled):
        guide(key_export(windowdata.key_list()[0]))


def test_the_end_of_the_input_is_a_cancellation(typing: io.StringIO) -> None:
    give(typing, "/srv")
    with pytest.raises(Cancelled):
        guide(key_export(windowdata.key_list()[0]))


def test_the_result_has_the_fingerprint_in_groups(capsys: pytest.CaptureFixture[str]) -> None:
    course = Course(key_export(windowdata.key_list()[0]))
    result = course.result((Path("/srv/release.asc"),))
    tell(Output(as_json=False), result)
    shown = capsys.readouterr().out
    assert "9A1C 77E0 0B3D F5A2 C4D0" in shown
    assert "/srv/release.asc" in shown
    tell(Output(as_json=True), result)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "arguments", [["--json", "x509", "--name", "x"], ["--guided", "openpgp"], ["--json"]]
)
def test_options_of_the_group_belong_to_the_guided_way(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["key", "generate", *arguments]) == 2
    assert "guided" in capsys.readouterr().err
