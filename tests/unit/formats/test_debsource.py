"""Debian sources and uploads: every named file counts, by its size and each of its digests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from signstation.codec.cleartext import parse_cleartext
from signstation.errors import ContentDamaged, UsageError
from signstation.formats.debsource import FORMAT
from signstation.model.artifacts import Inspection, Severity
from signstation.model.checks import Verdict, Verified
from signstation.model.members import FoundMember, MemberState, Surroundings
from signstation.verification.verdict import verdict
from signstation.worker.context import StepContext
from tests.support.contract_formats import FormatCase, artifacts
from tests.support.debsource import BUILDINFO, CHANGES, DSC, TARBALL, around
from tests.support.samples_debsource import SOURCE, sample, slot

FILES = SOURCE.files()


def case(content: bytes = SOURCE.changes) -> FormatCase:
    return FormatCase(FORMAT, sample(content, slot()))


def judged(beside: Surroundings | None, content: bytes = SOURCE.changes) -> Verified:
    signed = case(content)
    among = FormatCase(FORMAT, replace(signed.sample, surroundings=beside))
    return among.verify(*signed.signed())


def inspected(files: Mapping[str, bytes], content: bytes = SOURCE.changes) -> Inspection:
    with artifacts(content) as (artifact,):
        return FORMAT.inspect(artifact, StepContext(time=0, surroundings=around(content, files)))


def codes(verified: Verified) -> set[str]:
    return {each.code for each in verified.checks}


def blockers(found: Inspection) -> list[str]:
    return [each.code for each in found.findings if each.severity is Severity.BLOCKER]


def test_all_files_as_named() -> None:
    verified = judged(around(SOURCE.changes, FILES))
    assert verdict(verified.checks) is Verdict.TRUSTED
    assert blockers(inspected(FILES)) == []


@pytest.mark.parametrize("name", [DSC, TARBALL, BUILDINFO])
def test_a_changed_file_is_tampering_and_blocks_signing(name: str) -> None:
    files = {**FILES, name: b"x" * len(FILES[name])}
    assert verdict(judged(around(SOURCE.changes, files)).checks) is Verdict.TAMPERED
    assert blockers(inspected(files)) == ["debsource.changed"]


def test_every_digest_counts_and_the_size() -> None:
    found = around(SOURCE.changes, FILES).members
    for place, each in enumerate(found):
        for other in (replace(each, digest=b"x" * len(each.digest)), replace(each, size=0)):
            beside = Surroundings((*found[:place], other, *found[place + 1 :]))
            assert verdict(judged(beside).checks) is Verdict.TAMPERED, other


def test_a_missing_file_leaves_the_verdict_open_and_blocks_signing() -> None:
    files = {name: content for name, content in FILES.items() if name != TARBALL}
    assert verdict(judged(around(SOURCE.changes, files)).checks) is Verdict.INDETERMINATE
    assert blockers(inspected(files)) == ["debsource.missing"]


def test_a_record_of_a_build_may_stand_alone() -> None:
    beside = around(SOURCE.buildinfo, {})
    assert verdict(judged(beside, SOURCE.buildinfo).checks) is Verdict.TRUSTED
    assert "debsource.absent" in codes(judged(beside, SOURCE.buildinfo))
    assert blockers(inspected({}, SOURCE.buildinfo)) == []
    changed = around(SOURCE.buildinfo, {DSC: b"x"})
    assert verdict(judged(changed, SOURCE.buildinfo).checks) is Verdict.TAMPERED


@pytest.mark.parametrize("state", [MemberState.NOT_A_FILE, MemberState.UNREADABLE])
def test_what_cannot_be_read_leaves_the_verdict_open(state: MemberState) -> None:
    members = tuple(
        FoundMember(each.place, each.algorithm, state)
        for each in around(SOURCE.changes, FILES).members
    )
    assert verdict(judged(Surroundings(members)).checks) is Verdict.INDETERMINATE


def test_files_that_were_not_looked_at_are_not_trusted() -> None:
    assert verdict(judged(None).checks) is Verdict.INDETERMINATE


def test_md5_and_sha1_alone_prove_nothing() -> None:
    weak = SOURCE.dsc.split(b"Checksums-Sha256")[0]
    assert blockers(inspected(FILES, weak)) == ["debsource.weak"]
    assert verdict(judged(around(weak, FILES), weak).checks) is Verdict.INDETERMINATE


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Urgency: medium", b"Source: other"),
        (TARBALL.encode(), b"../" + TARBALL.encode()),
        (b" misc optional " + TARBALL.encode(), b" misc optional other"),
    ],
)
def test_what_contradicts_itself_or_leads_out_is_not_signed(old: bytes, new: bytes) -> None:
    content = SOURCE.changes.replace(old, new)
    assert blockers(inspected(FILES, content))
    with pytest.raises(ContentDamaged):
        case(content).sign()


def test_the_fields_are_ended_as_debsign_does_and_line_ends_do_not_matter() -> None:
    (unix, _), (dos, _) = (
        case(content).signed() for content in (SOURCE.dsc, SOURCE.dsc.replace(b"\n", b"\r\n"))
    )
    assert b"\n\n-----BEGIN PGP SIGNATURE-----\n" in unix
    assert unix == dos


def test_signing_anew_takes_the_old_signature_away() -> None:
    once, _ = case(SOURCE.dsc).signed()
    twice, _ = FormatCase(FORMAT, replace(case(SOURCE.dsc).sample, content=once)).signed()
    assert once == twice
    assert twice.count(b"BEGIN PGP SIGNATURE") == 1


def test_text_behind_the_signature_is_not_signed_anew() -> None:
    once, _ = case(SOURCE.dsc).signed()
    with pytest.raises(ContentDamaged):
        FormatCase(FORMAT, replace(case(SOURCE.dsc).sample, content=once + b"more\n")).sign()


def test_inspection_shows_what_is_uploaded_where() -> None:
    found = inspected(FILES)
    values = {fact.value for section in found.sections for fact in section.facts}
    assert {"hello", "1.0", "unstable", ".changes", "3"} <= values
    assert found.title == "hello 1.0 changes"


# ---- files that were signed since ---------------------------------------------------------------


def signed(content: bytes, **options: str) -> bytes:
    made = sample(content, slot())
    case = FormatCase(FORMAT, replace(made, options={**made.options, **options}))
    found, _ = case.signed()
    case.recheck([found])
    return found


def planned(content: bytes, files: Mapping[str, bytes]) -> Inspection:
    """Inspect as the plan does, the members opened."""
    beside = around(content, files)
    with artifacts(content) as (artifact,):
        places = {each.place for each in FORMAT.members(artifact) if each.opened}
        opened = []
        for place in sorted(places & files.keys()):
            with artifacts(files[place]) as (member,):
                opened.append(FORMAT.open_member(artifact, place, member, StepContext(time=0)))
        ctx = StepContext(time=0, surroundings=replace(beside, opened=tuple(opened)))
        return FORMAT.inspect(artifact, ctx)


def test_what_was_signed_since_is_stated_anew_up_to_the_upload() -> None:
    """As debsign does: the .dsc, then the .buildinfo, then the .changes."""
    files = {**FILES, DSC: signed(SOURCE.dsc)}
    for name, content in ((BUILDINFO, SOURCE.buildinfo), (CHANGES, SOURCE.changes)):
        found = planned(content, files)
        assert blockers(found) == []
        assert "debsource.renewed" in {each.code for each in found.findings}
        files[name] = signed(content, **dict(found.options))
        shown = parse_cleartext(files[name]).shown
        fitting = FormatCase(FORMAT, replace(case().sample, surroundings=around(shown, files)))
        assert fitting.verdict(files[name]) is Verdict.TRUSTED, name


def _edited() -> bytes:
    return signed(SOURCE.dsc.replace(b"Maintainer: A", b"Maintainer: B"))


@pytest.mark.parametrize(
    "other",
    [
        _edited,
        lambda: signed(SOURCE.dsc) + b"and more\n",
        lambda: SOURCE.dsc + b"\n",
        lambda: b"no description",
    ],
    ids=["edited", "more", "unsigned", "nothing"],
)
def test_another_text_under_the_same_name_is_not_stated(other: Callable[[], bytes]) -> None:
    found = planned(SOURCE.buildinfo, {**FILES, DSC: other()})
    assert blockers(found) == ["debsource.changed"]
    assert dict(found.options) == {"renewed": ""}


def test_the_plan_says_nothing_of_files_as_they_were_named() -> None:
    assert dict(planned(SOURCE.changes, FILES).options) == {"renewed": ""}


@pytest.mark.parametrize(
    "value",
    [
        "x",
        "other 1 md5:00",
        f"{TARBALL} 1 md5:00 sha1:00 sha256:00",
        f"{DSC} -1 sha256:{'00' * 32}",
        f"{DSC} 1 sha256:{'00' * 32}",
        f"{DSC} 1 sha256:0",
    ],
)
def test_options_that_name_no_such_file_are_refused(value: str) -> None:
    with pytest.raises(UsageError):
        signed(SOURCE.changes, renewed=value)
