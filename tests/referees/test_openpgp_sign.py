"""What we sign: the same bytes as GnuPG's, and accepted by gpg, gpgv, sq and sqv of every suite."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from signstation.codec.armor import ArmorKind, armor
from signstation.model.asks import Part, Range
from signstation.model.hashes import HashAlgorithm
from signstation.signatures.openpgp_sign import check_own_openpgp, sign_openpgp
from tests.realtools.tree import RefereeTree
from tests.support.gnupg import GPGV, GnupgHome, TestKey
from tests.support.openpgp import SoftKey, drive, secret_keys, slot_for
from tests.support.referees import run

TIME = 1_700_000_000  # long ago: sq and sqv go by the clock of the machine
CONTENT = b"content of a release\n" * 1000
KEYS = [
    ("ed25519", HashAlgorithm.SHA256),
    ("ed25519", HashAlgorithm.SHA512),
    ("rsa2048", HashAlgorithm.SHA256),
    ("rsa3072", HashAlgorithm.SHA384),
    ("rsa4096", HashAlgorithm.SHA512),
    ("nistp256", HashAlgorithm.SHA256),
    ("nistp384", HashAlgorithm.SHA384),
    ("nistp521", HashAlgorithm.SHA512),
]


@pytest.fixture
def home() -> Iterator[GnupgHome]:
    with GnupgHome() as found:
        yield found


def ours(home: GnupgHome, key: TestKey, hashed: HashAlgorithm, time: int = TIME) -> bytes:
    """Sign CONTENT with the private half that gpg exports, as any key store would."""
    soft: SoftKey = secret_keys(home.export_secret(key.primary))[key.signing]
    certificate = home.export(key.primary)
    slot = slot_for(soft, primary=key.primary, certificate=certificate, hashed=hashed)
    state = hashlib.new(hashed.value, CONTENT)
    covers = (Range(0, len(CONTENT)),)
    generator = sign_openpgp(0, slot, state, part=Part.FILE, covers=covers, time=time)
    packet = drive(generator, soft)
    check_own_openpgp(packet, slot, state, time=time)
    return packet


@pytest.mark.parametrize("subkey", [False, True], ids=["primary", "subkey"])
@pytest.mark.parametrize(("algorithm", "hashed"), [each for each in KEYS if "nist" not in each[0]])
def test_byte_identical_to_gpg(
    home: GnupgHome, algorithm: str, hashed: HashAlgorithm, *, subkey: bool
) -> None:
    """RSA and EdDSA repeat themselves: at a fixed time there is only one right packet."""
    key = home.generate(algorithm, time=TIME - 10, subkey=subkey)
    theirs = home.sign(CONTENT, key, time=TIME, hash_name=hashed.value.upper())
    assert ours(home, key, hashed) == theirs


@pytest.mark.parametrize(("algorithm", "hashed"), KEYS)
def test_accepted_by_every_referee(
    home: GnupgHome, referees: RefereeTree, algorithm: str, hashed: HashAlgorithm
) -> None:
    key = home.generate(algorithm, time=TIME - 10, subkey=True)
    files = Files(home, key, ours(home, key, hashed))
    for gpg in (("/usr/bin/gpg",), *(referees.program("gpg", each) for each in referees.suites)):
        # the tree's gpg verifies without an agent
        said = run(
            [*gpg, "--homedir", str(home.path), "--no-autostart", "--status-fd", "1"],
            ["--verify", str(files.signature), str(files.content)],
        )
        assert_valid(said.stdout, key)
    for gpgv in ((GPGV,), *(referees.program("gpgv", each) for each in referees.suites)):
        assert_valid(files.gpgv(gpgv), key)
    for suite in referees.suites:
        sqv = run(
            referees.program("sqv", suite),
            ["--keyring", str(files.keyring), str(files.signature), str(files.content)],
        )
        assert sqv.stdout.split() == [key.primary], sqv.stderr
        files.sq(referees, suite, key)


@pytest.mark.parametrize("algorithm", ["ed25519", "rsa2048", "nistp256"])
def test_one_changed_byte_is_refused_by_every_referee(
    home: GnupgHome, referees: RefereeTree, algorithm: str
) -> None:
    key = home.generate(algorithm, time=TIME - 10, subkey=True)
    files = Files(home, key, ours(home, key, HashAlgorithm.SHA256))
    changed = bytearray(CONTENT)
    changed[len(changed) // 2] ^= 1
    files.content.write_bytes(changed)
    for gpgv in ((GPGV,), *(referees.program("gpgv", each) for each in referees.suites)):
        said = files.gpgv(gpgv)
        assert "BADSIG" in said
        assert "VALIDSIG" not in said
    for suite in referees.suites:
        sqv = run(
            referees.program("sqv", suite),
            ["--keyring", str(files.keyring), str(files.signature), str(files.content)],
        )
        assert sqv.stdout == ""


def test_armor_is_read_by_gpgv_and_sq(home: GnupgHome, referees: RefereeTree) -> None:
    key = home.generate("ed25519", time=TIME - 10)
    files = Files(home, key, armor(ArmorKind.SIGNATURE, ours(home, key, HashAlgorithm.SHA256)))
    assert_valid(files.gpgv((GPGV,)), key)
    assert_valid(files.gpgv(referees.program("gpgv")), key)
    theirs = home.sign(CONTENT, key, time=TIME, armor=True)
    assert files.signature.read_bytes() == theirs


def test_two_signers_in_one_file(home: GnupgHome) -> None:
    one = home.generate("ed25519", time=TIME - 10, name="One <one@example.org>")
    two = home.generate("rsa2048", time=TIME - 10, name="Two <two@example.org>")
    both = ours(home, one, HashAlgorithm.SHA256) + ours(home, two, HashAlgorithm.SHA256)
    said = Files(home, one, both).gpgv((GPGV,))
    assert_valid(said, one)
    assert_valid(said, two)


def assert_valid(status: str, key: TestKey) -> None:
    lines = [line.split() for line in status.splitlines()]
    valid = [each for each in lines if each[1:2] == ["VALIDSIG"]]
    assert (key.signing, key.primary) in [(each[2], each[-1]) for each in valid], status


class Files:
    """Content, signature and keyring in the home's directory."""

    def __init__(self, home: GnupgHome, key: TestKey, signature: bytes) -> None:
        self.directory: Path = home.path
        self.content = home.path / "content"
        self.signature = home.path / "content.sig"
        self.keyring = home.path / "keyring.gpg"
        self.content.write_bytes(CONTENT)
        self.signature.write_bytes(signature)
        self.keyring.write_bytes(home.export())

    def gpgv(self, program: tuple[str, ...]) -> str:
        """Run gpgv and return its status lines."""
        options = ["--homedir", str(self.directory), "--status-fd", "1"]
        files = ["--keyring", str(self.keyring), str(self.signature), str(self.content)]
        return run(program, [*options, *files]).stdout

    def sq(self, referees: RefereeTree, suite: str, key: TestKey) -> None:
        """Run sq, which says whom it authenticated."""
        said = run(
            referees.program("sq", suite),
            [
                *("--home", "none", "verify", "--signer-file", str(self.keyring)),
                *("--signature-file", str(self.signature), str(self.content)),
            ],
            environment=referees.environment(suite),
        )
        words = (said.stdout + said.stderr).replace("\u00a0", " ")
        assert said.returncode == 0, words
        assert "1 authenticated signature" in words
        assert key.signing in words or key.primary in words
