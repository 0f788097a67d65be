"""RPM packages that we sign are those of rpmsign, byte for byte; what rpmsign makes, we accept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from signstation.model.checks import SignatureState, Verdict
from signstation.model.hashes import HashAlgorithm
from signstation.model.trust import Trust
from signstation.verification.verdict import verdict
from tests.realtools.tree import RefereeTree
from tests.support.gnupg import GnupgHome, TestKey
from tests.support.rpm import Recipe, build, data_of
from tests.support.rpm_tools import RpmTools, Signer, sign, trust_of, verify

BIRTH = 1_690_000_000
SIGNED = BIRTH + 86400
NOW = BIRTH + 100 * 86400
HOST = RpmTools()


@pytest.fixture(scope="module")
def home() -> Iterator[GnupgHome]:
    with GnupgHome() as found:
        yield found


@pytest.fixture(scope="module")
def keys(home: GnupgHome) -> dict[str, TestKey]:
    names = ("rsa2048", "rsa4096", "ed25519", "nistp256")
    return {
        name: home.generate(name, name=f"{name} <{name}@example.org>", time=BIRTH, subkey=True)
        for name in names
    }


@pytest.fixture(scope="module")
def trust(home: GnupgHome, keys: dict[str, TestKey]) -> Trust:
    assert keys
    return trust_of(home, NOW)


@pytest.fixture(scope="module")
def package() -> bytes:
    return HOST.build()


@pytest.fixture(scope="module")
def new(referees: RefereeTree) -> RpmTools:
    return RpmTools(referees, "forky")


@pytest.fixture(scope="module")
def version6(new: RpmTools) -> bytes:
    return new.build(6)


@pytest.mark.parametrize("algorithm", ["rsa2048", "rsa4096", "ed25519"])
@pytest.mark.parametrize("hashed", [HashAlgorithm.SHA256, HashAlgorithm.SHA512])
def test_byte_identical_to_rpmsign(
    home: GnupgHome,
    keys: dict[str, TestKey],
    package: bytes,
    algorithm: str,
    hashed: HashAlgorithm,
) -> None:
    theirs = HOST.sign(package, home, keys[algorithm], time=SIGNED, hashed=hashed)
    ours = sign(package, [Signer.of(home, keys[algorithm], hashed)], SIGNED)
    assert ours == theirs


@pytest.mark.parametrize("reserve", [0, 30, 300, 4128])
def test_byte_identical_with_little_or_no_room(
    home: GnupgHome, keys: dict[str, TestKey], reserve: int
) -> None:
    package = build(Recipe(reserve=reserve))
    theirs = HOST.sign(package, home, keys["rsa2048"], time=SIGNED)
    assert sign(package, [Signer.of(home, keys["rsa2048"])], SIGNED) == theirs


@pytest.mark.parametrize(("algorithm", "tag"), [("rsa2048", 1002), ("ed25519", 1005)])
def test_the_signature_over_all_is_that_of_rpmsign(
    home: GnupgHome, keys: dict[str, TestKey], algorithm: str, tag: int
) -> None:
    """Rpmsign makes one over the header besides, which leaves the payload open."""
    package = build(Recipe(payload_digest=0))
    theirs = HOST.sign(package, home, keys[algorithm], time=SIGNED)
    ours = sign(package, [Signer.of(home, keys[algorithm])], SIGNED)
    assert data_of(ours, tag) == data_of(theirs, tag)
    assert len(ours) == len(package)


def test_byte_identical_to_rpm6_with_several_keys(
    home: GnupgHome, keys: dict[str, TestKey], package: bytes, new: RpmTools
) -> None:
    order = ("rsa2048", "ed25519", "rsa4096")
    theirs = package
    for name in order:
        theirs = new.sign(theirs, home, keys[name], "--rpmv6", time=SIGNED)
    ours = sign(package, [Signer.of(home, keys[name]) for name in order], SIGNED)
    assert ours == theirs
    one_by_one = package
    for number, name in enumerate(order):
        existing = "keep" if number else "replace"
        signer = Signer.of(home, keys[name])
        one_by_one = sign(one_by_one, [signer], SIGNED, signatures="rpm6", existing=existing)
    assert one_by_one == theirs


def test_byte_identical_to_rpm6_on_version_6(
    home: GnupgHome, keys: dict[str, TestKey], version6: bytes, new: RpmTools
) -> None:
    order = ("ed25519", "rsa2048")
    theirs = version6
    for name in order:
        theirs = new.sign(theirs, home, keys[name], time=SIGNED)
    assert sign(version6, [Signer.of(home, keys[name]) for name in order], SIGNED) == theirs
    compatible = new.sign(version6, home, keys["rsa2048"], "--rpmv4", time=SIGNED)
    signer = Signer.of(home, keys["rsa2048"])
    assert sign(version6, [signer], SIGNED, signatures="header") == compatible


def test_byte_identical_when_rpm6_replaces(
    home: GnupgHome, keys: dict[str, TestKey], package: bytes, new: RpmTools
) -> None:
    first = sign(package, [Signer.of(home, keys["rsa4096"])], SIGNED)
    theirs = new.sign(first, home, keys["ed25519"], time=SIGNED, action="--resign")
    ours = sign(first, [Signer.of(home, keys["ed25519"])], SIGNED)
    assert len(ours) == len(package)
    assert ours == theirs


@pytest.mark.parametrize("extra", [(), ("--rpmv3",)])
@pytest.mark.parametrize("algorithm", ["rsa2048", "ed25519"])
def test_what_rpmsign_makes_is_trusted(
    home: GnupgHome,
    keys: dict[str, TestKey],
    trust: Trust,
    package: bytes,
    algorithm: str,
    extra: tuple[str, ...],
) -> None:
    theirs = HOST.sign(package, home, keys[algorithm], *extra, time=SIGNED)
    verified = verify(theirs, trust, NOW)
    assert verdict(verified.checks) is Verdict.TRUSTED
    assert len(verified.signatures) == 1 + len(extra)
    assert {each.state for each in verified.signatures} == {SignatureState.GOOD_TRUSTED}
    assert {each.fingerprint for each in verified.signatures} == {keys[algorithm].signing}


def test_what_rpm6_signs_with_ecdsa_is_trusted(
    home: GnupgHome, keys: dict[str, TestKey], trust: Trust, package: bytes, new: RpmTools
) -> None:
    theirs = new.sign(package, home, keys["nistp256"], time=SIGNED)
    assert verdict(verify(theirs, trust, NOW).checks) is Verdict.TRUSTED


def test_rpmsign_replaces_ours(
    home: GnupgHome, keys: dict[str, TestKey], trust: Trust, package: bytes
) -> None:
    ours = sign(package, [Signer.of(home, keys["ed25519"])], SIGNED)
    theirs = HOST.sign(ours, home, keys["rsa2048"], time=SIGNED)
    verified = verify(theirs, trust, NOW)
    assert [each.fingerprint for each in verified.signatures] == [keys["rsa2048"].signing]
    assert verdict(verified.checks) is Verdict.TRUSTED
