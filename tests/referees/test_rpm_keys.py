"""Keys that GnuPG made expired, revoked or weak: our verdicts, and what rpm makes of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from signstation.model.checks import OpinionOutcome, SignatureState, Verdict
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import KeyFamily
from signstation.model.trust import Trust
from signstation.verification.verdict import verdict
from tests.realtools.tree import RefereeTree
from tests.support.gnupg import GnupgHome, TestKey
from tests.support.rpm import build
from tests.support.rpm_tools import RpmTools, Signer, sign, trust_of, verify

DAY = 86400
BIRTH = 1_690_000_000
SIGNED = BIRTH + 10 * DAY
NOW = BIRTH + 100 * DAY
HOST = RpmTools()


@pytest.fixture
def home() -> Iterator[GnupgHome]:
    with GnupgHome() as found:
        yield found


@pytest.fixture(scope="module")
def new(referees: RefereeTree) -> RpmTools:
    return RpmTools(referees, "forky")


def made(home: GnupgHome, key: TestKey, time: int = SIGNED) -> bytes:
    return sign(build(), [Signer.of(home, key)], time)


def judge(content: bytes, trust: Trust, at: int = NOW) -> tuple[Verdict, list[SignatureState]]:
    verified = verify(content, trust, at)
    return verdict(verified.checks), [each.state for each in verified.signatures]


@pytest.mark.parametrize("subkey", [False, True])
def test_a_key_that_expired_after_it_signed(home: GnupgHome, subkey: bool) -> None:  # noqa: FBT001
    key = home.generate(time=BIRTH, expires="30d", subkey=subkey)
    content, trust = made(home, key), trust_of(home, NOW)
    assert judge(content, trust) == (Verdict.TRUSTED, [SignatureState.GOOD_TRUSTED])


def test_a_key_that_had_expired_when_it_signed(home: GnupgHome, new: RpmTools) -> None:
    key = home.generate(time=BIRTH, expires="30d")
    content, trust = made(home, key, BIRTH + 31 * DAY), trust_of(home, NOW)
    assert judge(content, trust) == (Verdict.UNTRUSTED, [SignatureState.GOOD_BUT_KEY])
    # this is why its opinion is a row of its own and not the verdict
    assert HOST.opinion(content, trust, NOW).outcome is OpinionOutcome.ACCEPTS
    assert new.opinion(content, trust, NOW).outcome is OpinionOutcome.REJECTS


def test_a_signing_subkey_that_had_expired_when_it_signed(home: GnupgHome) -> None:
    key = home.generate(time=BIRTH, subkey=True, subkey_expires="30d")
    content, trust = made(home, key, BIRTH + 31 * DAY), trust_of(home, NOW)
    assert judge(content, trust) == (Verdict.UNTRUSTED, [SignatureState.GOOD_BUT_KEY])


@pytest.mark.parametrize(("reason", "hard"), [(0, True), (1, True), (2, False), (3, False)])
@pytest.mark.parametrize("later", [True, False])
def test_a_revoked_key(
    home: GnupgHome,
    new: RpmTools,
    reason: int,
    hard: bool,  # noqa: FBT001
    later: bool,  # noqa: FBT001
) -> None:
    key = home.generate(time=BIRTH)
    content = made(home, key)
    home.revoke(key, reason, time=SIGNED + (5 if later else -5) * DAY)
    trust = trust_of(home, NOW)
    if hard or not later:
        assert judge(content, trust) == (Verdict.UNTRUSTED, [SignatureState.GOOD_BUT_KEY])
        assert HOST.opinion(content, trust, NOW).outcome is OpinionOutcome.ACCEPTS
        assert new.opinion(content, trust, NOW).outcome is OpinionOutcome.REJECTS
    else:
        assert judge(content, trust) == (Verdict.TRUSTED, [SignatureState.GOOD_TRUSTED])


def test_a_revoked_subkey(home: GnupgHome) -> None:
    key = home.generate(time=BIRTH, subkey=True)
    content = made(home, key)
    home.revoke_subkey(key, 1, time=SIGNED + DAY)
    assert judge(content, trust_of(home, NOW))[0] is Verdict.UNTRUSTED


def test_a_signature_after_the_reference_time(home: GnupgHome) -> None:
    key = home.generate(time=BIRTH)
    content, trust = made(home, key), trust_of(home, NOW)
    assert judge(content, trust, at=SIGNED - DAY)[0] is Verdict.UNTRUSTED
    assert judge(content, trust, at=SIGNED)[0] is Verdict.TRUSTED


def test_a_signature_with_a_broken_hash(home: GnupgHome) -> None:
    key = home.generate("rsa2048", time=BIRTH)
    content = HOST.sign(build(), home, key, time=SIGNED, hashed=HashAlgorithm.SHA1)
    assert judge(content, trust_of(home, NOW)) == (
        Verdict.UNTRUSTED,
        [SignatureState.GOOD_BUT_KEY],
    )


def test_a_weak_key(home: GnupgHome) -> None:
    key = home.generate("rsa1024", time=BIRTH)
    content, trust = made(home, key), trust_of(home, NOW)
    assert trust.openpgp[0].primary.type.family is KeyFamily.RSA
    assert judge(content, trust) == (Verdict.UNTRUSTED, [SignatureState.GOOD_BUT_KEY])


def test_an_unknown_key_beside_a_known_one(home: GnupgHome, new: RpmTools) -> None:
    known = home.generate(time=BIRTH)
    with GnupgHome() as elsewhere:
        other = elsewhere.generate("rsa2048", time=BIRTH)
        signers = [Signer.of(home, known), Signer.of(elsewhere, other)]
        content = sign(build(), signers, SIGNED)
    trust = trust_of(home, NOW)
    found, states = judge(content, trust)
    assert found is Verdict.TRUSTED
    assert SignatureState.UNKNOWN_KEY in states
    # at level "all" rpm wants to know every key; the report says that the two differ
    assert new.opinion(content, trust, NOW).outcome is OpinionOutcome.UNKNOWN_KEY
