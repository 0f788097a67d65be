"""What an SSH signature is worth: namespaces, dates, weak and unknown keys."""

from __future__ import annotations

import hashlib

import pytest

from signstation.codec.sshsig import parse_sshsig
from signstation.errors import KeyStoreFailed, SchemeUnsupported, UsageError
from signstation.model.asks import Range
from signstation.model.checks import SignatureState, Verdict
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import Slot
from signstation.model.text import Text
from signstation.model.trust import Purpose, SshAnchor, Trust
from signstation.signatures.judged import Judged
from signstation.signatures.sshsig_sign import sign_sshsig
from signstation.signatures.sshsig_verify import judge_sshsig
from signstation.verification.verdict import verdict
from tests.support import ssh

CONTENT = b"a file\n"
NOW = 1_800_000_000
STATES = SignatureState


def _sign(slot: Slot, namespace: str = "file") -> bytes:
    covers = (Range(0, len(CONTENT)),)
    state = hashlib.new(slot.hash.value, CONTENT)
    generator = sign_sshsig(0, slot, state, covers=covers, namespace=namespace)
    (ask,) = next(generator)
    try:
        generator.send((ssh.answer(slot, ask),))
    except StopIteration as end:
        signature: bytes = end.value
        return signature
    pytest.fail("it asks twice")


def _judge(
    signature: bytes, *anchors: SshAnchor, content: bytes = CONTENT, at: int = NOW
) -> Judged:
    found = parse_sshsig(signature)
    return judge_sshsig(
        found,
        index=0,
        place=Text("here"),
        state=hashlib.new(found.hash.value, content),
        trust=Trust(ssh=anchors),
        purpose=Purpose.FILES,
        at=at,
        covers=(),
        code="blob.sshsig",
    )


@pytest.mark.parametrize(
    ("namespace", "anchor", "expected", "reason"),
    [
        ("file", ssh.anchor(), STATES.GOOD_TRUSTED, "does not say when"),
        ("file", ssh.anchor(namespaces=("f*",)), STATES.GOOD_TRUSTED, "does not say when"),
        ("file", ssh.anchor(namespaces=("git",)), STATES.GOOD_BUT_KEY, "namespace file"),
        ("git", ssh.anchor(), STATES.GOOD_BUT_KEY, "namespace git"),
        ("git", ssh.anchor(namespaces=("git",)), STATES.GOOD_TRUSTED, "does not say when"),
        ("file", ssh.anchor(before=NOW - 1), STATES.GOOD_BUT_KEY, "no time of its own"),
        ("file", ssh.anchor(after=NOW + 1), STATES.GOOD_BUT_KEY, "not trusted before"),
        ("file", ssh.anchor(purposes=(Purpose.PACKAGES,)), STATES.GOOD_UNKNOWN_KEY, "not among"),
        ("file", ssh.anchor("p256"), STATES.GOOD_UNKNOWN_KEY, "not among"),
    ],
)
def test_a_good_number_is_worth_what_its_line_says(
    namespace: str, anchor: SshAnchor, expected: SignatureState, reason: str
) -> None:
    judged = _judge(_sign(ssh.slot(), namespace), anchor)
    assert judged.facts.state is expected
    assert reason in judged.facts.reasons[0].english()
    trusted = expected is STATES.GOOD_TRUSTED
    assert verdict(judged.checks) is (Verdict.TRUSTED if trusted else Verdict.UNTRUSTED)


def test_one_line_that_trusts_is_enough() -> None:
    anchors = (ssh.anchor(before=NOW - 1), ssh.anchor())
    assert _judge(_sign(ssh.slot()), *anchors).facts.state is STATES.GOOD_TRUSTED


@pytest.mark.parametrize("family", ssh.FAMILIES)
def test_another_content_is_tampered_with(family: str) -> None:
    judged = _judge(_sign(ssh.slot(family)), ssh.anchor(family), content=CONTENT + b"x")
    assert judged.facts.state is STATES.BAD
    assert verdict(judged.checks) is Verdict.TAMPERED


def test_a_weak_key_is_not_trusted() -> None:
    judged = _judge(_sign(ssh.slot("rsa1024")), ssh.anchor("rsa1024"))
    assert judged.facts.state is STATES.GOOD_BUT_KEY
    assert "too weak" in judged.facts.reasons[0].english()


def test_an_algorithm_that_is_not_the_keys_cannot_be_checked() -> None:
    signature = parse_sshsig(_sign(ssh.slot()))
    other = type(signature)(
        signature.key, b"file", b"", signature.hash, b"rsa-sha2-512", signature.number
    )
    judged = judge_sshsig(
        other,
        index=0,
        place=Text("here"),
        state=hashlib.sha256(CONTENT),
        trust=ssh.trust(),
        purpose=Purpose.FILES,
        at=NOW,
        covers=(),
        code="x",
    )
    assert judged.facts.state is STATES.UNREADABLE
    assert verdict(judged.checks) is Verdict.INDETERMINATE


@pytest.mark.parametrize("namespace", ["", "a b", "ü", "n" * 257, "a\n"])
def test_what_is_no_namespace_is_refused(namespace: str) -> None:
    with pytest.raises(UsageError):
        _sign(ssh.slot(), namespace)


def test_other_hashes_and_answers_are_refused() -> None:
    with pytest.raises(SchemeUnsupported):
        _sign(ssh.slot(hashed=HashAlgorithm.SHA384))
    for family in ("ed25519", "p256"):
        state = hashlib.sha256(CONTENT)
        generator = sign_sshsig(0, ssh.slot(family), state, covers=(), namespace="file")
        next(generator)
        with pytest.raises(KeyStoreFailed):
            generator.send((b"short",))
