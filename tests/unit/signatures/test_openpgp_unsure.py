"""Judging OpenPGP signatures that are unknown, wrong or unreadable, and the second library."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signstation.codec.openpgp import SignatureClass, parse_signatures
from signstation.codec.openpgp_packets import Tag, packet
from signstation.errors import ArtifactMalformed, LimitReached
from signstation.model.checks import CheckKind, Outcome, SignatureState, Verdict
from signstation.model.text import Text
from signstation.model.trust import (
    Purpose,
    Trust,
)
from signstation.signatures.openpgp_verify import hash_request, judge_openpgp, start_hash
from signstation.verification.verdict import verdict
from tests.support.openpgp import secret_keys
from tests.support.openpgp import shared_certificate as certificate
from tests.support.openpgp_judging import CONTENT, by_hand, judge, made_at, reasons, signed

# --- unknown, wrong, unreadable ----------------------------------------------------------------


def test_an_unknown_key_is_unknown_whatever_the_content() -> None:
    made, other = certificate(), certificate("P256")
    for hashed in (CONTENT, b"changed"):
        judged = judge(signed(made), other.trusted, hashed=hashed)
        assert judged.facts.state is SignatureState.UNKNOWN_KEY
        assert judged.facts.fingerprint == made.signer.public.fingerprint
        assert verdict(judged.checks) is Verdict.UNTRUSTED


def test_changed_content_is_bad() -> None:
    made = certificate()
    judged = judge(signed(made), made.trusted, hashed=CONTENT + b"x", content=CONTENT + b"x")
    assert judged.facts.state is SignatureState.BAD
    assert verdict(judged.checks) is Verdict.TAMPERED
    assert judged.facts.path == ()


def test_a_key_id_alone_finds_the_right_one_of_several_keys() -> None:
    """Two certificates whose facts claim the same key id: the number decides."""
    made, other = certificate(), certificate("P256")
    found = replace(signed(made), issuer_fingerprint="")
    twin = replace(
        other.trusted,
        keys=tuple(
            replace(each, fingerprint=each.fingerprint[:-16] + found.issuer_key_id)
            for each in other.trusted.keys
        ),
    )
    judged = judge(found, twin, made.trusted)
    assert judged.facts.state is SignatureState.GOOD_TRUSTED
    assert judge(found, twin).facts.state is SignatureState.UNKNOWN_KEY


def test_a_signature_that_names_nobody_is_unknown() -> None:
    made = certificate()
    found = replace(signed(made), issuer_fingerprint="", issuer_key_id="")
    judged = judge(found, made.trusted)
    assert judged.facts.state is SignatureState.UNKNOWN_KEY
    assert judged.facts.fingerprint == ""


def test_another_algorithm_than_the_keys_is_unreadable() -> None:
    made = certificate()
    judged = judge(replace(signed(made), algorithm=19), made.trusted)
    assert judged.facts.state is SignatureState.UNREADABLE
    assert verdict(judged.checks) is Verdict.INDETERMINATE


@pytest.mark.parametrize("kind", [0x02, 0x10, 0x18, 0x40, 0x50])
def test_signatures_over_other_things_are_unreadable(kind: int) -> None:
    made = certificate()
    judged = judge(replace(signed(made), type=kind), made.trusted)
    assert judged.facts.state is SignatureState.UNREADABLE


def test_problems_are_told() -> None:
    (found,) = parse_signatures(packet(Tag.SIGNATURE, b"\x09"))
    judged = judge(found, certificate().trusted)
    assert judged.facts.state is SignatureState.UNREADABLE
    assert "version 9" in reasons(judged)
    assert start_hash(found) is None
    assert hash_request(found) is None


def test_without_a_hash_nothing_is_said() -> None:
    made = certificate()
    judged = judge_openpgp(
        signed(made),
        index=0,
        place=Text("here"),
        state=None,
        content=CONTENT,
        trust=Trust(openpgp=(made.trusted,)),
        purpose=Purpose.FILES,
        at=made_at(made),
        sufficient=True,
        covers=(),
        code="test",
    )
    assert judged.facts.state is SignatureState.UNREADABLE


# --- the second library -----------------------------------------------------------------------


def test_without_the_librarys_yes_nothing_is_trusted() -> None:
    made = certificate()
    judged = judge(signed(made), made.trusted, content=None)
    assert judged.facts.state is SignatureState.GOOD_BUT_KEY
    (library,) = [each for each in judged.checks if each.kind is CheckKind.LIBRARY]
    assert (library.outcome, library.required) == (Outcome.NOT_RUN, True)
    assert verdict(judged.checks) is Verdict.INDETERMINATE


def test_the_librarys_no_is_indeterminate() -> None:
    """A certify-only key signed; its facts claim that it may. Sequoia reads its flags."""
    made = certificate()
    primary = secret_keys(made.secret)[made.trusted.primary.fingerprint]
    trusted = made.with_primary(can_sign=True)
    judged = judge(by_hand(primary, time=made_at(made)), trusted)
    (library,) = [each for each in judged.checks if each.kind is CheckKind.LIBRARY]
    assert library.outcome is Outcome.FAIL
    assert judged.facts.state is SignatureState.GOOD_BUT_KEY
    assert verdict(judged.checks) is Verdict.INDETERMINATE


def test_a_library_that_is_not_needed_is_not_required() -> None:
    made = certificate()
    judged = judge(signed(made), made.trusted, content=None, sufficient=False)
    (library,) = [each for each in judged.checks if each.kind is CheckKind.LIBRARY]
    assert not library.required
    assert verdict(judged.checks) is Verdict.UNTRUSTED


def test_a_closed_descriptor_is_no_refusal() -> None:
    made = certificate()
    judged = judge(signed(made), made.trusted, content=9999)
    assert verdict(judged.checks) is Verdict.INDETERMINATE
    assert "could not be asked" in reasons(judged)


# --- text -------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [CONTENT, CONTENT.replace(b"\r\n", b"\n")])
def test_text_signatures_do_not_cover_line_ends(content: bytes) -> None:
    made = certificate()
    canonical = b"line one\r\nline two\r\nlast"
    kind = SignatureClass.TEXT
    found = by_hand(made.signer, time=made_at(made), document=kind, content=canonical)
    judged = judge(found, made.trusted, content=content, hashed=content)
    assert judged.facts.state is SignatureState.GOOD_TRUSTED, reasons(judged)
    assert any(each.code == "test.text" for each in judged.checks)
    other = judge(found, made.trusted, content=content + b"x", hashed=content + b"x")
    assert other.facts.state is SignatureState.BAD
    unseen = judge(found, made.trusted, content=None)
    assert unseen.facts.state is SignatureState.UNREADABLE


# --- properties -------------------------------------------------------------------------------


@settings(max_examples=100)
@given(st.data())
def test_no_changed_signature_is_trusted(data: st.DataObject) -> None:
    made = certificate()
    original = signed(made)
    raw = bytearray(original.raw)
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        found = parse_signatures(bytes(raw))
    except (ArtifactMalformed, LimitReached):
        return
    for each in found:
        judged = judge(each, made.trusted)
        same = (each.suffix, each.numbers) == (original.suffix, original.numbers)
        assert judged.facts.state is not SignatureState.GOOD_TRUSTED or same


@given(st.binary(max_size=300))
def test_any_packet_is_judged(body: bytes) -> None:
    (found,) = parse_signatures(packet(Tag.SIGNATURE, body))
    judged = judge(found, certificate().trusted)
    assert judged.facts.state in {SignatureState.UNREADABLE, SignatureState.UNKNOWN_KEY}
