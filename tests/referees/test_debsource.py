"""debsign, dscverify and dpkg-source against ours: both ways, tampered, and incomplete."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from signstation.codec.cleartext import BEGIN, parse_cleartext
from signstation.formats.debsource import FORMAT
from signstation.model.checks import OpinionOutcome, Verdict, Verified
from signstation.model.keys import SignatureType
from signstation.model.trust import Trust
from signstation.verification.verdict import verdict
from signstation.worker.context import StepContext
from tests.support.contract_formats import FormatCase, Sample, artifacts
from tests.support.debsource import BUILDINFO, CHANGES, DSC, TARBALL, Source, around
from tests.support.gnupg import GnupgHome, TestKey
from tests.support.rpm_tools import Signer, trust_of
from tests.support.tools import tool_context

BIRTH = 1_690_000_000
NOW = int(time.time())
CONTROL = """Source: hello
Maintainer: A <a@example.org>
Standards-Version: 4.6.2

Package: hello
Architecture: all
Description: says hello
"""
CHANGELOG = """hello (1.0) unstable; urgency=medium

  * First.

 -- A <a@example.org>  Sun, 01 Jan 2023 00:00:00 +0000
"""
GOOD, BAD = "All files validated successfully", "Validation FAILED"


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


@pytest.fixture(scope="module")
def keyring(
    home: GnupgHome, keys: dict[str, TestKey], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Our keys as dscverify and dpkg-source look for them."""
    assert keys
    directory = tmp_path_factory.mktemp("home") / ".gnupg"
    directory.mkdir(mode=0o700)
    (directory / "trustedkeys.gpg").write_bytes(home.export())
    return directory / "trustedkeys.gpg"


def tool(
    command: Sequence[str], directory: Path, *, gnupg: Path, check: bool = True
) -> tuple[int, str]:
    """Run a tool without the caller's configuration; return its status and words."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(gnupg.parent),
        "GNUPGHOME": str(gnupg),
        "LC_ALL": "C.UTF-8",
        "SOURCE_DATE_EPOCH": str(BIRTH),
    }
    done = subprocess.run(
        command,
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=300,
        check=False,
    )
    words = done.stdout.decode("utf-8", "backslashreplace")
    assert not check or done.returncode == 0, words
    return done.returncode, words


@pytest.fixture(scope="module")
def built(keyring: Path, tmp_path_factory: pytest.TempPathFactory) -> Source:
    """A source package that dpkg-source made."""
    top = tmp_path_factory.mktemp("build")
    (top / "hello-1.0" / "debian" / "source").mkdir(parents=True)
    files = {
        "control": CONTROL,
        "changelog": CHANGELOG,
        "rules": "#!/usr/bin/make -f\n%:\n\ttrue\n",
        "source/format": "3.0 (native)\n",
    }
    for name, content in files.items():
        (top / "hello-1.0" / "debian" / name).write_text(content, encoding="utf-8")
    (top / "hello-1.0" / "debian" / "rules").chmod(0o755)
    tool(["dpkg-source", "-Zgzip", "-b", "hello-1.0"], top, gnupg=keyring.parent)
    return Source((top / TARBALL).read_bytes(), (top / DSC).read_bytes())


@pytest.fixture
def upload(built: Source, tmp_path: Path) -> Path:
    """The directory of an unsigned upload."""
    built.write(tmp_path)
    return tmp_path


def sign(path: Path, signers: Sequence[Signer], **options: str) -> None:
    """Sign as the engine does in place, the recheck included."""
    slots = tuple(replace(each.slot, kind=SignatureType.CLEARTEXT) for each in signers)
    sample = Sample(
        path.read_bytes(),
        slots,
        lambda ask: signers[ask.slot].soft.answer(ask),
        Trust(),
        NOW,
        options=options,
    )
    case = FormatCase(FORMAT, sample)
    signed, _ = case.signed()
    case.recheck([signed])
    path.write_bytes(signed)


def verify(path: Path, trust: Trust) -> Verified:
    """Verify a file among those that lie beside it."""
    content = path.read_bytes()
    shown = parse_cleartext(content).shown if content.startswith(BEGIN) else content
    files = {each.name: each.read_bytes() for each in path.parent.iterdir() if each.is_file()}
    ctx = StepContext(time=NOW, surroundings=around(shown, files))
    with artifacts(content) as (artifact,):
        return FORMAT.verify(artifact, (), trust, ctx)


def judge(path: Path, trust: Trust) -> Verdict:
    """Return the verdict about a file among those that lie beside it."""
    return verdict(verify(path, trust).checks)


def dscverify(path: Path, keyring: Path) -> tuple[int, str]:
    """Ask dscverify, with no keyring but this one."""
    command = ["dscverify", "--no-conf", "--no-default-keyrings", "--keyring", str(keyring)]
    return tool([*command, path.name], path.parent, gnupg=keyring.parent, check=False)


@pytest.mark.parametrize("algorithms", [["rsa3072"], ["ed25519"]])
def test_dscverify_and_dpkg_source_accept_what_we_sign(
    home: GnupgHome,
    keys: dict[str, TestKey],
    trust: Trust,
    keyring: Path,
    upload: Path,
    algorithms: list[str],
) -> None:
    path = upload / DSC
    sign(path, [Signer.of(home, keys[each]) for each in algorithms])
    assert judge(path, trust) is Verdict.TRUSTED
    status, says = dscverify(path, keyring)
    assert (status, GOOD in says) == (0, True), says
    unpack = ["dpkg-source", "--require-valid-signature", "-x", DSC, "out"]
    tool(unpack, upload, gnupg=keyring.parent)
    assert (upload / "out" / "debian" / "control").is_file()
    with path.open("rb") as file, artifacts(file.read()) as (artifact,), tool_context(NOW) as ctx:
        (opinion,) = FORMAT.referee(artifact, (), trust, ctx)
    assert opinion.outcome is OpinionOutcome.ACCEPTS


@pytest.mark.parametrize("name", ["rsa3072", "ed25519"])
def test_we_accept_what_debsign_signs(
    home: GnupgHome, keys: dict[str, TestKey], trust: Trust, keyring: Path, upload: Path, name: str
) -> None:
    """The whole upload: .dsc, .buildinfo and .changes."""
    command = ["debsign", "--no-conf", f"-k{keys[name].primary}", CHANGES]
    tool(command, upload, gnupg=home.path)
    status, says = dscverify(upload / CHANGES, keyring)
    assert (status, GOOD in says) == (0, True), says
    for each in (DSC, BUILDINFO, CHANGES):
        assert judge(upload / each, trust) is Verdict.TRUSTED, each


def test_one_key_signs_the_same_bytes_as_debsign(
    home: GnupgHome,
    keys: dict[str, TestKey],
    upload: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """But for time and hash: the fields that are signed, and the form around them."""
    other = tmp_path_factory.mktemp("other")
    shutil.copy(upload / DSC, other / DSC)
    tool(["debsign", "--no-conf", f"-k{keys['ed25519'].primary}", DSC], other, gnupg=home.path)
    sign(upload / DSC, [Signer.of(home, keys["ed25519"])])
    ours, theirs = ((each / DSC).read_bytes() for each in (upload, other))
    assert parse_cleartext(ours).signed == parse_cleartext(theirs).signed


TAMPERED = {
    "a field": (DSC, b"Maintainer: A", b"Maintainer: B", Verdict.TAMPERED),
    "a named file": (TARBALL, b"", b"x", Verdict.TAMPERED),
    "a named file is away": (TARBALL, None, b"", Verdict.INDETERMINATE),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_what_was_changed_is_refused_by_both(
    home: GnupgHome, keys: dict[str, TestKey], trust: Trust, keyring: Path, upload: Path, name: str
) -> None:
    file, old, new, expected = TAMPERED[name]
    sign(upload / DSC, [Signer.of(home, keys["ed25519"])])
    path = upload / file
    if old is None:
        path.unlink()
    else:
        content = path.read_bytes()
        path.write_bytes(content.replace(old, new, 1) if old else content[:-1] + new)
    assert judge(upload / DSC, trust) is expected
    status, says = dscverify(upload / DSC, keyring)
    assert (status, BAD in says) == (1, True), says


def test_another_key_is_trusted_by_neither(
    home: GnupgHome, keys: dict[str, TestKey], keyring: Path, upload: Path
) -> None:
    assert keys
    with GnupgHome() as stranger:
        key = stranger.generate("ed25519", time=BIRTH, subkey=True)
        sign(upload / DSC, [Signer.of(stranger, key)])
    assert judge(upload / DSC, trust_of(home, NOW)) is Verdict.UNTRUSTED
    status, says = dscverify(upload / DSC, keyring)
    assert (status, BAD in says) == (1, True), says


def test_an_unsigned_file_is_unsigned(trust: Trust, keyring: Path, upload: Path) -> None:
    assert judge(upload / DSC, trust) is Verdict.UNSIGNED
    assert dscverify(upload / DSC, keyring)[0] == 1


def test_words_behind_the_signature_are_not_taken(
    home: GnupgHome, keys: dict[str, TestKey], trust: Trust, upload: Path
) -> None:
    sign(upload / DSC, [Signer.of(home, keys["ed25519"])])
    with (upload / DSC).open("ab") as file:
        file.write(b"\nMaintainer: B\n")
    assert judge(upload / DSC, trust) is Verdict.INDETERMINATE


def test_dscverify_takes_md5_alone_and_we_do_not(
    home: GnupgHome, keys: dict[str, TestKey], trust: Trust, keyring: Path, upload: Path
) -> None:
    lines = (upload / DSC).read_text(encoding="utf-8").split("\n")
    start = next(number for number, each in enumerate(lines) if each.startswith("Checksums-Sha1"))
    weak = [*lines[:start], *lines[start + 4 :]]
    (upload / DSC).write_text("\n".join(weak), encoding="utf-8")
    assert "Sha256" not in (upload / DSC).read_text(encoding="utf-8")
    sign(upload / DSC, [Signer.of(home, keys["ed25519"])])
    status, says = dscverify(upload / DSC, keyring)
    assert (status, GOOD in says) == (0, True), says
    assert judge(upload / DSC, trust) is Verdict.INDETERMINATE
