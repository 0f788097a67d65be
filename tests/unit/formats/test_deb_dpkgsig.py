"""Signatures in dpkg-sig's form: never worth trust alone, and a contradiction counts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import pytest

from signstation.formats.deb import FORMAT
from signstation.model.asks import Part
from signstation.model.checks import SignatureState, Verdict, Verified
from signstation.model.keys import SignatureType
from signstation.model.trust import Trust
from signstation.signatures.openpgp_clear import sign_cleartext
from signstation.verification.verdict import verdict
from tests.support.contract_formats import FormatCase
from tests.support.deb import archive, parts
from tests.support.openpgp import shared_certificate
from tests.support.samples_deb import SAMPLES

Members = Sequence[tuple[str, bytes]]


def listing(members: Members, more: str = "") -> str:
    lines = [
        "Version: 4",
        "Signer: a@example.org",
        "Date: Sun Jan  1 00:00:00 2023",
        "Role: builder",
    ]
    lines.append("Files: ")
    for name, content in members:
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        lines.append(f"\t{md5} {sha1} {len(content)} {name}")
    return "\n".join(lines) + "\n" + more


def signed_text(text: str) -> bytes:
    """Sign as dpkg-sig does."""
    key = shared_certificate("Cv25519")
    time = SAMPLES["xz"]().time
    slot = replace(key.slot, kind=SignatureType.CLEARTEXT)
    signing = sign_cleartext([(0, slot)], text.encode(), part=Part.FILE, time=time)
    asks = next(signing)
    with pytest.raises(StopIteration) as end:
        signing.send(tuple(key.signer.answer(each) for each in asks))
    document: bytes = end.value.value
    return document


def package(text: str | bytes, members: Members | None = None) -> bytes:
    content = text if isinstance(text, bytes) else signed_text(text)
    return archive([*(members or parts()), ("_gpgbuilder", content)])


def judged(content: bytes, *, trusted: bool = True) -> Verified:
    sample = SAMPLES["xz"]()
    given = replace(sample, trust=sample.trust if trusted else Trust())
    return FormatCase(FORMAT, given).verify(content, ())


def test_a_good_one_is_weak_and_not_trusted() -> None:
    verified = judged(package(listing(parts())))
    assert verdict(verified.checks) is Verdict.UNTRUSTED
    (facts,) = verified.signatures
    assert facts.state is SignatureState.GOOD_BUT_KEY
    assert "SHA-1" in facts.reasons[0].english()
    assert verdict(judged(package(listing(parts())), trusted=False).checks) is Verdict.UNTRUSTED


def test_beside_a_signature_of_debsigs_that_one_counts() -> None:
    content, _ = FormatCase(FORMAT, SAMPLES["xz"]()).signed()
    both = content + archive([("_gpgbuilder", signed_text(listing(parts())))])[8:]
    verified = judged(both)
    assert verdict(verified.checks) is Verdict.TRUSTED
    assert [each.index for each in verified.signatures] == [0, 1]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_member_that_is_another_one_is_tampering(place: int) -> None:
    listed = [
        (name, content + b"x" if number == place else content)
        for number, (name, content) in enumerate(parts())
    ]
    assert verdict(judged(package(listing(listed))).checks) is Verdict.TAMPERED


def test_the_same_size_with_other_digests_is_tampering() -> None:
    text = listing(parts())
    digest = text.split("\t")[-1][:32]
    assert verdict(judged(package(text.replace(digest, "0" * 32))).checks) is Verdict.TAMPERED


def test_a_changed_list_is_tampering() -> None:
    document = signed_text(listing(parts())).replace(b"Role: builder", b"Role: origin")
    assert verdict(judged(package(document)).checks) is Verdict.TAMPERED


def test_members_that_are_not_listed_or_not_here_leave_the_verdict_open() -> None:
    fewer = package(listing(parts()[:2]))
    more = package(listing([*parts(), ("_gpgorigin", b"x")]))
    for content in (fewer, more):
        assert verdict(judged(content).checks) is Verdict.INDETERMINATE


@pytest.mark.parametrize(
    "text",
    [
        "Version: 4\n",
        listing([]),
        listing(parts(), "more\n"),
        listing([parts()[0], parts()[0]]),
        "Pay me\n" + listing(parts()),
    ],
    ids=["no-list", "empty", "more", "twice", "before"],
)
def test_other_texts_are_unreadable(text: str) -> None:
    verified = judged(package(text))
    assert verdict(verified.checks) is Verdict.INDETERMINATE
    assert [each.state for each in verified.signatures] == [SignatureState.UNREADABLE]


def test_a_cut_document_is_unreadable() -> None:
    document = signed_text(listing(parts()))[:-40]
    assert verdict(judged(package(document)).checks) is Verdict.INDETERMINATE
