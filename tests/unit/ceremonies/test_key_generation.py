"""Key generation: which questions follow from which answers, their grammar, and the order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.ceremonies.answers import Field
from signstation.ceremonies.key_fields import (
    ALGORITHM,
    COMMENT,
    COMMON_NAME,
    CONFIRMED,
    DAY,
    GUARD,
    LASTING,
    MAIL,
    NAME,
    PURPOSE,
    Dated,
    Places,
    known_files,
)
from signstation.ceremonies.key_generation import key_generation
from signstation.ceremonies.key_purpose import ALGORITHMS, NARROW, PURPOSES, Purpose
from signstation.ceremonies.procedure import Course, EffectKind
from signstation.errors import KeyNotFound, UsageError
from signstation.keystores.keyfile_write import ALGORITHMS as KEY_FILE_ALGORITHMS
from signstation.keystores.ssh_write import ALGORITHMS as SSH_ALGORITHMS
from signstation.model.artifacts import Severity
from signstation.model.keys import KeyInfo, KeyRef
from signstation.model.orders import GenerateOrder, KeyForm, X509Use
from tests.support import windowdata

NOW = windowdata.NOW  # 2026-11-24
PLACES = Places(Path("/home/r/.gnupg"), Path("/home/r/state/keys"), frozenset(), NOW)
Keys = Course[GenerateOrder, tuple[KeyInfo, ...]]


def course(places: Places = PLACES) -> Keys:
    return Course(key_generation(places))


def walk(at: Keys) -> Keys:
    """Go on to the review."""
    while not at.reviewing:
        at = at.forward()
    return at


def openpgp(name: str = "Acme", mail: str = "r@acme.example") -> Keys:
    return course().answer(NAME, name).answer(MAIL, mail)


def modules(name: str = "Acme modules 2026") -> Keys:
    return course().answer(PURPOSE, "modules").answer(COMMON_NAME, name)


def field(at: Keys, name: str) -> Field[object]:
    return next(each for step in at.procedure.steps for each in step.fields if each.name == name)


def test_packages_lead_to_an_openpgp_key_that_everybody_accepts() -> None:
    at = walk(openpgp())
    assert at.order() == GenerateOrder(
        form=KeyForm.OPENPGP,
        name="Acme <r@acme.example>",
        algorithm="rsa4096",
        expires=2 * 365 * DAY,
    )
    assert at.passed == ("purpose", "algorithm", "name", "life", "protection")


def test_modules_lead_to_a_certificate_for_modules_only() -> None:
    at = walk(modules())
    order = at.order()
    assert (order.form, order.usage, order.output) == (
        KeyForm.X509,
        X509Use.MODULES,
        PLACES.key_directory,
    )
    assert "place" in at.passed
    paths = [each.path for each in at.preview().effects if each.kind is EffectKind.WRITE]
    stem = "/home/r/state/keys/acme-modules-2026"
    assert paths == [f"{stem}.pem", f"{stem}.crt", f"{stem}.der"]


def test_another_purpose_proposes_its_own_algorithm_again() -> None:
    at = course().answer(ALGORITHM, "ed25519")
    assert at.answers[ALGORITHM] == "ed25519"
    assert at.answer(PURPOSE, "modules").answers[ALGORITHM] == "rsa4096"


def test_every_algorithm_that_is_offered_can_be_made() -> None:
    for purpose in (Purpose.MODULES, Purpose.CODE):
        assert {each.value for each in ALGORITHMS[purpose]} <= set(KEY_FILE_ALGORITHMS)
    assert "ed25519" not in {each.value for each in ALGORITHMS[Purpose.MODULES]}
    assert {each.value for each in ALGORITHMS[Purpose.SSH]} <= set(SSH_ALGORITHMS)
    for choices in ALGORITHMS.values():
        assert sum(each.recommended for each in choices) == 1
    assert {each.value for each in PURPOSES} == {each.value for each in Purpose}


@pytest.mark.parametrize(
    ("name", "mail", "at"),
    [
        ("", "r@acme.example", "name"),
        ("   ", "r@acme.example", "name"),
        ("A <x>", "r@acme.example", "name"),
        ("A\u202egnp", "r@acme.example", "name"),
        ("A\nB", "r@acme.example", "name"),
        ("Acme", "", "mail"),
        ("Acme", "acme.example", "mail"),
        ("Acme", "r@acme..example", "mail"),
        ("Acme", "r@acme.example>", "mail"),
        ("Acme", "r\u0430@acme.example", "mail"),
        ("A" * 250, "r@acme.example", "mail"),
    ],
)
def test_a_user_id_that_cannot_be_is_explained_at_its_field(name: str, mail: str, at: str) -> None:
    there = openpgp(name, mail).forward().forward()
    assert list(there.problems()) == [at]


@given(st.text(max_size=80), st.text(max_size=40))
def test_no_name_and_address_break_out_of_a_user_id(name: str, mail: str) -> None:
    at = openpgp(name, mail).forward().forward()
    if not at.problems():
        made = walk(at).order().name
        assert made.isprintable()
        assert (made.count("<"), made.count(">"), made.count("@")) == (1, 1, 1)
        assert len(made.encode()) <= 255


@pytest.mark.parametrize("name", ["", "x" * 65, "a\x1bb", "\u200bx"])
def test_a_common_name_that_cannot_be_is_explained(name: str) -> None:
    assert "common-name" in modules(name).forward().forward().problems()


def test_a_key_of_that_name_is_found_before_anything_is_made() -> None:
    taken = frozenset({PLACES.key_directory / "acme-modules-2026.pem"})
    places = replace(PLACES, taken=taken)
    at = course(places).answer(PURPOSE, "modules").answer(COMMON_NAME, "ACME modules 2026")
    at = at.forward().forward().forward()
    assert "There is a key already" in at.problems()["folder"].english()
    elsewhere = at.answer(field(at, "folder"), "/srv/keys")
    assert elsewhere.problems() == {}


def test_known_files_are_the_key_files_with_all_their_names() -> None:
    files = known_files(windowdata.key_list())
    assert Path("/home/release/keys/audit.crt") in files
    assert Path("/home/release/keys/acme-module-key.pem") in files
    assert not any("9A1C" in str(each) for each in files)


@pytest.mark.parametrize(
    ("day", "days"),
    [("2026-11-25", 1), ("2027-11-24", 365), (" 2029-06-30 ", 949)],
)
def test_a_last_day_becomes_whole_days_from_now(day: str, days: int) -> None:
    at = openpgp().answer(LASTING, "until")
    at = walk(at.answer(field(at, "until"), day))
    assert at.order().expires == days * DAY
    assert f"--expires {days}d" in at.preview().command


@pytest.mark.parametrize(
    "day", ["", "soon", "2026-11-24", "1999-01-01", "2029-02-30", "9999-12-31"]
)
def test_a_last_day_that_cannot_be_is_explained(day: str) -> None:
    until = Dated(PLACES).until()
    at = openpgp().answer(LASTING, "until").answer(until, day).forward().forward().forward()
    assert list(at.problems()) == ["until"]
    assert at.remarks() == ()


def test_without_an_end_is_possible_and_warned_about() -> None:
    at = walk(openpgp().answer(LASTING, "never"))
    assert at.order().expires is None
    assert [each.severity for each in at.remarks()] == [Severity.WARNING]


def test_no_passphrase_needs_the_words_to_be_typed() -> None:
    at = openpgp().answer(GUARD, "none")
    with pytest.raises(UsageError, match="no passphrase"):
        walk(at)
    at = walk(at.answer(CONFIRMED, "  No  PASSPHRASE "))
    assert not at.order().protect
    assert any(each.severity is Severity.WARNING for each in at.remarks())
    assert EffectKind.ASK not in {each.kind for each in at.preview().effects}


def test_a_change_after_the_fact_closes_the_review_again() -> None:
    at = walk(openpgp()).answer(PURPOSE, "code")
    assert at.reviewing
    with pytest.raises(UsageError, match="Common name"):
        at.order()


def test_names_and_places_never_reach_a_log() -> None:
    told = walk(modules()).log_fields()
    assert "Acme" not in str(told)
    assert "/home" not in str(told)
    assert told["purpose"] == "modules"


def test_the_command_is_quoted_for_a_shell() -> None:
    command = walk(modules("It's; rm -rf")).preview().command
    assert "--name 'It'\"'\"'s; rm -rf'" in command


def test_the_result_names_the_primary_key() -> None:
    keys = windowdata.key_list()
    result = walk(openpgp()).result((keys[1], keys[0]))
    assert result.fingerprint == windowdata.PRIMARY
    with pytest.raises(KeyNotFound):
        walk(openpgp()).result(())


def ssh(comment: str = "release@acme.example", places: Places = PLACES) -> Keys:
    return course(places).answer(PURPOSE, "ssh").answer(COMMENT, comment)


def test_ssh_leads_to_a_key_pair_that_has_no_end() -> None:
    at = walk(ssh())
    assert at.passed == ("purpose", "algorithm", "name", "place", "protection")
    assert at.order() == GenerateOrder(
        form=KeyForm.SSH,
        name="release@acme.example",
        algorithm="ed25519",
        expires=None,
        output=PLACES.key_directory,
    )
    preview = at.preview()
    paths = [each.path for each in preview.effects if each.kind is EffectKind.WRITE]
    stem = "/home/r/state/keys/release-acme-example"
    assert paths == [f"{stem}.ssh", f"{stem}.ssh.pub"]
    assert preview.command == (
        "signstation key generate ssh --name release@acme.example --algorithm ed25519"
        " --protect passphrase --output /home/r/state/keys"
    )


def test_nothing_that_is_recommended_comes_with_a_warning() -> None:
    for purpose, choices in ALGORITHMS.items():
        (recommended,) = (each.value for each in choices if each.recommended)
        assert recommended not in NARROW[purpose]


def test_an_ssh_key_that_is_there_is_not_made_twice() -> None:
    stem = PLACES.key_directory / "release-acme-example.ssh"
    there = replace(windowdata.key_list()[0], key=KeyRef("ssh", str(stem)))
    agent = replace(there, key=KeyRef("ssh", "SHA256:abc"))
    taken = known_files((there, agent))
    assert taken == {stem, Path(f"{stem}.pub")}
    at = ssh(places=replace(PLACES, taken=taken)).forward().forward().forward()
    assert list(at.problems()) == ["folder"]


@pytest.mark.parametrize("comment", ["", " ", "a\nb", "a\u202eb", "x" * 129])
def test_a_comment_that_cannot_be_is_explained(comment: str) -> None:
    assert list(ssh(comment).forward().forward().problems()) == ["comment"]
