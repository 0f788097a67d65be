"""Texts signed in the clear: the text beside a document, and what a reviewer is told."""

from __future__ import annotations

import pytest

from signstation.errors import AlreadySigned, ArtifactMalformed, LimitReached
from signstation.formats.text import FORMAT
from signstation.model.artifacts import Severity
from signstation.model.asks import Range
from signstation.model.checks import CheckKind, Outcome, Verdict
from signstation.model.keys import SignatureType
from signstation.signatures import openpgp_clear
from tests.support.contract_formats import FormatCase, covered
from tests.support.samples_text import CONTENT, sample, slot


def case(content: bytes = CONTENT) -> FormatCase:
    return FormatCase(FORMAT, sample(slot(), content=content))


def document(found: FormatCase) -> bytes:
    (signed,) = found.signed()[1]
    return signed


def test_facts_speak_of_the_artifact_that_is_shown() -> None:
    found = case()
    signed = document(found)
    alone = found.verify(signed).signatures[0]
    beside = found.verify(CONTENT, (signed,)).signatures[0]
    assert alone.kind is beside.kind is SignatureType.CLEARTEXT
    assert covered(signed, alone.covers).startswith(b"Hello\n- -----BEGIN PGP")
    assert beside.covers == (Range(0, len(CONTENT)),)


def test_a_text_with_other_line_ends_is_the_same_and_told_of() -> None:
    found = case(b"one\ntwo\n")
    signed = document(found)
    checks = found.verify(b"one \r\ntwo", (signed,)).checks
    (content,) = [each for each in checks if each.kind is CheckKind.CONTENT]
    assert content.outcome is Outcome.WARNING
    assert found.verdict(b"one \r\ntwo", (signed,)) is Verdict.TRUSTED
    assert found.verdict(b"one\ntwo\nthree\n", (signed,)) is Verdict.TAMPERED


def test_what_stands_around_a_signed_text_is_never_shown_as_signed() -> None:
    found = case(b"one\n")
    around = b"Pay me.\n" + document(found) + b"Pay me more.\n"
    assert found.verdict(around) is Verdict.INDETERMINATE
    inspection = found.inspect(around)
    assert [each.code for each in inspection.findings] == ["text.frame"]
    (excerpt,) = inspection.sections[1].facts
    assert excerpt.value == "one\n"


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (b"a \nb\t\n", ["text.blanks"]),
        ("\u202eabc\n".encode(), ["text.reordered"]),
        (b"\x1b[2J\n", ["text.controls"]),
        (b"plain\n", []),
    ],
)
def test_what_a_reviewer_has_to_know(content: bytes, codes: list[str]) -> None:
    findings = case().inspect(content).findings
    assert [each.code for each in findings] == codes
    assert all(each.severity is not Severity.BLOCKER for each in findings)


@pytest.mark.parametrize("content", [b"", b" \n\t\n", b"\xff", b"a\0", b"a\rb"])
def test_what_is_no_text_is_not_signed(content: bytes) -> None:
    with pytest.raises(ArtifactMalformed):
        case().sign(content)


def test_a_signed_text_is_not_signed_again() -> None:
    found = case()
    with pytest.raises(AlreadySigned):
        found.sign(document(found))


def test_lines_are_bounded_where_each_needs_a_segment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openpgp_clear, "MAX_REWRITTEN", 2)
    case().sign(b"1\r\n2\r\n3\r\n4\r\n5\r\n")
    case().sign(b"1\n2\n3\n")
    with pytest.raises(LimitReached):
        case().sign(b"1\n2\n3\n4\n")
