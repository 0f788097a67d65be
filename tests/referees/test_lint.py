"""What the linter foretells is what the real clients here say: apt, and rpm old and new."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from signstation.acceptance.lint import judge
from signstation.acceptance.matrix import Answer
from signstation.app.lint import read_repository
from signstation.model.hashes import HashAlgorithm
from signstation.recipes.certificates import read_certificates
from tests.realtools.tree import RefereeTree
from tests.support.apt import update
from tests.support.aptrepo import Repository
from tests.support.gnupg import GnupgHome, TestKey
from tests.support.referees import run
from tests.support.rpm_tools import RpmTools, Signer
from tests.support.rpm_tools import sign as sign_rpm

BIRTH = 1_690_000_000
NOW = int(time.time())
MADE = NOW - 7200
BY_HASH = {"Acquire-By-Hash": "yes"}
GOOD = Repository(date=NOW - 3600, until=NOW + 86400, more=BY_HASH)


@pytest.fixture(scope="module")
def home() -> Iterator[GnupgHome]:
    with GnupgHome() as found:
        yield found


@pytest.fixture(scope="module")
def keys(home: GnupgHome) -> dict[str, TestKey]:
    """Keys of several kinds, each signing with its primary key; some have ended since."""
    made = {
        name: home.generate(name, name=f"{name} <{name}@example.org>", time=BIRTH)
        for name in ("ed25519", "rsa1024", "rsa3072", "nistp256", "brainpoolP256r1")
    }
    ended = f"seconds={NOW - 3600 - BIRTH}"
    made["expired"] = home.generate(
        "ed25519", name="Ended <e@example.org>", time=BIRTH, expires=ended
    )
    return made


def clearsign(home: GnupgHome, key: TestKey, release: Path, *extra: str) -> None:
    """Sign with gpg two hours ago, when every key was good."""
    made = home.gpg(
        *("--digest-algo", "SHA256", "--ignore-time-conflict", *extra),
        *("--clearsign", "-u", key.exact),
        stdin=release.read_bytes(),
        time=MADE,
        check=False,
    )
    release.with_name("InRelease").write_bytes(made.stdout)
    release.unlink()


def plain(repository: Path) -> None:
    """Nothing is changed after signing."""
    assert repository.is_dir()


def change_index(repository: Path) -> None:
    for path in (repository / "dists/stable/main/binary-all").iterdir():
        path.write_bytes(path.read_bytes()[:-1] + b"x")


APTS = {"2.2": "deb11", "2.6": "deb12", "3.0": "deb13", "3.1": "deb14", "3.3": "deb14"}
RPMS_OF_HOSTS = {"4.18": "rpm4.18", "4.20": "rpm4.20", "6.1": "rpm6"}


@pytest.fixture(scope="module")
def apt_here() -> str:
    """The client that this machine's apt is."""
    said = run(["apt-get"], ["--version"]).stdout.split()[1]
    return APTS[".".join(said.split(".")[:2])]


CASES: dict[str, tuple[Repository, str, tuple[str, ...], Callable[[Path], None]]] = {
    "good": (GOOD, "ed25519", (), plain),
    "rsa3072": (GOOD, "rsa3072", (), plain),
    "rsa1024": (GOOD, "rsa1024", (), plain),
    "p256": (GOOD, "nistp256", (), plain),
    "brainpool": (GOOD, "brainpoolP256r1", (), plain),
    "sha1": (GOOD, "rsa3072", ("--digest-algo", "SHA1"), plain),
    "expired key": (GOOD, "expired", (), plain),
    "run out": (Repository(date=MADE, until=NOW - 60, more=BY_HASH), "ed25519", (), plain),
    "too early": (Repository(date=NOW + 90000, more=BY_HASH), "ed25519", (), plain),
    "weak lists": (Repository(date=MADE, hashes=("MD5Sum", "SHA1"), more=BY_HASH), "ed25519", (),
                   plain),
    "index": (GOOD, "ed25519", (), change_index),
    "unsigned": (GOOD, "", (), plain),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(CASES))
def test_apt_says_what_was_foretold(
    home: GnupgHome, keys: dict[str, TestKey], apt_here: str, tmp_path: Path, name: str
) -> None:
    repository, key, extra, change = CASES[name]
    release = repository.write(tmp_path)
    if key:
        clearsign(home, keys[key], release, *extra)
    change(tmp_path)
    certificate = home.export(keys[key or "ed25519"].primary)
    status, says = update(tmp_path, certificate)
    found = foretold(tmp_path, certificate, apt_here)
    said = Answer.REFUSES if status != 0 else Answer.WARNS if "W:" in says else Answer.ACCEPTS
    assert found is said, says


@pytest.mark.parametrize("reason", [0, 2], ids=["no reason", "superseded"])
def test_apt_says_what_was_foretold_of_a_revoked_key(
    home: GnupgHome, apt_here: str, tmp_path: Path, reason: int
) -> None:
    key = home.generate("ed25519", name=f"R{reason} <r{reason}@example.org>", time=BIRTH)
    clearsign(home, key, GOOD.write(tmp_path))
    home.revoke(key, reason, time=NOW - 3600)
    certificate = home.export(key.primary)
    status, says = update(tmp_path, certificate)
    said = Answer.REFUSES if status != 0 else Answer.ACCEPTS
    assert foretold(tmp_path, certificate, apt_here) is said, says
    assert foretold(tmp_path, certificate, "deb12") is Answer.REFUSES
    later = foretold(tmp_path, certificate, "deb13")
    assert later is (Answer.ACCEPTS if reason else Answer.REFUSES)


def foretold(repository: Path, certificate: bytes, client: str) -> Answer:
    """The linter's answer for one client."""
    published = read_repository(repository, read_certificates((certificate,)).keys, NOW)
    answers = {each.client.id: each for each in judge(published, NOW)}
    return answers[client].answer


@pytest.fixture(scope="module")
def package() -> bytes:
    return RpmTools().build()


RPMS = ("rsa3072", "rsa1024", "ed25519", "nistp256", "sha1", "unsigned")


@pytest.mark.parametrize("name", RPMS)
def test_rpm_says_what_was_foretold(
    home: GnupgHome, keys: dict[str, TestKey], package: bytes, tmp_path: Path, name: str
) -> None:
    tree = RefereeTree.find()
    assert tree is not None, "the referee tree is missing: sh packaging/test --prepare"
    key = keys.get(name, keys["rsa3072"])
    content = package
    if name == "sha1":
        content = RpmTools().sign(package, home, key, time=MADE, hashed=HashAlgorithm.SHA1)
    elif name != "unsigned":
        content = sign_rpm(package, [Signer.of(home, key)], MADE)
    (tmp_path / "real.rpm").write_bytes(content)
    metadata = tmp_path / "repodata/repomd.xml"
    metadata.parent.mkdir()
    metadata.write_text("<repomd/>")
    beside = home.sign(metadata.read_bytes(), keys["rsa3072"], armor=True, time=MADE)
    metadata.with_name("repomd.xml.asc").write_bytes(beside)
    armored = home.export(key.primary, armor=True)
    certificate = home.export(*{key.primary, keys["rsa3072"].primary})
    version = RpmTools().version.split()[-1]
    tools = {
        RPMS_OF_HOSTS[".".join(version.split(".")[:2])]: RpmTools(),
        "rpm4.20": RpmTools(tree, "trixie"),
        "rpm6": RpmTools(tree, "forky"),
    }
    for client, tool in tools.items():
        status, says = tool.keys(content, [armored])
        said = Answer.ACCEPTS if status == 0 else Answer.REFUSES
        assert foretold(tmp_path, certificate, client) is said, (client, says)
