"""Lists of checksums: every listed file counts, and nothing but a whole release is trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from signstation.codec.checksums import ListForm, write_list
from signstation.codec.cleartext import BEGIN, BEGIN_SIGNATURE, write_cleartext
from signstation.formats.checksums import FORMAT
from signstation.formats.checksums_verify import MAX_TOLD
from signstation.model.checks import Check, SignatureState, Verdict, Verified
from signstation.model.keys import SignatureType
from signstation.model.members import MemberState, Surroundings
from signstation.verification.verdict import verdict
from tests.support.contract_formats import FormatCase, artifacts
from tests.support.samples_checksums import FILES, GNU, around, listed, sample, slot


def case(data: bytes = GNU, kind: SignatureType = SignatureType.OPENPGP) -> FormatCase:
    return FormatCase(FORMAT, sample(data, slot(kind)))


def judged(
    files: Mapping[str, bytes] = FILES, data: bytes = GNU, others: tuple[str, ...] = ()
) -> Verified:
    """A well signed list among these files."""
    signed = case(data)
    beside = replace(around(data, files), others=others, count=len(others))
    among = FormatCase(FORMAT, replace(signed.sample, surroundings=beside))
    return among.verify(*signed.signed())


def codes(verified: Verified) -> list[str]:
    return [each.code for each in verified.checks]


def told(verified: Verified, code: str) -> list[Check]:
    return [each for each in verified.checks if each.code == code]


def test_all_files_as_listed() -> None:
    verified = judged()
    assert verdict(verified.checks) is Verdict.TRUSTED
    (files,) = told(verified, "checksums.files")
    assert files.summary.english() == "3 of 3 listed files are here, unchanged."


def test_a_changed_file_is_named_with_both_digests() -> None:
    verified = judged({**FILES, "hello-1.0.tar.gz": b"other"})
    assert verdict(verified.checks) is Verdict.TAMPERED
    (changed,) = told(verified, "checksums.changed")
    assert "hello-1.0.tar.gz" in changed.summary.english()
    assert len({each.value for each in changed.details}) == 2


def test_a_missing_file_leaves_the_verdict_open() -> None:
    verified = judged({"hello-1.0.tar.gz": b"hello"})
    assert verdict(verified.checks) is Verdict.INDETERMINATE
    assert len(told(verified, "checksums.missing")) == 2


@pytest.mark.parametrize("state", [MemberState.NOT_A_FILE, MemberState.UNREADABLE])
def test_what_cannot_be_read_leaves_the_verdict_open(state: MemberState) -> None:
    signed = case()
    members = tuple(replace(each, state=state, digest=b"") for each in around(GNU).members)
    among = FormatCase(FORMAT, replace(signed.sample, surroundings=Surroundings(members)))
    verified = among.verify(*signed.signed())
    assert verdict(verified.checks) is Verdict.INDETERMINATE
    assert len(told(verified, f"checksums.{state.value}")) == 3


def test_files_that_were_not_looked_at_are_not_trusted() -> None:
    signed = case()
    alone = FormatCase(FORMAT, replace(signed.sample, surroundings=None))
    assert verdict(alone.verify(*signed.signed()).checks) is Verdict.INDETERMINATE


def test_other_files_are_told_and_change_nothing() -> None:
    verified = judged(others=("extra", "more"))
    assert verdict(verified.checks) is Verdict.TRUSTED
    (others,) = told(verified, "checksums.others")
    assert [each.value for each in others.details] == ["extra", "more"]


def test_a_file_that_is_listed_twice() -> None:
    first = listed()[0]
    twice = write_list([first, replace(first, name=f"./{first.name}")], ListForm.GNU)
    verified = judged(data=twice)
    assert verdict(verified.checks) is Verdict.INDETERMINATE
    assert len(told(verified, "checksums.twice")) == 1


def test_a_name_that_leads_out_is_neither_looked_at_nor_trusted() -> None:
    outside = GNU + b"\n" + write_list([replace(listed()[0], name="../hello")], ListForm.GNU)
    with artifacts(outside) as (artifact,):
        assert "../hello" not in {each.place for each in FORMAT.members(artifact)}
    checks = case(outside).verify(outside).checks
    assert verdict(checks) is Verdict.INDETERMINATE
    assert "checksums.outside" in [each.code for each in checks]


def test_a_long_list_of_missing_files_is_cut() -> None:
    entries = [replace(listed()[0], name=str(number)) for number in range(MAX_TOLD + 5)]
    verified = judged({}, write_list(entries, ListForm.GNU))
    assert len(told(verified, "checksums.missing")) == MAX_TOLD


def test_a_clear_list_beside_another_list_is_a_contradiction() -> None:
    clear = case(kind=SignatureType.CLEARTEXT)
    (document,) = clear.signed()[1]
    other = write_list(listed()[:2], ListForm.GNU)
    among = FormatCase(FORMAT, replace(clear.sample, surroundings=around(other)))
    verified = among.verify(other, (document,))
    assert verdict(verified.checks) is Verdict.TAMPERED
    assert told(verified, "checksums.list")


def test_a_clear_list_stands_alone_and_is_known_by_its_content() -> None:
    clear = case(kind=SignatureType.CLEARTEXT)
    (document,) = clear.signed()[1]
    assert clear.verdict(document) is Verdict.TRUSTED
    with artifacts(document, document.replace(b"\n", b"\r\n")) as (plain, windows):
        assert FORMAT.recognise(plain) == FORMAT.recognise(windows) == 95
    assert clear.verdict(document + b"PS: unsigned\n") is Verdict.INDETERMINATE


def test_a_clear_text_of_something_else_is_no_list() -> None:
    other = write_cleartext(b"hello\n", ["SHA256"], b"")
    with artifacts(other, BEGIN, BEGIN_SIGNATURE) as found:
        assert [FORMAT.recognise(each) for each in found] == [0, 0, 0]


@pytest.mark.parametrize("file", [b"", b"\xc2\x00", b"hello", b"x\n" + BEGIN_SIGNATURE])
def test_a_file_that_is_no_signature_is_a_doubt_alone_and_a_note_beside_one(file: bytes) -> None:
    signed = case()
    content, siblings = signed.signed()
    alone = signed.verify(content, (file,))
    assert [each.state for each in alone.signatures] == [SignatureState.UNREADABLE]
    assert verdict(alone.checks) is Verdict.INDETERMINATE
    assert signed.verdict(content, (file, *siblings)) is Verdict.TRUSTED


@pytest.mark.parametrize(
    ("files", "codes"),
    [
        (FILES, []),
        ({**FILES, "hello-1.0.tar.gz": b"other"}, ["checksums.changed"]),
        ({}, ["checksums.missing"]),
        (None, ["checksums.unseen"]),
    ],
    ids=["as listed", "changed", "missing", "not looked at"],
)
def test_a_reviewer_is_told_what_the_files_say(
    files: Mapping[str, bytes] | None, codes: list[str]
) -> None:
    around_it = None if files is None else around(GNU, files)
    found = FormatCase(FORMAT, replace(case().sample, surroundings=around_it)).inspect()
    assert [each.code for each in found.findings] == codes
