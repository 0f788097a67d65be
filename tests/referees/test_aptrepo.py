"""apt accepts the repositories that we sign and refuses what was changed; so do we, and sooner."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from signstation.formats.aptrepo import FORMAT
from signstation.model.checks import OpinionOutcome, Verdict, Verified
from signstation.model.keys import SignatureType
from signstation.model.members import FoundMember, MemberState, Surroundings
from signstation.model.trust import Origin, Trust
from signstation.trust.openpgp import prepare_openpgp
from signstation.verification.verdict import verdict
from signstation.worker.context import StepContext
from tests.support.apt import update
from tests.support.aptrepo import Repository
from tests.support.contract_formats import FormatCase, Sample, artifacts
from tests.support.gnupg import GnupgHome, TestKey
from tests.support.rpm_tools import Signer, trust_of
from tests.support.tools import tool_context

BIRTH = 1_690_000_000
NOW = int(time.time())
BOTH = (SignatureType.CLEARTEXT, SignatureType.OPENPGP)
WHOLE = Repository(date=NOW - 3600, until=NOW + 86400)


@pytest.fixture(scope="module")
def home() -> Iterator[GnupgHome]:
    with GnupgHome() as found:
        yield found


@pytest.fixture(scope="module")
def keys(home: GnupgHome) -> dict[str, TestKey]:
    return {
        name: home.generate(name, name=f"{name} <{name}@example.org>", time=BIRTH, subkey=True)
        for name in ("rsa3072", "ed25519")
    }


@pytest.fixture(scope="module")
def trust(home: GnupgHome, keys: dict[str, TestKey]) -> Trust:
    assert keys
    return trust_of(home, NOW)


def sign(release: Path, signers: list[Signer], kinds: tuple[SignatureType, ...]) -> None:
    """Sign as the engine does, the recheck included, and write the files beside it."""
    content = release.read_bytes()
    pairs = [(each, kind) for each in signers for kind in kinds]
    slots = tuple(replace(each.slot, kind=kind) for each, kind in pairs)
    sample = Sample(content, slots, lambda ask: pairs[ask.slot][0].soft.answer(ask), Trust(), NOW)
    case = FormatCase(FORMAT, sample)
    _, made = case.signed()
    case.recheck(made)
    wanted = FORMAT.names(str(release), slots, case.options)
    assert len(made) == len(wanted)
    for (_, name), data in zip(wanted, made, strict=True):
        Path(name).write_bytes(data)


def around(release: Path, artifact: bytes) -> Surroundings:
    """What the station would find beside the file."""
    found = []
    with artifacts(artifact) as (opened,):
        wanted = FORMAT.members(opened)
    for each in wanted:
        path = release.parent / each.place
        if path.is_file():
            digest = _digest(path, each.algorithm.value)
            found.append(FoundMember(each.place, each.algorithm, MemberState.READ, digest))
        else:
            found.append(FoundMember(each.place, each.algorithm, MemberState.MISSING))
    return Surroundings(tuple(found))


def _digest(path: Path, name: str) -> bytes:
    done = subprocess.run([f"{name}sum", str(path)], capture_output=True, check=True)
    return bytes.fromhex(done.stdout.split()[0].decode())


def verify(release: Path, name: str, trust: Trust, at: int = NOW) -> Verified:
    """Verify one of the two forms."""
    path = release.with_name(name)
    content = path.read_bytes()
    beside = release.with_name("Release.gpg")
    files = [beside.read_bytes()] if name == "Release" and beside.exists() else []
    ctx = StepContext(time=at, surroundings=around(release, content))
    with artifacts(content, *files) as (artifact, *signatures):
        return FORMAT.verify(artifact, tuple(signatures), trust, ctx)


@pytest.mark.parametrize("algorithms", [["rsa3072"], ["ed25519"], ["ed25519", "rsa3072"]])
@pytest.mark.parametrize("kinds", [BOTH, BOTH[:1], BOTH[1:]])
def test_apt_accepts_what_we_sign(
    home: GnupgHome,
    keys: dict[str, TestKey],
    trust: Trust,
    tmp_path: Path,
    algorithms: list[str],
    kinds: tuple[SignatureType, ...],
) -> None:
    release = WHOLE.write(tmp_path)
    sign(release, [Signer.of(home, keys[each]) for each in algorithms], kinds)
    status, says = update(tmp_path, home.export())
    assert (status, "W:" in says, "Err:" in says) == (0, False, False), says
    name = "InRelease" if SignatureType.CLEARTEXT in kinds else "Release"
    found = verify(release, name, trust)
    assert verdict(found.checks) is Verdict.TRUSTED, found.checks
    assert len(found.signatures) == len(algorithms)


def test_a_changed_index_is_refused_by_both(
    home: GnupgHome, keys: dict[str, TestKey], trust: Trust, tmp_path: Path
) -> None:
    release = WHOLE.write(tmp_path)
    sign(release, [Signer.of(home, keys["ed25519"])], BOTH)
    for path in (release.parent / "main/binary-all").iterdir():
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(bytes(data))
    status, says = update(tmp_path, home.export())
    assert status != 0 or "Err:" in says or "W:" in says, says
    for name in ("InRelease", "Release"):
        assert verdict(verify(release, name, trust).checks) is Verdict.TAMPERED


def test_a_changed_release_file_is_refused_by_both(
    home: GnupgHome, keys: dict[str, TestKey], trust: Trust, tmp_path: Path
) -> None:
    release = WHOLE.write(tmp_path)
    sign(release, [Signer.of(home, keys["ed25519"])], BOTH)
    for name in ("InRelease", "Release"):
        path = release.with_name(name)
        path.write_bytes(path.read_bytes().replace(b"Label: Example", b"Label: Examplf"))
        assert verdict(verify(release, name, trust).checks) is Verdict.TAMPERED
    status, says = update(tmp_path, home.export())
    assert status != 0, says
    assert "BADSIG" in says


def test_text_around_what_is_signed_is_refused_by_both(
    home: GnupgHome, keys: dict[str, TestKey], trust: Trust, tmp_path: Path
) -> None:
    release = WHOLE.write(tmp_path)
    sign(release, [Signer.of(home, keys["ed25519"])], BOTH[:1])
    path = release.with_name("InRelease")
    path.write_bytes(path.read_bytes() + b"Suite: other\n")
    status, says = update(tmp_path, home.export())
    assert status != 0, says
    assert verdict(verify(release, "InRelease", trust).checks) is Verdict.INDETERMINATE


@pytest.mark.parametrize(
    ("date", "until"),
    [(NOW - 90000, NOW - 3600), (NOW + 90000, NOW + 180000)],
    ids=["expired", "future"],
)
def test_dates_that_apt_refuses(
    home: GnupgHome, keys: dict[str, TestKey], trust: Trust, tmp_path: Path, date: int, until: int
) -> None:
    release = Repository(date=date, until=until).write(tmp_path)
    sign(release, [Signer.of(home, keys["ed25519"])], BOTH)
    status, says = update(tmp_path, home.export())
    assert status != 0, says
    assert "is expired" in says or "is not valid yet" in says
    found = verify(release, "InRelease", trust)
    assert verdict(found.checks) is Verdict.INDETERMINATE
    assert {"aptrepo.expired", "aptrepo.future"} & {each.code for each in found.checks}


def test_a_key_that_nobody_knows(home: GnupgHome, keys: dict[str, TestKey], tmp_path: Path) -> None:
    release = WHOLE.write(tmp_path)
    sign(release, [Signer.of(home, keys["ed25519"])], BOTH)
    status, says = update(tmp_path, home.export(keys["rsa3072"].primary))
    assert status != 0, says
    assert "NO_PUBKEY" in says
    assert verdict(verify(release, "InRelease", Trust()).checks) is Verdict.UNTRUSTED


def test_what_gpg_and_apt_ftparchive_make_is_good_to_us(
    home: GnupgHome, keys: dict[str, TestKey], trust: Trust, tmp_path: Path
) -> None:
    release = WHOLE.write(tmp_path)
    release.unlink()
    options = [
        part
        for name, value in {"Suite": "stable", "Codename": "test", "Components": "main"}.items()
        for part in ("-o", f"APT::FTPArchive::Release::{name}={value}")
    ]
    program = ["apt-ftparchive", *options, "release", str(release.parent)]
    made = subprocess.run(program, capture_output=True, check=True, timeout=60).stdout
    release.write_bytes(made)
    gpg = ["gpg", "--homedir", str(home.path), "--batch", "-u", keys["ed25519"].exact]
    for how in (["--clearsign", "-o", str(release.with_name("InRelease"))],
                ["--detach-sign", "-a", "-o", f"{release}.gpg"]):  # fmt: skip
        subprocess.run([*gpg, *how, str(release)], capture_output=True, check=True, timeout=60)
    later = int(time.time()) + 60
    for name in ("InRelease", "Release"):
        found = verify(release, name, trust, later)
        assert verdict(found.checks) is Verdict.TRUSTED, found.checks


def test_gpgv_is_asked(
    home: GnupgHome, keys: dict[str, TestKey], trust: Trust, tmp_path: Path
) -> None:
    release = WHOLE.write(tmp_path)
    sign(release, [Signer.of(home, keys["ed25519"])], BOTH)
    contents = (release.with_name("InRelease"), release, release.with_name("Release.gpg"))
    with (
        tool_context(NOW) as ctx,
        artifacts(*(each.read_bytes() for each in contents)) as (inline, plain, beside),
    ):
        (said,) = FORMAT.referee(inline, (), trust, ctx)
        assert said.outcome is OpinionOutcome.ACCEPTS, said.says
        (said,) = FORMAT.referee(plain, (beside,), trust, ctx)
        assert said.outcome is OpinionOutcome.ACCEPTS, said.says


CORPUS = ("bookworm-security", "bookworm-updates", "trixie")


@pytest.mark.parametrize("name", CORPUS)
def test_files_of_a_distribution(name: str) -> None:
    named = os.environ.get("SIGNSTATION_CORPUS")
    corpus = Path(named) if named else Path(__file__).resolve().parents[3] / "shared" / "corpus"
    if not corpus.is_dir():
        pytest.skip("the corpus is not here")
    content = (corpus / "deb" / f"{name}_InRelease").read_bytes()
    certificates = (corpus / "deb" / "debian-archive-keyring.gpg").read_bytes()
    at = 1_795_200_000
    with tool_context(at) as ctx:
        known = Trust(openpgp=prepare_openpgp(certificates, Origin("a test"), ctx))
    with artifacts(content) as (artifact,):
        found = FORMAT.verify(artifact, (), known, StepContext(time=at))
        shown = FORMAT.inspect(artifact, StepContext(time=at))
    assert verdict(found.checks) in {Verdict.TRUSTED, Verdict.INDETERMINATE}, found.checks
    codes = {each.code for each in found.checks}
    assert (verdict(found.checks) is Verdict.TRUSTED) is not bool(codes & {"aptrepo.expired"})
    assert shown.title.startswith("Debian ")
