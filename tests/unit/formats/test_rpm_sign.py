"""Where RPM signatures go, what happens to those that are there, and what is not signed."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from signstation.codec.rpmfile import Package, read_package
from signstation.codec.rpmtags import SignatureTag as Sig
from signstation.errors import (
    AlreadySigned,
    ContentDamaged,
    LimitReached,
    RecheckFailed,
    SchemeUnsupported,
    UsageError,
)
from signstation.formats.rpm import FORMAT
from signstation.model.asks import Part
from signstation.model.checks import Verdict
from signstation.model.outputs import Patched
from tests.support.contract_formats import FormatCase, Sample
from tests.support.openpgp import shared_certificate
from tests.support.rpm import ARRAY, BINARY, RawEntry, Recipe, build, data_of, layout
from tests.support.samples_rpm import sample


def case(recipe: Recipe, *suites: str, **options: str) -> FormatCase:
    return FormatCase(FORMAT, sample(recipe, *suites, **options))


def on(signed: bytes, *suites: str, **options: str) -> FormatCase:
    """The same for a package that is there already."""
    made = sample(Recipe(), *suites, **options)
    return FormatCase(FORMAT, replace(made, content=signed, time=made.time + 5))


def parse(content: bytes) -> Package:
    return read_package(lambda offset, length: content[offset : offset + length], len(content))


def tags(content: bytes) -> dict[int, int]:
    """The signature tags of a package, and how many values each holds (1 for binary ones)."""
    header = parse(content).signature
    wanted = (Sig.DSA, Sig.RSA, Sig.OPENPGP, Sig.PGP, Sig.GPG)
    return {
        each.value: header.count(each) if each is Sig.OPENPGP else 1
        for each in wanted
        if each in header
    }


@pytest.mark.parametrize(
    ("recipe", "suites", "style", "expected"),
    [
        (Recipe(), ("RSA2k",), "auto", {268: 1}),
        (Recipe(), ("Cv25519",), "auto", {267: 1}),
        (Recipe(), ("P256",), "auto", {267: 1}),
        (Recipe(), ("RSA2k", "Cv25519"), "auto", {268: 1, 278: 2}),
        (Recipe(), ("Cv25519", "RSA2k"), "auto", {267: 1, 278: 2}),
        (Recipe(), ("RSA2k", "Cv25519"), "header", {268: 1, 267: 1}),
        (Recipe(), ("Cv25519",), "rpm6", {267: 1, 278: 1}),
        (Recipe(rpm_format=6), ("Cv25519",), "auto", {278: 1}),
        (Recipe(rpm_format=6), ("Cv25519", "RSA2k"), "rpm6", {278: 2}),
        (Recipe(rpm_format=6), ("RSA2k", "Cv25519"), "header", {268: 1, 278: 2}),
        (Recipe(payload_digest=0), ("RSA2k",), "auto", {1002: 1}),
        (Recipe(payload_digest=0), ("Cv25519",), "rpm6", {1005: 1}),
        (Recipe(payload_digest=1), ("Cv25519",), "header", {1005: 1}),
        (Recipe(payload_digest=0), ("RSA2k", "P256"), "auto", {1002: 1, 1005: 1}),
    ],
)
def test_tags_follow_from_version_keys_and_style(
    recipe: Recipe, suites: tuple[str, ...], style: str, expected: dict[int, int]
) -> None:
    made = case(recipe, *suites, signatures=style)
    signed, _ = made.signed()
    assert tags(signed) == expected
    assert made.verdict(signed) is Verdict.TRUSTED
    assert made.recheck([signed])


@pytest.mark.parametrize("rpm_format", [4, 6])
def test_the_file_keeps_its_size_and_all_but_the_signature_header(rpm_format: int) -> None:
    made = case(Recipe(rpm_format=rpm_format), "Cv25519", "RSA2k", "P256")
    (output,) = made.sign().outputs
    assert isinstance(output, Patched)
    (patch,) = output.patches
    parts = layout(made.sample.content)
    assert patch.offset == 96
    assert patch.old_length == len(patch.new) == parts.main - 96


def test_freed_bytes_go_back_to_the_reserve() -> None:
    unsigned = build()
    large, _ = on(unsigned, "RSA2k").signed()
    small, _ = on(large, "Cv25519").signed()
    at_once, _ = on(unsigned, "Cv25519").signed()
    assert len(large) == len(small) == len(unsigned)
    assert small == at_once


def test_a_package_without_room_grows_by_the_signature_only() -> None:
    made = case(Recipe(reserve=0), "Cv25519")
    signed, _ = made.signed()
    parts = layout(signed)
    before = layout(made.sample.content)
    assert signed[parts.main :] == made.sample.content[before.main :]
    assert len(signed) > len(made.sample.content)
    again, _ = on(signed, "Cv25519").signed()
    assert len(again) == len(signed)


def test_a_reserve_that_is_too_small_stays_as_rpmsign_leaves_it() -> None:
    signed, _ = case(Recipe(reserve=40), "RSA2k").signed()
    assert parse(signed).signature.count(Sig.RESERVED_SPACE) == 40


def test_replacing_takes_all_kinds_away_but_keeps_file_signatures() -> None:
    ima = RawEntry(Sig.FILE_SIGNATURES, ARRAY, [b"0302aa", b""])
    recipe = Recipe(change_signature=lambda found: found.insert(2, ima))
    signed, _ = case(recipe, "RSA2k", "P256").signed()
    assert tags(signed) == {268: 1, 278: 2}
    replaced, _ = on(signed, "Cv25519").signed()
    assert tags(replaced) == {267: 1}
    assert list(parse(replaced).signature.strings(Sig.FILE_SIGNATURES)) == [b"0302aa", b""]


def test_keeping_adds_to_rpm6_signatures_and_leaves_the_header_signature() -> None:
    first, _ = case(Recipe(), "RSA2k").signed()
    kept, _ = on(first, "Cv25519", existing="keep").signed()
    assert tags(kept) == {268: 1, 278: 1}
    assert data_of(kept, 268) == data_of(first, 268)
    third, _ = on(kept, "P256", existing="keep").signed()
    assert tags(third) == {268: 1, 278: 2}
    before = list(parse(kept).signature.strings(Sig.OPENPGP))
    assert list(parse(third).signature.strings(Sig.OPENPGP))[:1] == before
    assert on(third, "RSA2k").verdict(third) is Verdict.TRUSTED
    assert on(third, "P256").verdict(third) is Verdict.TRUSTED


def test_keeping_a_header_signature_leaves_no_place_for_another() -> None:
    signed, _ = case(Recipe(), "RSA2k").signed()
    with pytest.raises(AlreadySigned):
        on(signed, "Cv25519", existing="keep", signatures="header").sign()


@pytest.mark.parametrize("tag", [Sig.RSA, Sig.DSA, Sig.PGP, Sig.GPG, Sig.PGP5])
def test_whatever_stands_for_a_signature_counts_as_one(tag: Sig) -> None:
    def add(found: list[RawEntry]) -> None:
        found.append(RawEntry(tag, BINARY, b"?"))
        found.sort(key=lambda each: each.tag)

    with pytest.raises(AlreadySigned):
        case(Recipe(change_signature=add), "Cv25519", existing="refuse").sign()


@pytest.mark.parametrize("recipe", [Recipe(), Recipe(payload_digest=0)])
def test_two_signatures_of_one_kind_do_not_fit(recipe: Recipe) -> None:
    with pytest.raises(UsageError):
        case(recipe, "Cv25519", "P256", signatures="header").sign()


def test_keeping_a_signature_over_all_leaves_no_place_for_another() -> None:
    recipe = Recipe(payload_digest=0)
    signed, _ = case(recipe, "RSA2k").signed()
    made = on(signed, "RSA2k", existing="keep")
    with pytest.raises(AlreadySigned):
        made.sign()


def test_an_algorithm_that_rpm4_does_not_read_goes_to_rpm6_signatures_only() -> None:
    key = shared_certificate("Cv448", "RFC9580")  # version 6: not written at all
    made = sample(Recipe(), "Cv25519")
    slot = made.slots[0]
    profile = slot.signer.openpgp
    assert profile is not None
    native = replace(slot, signer=replace(slot.signer, openpgp=replace(profile, algorithm=27)))
    signed, _ = FormatCase(FORMAT, replace(made, slots=(native,))).signed()
    assert tags(signed) == {278: 1}
    with pytest.raises(SchemeUnsupported):
        FormatCase(FORMAT, replace(made, slots=(native,), options={"signatures": "header"})).sign()
    with pytest.raises(SchemeUnsupported):
        FormatCase(FORMAT, replace(made, slots=(key.slot,))).sign()


def test_rpm6_signatures_are_plain_base64_of_the_same_packet() -> None:
    signed, _ = case(Recipe(), "Cv25519", signatures="rpm6").signed()
    (encoded,) = parse(signed).signature.strings(Sig.OPENPGP)
    assert base64.b64decode(encoded, validate=True) == data_of(signed, 267)


def test_parts_are_named_for_the_prompt() -> None:
    run = case(Recipe(payload_digest=0), "Cv25519").sign()
    assert [each.part for each in run.rounds[0]] == [Part.HEADER_AND_PAYLOAD]
    run = case(Recipe(), "Cv25519").sign()
    assert [each.part for each in run.rounds[0]] == [Part.HEADER]


@pytest.mark.parametrize("number", [0, 65])
def test_too_many_or_no_signatures_are_refused(number: int) -> None:
    made = sample(Recipe(), "Cv25519")
    with pytest.raises(UsageError):
        FormatCase(FORMAT, replace(made, slots=made.slots * number)).sign()


def test_a_signature_header_that_is_full_is_refused() -> None:
    def fill(found: list[RawEntry]) -> None:
        found.extend(RawEntry(2000 + number, BINARY, b"x") for number in range(25))

    with pytest.raises(LimitReached):
        case(Recipe(change_signature=fill), "Cv25519").sign()


def changed_digest(tag: int) -> bytes:
    content = build()
    start = content.index(parse(content).signature.string(tag))
    return content[:start] + b"0000" + content[start + 4 :]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (build()[:-1] + b"X", "SHA-256 digest of the payload"),
        (build(Recipe(payload_digest=0))[:-1] + b"X", "MD5 digest of header and payload"),
        (build() + b"more", "SHA-256 digest of the payload"),
        (build(Recipe(rpm_format=6))[:-1] + b"X", "SHA-256 digest of the payload"),
        (changed_digest(Sig.SHA256), "SHA-256 digest of the header"),
        (changed_digest(Sig.SHA1), "SHA-1 digest of the header"),
    ],
)
def test_a_damaged_package_is_not_signed(content: bytes, what: str) -> None:
    with pytest.raises(ContentDamaged) as caught:
        on(content, "Cv25519").sign()
    assert caught.value.what == what


def test_a_payload_may_be_stored_uncompressed() -> None:
    """The alternative digest of the header stands for the payload without compression."""
    recipe = Recipe()
    digest = parse(build(recipe)).main.string(5092)

    def swap(found: list[RawEntry]) -> None:
        index = next(n for n, each in enumerate(found) if each.tag == 5092)
        found[index] = RawEntry(5092, ARRAY, [b"0" * 64])
        found.append(RawEntry(5097, ARRAY, [digest]))

    made = case(Recipe(change_main=swap), "Cv25519")
    assert made.verdict(made.signed()[0]) is Verdict.TRUSTED


def test_recheck_wants_every_ordered_signature() -> None:
    one, _ = case(Recipe(), "Cv25519").signed()
    with pytest.raises(RecheckFailed):
        case(Recipe(), "Cv25519", "RSA2k").recheck([one])
    with pytest.raises(RecheckFailed):
        case(Recipe(), "RSA2k").recheck([one])


def test_recheck_without_payload_digest_compares_the_payload() -> None:
    made: Sample = sample(Recipe(payload_digest=0), "Cv25519")
    signed, _ = FormatCase(FORMAT, made).signed()
    with pytest.raises(RecheckFailed):
        FormatCase(FORMAT, made).recheck([signed[:-1] + b"X"])


def test_commands_are_those_of_rpmsign() -> None:
    one = case(Recipe(), "RSA2k")
    fingerprint = one.sample.slots[0].signer.openpgp
    assert fingerprint is not None
    (command,) = FORMAT.commands(one.sample.slots, one.options)
    assert command[0] == "rpmsign"
    assert f"_gpg_name {fingerprint.fingerprint}!" in command
    assert "_gpg_digest_algo sha256" in command
    assert command[-2:] == ("--addsign", "FILE")
    several = case(Recipe(), "RSA2k", "Cv25519")
    first, second = FORMAT.commands(several.sample.slots, several.options)
    assert "--rpmv6" in first
    assert first[-2:] == ("--resign", "FILE")
    assert second[-2:] == ("--addsign", "FILE")


@pytest.mark.parametrize(
    ("suites", "style", "told"),
    [
        (("P256",), "auto", 1),
        (("P256",), "rpm6", 1),
        (("RSA2k", "P256"), "header", 1),
        (("RSA2k", "P256"), "auto", 0),
        (("Cv25519",), "auto", 0),
        (("RSA2k",), "header", 0),
    ],
)
def test_signatures_that_old_rpm_refuses_are_told_of_before_they_are_made(
    suites: tuple[str, ...], style: str, told: int
) -> None:
    """As verification says it afterwards, of exactly the same signatures."""
    made = case(Recipe(), *suites, signatures=style)
    cautions = FORMAT.cautions(made.sample.slots, made.options)
    assert len(cautions) == told
    assert all("RPM 4.18" in each.english() for each in cautions)
    if told and style == "header":
        assert str(made.sample.slots[1].signer.key) in cautions[0].english()
    signed, _ = made.signed()
    found = [each for each in made.verify(signed).checks if each.code == "rpm.compatibility"]
    assert len(found) == told
