"""Verdicts on RPM packages: the key when it signed, coverage, contradictions, what is unsigned."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest

from signstation.codec.openpgp import MAX_SIGNATURES
from signstation.formats.rpm import FORMAT
from signstation.model.asks import Part
from signstation.model.checks import (
    Check,
    CheckKind,
    Outcome,
    SignatureState,
    Verdict,
)
from signstation.model.trust import Purpose, Revocation, RevocationReason, Trust
from signstation.signatures.openpgp_sign import sign_openpgp
from signstation.verification.verdict import verdict
from tests.support.contract_formats import FormatCase
from tests.support.openpgp import drive, shared_certificate
from tests.support.rpm import (
    ARRAY,
    BINARY,
    INT32,
    STRING,
    RawEntry,
    Recipe,
    build,
    data_of,
    entries,
    layout,
)
from tests.support.samples_rpm import sample

Change = Callable[[list[RawEntry]], None]


def case(recipe: Recipe, *suites: str, **options: str) -> FormatCase:
    return FormatCase(FORMAT, sample(recipe, *suites, **options))


def checks(made: FormatCase, content: bytes, code: str) -> list[Check]:
    return [each for each in made.verify(content).checks if each.code == code]


def with_entries(*added: RawEntry) -> Change:
    """Add entries to a signature header, sorted by tag."""

    def change(found: list[RawEntry]) -> None:
        found[:] = sorted([*found, *added], key=lambda each: each.tag)

    return change


def packet_of(recipe: Recipe, suite: str = "Cv25519") -> bytes:
    """The signature packet over the header that ``recipe`` gives."""
    signed, _ = case(recipe, suite, signatures="header").signed()
    return data_of(signed, 268 if suite == "RSA2k" else 267)


def header_packet(recipe: Recipe) -> bytes:
    """A signature over the header alone of a package that we would not sign so."""
    made = case(recipe, "Cv25519")
    content = build(recipe)
    parts = layout(content)
    state = hashlib.sha256(content[parts.main : parts.payload])
    (slot,) = made.sample.slots
    signing = sign_openpgp(0, slot, state, part=Part.HEADER, covers=(), time=made.sample.time)
    return drive(signing, shared_certificate("Cv25519").signer)


# ---- the state of the key when it signed --------------------------------------------------------


def judged(**changes: object) -> tuple[Verdict, SignatureState]:
    """Verdict and state with facts of the signing key changed."""
    made = case(Recipe(), "Cv25519")
    content, _ = made.signed()
    trust = Trust(openpgp=(shared_certificate("Cv25519").with_signer(**changes),))
    verified = made.verify(content, trust=trust)
    return verdict(verified.checks), verified.signatures[0].state


SIGNED = sample(Recipe(), "Cv25519").time
DISAGREE = Verdict.INDETERMINATE
"""Only GnuPG's facts are changed here, not the certificate: the second library still says yes.

Where both see it (tests/referees/test_rpm_keys.py) the verdict is UNTRUSTED.
"""


def test_a_key_that_had_expired_when_it_signed_is_not_trusted() -> None:
    assert judged(expires=SIGNED) == (DISAGREE, SignatureState.GOOD_BUT_KEY)


def test_a_key_that_expired_later_is_trusted() -> None:
    assert judged(expires=SIGNED + 1)[0] is Verdict.TRUSTED


@pytest.mark.parametrize("reason", list(RevocationReason))
@pytest.mark.parametrize("after", [-10, 10])
def test_revocation_counts_by_reason_and_time(reason: RevocationReason, after: int) -> None:
    found, _ = judged(revocation=Revocation(SIGNED + after, reason))
    soft = reason in {RevocationReason.SUPERSEDED, RevocationReason.RETIRED}
    assert found is (Verdict.TRUSTED if soft and after > 0 else DISAGREE)


def test_a_key_for_something_else_or_without_binding_is_not_trusted() -> None:
    assert judged(can_sign=False)[0] is DISAGREE
    assert judged(valid_binding=False)[0] is DISAGREE


def test_an_anchor_for_another_purpose_is_not_trusted() -> None:
    made = case(Recipe(), "Cv25519")
    content, _ = made.signed()
    anchor = replace(shared_certificate("Cv25519").trusted, purposes=(Purpose.KERNEL_MODULES,))
    assert made.verdict(content, trust=Trust(openpgp=(anchor,))) is Verdict.UNTRUSTED
    anchor = replace(anchor, purposes=(Purpose.PACKAGES,))
    assert made.verdict(content, trust=Trust(openpgp=(anchor,))) is Verdict.TRUSTED


def test_a_signature_from_the_future_is_not_trusted() -> None:
    made = case(Recipe(), "Cv25519")
    content, _ = made.signed()
    early = FormatCase(FORMAT, replace(made.sample, time=made.sample.time - 3600))
    assert early.verdict(content) is Verdict.UNTRUSTED


def test_an_unknown_key_beside_a_trusted_one_is_a_note() -> None:
    made = case(Recipe(), "RSA2k", "Cv25519", signatures="header")
    content, _ = made.signed()
    trust = Trust(openpgp=(shared_certificate("Cv25519").trusted,))
    assert made.verdict(content, trust=trust) is Verdict.TRUSTED
    states = {each.state for each in made.verify(content, trust=trust).signatures}
    assert states == {SignatureState.UNKNOWN_KEY, SignatureState.GOOD_TRUSTED}


# ---- what a signature covers --------------------------------------------------------------------


def test_a_header_signature_without_payload_digest_is_not_enough() -> None:
    recipe = Recipe(payload_digest=0)
    packet = header_packet(recipe)
    only_header = replace(recipe, change_signature=with_entries(RawEntry(267, BINARY, packet)))
    made = case(Recipe(), "Cv25519")
    content = build(only_header)
    assert made.verdict(content) is Verdict.UNTRUSTED
    assert checks(made, content, "rpm.coverage")
    whole = case(recipe, "Cv25519").signed()[0]
    assert made.verdict(whole) is Verdict.TRUSTED


def test_a_payload_digest_by_a_broken_hash_is_not_enough() -> None:
    recipe = Recipe(payload_digest=2)
    packet = header_packet(recipe)
    content = build(replace(recipe, change_signature=with_entries(RawEntry(267, BINARY, packet))))
    assert case(Recipe(), "Cv25519").verdict(content) is Verdict.UNTRUSTED


def test_a_payload_digest_by_an_unknown_hash_leaves_doubt() -> None:
    def unknown(found: list[RawEntry]) -> None:
        index = next(number for number, each in enumerate(found) if each.tag == 5093)
        found[index] = RawEntry(5093, INT32, [99])

    made = case(Recipe(change_main=unknown), "Cv25519")
    content, _ = made.signed()
    (check,) = checks(made, content, "rpm.payload-digest")
    assert check.outcome is Outcome.NOT_RUN
    assert made.verdict(content) is Verdict.INDETERMINATE


def test_every_payload_digest_of_version_6_is_compared() -> None:
    made = case(Recipe(rpm_format=6), "Cv25519")
    content, _ = made.signed()
    assert len(checks(made, content, "rpm.payload-digest")) == 3
    changed = content[:-1] + b"X"
    outcomes = [each.outcome for each in checks(made, changed, "rpm.payload-digest")]
    assert outcomes == [Outcome.FAIL] * 3


# ---- contradictions -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "code"),
    [("payload", "rpm.payload-digest"), ("main", "rpm.header-digest"), ("payload", "rpm.md5")],
)
def test_changed_content_is_tampered_with_and_says_what(place: str, code: str) -> None:
    made = case(Recipe(), "Cv25519")
    content, _ = made.signed()
    parts = layout(content)
    at = parts.payload + 5 if place == "payload" else content.index(b"builder.example")
    changed = content[:at] + b"#" + content[at + 1 :]
    assert made.verdict(changed) is Verdict.TAMPERED
    assert {each.outcome for each in checks(made, changed, code)} == {Outcome.FAIL}


def test_unsigned_but_damaged_is_tampered_with() -> None:
    made = case(Recipe(), "Cv25519")
    assert made.verdict(build()[:-1] + b"X") is Verdict.TAMPERED


@pytest.mark.parametrize("more", [b"", b"\0", b"x" * 9])
def test_a_file_of_another_size_is_tampered_with(more: bytes) -> None:
    made = case(Recipe(payload_digest=0, md5=False), "Cv25519")
    content, _ = made.signed()
    changed = content + more if more else content[:-1]
    assert made.verdict(changed) is Verdict.TAMPERED
    assert [each.outcome for each in checks(made, changed, "rpm.size")] == [Outcome.FAIL]


@pytest.mark.parametrize("where", ["signature", "main"])
def test_a_tag_that_stands_twice_is_a_contradiction(where: str) -> None:
    packet = packet_of(Recipe())
    if where == "signature":
        twice = (RawEntry(267, BINARY, packet), RawEntry(267, BINARY, packet))
        content = build(Recipe(change_signature=with_entries(*twice)))
    else:
        extra = [RawEntry(1099, STRING, b"one"), RawEntry(1099, STRING, b"two")]
        content = build(Recipe(extra=extra))
    made = case(Recipe(), "Cv25519")
    assert made.verdict(content) is Verdict.TAMPERED
    assert checks(made, content, "rpm.duplicate-tags")


def test_a_wrong_signature_beside_a_good_one_is_a_contradiction() -> None:
    packet = packet_of(Recipe())
    wrong = packet[:-1] + bytes([packet[-1] ^ 1])
    values = [base64.b64encode(each) for each in (packet, wrong)]
    content = build(Recipe(change_signature=with_entries(RawEntry(278, ARRAY, values))))
    assert case(Recipe(), "Cv25519").verdict(content) is Verdict.TAMPERED


# ---- what cannot be read ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [b"???", b"AAAA", b"=", base64.b64encode(b"\x88\x05\x04\x00\x16\x08"), base64.b64encode(b"")],
)
def test_an_unreadable_signature_alone_leaves_doubt(value: bytes) -> None:
    content = build(Recipe(change_signature=with_entries(RawEntry(278, ARRAY, [value]))))
    made = case(Recipe(), "Cv25519")
    verified = made.verify(content)
    assert [each.state for each in verified.signatures] == [SignatureState.UNREADABLE]
    assert verdict(verified.checks) is Verdict.INDETERMINATE


def test_an_unreadable_signature_beside_a_good_one_is_a_note() -> None:
    packet = packet_of(Recipe())
    good, bad = RawEntry(267, BINARY, packet), RawEntry(278, ARRAY, [b"???"])
    content = build(Recipe(change_signature=with_entries(good, bad)))
    assert case(Recipe(), "Cv25519").verdict(content) is Verdict.TRUSTED


def test_more_signatures_than_can_be_judged_leave_doubt() -> None:
    values = [base64.b64encode(packet_of(Recipe()))] * (MAX_SIGNATURES + 1)
    content = build(Recipe(change_signature=with_entries(RawEntry(278, ARRAY, values))))
    made = case(Recipe(), "Cv25519")
    assert made.verdict(content) is Verdict.INDETERMINATE
    made.inspect(content)


def test_only_the_first_packet_of_a_tag_counts() -> None:
    """What rpm does not read must not carry the verdict."""
    ours, other = packet_of(Recipe()), packet_of(Recipe(), "P256")
    both = RawEntry(267, BINARY, other + ours)
    content = build(Recipe(change_signature=with_entries(both)))
    made = case(Recipe(), "Cv25519")
    assert made.verdict(content) is Verdict.UNTRUSTED
    assert checks(made, content, "rpm.extra-packet")
    turned = build(Recipe(change_signature=with_entries(RawEntry(267, BINARY, ours + other))))
    assert made.verdict(turned) is Verdict.TRUSTED


# ---- notes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("recipe", "suites", "code"),
    [
        (Recipe(), ("P256",), "rpm.compatibility"),
        (Recipe(rpm_format=6), ("Cv25519",), "rpm.compatibility"),
        (Recipe(lead_name=b"bash-5.2-1"), ("Cv25519",), "rpm.lead"),
        (Recipe(padding=b"A"), ("Cv25519",), "rpm.padding"),
    ],
)
def test_notes_do_not_change_the_verdict(
    recipe: Recipe, suites: tuple[str, ...], code: str
) -> None:
    made = case(recipe, *suites)
    content, _ = made.signed()
    if code == "rpm.padding":
        content = content[: layout(content).main - 1] + b"A" + content[layout(content).main :]
    found = checks(made, content, code)
    assert [each.outcome for each in found] == [Outcome.WARNING]
    assert found[0].kind is CheckKind.NOTE
    assert made.verdict(content) is Verdict.TRUSTED


def test_a_signature_under_the_tag_of_another_kind_is_noted() -> None:
    packet = packet_of(Recipe())
    content = build(Recipe(change_signature=with_entries(RawEntry(268, BINARY, packet))))
    made = case(Recipe(), "Cv25519")
    assert checks(made, content, "rpm.tag")
    assert made.verdict(content) is Verdict.TRUSTED


def test_legacy_tags_in_version_6_are_noted() -> None:
    change = with_entries(RawEntry(1007, INT32, [1]))
    made = case(Recipe(rpm_format=6, change_signature=change), "Cv25519")
    content, _ = made.signed()
    assert checks(made, content, "rpm.legacy-tag")
    assert made.verdict(content) is Verdict.TRUSTED


def test_the_reserve_is_told_of() -> None:
    made = case(Recipe(), "Cv25519")
    content, _ = made.signed()
    (start,) = (each[2] for each in entries(content, 96) if each[0] == 1008)
    changed = content[: start + 9] + b"hidden" + content[start + 15 :]
    assert checks(made, changed, "rpm.reserve")
