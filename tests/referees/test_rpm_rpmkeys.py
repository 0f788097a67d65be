"""RPM 4.18, 4.20 and 6 accept what we sign; what was tampered with, both they and we refuse."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from signstation.codec.armor import ArmorKind, armor
from signstation.model.checks import OpinionOutcome, Verdict
from signstation.model.trust import Trust
from signstation.verification.verdict import verdict
from tests.realtools.tree import RefereeTree
from tests.support.gnupg import GnupgHome, TestKey
from tests.support.rpm import Recipe, build, entries, layout
from tests.support.rpm_tools import RpmTools, Signer, sign, trust_of, verify
from tests.support.samples_rpm import SAMPLES, malformed

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
    return {
        name: home.generate(name, name=f"{name} <{name}@example.org>", time=BIRTH, subkey=True)
        for name in ("rsa2048", "ed25519", "nistp256")
    }


@pytest.fixture(scope="module")
def trust(home: GnupgHome, keys: dict[str, TestKey]) -> Trust:
    assert keys
    return trust_of(home, NOW)


@pytest.fixture(scope="module")
def certificates(trust: Trust) -> list[bytes]:
    return [armor(ArmorKind.PUBLIC_KEY, each.material) for each in trust.openpgp]


@pytest.fixture(scope="module")
def package() -> bytes:
    return HOST.build()


@pytest.fixture(scope="module", params=["host", "trixie", "forky"])
def rpm(request: pytest.FixtureRequest, referees: RefereeTree) -> RpmTools:
    """RPM 4.18 of the host, 4.20 and 6 of the referee tree."""
    return HOST if request.param == "host" else RpmTools(referees, request.param)


@pytest.fixture(scope="module")
def new(referees: RefereeTree) -> RpmTools:
    return RpmTools(referees, "forky")


@pytest.fixture(scope="module")
def version6(new: RpmTools) -> bytes:
    return new.build(6)


def is_old(rpm: RpmTools) -> bool:
    return rpm.version.startswith("RPM version 4")


# ---- what we sign is accepted -------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["rsa2048", "ed25519"])
def test_one_header_signature(
    rpm: RpmTools,
    home: GnupgHome,
    keys: dict[str, TestKey],
    trust: Trust,
    package: bytes,
    algorithm: str,
) -> None:
    ours = sign(package, [Signer.of(home, keys[algorithm])], SIGNED)
    opinion = rpm.opinion(ours, trust, NOW)
    assert opinion.outcome is OpinionOutcome.ACCEPTS, opinion.says
    assert opinion.version == rpm.version
    assert opinion.says.startswith("artifact.rpm:\n"), "no path of a private directory"


def test_rpm6_signatures_on_both_versions(
    new: RpmTools,
    home: GnupgHome,
    keys: dict[str, TestKey],
    trust: Trust,
    package: bytes,
    version6: bytes,
) -> None:
    signers = [Signer.of(home, keys[name]) for name in ("rsa2048", "ed25519", "nistp256")]
    for unsigned in (package, version6):
        ours = sign(unsigned, signers, SIGNED)
        opinion = new.opinion(ours, trust, NOW)
        assert opinion.outcome is OpinionOutcome.ACCEPTS, opinion.says
        good = [each for each in opinion.says.splitlines() if "signature" in each]
        assert len(good) == 3
        assert all(each.endswith(": OK") for each in good)


def test_version_6_with_a_signature_for_rpm4(
    rpm: RpmTools, home: GnupgHome, keys: dict[str, TestKey], trust: Trust, version6: bytes
) -> None:
    ours = sign(version6, [Signer.of(home, keys["rsa2048"])], SIGNED, signatures="header")
    assert rpm.opinion(ours, trust, NOW).outcome is OpinionOutcome.ACCEPTS


def test_rpm4_cannot_judge_signatures_of_rpm6_only(
    rpm: RpmTools, home: GnupgHome, keys: dict[str, TestKey], trust: Trust, version6: bytes
) -> None:
    ours = sign(version6, [Signer.of(home, keys["rsa2048"])], SIGNED)
    opinion = rpm.opinion(ours, trust, NOW)
    wanted = OpinionOutcome.CANNOT if is_old(rpm) else OpinionOutcome.ACCEPTS
    assert opinion.outcome is wanted
    assert verdict(verify(ours, trust, NOW).checks) is Verdict.TRUSTED


def test_ecdsa_is_for_rpm6(
    rpm: RpmTools, home: GnupgHome, keys: dict[str, TestKey], trust: Trust, package: bytes
) -> None:
    ours = sign(package, [Signer.of(home, keys["nistp256"])], SIGNED)
    checks = verify(ours, trust, NOW).checks
    assert verdict(checks) is Verdict.TRUSTED
    assert any(each.code == "rpm.compatibility" for each in checks)
    opinion = rpm.opinion(ours, trust, NOW)
    refused = rpm is HOST and rpm.version.startswith("RPM version 4.18")
    wanted = OpinionOutcome.REJECTS if refused else OpinionOutcome.ACCEPTS
    assert opinion.outcome is wanted, opinion.says


@pytest.mark.parametrize("reserve", [0, 40])
def test_packages_that_had_to_grow(
    rpm: RpmTools, home: GnupgHome, keys: dict[str, TestKey], trust: Trust, reserve: int
) -> None:
    ours = sign(build(Recipe(reserve=reserve)), [Signer.of(home, keys["rsa2048"])], SIGNED)
    opinion = rpm.opinion(ours, trust, NOW)
    assert opinion.outcome is OpinionOutcome.ACCEPTS, opinion.says


@pytest.mark.parametrize("algorithm", ["rsa2048", "ed25519"])
def test_a_signature_over_header_and_payload(
    rpm: RpmTools, home: GnupgHome, keys: dict[str, TestKey], trust: Trust, algorithm: str
) -> None:
    ours = sign(build(Recipe(payload_digest=0)), [Signer.of(home, keys[algorithm])], SIGNED)
    opinion = rpm.opinion(ours, trust, NOW)
    assert opinion.outcome is OpinionOutcome.ACCEPTS, opinion.says


def test_our_twins_are_packages_to_rpm(rpm: RpmTools) -> None:
    for name, make in SAMPLES.items():
        status, says = rpm.keys(make().content, [], level="digest")
        digestless = name == "without-payload-digest" and not is_old(rpm)  # RPM 6 ignores MD5
        assert (status == 0) is not digestless, f"{name}: {says}"


# ---- what is not as signed ----------------------------------------------------------------------


def at(place: int) -> Callable[[bytes], bytes]:
    return lambda content: content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def payload(content: bytes) -> bytes:
    return at(layout(content).payload + 20)(content)


def header(content: bytes) -> bytes:
    return at(content.index(b"A package built"))(content)


def signature(content: bytes) -> bytes:
    (place,) = (each for each in entries(content, 96) if each[0] in {267, 268})
    return at(place[2] + place[3] - 5)(content)


def digest(content: bytes) -> bytes:
    (place,) = (each for each in entries(content, 96) if each[0] == 273)
    return at(place[2] + 3)(content)


TAMPERED: dict[str, Callable[[bytes], bytes]] = {
    "payload": payload,
    "header": header,
    "signature": signature,
    "digest": digest,
    "truncated": lambda content: content[:-20],
    "longer": lambda content: content + b"12345678",
}


@pytest.mark.parametrize("name", TAMPERED)
def test_both_refuse_what_was_tampered_with(
    rpm: RpmTools,
    home: GnupgHome,
    keys: dict[str, TestKey],
    trust: Trust,
    package: bytes,
    name: str,
) -> None:
    changed = TAMPERED[name](sign(package, [Signer.of(home, keys["rsa2048"])], SIGNED))
    assert verdict(verify(changed, trust, NOW).checks) is Verdict.TAMPERED
    opinion = rpm.opinion(changed, trust, NOW)
    assert opinion.outcome is OpinionOutcome.REJECTS, opinion.says


@pytest.mark.parametrize("name", malformed())
def test_rpm_refuses_every_malformed_twin_or_we_are_stricter(rpm: RpmTools, name: str) -> None:
    stricter = {"twice-in-signature", "twice-in-header", "signature-type", "lead-version"}
    status, says = rpm.keys(malformed()[name], [], level="digest")
    if name not in stricter:
        assert status != 0, says


def test_an_unsigned_package_is_unsigned_to_both(
    rpm: RpmTools, trust: Trust, package: bytes
) -> None:
    assert rpm.opinion(package, trust, NOW).outcome is OpinionOutcome.UNSIGNED
    assert verdict(verify(package, trust, NOW).checks) is Verdict.UNSIGNED
    assert rpm.keys(package, [], level="digest")[0] == 0, "its exit status says nothing of this"


def test_an_unknown_key_is_unknown_to_both(
    rpm: RpmTools, home: GnupgHome, keys: dict[str, TestKey], package: bytes
) -> None:
    ours = sign(package, [Signer.of(home, keys["ed25519"])], SIGNED)
    assert rpm.opinion(ours, Trust(), NOW).outcome is OpinionOutcome.UNKNOWN_KEY
    assert verdict(verify(ours, Trust(), NOW).checks) is Verdict.UNTRUSTED


def test_the_host_database_is_not_touched(
    home: GnupgHome, keys: dict[str, TestKey], trust: Trust, package: bytes
) -> None:
    before = HOST.call("rpm", "-qa", "gpg-pubkey*")
    HOST.opinion(sign(package, [Signer.of(home, keys["rsa2048"])], SIGNED), trust, NOW)
    assert HOST.call("rpm", "-qa", "gpg-pubkey*") == before
