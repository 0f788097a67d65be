"""The real clients take the recipes: apt, dnf, debsig-verify, dpkg, rpmkeys and gpg."""

from __future__ import annotations

import hashlib
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from signstation.app.keyring_package import build_rpm
from signstation.formats.aptrepo import FORMAT as APT
from signstation.formats.deb import FORMAT as DEB
from signstation.interfaces.format import Format
from signstation.model.keys import SignatureType
from signstation.model.trust import Trust
from signstation.recipes import keyring
from signstation.recipes.apt import AptSource, one_line, sources
from signstation.recipes.certificates import Certificates, read_certificates
from signstation.recipes.debsig import policy
from signstation.recipes.dnf import DnfSource, repo
from signstation.recipes.keyring import KeyringPackage
from signstation.recipes.made import Recipe
from signstation.recipes.publickey import public_key
from tests.support.apt import update
from tests.support.aptrepo import Repository
from tests.support.contract_formats import FormatCase, Sample
from tests.support.gnupg import GnupgHome, TestKey
from tests.support.referees import NEUTRAL, run
from tests.support.rpm_tools import RpmTools, Signer
from tests.support.rpm_tools import sign as sign_rpm

BIRTH = 1_690_000_000
NOW = int(time.time())
PACKAGE = KeyringPackage("example-keyring", "1", "Keys of Example", "A <a@example.org>", BIRTH)
KNOWN = pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
"""Whether the key that is handed out is the one that signed."""


@pytest.fixture(scope="module")
def home() -> Iterator[GnupgHome]:
    with GnupgHome() as found:
        yield found


@pytest.fixture(scope="module")
def key(home: GnupgHome) -> TestKey:
    """A primary key that signs, since debsig-verify takes no others."""
    return home.generate("rsa3072", name="A <a@example.org>", time=BIRTH, subkey=False)


@pytest.fixture(scope="module")
def signer(home: GnupgHome, key: TestKey) -> Signer:
    return Signer.of(home, key)


@pytest.fixture(scope="module")
def handed_out(home: GnupgHome, key: TestKey) -> Certificates:
    return read_certificates((home.export(key.primary),))


@pytest.fixture(scope="module")
def other(home: GnupgHome) -> Certificates:
    made = home.generate("ed25519", name="Other <o@example.org>", time=BIRTH, subkey=False)
    return read_certificates((home.export(made.primary),))


def signed(kind: Format, content: bytes, signer: Signer, signature: SignatureType) -> bytes:
    """Sign as the engine does, the recheck included; what is published first."""
    slots = (replace(signer.slot, kind=signature),)
    case = FormatCase(kind, Sample(content, slots, signer.soft.answer, Trust(), NOW))
    changed, new = case.signed()
    outputs = new or [changed]
    case.recheck(outputs)
    return outputs[0]


def lay(recipe: Recipe, root: Path) -> None:
    """Put the files where they belong, below another root."""
    for each in recipe.files:
        path = root / each.place.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(each.content)


@pytest.fixture
def apt_repository(tmp_path: Path, signer: Signer) -> Path:
    directory = tmp_path / "repository"
    release = Repository(date=NOW - 3600, until=NOW + 86400).write(directory)
    content = release.read_bytes()
    release.unlink()
    made = signed(APT, content, signer, SignatureType.CLEARTEXT)
    release.with_name("InRelease").write_bytes(made)
    return directory


def ask_apt(repository: Path, *options: str) -> tuple[int, str]:
    """Update with the sources of a recipe and no others."""
    return update(repository, b"", "Dir::Etc::sourcelist=/nonexistent", *options)


@KNOWN
def test_apt_takes_the_source_with_its_key_inside(
    apt_repository: Path, handed_out: Certificates, other: Certificates, *, known: bool
) -> None:
    source = AptSource("example", f"copy:{apt_repository}", "stable", ("main",), ("amd64",))
    root = apt_repository.parent / "root"
    lay(sources(source, handed_out if known else other), root)
    parts = root / "etc/apt/sources.list.d"
    status, says = ask_apt(apt_repository, f"Dir::Etc::sourceparts={parts}")
    assert (status == 0, "Get:1" in says) == (known, True), says


@KNOWN
def test_apt_takes_the_line_and_its_keyring(
    apt_repository: Path, handed_out: Certificates, other: Certificates, *, known: bool
) -> None:
    source = AptSource("example", f"copy:{apt_repository}", "stable", ("main",), ("amd64",))
    root = apt_repository.parent / "root"
    recipe = one_line(source, handed_out if known else other)
    lay(recipe, root)
    path = root / "etc/apt/sources.list.d/example.list"
    keys = root / "etc/apt/keyrings/example.gpg"
    path.write_text(path.read_text().replace("/etc/apt/keyrings/example.gpg", str(keys)))
    status, says = ask_apt(apt_repository, f"Dir::Etc::sourceparts={path.parent}")
    assert (status == 0, "Get:1" in says) == (known, True), says


@pytest.fixture
def rpm_repository(tmp_path: Path, home: GnupgHome, key: TestKey, signer: Signer) -> Path:
    directory = tmp_path / "repository"
    directory.mkdir()
    (directory / "real.rpm").write_bytes(sign_rpm(RpmTools().build(), [signer], NOW))
    made = ["createrepo_c", "-q", "--workers", "1", str(directory)]
    subprocess.run(made, capture_output=True, check=True, timeout=120)
    metadata = directory / "repodata/repomd.xml"
    beside = home.sign(metadata.read_bytes(), key, armor=True)
    metadata.with_name("repomd.xml.asc").write_bytes(beside)
    return directory


@KNOWN
def test_dnf_takes_the_repo_file(
    rpm_repository: Path, handed_out: Certificates, other: Certificates, *, known: bool
) -> None:
    top = rpm_repository.parent
    source = DnfSource("example", "Example packages", f"file://{rpm_repository}")
    lay(repo(source, handed_out if known else other), top)
    path = top / "etc/yum.repos.d/example.repo"
    path.write_text(path.read_text().replace("file:///etc", f"file://{top}/etc"))
    (top / "dnf.conf").write_text(
        f"[main]\nplugins=0\npluginpath=\nreposdir={path.parent}\ncachedir={top}/cache\n"
        f"logdir={top}/log\npersistdir={top}/persist\n"
    )
    asked = run(
        ["dnf", "-y", "-c", f"{top}/dnf.conf", f"--installroot={top}/installed"],
        ["--releasever=1", "makecache"],
        environment={**NEUTRAL, "HOME": str(top)},
        timeout=300,
    )
    says = asked.stdout + asked.stderr
    answer = (asked.returncode == 0, "signature verification error" in says)
    assert answer == (known, not known), says


@KNOWN
def test_debsig_verify_takes_the_policy(
    signer: Signer, handed_out: Certificates, other: Certificates, tmp_path: Path, *, known: bool
) -> None:
    package = tmp_path / "artifact.deb"
    unsigned = keyring.deb(PACKAGE, handed_out, None)
    package.write_bytes(signed(DEB, unsigned, signer, SignatureType.OPENPGP))
    recipe = policy("example", "Example & friends", handed_out if known else other)
    assert len(recipe.notes) == 1
    lay(recipe, tmp_path / "root")
    done = run(
        ["debsig-verify"],
        ["--policies-dir", f"{tmp_path}/root/etc/debsig/policies",
         "--keyrings-dir", f"{tmp_path}/root/usr/share/debsig/keyrings", str(package)],
    )  # fmt: skip
    assert (done.returncode == 0, "Verified package" in done.stdout) == (known, known), done


def test_dpkg_takes_the_keyring_package(handed_out: Certificates, tmp_path: Path) -> None:
    source = AptSource("example", "https://repo.example.org/debian", "stable", ("main",))
    package = tmp_path / PACKAGE.deb_name
    package.write_bytes(keyring.deb(PACKAGE, handed_out, source))
    root = tmp_path / "root"
    for part in ("updates", "info"):
        (root / "var/lib/dpkg" / part).mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    options = [f"--root={root}", "--force-not-root", "--force-bad-path", "--log=/dev/null"]
    done = run(["dpkg"], [*options, "--install", str(package)])
    assert done.returncode == 0, done
    done = run(["dpkg"], [*options, "--verify", PACKAGE.package])
    assert (done.returncode, done.stdout) == (0, ""), done
    brought = root / "usr/share/keyrings/example-keyring.gpg"
    assert brought.read_bytes() == handed_out.binary
    assert brought.stat().st_mode & 0o777 == 0o644
    field = run(["dpkg-deb"], ["--field", str(package), "Description", "Version"])
    assert field.stdout == "Description: Keys of Example\nVersion: 1\n"


def test_rpm_takes_the_keyring_package(
    home: GnupgHome, key: TestKey, signer: Signer, handed_out: Certificates, tmp_path: Path
) -> None:
    source = DnfSource("example", "Example packages", "https://repo.example.org/rpm")
    files = keyring.rpm_files(PACKAGE, handed_out, source)
    made = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        made.append(build_rpm(files, BIRTH, tmp_path / name))
    assert made[0] == made[1]
    armored = home.export(key.primary, armor=True)
    status, says = RpmTools().keys(sign_rpm(made[0], [signer], NOW), [armored])
    assert status == 0, says
    package = tmp_path / PACKAGE.rpm_name
    package.write_bytes(made[0])
    wanted = "[%{FILENAMES} %{FILEDIGESTS}\\n]%{BUILDHOST} %{BUILDTIME}\\n"
    says = run(
        ["rpm", "--dbpath", str(tmp_path / "database")],
        ["-qp", "--nosignature", "--queryformat", wanted, str(package)],
    ).stdout
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    assert says.splitlines() == [
        f"/etc/pki/rpm-gpg/RPM-GPG-KEY-example {digests['RPM-GPG-KEY-example']}",
        f"/etc/yum.repos.d/example.repo {digests['example.repo']}",
        f"localhost {BIRTH}",
    ]


def test_gpg_names_the_key_in_its_directory_as_we_do(
    home: GnupgHome, key: TestKey, handed_out: Certificates
) -> None:
    listed = home.gpg("--with-wkd-hash", "--list-keys", key.primary).stdout.decode()
    (named,) = [
        each.strip() for each in listed.splitlines() if each.strip().endswith("@example.org")
    ]
    places = [each.place for each in public_key("example", handed_out).files]
    local, _, domain = named.partition("@")
    assert f"/.well-known/openpgpkey/{domain}/hu/{local}" in places
