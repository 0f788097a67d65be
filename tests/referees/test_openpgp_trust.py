"""GnuPG's view of keys as trust, and signatures of gpg judged by it: every state of a real key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pysequoia
import pytest

from signstation.codec.armor import ArmorKind, armor
from signstation.codec.openpgp import parse_signatures
from signstation.errors import KeyUnreadable
from signstation.model.asks import Range
from signstation.model.checks import SignatureState, Verdict
from signstation.model.keys import KeyFamily
from signstation.model.text import Text
from signstation.model.trust import (
    OpenPgpCertificate,
    Origin,
    Purpose,
    RevocationReason,
    Trust,
)
from signstation.signatures.judged import Judged
from signstation.signatures.openpgp_verify import judge_openpgp, start_hash
from signstation.trust.openpgp import prepare_openpgp
from signstation.verification.verdict import verdict
from tests.realtools.tree import RefereeTree
from tests.support.gnupg import GnupgHome, TestKey
from tests.support.openpgp import shared_certificate
from tests.support.tools import tool_context

BIRTH = 1_690_000_000  # long ago: Sequoia goes by the clock of the machine
DAY = 86400
SIGNED = BIRTH + 10 * DAY
NOW = BIRTH + 300 * DAY
CONTENT = b"what was signed\n"


@pytest.fixture
def home() -> Iterator[GnupgHome]:
    with GnupgHome() as found:
        yield found


def prepare(material: bytes, source: str = "a test") -> tuple[OpenPgpCertificate, ...]:
    with tool_context(NOW) as ctx:
        return prepare_openpgp(material, Origin(source), ctx)


def judge(
    signature: bytes, trusted: tuple[OpenPgpCertificate, ...], content: bytes = CONTENT
) -> Judged:
    (packet,) = parse_signatures(signature)
    state = start_hash(packet)
    assert state is not None
    state.update(content)
    return judge_openpgp(
        packet,
        index=0,
        place=Text("here"),
        state=state,
        content=content,
        trust=Trust(openpgp=trusted),
        purpose=Purpose.FILES,
        at=NOW,
        sufficient=True,
        covers=(Range(0, len(content)),),
        code="test",
    )


def told(judged: Judged) -> str:
    return " ".join(each.english() for each in judged.facts.reasons)


# --- the view ---------------------------------------------------------------------------------


def test_a_healthy_certificate(home: GnupgHome) -> None:
    key = home.generate("ed25519", time=BIRTH, subkey=True, subkey_expires=f"seconds={500 * DAY}")
    (found,) = prepare(home.export())
    assert found.user_ids == ("Test Signer <signer@example.org>",)
    assert [each.fingerprint for each in found.keys] == [key.primary, key.signing]
    primary, signing = found.keys
    assert (primary.created, primary.expires, primary.can_sign) == (BIRTH, None, False)
    assert (signing.expires, signing.can_sign) == (BIRTH + 500 * DAY, True)
    assert all(each.valid_binding and each.revocation is None for each in found.keys)
    assert signing.type.family is KeyFamily.ED25519


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (0, RevocationReason.NONE),
        (1, RevocationReason.COMPROMISED),
        (2, RevocationReason.SUPERSEDED),
        (3, RevocationReason.RETIRED),
    ],
)
def test_revocations_with_time_and_reason(
    home: GnupgHome, number: int, reason: RevocationReason
) -> None:
    key = home.generate("ed25519", time=BIRTH, subkey=True)
    home.revoke_subkey(key, number, time=BIRTH + DAY)
    (found,) = prepare(home.export())
    primary, signing = found.keys
    assert primary.revocation is None
    assert signing.revocation is not None
    assert (signing.revocation.at, signing.revocation.reason) == (BIRTH + DAY, reason)
    home.revoke(key, number, time=BIRTH + 2 * DAY)
    (found,) = prepare(home.export())
    assert found.primary.revocation is not None
    assert (found.primary.revocation.at, found.primary.revocation.reason) == (
        BIRTH + 2 * DAY,
        reason,
    )
    assert found.user_ids  # they still say whose key it was


def test_the_revocation_of_the_primary_is_not_the_subkeys_own(home: GnupgHome) -> None:
    key = home.generate("ed25519", time=BIRTH, subkey=True)
    home.revoke(key, 3, time=BIRTH + DAY)
    (found,) = prepare(home.export())
    assert [each.revocation is None for each in found.keys] == [False, True]


def test_a_forged_revocation_is_none(home: GnupgHome) -> None:
    """A revocation packet with one byte changed: GnuPG does not believe it."""
    key = home.generate("ed25519", time=BIRTH)
    home.revoke(key, 1, time=BIRTH + DAY)
    after = home.export()
    position = after.index(b"\x04\x20\x16")  # version 4, type 0x20, EdDSA
    forged = bytearray(after)
    forged[position + 60] ^= 1
    (found,) = prepare(bytes(forged))
    assert found.primary.revocation is None


def test_armor_binary_and_several_in_one(home: GnupgHome) -> None:
    one = home.generate("ed25519", time=BIRTH, name="One <one@example.org>")
    two = home.generate("nistp256", time=BIRTH, name="Two <two@example.org>")
    both = [[one.primary], [two.primary]]
    armored = home.export(one.primary, armor=True) + home.export(two.primary, armor=True)
    for material in (home.export(), armored, armored + armored, home.export(armor=True)):
        found = prepare(material)
        assert [[each.fingerprint for each in cert.keys] for cert in found] == both


def test_other_peoples_certifications_are_left_out(home: GnupgHome) -> None:
    one = home.generate("ed25519", time=BIRTH, name="One <one@example.org>")
    plain = home.export(one.primary)
    two = home.generate("ed25519", time=BIRTH, name="Two <two@example.org>")
    home.gpg("--quick-sign-key", "-u", two.primary, one.primary, time=BIRTH + DAY)
    assert len(home.export(one.primary)) > len(plain)
    (found,) = prepare(home.export(one.primary))
    assert found.material == plain


def test_version_6_certificates_are_read_by_us_and_sequoia() -> None:
    for suite in ("Cv25519", "P256"):
        made = shared_certificate(suite, "RFC9580")
        (found,) = prepare(made.trusted.material)
        signing = [each.fingerprint for each in found.keys if each.can_sign]
        assert signing == [made.signer.public.fingerprint]
        assert all(each.valid_binding for each in found.keys)
        assert found.user_ids == ("Test Signer <signer@example.org>",)


def test_version_6_beside_version_4(home: GnupgHome) -> None:
    """A version 6 certificate in the same import would hide the others from gpg."""
    key = home.generate("ed25519", time=BIRTH)
    newer = shared_certificate("Cv25519", "RFC9580").trusted
    found = prepare(newer.material + home.export())
    assert [each.primary.fingerprint for each in found] == [newer.primary.fingerprint, key.primary]


@pytest.mark.parametrize(
    ("material", "reason"),
    [
        (b"", "no OpenPGP certificate"),
        (b"not a key", "malformed"),
        (armor(ArmorKind.SIGNATURE, b"x"), "no OpenPGP certificate"),
    ],
)
def test_what_is_no_certificate_is_refused_by_name(material: bytes, reason: str) -> None:
    with pytest.raises(KeyUnreadable, match=reason) as caught:
        prepare(material, "trust file x.asc")
    assert caught.value.key == "trust file x.asc"


def test_private_keys_are_refused(home: GnupgHome) -> None:
    key = home.generate("ed25519", time=BIRTH)
    secret = home.export_secret(key.primary)
    for material in (secret, armor(ArmorKind.PRIVATE_KEY, secret)):
        with pytest.raises(KeyUnreadable):
            prepare(material)


def test_a_certificate_without_a_good_self_signature_is_refused(home: GnupgHome) -> None:
    key = home.generate("ed25519", time=BIRTH)
    damaged = bytearray(home.export(key.primary))
    damaged[-1] ^= 1
    with pytest.raises(KeyUnreadable):
        prepare(bytes(damaged))


@pytest.mark.parametrize("position", [-1, -40])
def test_a_version_6_certificate_with_a_bad_binding_has_no_signing_key(position: int) -> None:
    made = shared_certificate("Cv25519", "RFC9580")
    damaged = bytearray(made.trusted.material)
    damaged[position] ^= 1
    (found,) = prepare(bytes(damaged))
    assert [each.valid_binding for each in found.keys] == [True, True, False]
    assert not found.keys[-1].can_sign


def test_newer_gnupg_gives_the_same_view(home: GnupgHome, referees: RefereeTree) -> None:
    key = home.generate("rsa2048", time=BIRTH, subkey=True, expires=f"seconds={900 * DAY}")
    home.revoke_subkey(key, 1, time=BIRTH + DAY)
    home.add_subkey(key.primary, "ed25519", time=BIRTH + 2 * DAY)
    material = home.export()
    views = [prepare(material)]
    for suite in referees.suites:
        instead: Mapping[str, tuple[str, ...]] = {"gpg": referees.program("gpg", suite)}
        with tool_context(NOW, instead, referees.environment(suite)) as ctx:
            views.append(prepare_openpgp(material, Origin("a test"), ctx))
    assert views[1:] == views[:1] * (len(views) - 1)


# --- signatures of gpg by keys in every state ------------------------------------------------


@contextmanager
def signer(**properties: str | bool) -> Iterator[tuple[GnupgHome, TestKey]]:
    with GnupgHome() as home:
        yield home, home.generate(time=BIRTH, **properties)  # type: ignore[arg-type]


@pytest.mark.parametrize("algorithm", ["ed25519", "rsa2048", "nistp256", "nistp384", "nistp521"])
@pytest.mark.parametrize("subkey", [False, True], ids=["primary", "subkey"])
def test_what_gpg_signs_is_trusted(home: GnupgHome, algorithm: str, *, subkey: bool) -> None:
    key = home.generate(algorithm, time=BIRTH, subkey=subkey)
    signature = home.sign(CONTENT, key, time=SIGNED, hash_name="SHA512")
    trusted = prepare(home.export())
    judged = judge(signature, trusted)
    assert judged.facts.state is SignatureState.GOOD_TRUSTED, told(judged)
    assert verdict(judged.checks) is Verdict.TRUSTED
    changed = judge(signature, trusted, CONTENT + b".")
    assert verdict(changed.checks) is Verdict.TAMPERED


def test_expired_after_signing_is_trusted() -> None:
    with signer(subkey=True) as (home, key):
        signature = home.sign(CONTENT, key, time=SIGNED)
        home.set_expiry(key, f"seconds={20 * DAY}", time=BIRTH + 1, subkeys=True)
        judged = judge(signature, prepare(home.export()))
    assert judged.facts.state is SignatureState.GOOD_TRUSTED, told(judged)


def test_expired_before_signing_is_not_trusted() -> None:
    with signer(subkey=True) as (home, key):
        signature = home.sign(CONTENT, key, time=SIGNED)
        home.set_expiry(key, f"seconds={5 * DAY}", time=BIRTH + 1, subkeys=True)
        judged = judge(signature, prepare(home.export()))
    assert judged.facts.state is SignatureState.GOOD_BUT_KEY
    assert "had expired" in told(judged)
    assert verdict(judged.checks) is Verdict.UNTRUSTED


def test_an_expired_primary_is_not_trusted() -> None:
    with signer(subkey=True) as (home, key):
        signature = home.sign(CONTENT, key, time=SIGNED)
        home.set_expiry(key, f"seconds={5 * DAY}", time=BIRTH + 1)
        judged = judge(signature, prepare(home.export()))
    assert judged.facts.state is SignatureState.GOOD_BUT_KEY
    assert "primary key had expired" in told(judged)
    assert verdict(judged.checks) is Verdict.UNTRUSTED


REVOCATIONS = [
    (0, SIGNED + DAY, SignatureState.GOOD_BUT_KEY),
    (0, SIGNED - DAY, SignatureState.GOOD_BUT_KEY),
    (1, SIGNED + DAY, SignatureState.GOOD_BUT_KEY),
    (2, SIGNED + DAY, SignatureState.GOOD_TRUSTED),
    (2, SIGNED - DAY, SignatureState.GOOD_BUT_KEY),
    (3, SIGNED + DAY, SignatureState.GOOD_TRUSTED),
    (3, SIGNED - DAY, SignatureState.GOOD_BUT_KEY),
]


@pytest.mark.parametrize("what", ["subkey", "primary"])
@pytest.mark.parametrize(("number", "at", "expected"), REVOCATIONS)
def test_revoked_keys(what: str, number: int, at: int, expected: SignatureState) -> None:
    """Hard revocations reach back, soft ones do not; ours and Sequoia's answers agree."""
    with signer(subkey=True) as (home, key):
        signature = home.sign(CONTENT, key, time=SIGNED)
        revoke = home.revoke_subkey if what == "subkey" else home.revoke
        revoke(key, number, time=at)
        judged = judge(signature, prepare(home.export()))
    assert judged.facts.state is expected, told(judged)
    trusted = expected is SignatureState.GOOD_TRUSTED
    assert verdict(judged.checks) is (Verdict.TRUSTED if trusted else Verdict.UNTRUSTED)


def test_an_unknown_key() -> None:
    with signer() as (home, key), signer() as (other, _):
        judged = judge(home.sign(CONTENT, key, time=SIGNED), prepare(other.export()))
    assert judged.facts.state is SignatureState.UNKNOWN_KEY
    assert judged.facts.fingerprint == key.primary


def test_a_signature_from_the_future() -> None:
    with signer() as (home, key):
        judged = judge(home.sign(CONTENT, key, time=NOW + DAY), prepare(home.export()))
    assert judged.facts.state is SignatureState.GOOD_BUT_KEY
    assert "after the reference time" in told(judged)


def test_a_signature_older_than_its_key() -> None:
    with signer() as (home, key):
        extra = ("--ignore-time-conflict", "--ignore-valid-from")
        signature = home.sign(CONTENT, key, time=BIRTH - DAY, extra=extra)
        judged = judge(signature, prepare(home.export()))
    assert judged.facts.state is SignatureState.GOOD_BUT_KEY
    assert "older than" in told(judged)
    assert verdict(judged.checks) is Verdict.UNTRUSTED


def test_sha1_is_not_trusted() -> None:
    with signer(algorithm="rsa2048") as (home, key):
        judged = judge(
            home.sign(CONTENT, key, time=SIGNED, hash_name="SHA1"), prepare(home.export())
        )
    assert judged.facts.state is SignatureState.GOOD_BUT_KEY
    assert "SHA-1 is broken" in told(judged)


@pytest.mark.parametrize("algorithm", ["rsa1024", "dsa2048"])
def test_weak_keys_are_not_trusted(algorithm: str) -> None:
    with signer(algorithm=algorithm) as (home, key):
        judged = judge(home.sign(CONTENT, key, time=SIGNED), prepare(home.export()))
    assert judged.facts.state is SignatureState.GOOD_BUT_KEY, told(judged)
    assert "too weak" in told(judged)


def test_a_signature_that_expired_itself() -> None:
    with signer() as (home, key):
        extra = ("--default-sig-expire", "5d")
        judged = judge(home.sign(CONTENT, key, time=SIGNED, extra=extra), prepare(home.export()))
    assert judged.facts.state is SignatureState.GOOD_BUT_KEY
    assert "itself expired" in told(judged)


def test_a_text_signature_of_gpg() -> None:
    content = b"one\ntwo  \nthree"
    with signer() as (home, key):
        signature = home.sign(content, key, time=SIGNED, extra=("--textmode",))
        trusted = prepare(home.export())
    for same in (content, content.replace(b"\n", b"\r\n")):
        judged = judge(signature, trusted, same)
        assert judged.facts.state is SignatureState.GOOD_TRUSTED, told(judged)
    assert judge(signature, trusted, content + b"!").facts.state is SignatureState.BAD


def test_what_sequoia_signs_with_version_6_is_trusted() -> None:
    made = shared_certificate("Cv25519", "RFC9580")
    signing = pysequoia.Tsk.from_bytes(made.secret).signer()
    mode = pysequoia.SignatureMode.DETACHED
    signature = pysequoia.sign(signing, CONTENT, mode=mode, armor=False)
    (packet,) = parse_signatures(signature)
    assert packet.created is not None
    with tool_context(packet.created) as ctx:
        trusted = prepare_openpgp(made.trusted.material, Origin("a test"), ctx)
    state = start_hash(packet)
    assert state is not None
    state.update(CONTENT)
    judged = judge_openpgp(
        packet,
        index=0,
        place=Text("here"),
        state=state,
        content=CONTENT,
        trust=Trust(openpgp=trusted),
        purpose=Purpose.FILES,
        at=packet.created,
        sufficient=True,
        covers=(),
        code="test",
    )
    assert judged.facts.state is SignatureState.GOOD_TRUSTED, told(judged)
