"""Every format keeps its contract: pure, bounded, honest about what it covers, never fooled."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from signstation.errors import (
    ArtifactChanged,
    ArtifactMalformed,
    RecheckFailed,
    SchemeUnsupported,
    UsageError,
)
from signstation.interfaces.format import Naming
from signstation.model.asks import MAX_BATCH, MAX_ROUNDS
from signstation.model.checks import CheckKind, Outcome, Verdict
from signstation.model.keys import SignatureType, Slot
from signstation.model.options import Existing, resolve
from signstation.model.outputs import MAX_PATCH_BYTES, Patched, Sibling
from signstation.model.trust import Trust
from signstation.registry.plugins import FormatsOnDemand, detect, load_formats
from tests.support.contract_formats import (
    FormatCase,
    apply,
    artifacts,
    covered,
    error_of,
    flips,
    make_case,
    sample_names,
    samples_of,
)


@pytest.fixture(params=sample_names(), ids="-".join)
def case(request: pytest.FixtureRequest) -> FormatCase:
    """Each sample of each format."""
    return make_case(*request.param)


def test_every_format_has_samples() -> None:
    without = [each for each in load_formats() if not samples_of(each)]
    assert without == [], "write tests/support/samples_<format>.py"


def test_formats_on_demand_are_those_that_are_found() -> None:
    """By the names of their modules, which are imported only when one is asked for."""
    lazy = FormatsOnDemand()
    assert dict(lazy) == dict(load_formats())
    assert list(lazy) == list(load_formats())
    assert "no-format" not in lazy


def test_it_is_recognised_by_content_before_all_others(case: FormatCase) -> None:
    content = case.sample.content
    if not case.sample.recognised:
        (content,) = (apply(content, each) for each in case.sign().outputs)
    with artifacts(content) as (artifact,):
        assert detect(load_formats(), artifact) is case.format


def test_it_describes_itself(case: FormatCase) -> None:
    known = case.format
    assert known.title.english()
    assert known.rules >= 1
    assert known.signature_types
    assert any(each.name == "existing" for each in known.options)
    assert resolve(known.options, {}), "the defaults are not allowed values"
    if known.siblings():
        assert all(each.startswith(".") for each in known.siblings())


def test_inspection_tells_of_the_exact_bytes(case: FormatCase) -> None:
    first = case.inspect()
    assert first == case.inspect()
    assert first.format == case.format.id
    assert first.size == len(case.sample.content)
    assert first.sha256 == hashlib.sha256(case.sample.content).digest()
    assert first.title
    assert first.sections
    ids = [each.id for each in first.sections]
    assert len(ids) == len(set(ids))


def test_signing_is_pure_and_reads_the_file_once(case: FormatCase) -> None:
    first = case.sign()
    assert first.passes == 1
    again = case.sign(answers=first.answers)
    assert again.rounds == first.rounds
    assert again.outputs == first.outputs


def test_replay_with_recorded_answers_asks_for_the_same(case: FormatCase) -> None:
    run = case.sign()
    hashes = [each.hash() for batch in run.rounds for each in batch]
    replayed = case.sign(answers=run.answers)
    assert [each.hash() for batch in replayed.rounds for each in batch] == hashes


def test_asks_are_bounded_and_for_planned_slots(case: FormatCase) -> None:
    run = case.sign()
    assert 0 < len(run.rounds) <= MAX_ROUNDS
    asks = [ask for batch in run.rounds for ask in batch]
    for batch in run.rounds:
        assert 0 < len(batch) <= MAX_BATCH
        assert len({each.slot for each in batch}) == len(batch), "the guard admits one of each slot"
    assert {each.slot for each in asks} == set(range(len(case.sample.slots)))
    for ask in asks:
        assert ask.scheme is case.sample.slots[ask.slot].scheme
        assert (ask.digest is None) is not (ask.message is None)


def test_asks_follow_from_the_bytes_that_they_name(case: FormatCase) -> None:
    for batch in case.sign().rounds:
        for ask in batch:
            data = covered(case.sample.content, ask.covers)
            if ask.digest is None:
                assert ask.message == data
            else:
                assert ask.scheme.hash is not None
                assert hashlib.new(ask.scheme.hash.value, data).digest() == ask.digest


def test_it_can_be_closed_at_every_yield(case: FormatCase) -> None:
    rounds = len(case.sign().rounds)
    for number in range(rounds):
        with artifacts(case.sample.content) as (artifact,):
            signing = case.format.sign(artifact, case.sample.slots, case.options, case.context())
            batch = next(signing)
            for _ in range(number):
                batch = signing.send(tuple(map(case.sample.answer, batch)))
            signing.close()
            assert artifact.read(0, len(case.sample.content)) == case.sample.content


def test_a_changed_artifact_is_noticed_before_the_first_ask(case: FormatCase) -> None:
    with artifacts(case.sample.content) as (artifact,):
        signing = case.format.sign(
            artifact, case.sample.slots, case.options, case.context(expected=bytes(32))
        )
        with pytest.raises(ArtifactChanged):
            next(signing)


def test_outputs_are_small_patches_or_siblings_with_known_suffixes(case: FormatCase) -> None:
    known = {*case.format.siblings()}
    if isinstance(case.format, Naming):
        known |= {each for each, _ in case.format.names("x", case.sample.slots, case.options)}
    for output in case.sign().outputs:
        match output:
            case Sibling():
                assert output.suffix in known
                assert len(output.content) <= MAX_PATCH_BYTES
            case Patched():
                assert sum(len(each.new) for each in output.patches) <= MAX_PATCH_BYTES
                apply(case.sample.content, output)


def test_recheck_gives_the_digest_of_each_output(case: FormatCase) -> None:
    outputs = [apply(case.sample.content, each) for each in case.sign().outputs]
    found = case.recheck(outputs)
    assert found == tuple(hashlib.sha256(each).digest() for each in outputs)


def test_recheck_refuses_any_changed_byte(case: FormatCase) -> None:
    outputs = [apply(case.sample.content, each) for each in case.sign().outputs]
    for number, output in enumerate(outputs):
        for place, changed in flips(output, (range(len(output)),)):
            staged = [*outputs[:number], changed, *outputs[number + 1 :]]
            with pytest.raises(RecheckFailed):
                pytest.fail(f"byte {place} of output {number}: {case.recheck(staged)}")


def test_recheck_refuses_truncated_and_longer_outputs(case: FormatCase) -> None:
    outputs = [apply(case.sample.content, each) for each in case.sign().outputs]
    for number, output in enumerate(outputs):
        for changed in (output[:-1], output + b"\0", b""):
            with pytest.raises(RecheckFailed):
                case.recheck([*outputs[:number], changed, *outputs[number + 1 :]])


def test_recheck_refuses_a_signature_by_another_time(case: FormatCase) -> None:
    outputs = [apply(case.sample.content, each) for each in case.sign().outputs]
    later = FormatCase(case.format, replace(case.sample, time=case.sample.time + 1))
    rounds = [[ask.hash() for ask in batch] for batch in case.sign().rounds]
    if rounds != [[ask.hash() for ask in batch] for batch in later.sign().rounds]:
        with pytest.raises(RecheckFailed):
            later.recheck(outputs)


def test_the_signed_artifact_is_trusted_with_the_right_trust_only(case: FormatCase) -> None:
    content, siblings = case.signed()
    verified = case.verify(content, siblings)
    assert case.verdict(content, siblings) is Verdict.TRUSTED, verified.checks
    assert len(verified.signatures) >= 1
    assert [each.index for each in verified.signatures] == list(range(len(verified.signatures)))
    assert case.verdict(content, siblings, Trust()) is Verdict.UNTRUSTED


def test_the_unsigned_artifact_is_unsigned(case: FormatCase) -> None:
    assert case.verdict(case.sample.content) is Verdict.UNSIGNED


def test_no_change_of_what_is_covered_is_trusted(case: FormatCase) -> None:
    content, siblings = case.signed()
    for place, changed in flips(content, case.sample.covered(content)):
        assert case.verdict(changed, siblings) is not Verdict.TRUSTED, place


def test_changes_of_what_nothing_covers_are_mentioned(case: FormatCase) -> None:
    content, siblings = case.signed()
    usual = case.verify(content, siblings).checks
    for place, changed in flips(content, case.sample.noticed(content)):
        try:
            checks = case.verify(changed, siblings).checks
        except ArtifactMalformed:
            continue  # heard of, loudly
        heard = [each for each in checks if each.outcome is not Outcome.PASS]
        assert set(heard) - set(usual), f"nobody hears of a change at {place}"


def test_no_changed_detached_signature_is_trusted(case: FormatCase) -> None:
    content, siblings = case.signed()
    for sibling in siblings:
        for place, changed in flips(sibling, case.sample.detached(sibling)):
            assert case.verdict(content, (changed,)) is not Verdict.TRUSTED, place


def test_truncated_and_longer_files_are_not_trusted(case: FormatCase) -> None:
    content, siblings = case.signed()
    for changed in (content[:-1], content + b"\0", content[: len(content) // 2]):
        assert case.verdict(changed, siblings) is not Verdict.TRUSTED


def test_malformed_files_give_typed_errors(case: FormatCase) -> None:
    for name, content in case.sample.malformed.items():
        error_of(case.inspect, content)
        assert error_of(case.sign, content), f"{name} would be signed"
        assert case.verdict(content) not in {Verdict.TRUSTED, Verdict.UNSIGNED}, name


def test_existing_signatures_are_handled_as_chosen(case: FormatCase) -> None:
    content, siblings = case.signed()
    (field,) = (each for each in case.format.options if each.name == "existing")
    for choice in field.choices:
        options = resolve(case.format.options, {**case.sample.options, "existing": choice.value})
        error = error_of(case.sign, content, options=options)
        if choice.value == Existing.REFUSE.value and not siblings:
            assert error == "input.already-signed"
        else:
            assert error in {"", "input.already-signed"}


def test_signing_again_changes_nothing_but_the_signature(case: FormatCase) -> None:
    content, siblings = case.signed()
    if not siblings:
        again = FormatCase(case.format, replace(case.sample, content=content))
        assert again.signed()[0] == content or not _repeatable(case.sample.slots)
        assert again.verdict(again.signed()[0]) is Verdict.TRUSTED


def _repeatable(slots: tuple[Slot, ...]) -> bool:
    return all(each.scheme.repeatable for each in slots)


def test_another_kind_of_signature_is_refused_before_the_first_ask(case: FormatCase) -> None:
    wrong = next(each for each in SignatureType if each not in case.format.signature_types)
    slots = (replace(case.sample.slots[0], kind=wrong),)
    with artifacts(case.sample.content) as (artifact,):
        signing = case.format.sign(artifact, slots, case.options, case.context())
        with pytest.raises((SchemeUnsupported, UsageError)):
            next(signing)


def test_commands_are_shown_as_arguments(case: FormatCase) -> None:
    commands = case.format.commands(case.sample.slots, case.options)
    assert commands
    for command in commands:
        assert all(command)
        assert "FILE" in " ".join(command)


def test_checks_name_signatures_that_exist(case: FormatCase) -> None:
    content, siblings = case.signed()
    verified = case.verify(content, siblings)
    for check in verified.checks:
        assert check.code.startswith(case.format.id)
        assert check.signature is None or check.signature < len(verified.signatures)
        assert (check.state is not None) is (check.kind is CheckKind.SIGNATURE)
