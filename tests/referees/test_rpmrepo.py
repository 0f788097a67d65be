"""dnf accepts the repositories that we sign and refuses what was changed; so do we, and more."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from signstation.errors import ArtifactMalformed
from signstation.formats.rpmrepo import FORMAT
from signstation.jobs.nested import Judging
from signstation.model.artifacts import Severity
from signstation.model.checks import OpinionOutcome, Verdict, Verified
from signstation.model.trust import OpenPgpCertificate, Trust
from signstation.verification.verdict import verdict
from signstation.worker.context import StepContext
from tests.support import rpm_tools
from tests.support.contract_formats import FormatCase, Sample, artifacts
from tests.support.gnupg import GnupgHome, TestKey
from tests.support.rpm_tools import RpmTools, Signer, trust_of
from tests.support.rpmrepo import RpmRepository
from tests.support.rpmrepo_tools import createrepo, dnf, survey
from tests.support.tools import tool_context

BIRTH = 1_690_000_000
NOW = int(time.time())
SPEC = """\
Name: small
Version: 1.0
Release: 1
Summary: A package that needs nothing
License: MIT
BuildArch: noarch
%description
x
%install
mkdir -p %{buildroot}/usr/share/small
echo content > %{buildroot}/usr/share/small/a.txt
%files
/usr/share/small/a.txt
"""
INSTALL = ("install", "--downloadonly", "small")


@dataclass(frozen=True)
class Made:
    """Keys, and one package without and with a signature."""

    home: GnupgHome
    keys: Mapping[str, TestKey]
    plain: bytes
    signed: bytes
    trust: Trust

    def signer(self, name: str) -> Signer:
        """A key to sign with."""
        return Signer.of(self.home, self.keys[name])

    def known(self, *names: str) -> bytes:
        """Certificates for dnf, all where none is named."""
        return self.home.export(*(self.keys[each].primary for each in names), armor=True)


@pytest.fixture(scope="module")
def made() -> Iterator[Made]:
    with GnupgHome() as home:
        keys = {
            name: home.generate(name, name=f"{name} <{name}@example.org>", time=BIRTH)
            for name in ("rsa3072", "ed25519")
        }
        plain = RpmTools().build(spec=SPEC)
        signed = rpm_tools.sign(plain, [Signer.of(home, keys["rsa3072"])], NOW)
        yield Made(home, keys, plain, signed, trust_of(home, NOW))


def sign(path: Path, *signers: Signer) -> None:
    """Sign as the engine does, the recheck included, and write the files beside it."""
    slots = tuple(each.slot for each in signers)
    sample = Sample(
        path.read_bytes(), slots, lambda ask: signers[ask.slot].soft.answer(ask), Trust(), NOW
    )
    case = FormatCase(FORMAT, sample)
    _, outputs = case.signed()
    case.recheck(outputs)
    wanted = FORMAT.names(str(path), slots, case.options)
    for (_, name), content in zip(wanted, outputs, strict=True):
        Path(name).write_bytes(content)


def verify(path: Path, trust: Trust, at: int = NOW) -> Verified:
    """Verify with what lies around it."""
    around = asyncio.run(survey(path, Judging(trust, at)))
    beside = [each for each in (Path(f"{path}.asc"), Path(f"{path}.key")) if each.exists()]
    with artifacts(path.read_bytes(), *map(Path.read_bytes, beside)) as (artifact, *files):
        ctx = StepContext(time=at, surroundings=around)
        return FORMAT.verify(artifact, tuple(files), trust, ctx)


def codes(found: Verified) -> set[str]:
    return {each.code for each in found.checks}


@pytest.mark.parametrize("names", [["rsa3072"], ["ed25519"], ["ed25519", "rsa3072"]])
def test_dnf_installs_from_what_we_sign(made: Made, tmp_path: Path, names: list[str]) -> None:
    (tmp_path / "small.rpm").write_bytes(made.signed)
    path = createrepo(tmp_path)
    sign(path, *map(made.signer, names))
    status, says = dnf(tmp_path, made.known(), "install", "small")
    assert (status, "Complete!" in says) == (0, True), says
    found = verify(path, made.trust)
    assert verdict(found.checks) is Verdict.TRUSTED, found.checks
    assert codes(found) >= {"rpmrepo.key", "rpmrepo.packages", "rpmrepo.package-signed"}
    assert len(found.signatures) == len(names)


def test_dnf_takes_the_keys_that_we_write(made: Made, tmp_path: Path) -> None:
    path = RpmRepository({"small": made.signed}).write(tmp_path / "repo")
    sign(path, made.signer("ed25519"), made.signer("rsa3072"))
    status, says = dnf(tmp_path / "repo", Path(f"{path}.key").read_bytes(), *INSTALL)
    assert status == 0, says


@pytest.mark.parametrize("options", [["--checksum", "sha512"], ["--xz"], ["--zck"]])
def test_lists_of_every_form_that_createrepo_makes(
    made: Made, tmp_path: Path, options: list[str]
) -> None:
    (tmp_path / "small.rpm").write_bytes(made.signed)
    path = createrepo(tmp_path, *options)
    sign(path, made.signer("rsa3072"))
    found = verify(path, made.trust)
    assert verdict(found.checks) is Verdict.TRUSTED, found.checks
    assert "rpmrepo.other-forms" in codes(found)


def test_what_gpg_signs_is_good_to_us(made: Made, tmp_path: Path) -> None:
    (tmp_path / "small.rpm").write_bytes(made.signed)
    path = createrepo(tmp_path)
    gpg = ["gpg", "--homedir", str(made.home.path), "--batch", "-u", made.keys["ed25519"].exact]
    subprocess.run([*gpg, "-ab", str(path)], capture_output=True, check=True, timeout=60)
    found = verify(path, made.trust, int(time.time()) + 60)
    assert verdict(found.checks) is Verdict.TRUSTED, found.checks


def test_gpgv_is_asked_about_the_signature_and_not_about_the_key(
    made: Made, tmp_path: Path
) -> None:
    path = RpmRepository({"small": made.signed}).write(tmp_path / "repo")
    sign(path, made.signer("ed25519"))
    beside = (Path(f"{path}.asc").read_bytes(), Path(f"{path}.key").read_bytes())
    with tool_context(NOW) as ctx, artifacts(path.read_bytes(), *beside) as (artifact, *files):
        (said,) = FORMAT.referee(artifact, tuple(files), made.trust, ctx)
        assert said.outcome is OpinionOutcome.ACCEPTS, said.says


def _flip(path: Path, old: bytes = b"") -> None:
    """Change a byte: the last but two, or the last one of ``old``."""
    content = bytearray(path.read_bytes())
    at = content.index(old) + len(old) - 1 if old else len(content) - 3
    content[at] ^= 1
    path.write_bytes(bytes(content))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda root: _flip(root / "repodata/repomd.xml", b"<revision>7"), Verdict.TAMPERED),
        (lambda root: _flip(root / "repodata/primary.xml.gz"), Verdict.TAMPERED),
        (lambda root: _flip(root / "small.rpm"), Verdict.TAMPERED),
        (lambda root: (root / "small.rpm").unlink(), Verdict.INDETERMINATE),
        (lambda root: (root / "repodata/repomd.xml.asc").unlink(), Verdict.UNSIGNED),
    ],
    ids=["repomd", "primary", "package", "no-package", "no-signature"],
)
def test_what_was_changed_is_refused_by_both(
    made: Made, tmp_path: Path, change: Callable[[Path], object], said: Verdict
) -> None:
    root = tmp_path / "repo"
    path = RpmRepository({"small": made.signed}).write(root)
    sign(path, made.signer("rsa3072"))
    (root / "repodata/other.xml").write_bytes(b"not listed")
    change(root)
    status, says = dnf(root, made.known(), *INSTALL)
    assert status != 0, says
    assert verdict(verify(path, made.trust).checks) is said


def test_a_repomd_that_is_no_xml_any_more_is_an_error(made: Made, tmp_path: Path) -> None:
    path = RpmRepository({"small": made.signed}).write(tmp_path / "repo")
    sign(path, made.signer("rsa3072"))
    _flip(path)
    with pytest.raises(ArtifactMalformed):
        verify(path, made.trust)


@pytest.mark.parametrize(
    ("entry", "index", "code"),
    [
        ({"version": "2.0"}, {}, "package-misnamed"),
        ({"epoch": "1"}, {}, "package-misnamed"),
        ({"size": "1"}, {}, "package-changed"),
        ({"base": "file://{other}/"}, {}, "package-outside"),
        ({"href": "../other/small.rpm"}, {}, "package-outside"),
        ({"algorithm": "sha", "digest": "{sha1}"}, {}, "package-weak"),
        ({}, {"inside": "0" * 64}, "inside"),
        ({}, {"size": "7"}, "changed"),
    ],
    ids=lambda each: each if isinstance(each, str) else ",".join(each),
)
def test_what_dnf_takes_and_we_refuse(
    made: Made, tmp_path: Path, entry: dict[str, str], index: dict[str, str], code: str
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "small.rpm").write_bytes(made.signed)
    sha1 = hashlib.sha1(made.signed, usedforsecurity=False).hexdigest()
    stated = {name: value.format(other=other, sha1=sha1) for name, value in entry.items()}
    root = tmp_path / "repo"
    path = RpmRepository({"small": made.signed}, entry=stated, index=index).write(root)
    sign(path, made.signer("rsa3072"))
    status, says = dnf(root, made.known(), *INSTALL)
    assert status == 0, f"dnf has become stricter: {says}"
    found = verify(path, made.trust)
    assert f"rpmrepo.{code}" in codes(found)
    assert verdict(found.checks) in {Verdict.TAMPERED, Verdict.INDETERMINATE}
    with artifacts(path.read_bytes()) as (artifact,):
        ctx = StepContext(time=NOW, surroundings=asyncio.run(survey(path)))
        findings = FORMAT.inspect(artifact, ctx).findings
    assert f"rpmrepo.{code}" in {e.code for e in findings if e.severity is Severity.BLOCKER}


@pytest.mark.parametrize(
    ("signers", "known", "takes", "said"),
    [
        (["ed25519"], ["rsa3072"], False, Verdict.UNTRUSTED),
        (["ed25519", "rsa3072"], ["rsa3072"], True, Verdict.TRUSTED),
        (["rsa3072", "ed25519"], ["rsa3072"], True, Verdict.TRUSTED),
    ],
    ids=["wrong-key", "second-known", "first-known"],
)
def test_keys_that_are_known_and_not(
    made: Made,
    tmp_path: Path,
    signers: Sequence[str],
    known: Sequence[str],
    takes: bool,  # noqa: FBT001 - a column of the table
    said: Verdict,
) -> None:
    path = RpmRepository({"small": made.signed}).write(tmp_path / "repo")
    sign(path, *map(made.signer, signers))
    certificates = tuple(
        each for each in made.trust.openpgp if any(_is(each, made.keys[one]) for one in known)
    )
    status, says = dnf(tmp_path / "repo", made.known(*known), *INSTALL)
    assert (status == 0) is takes, says
    assert verdict(verify(path, Trust(openpgp=certificates)).checks) is said


def test_a_package_that_nobody_signed(made: Made, tmp_path: Path) -> None:
    path = RpmRepository({"small": made.plain}).write(tmp_path / "repo")
    sign(path, made.signer("rsa3072"))
    status, says = dnf(tmp_path / "repo", made.known(), *INSTALL)
    assert (status, "is not signed" in says) == (1, True), says
    status, says = dnf(tmp_path / "repo", made.known(), *INSTALL, gpgcheck=False)
    assert status == 0, says
    assert "rpmrepo.package-unsigned" in codes(verify(path, made.trust))


def test_a_package_by_another_key_and_one_that_was_changed(made: Made, tmp_path: Path) -> None:
    other = rpm_tools.sign(made.plain, [made.signer("ed25519")], NOW)
    path = RpmRepository({"small": other}).write(tmp_path / "other")
    sign(path, made.signer("rsa3072"))
    known = [each for each in made.trust.openpgp if _is(each, made.keys["rsa3072"])]
    status, says = dnf(tmp_path / "other", made.known("rsa3072"), *INSTALL)
    assert status != 0, says
    found = verify(path, Trust(openpgp=tuple(known)))
    assert "rpmrepo.package-untrusted" in codes(found)

    damaged = bytearray(made.signed)
    at = bytes(damaged).index(b"A package that needs nothing")
    damaged[at] ^= 1
    path = RpmRepository({"small": bytes(damaged)}).write(tmp_path / "changed")
    sign(path, made.signer("rsa3072"))
    status, says = dnf(tmp_path / "changed", made.known(), *INSTALL)
    assert status != 0, says
    assert verdict(verify(path, made.trust).checks) is Verdict.TAMPERED


def _is(certificate: OpenPgpCertificate, key: TestKey) -> bool:
    return key.primary in {each.fingerprint for each in certificate.keys}


@pytest.mark.parametrize("state", ["expired", "revoked"])
def test_keys_that_are_not_good_any_more(tmp_path: Path, state: str) -> None:
    with GnupgHome() as home:
        key = home.generate("rsa3072", name="a <a@example.org>", time=BIRTH)
        signer = Signer.of(home, key)
        path = RpmRepository({"small": RpmTools().build(spec=SPEC)}).write(tmp_path / "repo")
        if state == "expired":
            home.set_expiry(key, "seconds=86400", time=BIRTH + 60)
        else:
            home.revoke(key)
        sign(path, signer)
        status, says = dnf(tmp_path / "repo", home.export(armor=True), *INSTALL, gpgcheck=False)
        found = verdict(verify(path, trust_of(home, NOW)).checks)
    assert status != 0, says
    assert found is Verdict.UNTRUSTED


def test_a_signature_over_sha1_is_taken_by_dnf_and_not_by_us(made: Made, tmp_path: Path) -> None:
    path = RpmRepository({"small": made.signed}).write(tmp_path / "repo")
    weak = made.home.sign(
        path.read_bytes(), made.keys["rsa3072"], time=NOW, armor=True, hash_name="SHA1"
    )
    Path(f"{path}.asc").write_bytes(weak)
    status, says = dnf(tmp_path / "repo", made.known(), *INSTALL)
    assert status == 0, f"dnf has become stricter: {says}"
    assert verdict(verify(path, made.trust).checks) is Verdict.UNTRUSTED
