"""The evidence of a release is checked by its own script, with real tools, good and spoilt."""

from __future__ import annotations

import json
import lzma
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.station import MAIL, Done, Shell, schema

KEYS = ("--key", f"gpg:<{MAIL}>", "--key", "file:modules.pem")
PLAIN = "hello-1.0.tar.gz"
CMS = "notes.txt"
SSH = "list.txt"
CLEAR = "news.txt"
PACKED = "small.ko.xz"
DEB = "hello_1.0_all.deb"


def _debian_package(target: Path) -> None:
    tree = target.parent.parent / "deb"
    (tree / "DEBIAN").mkdir(parents=True)
    fields = ("Package: hello", "Version: 1.0", "Architecture: all", f"Maintainer: R <{MAIL}>")
    lines = "".join(f"{each}\n" for each in (*fields, "Description: hello"))
    (tree / "DEBIAN/control").write_text(lines)
    (tree / "hello").write_text("hello\n" * 1000)
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "--build", tree, target], check=True, capture_output=True
    )


@pytest.fixture(scope="module")
def gathered() -> Iterator[Shell]:
    """Give a signed release of all kinds in ``signed`` and its evidence in ``evidence``."""
    shell = Shell()
    shell.release()
    shell.openpgp_key()
    shell.module_key()
    shell.good(
        "key", "generate", "x509", "--name", "files", "--algorithm", "p256", "--output", ".",
        "--protect", "none",
    )  # fmt: skip
    shell.good(
        "key", "generate", "ssh", "--name", "files@example.org", "--output", ".",
        "--protect", "none",
    )  # fmt: skip
    private = next(each for each in shell.work.glob("*.pub")).stem
    for name in (CMS, SSH, CLEAR):
        (shell.work / name).write_text(f"{name}\n")
    (shell.work / PACKED).write_bytes(
        lzma.compress((shell.work / "release/hello.ko").read_bytes(), check=lzma.CHECK_CRC32)
    )
    _debian_package(shell.work / "release" / DEB)
    with shell.owned():
        shell.good("sign", "release", *KEYS)
        shell.good("sign", PACKED, *KEYS[2:], "--output", "signed")
        for name, key, kind in (
            (f"release/{PLAIN}", KEYS[1], "blob:openpgp"),
            (CMS, "file:files.pem", "blob:cms"),
            (SSH, f"ssh:{shell.work / private}", "blob:sshsig"),
            (CLEAR, KEYS[1], "text:cleartext"),
        ):
            shell.good("sign", name, "--as", kind, "--key", key, "--output", "signed")
            if kind != "text:cleartext" and not (shell.work / "signed" / Path(name).name).exists():
                shutil.copy(shell.work / name, shell.work / "signed")
        made = shell.good("report", "signed", "--output", "evidence", *KEYS[:2], "--json")
    (said,) = made.of_type("evidence")
    assert said["findings"] == []
    assert said["verified"] == said["artifacts"] == 10
    yield shell
    shell.close()


def _check(
    shell: Shell, release: Path, evidence: str = "evidence", path: str = "/usr/bin:/bin"
) -> Done:
    done = subprocess.run(
        ["/bin/sh", shell.work / evidence / "verify.sh", release],
        env={"PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def copy(gathered: Shell, tmp_path: Path) -> Path:
    """Give a copy of the release to be spoilt."""
    return Path(shutil.copytree(gathered.work / "signed", tmp_path / "copy"))


def test_the_folder_holds_everything(gathered: Shell) -> None:
    folder = gathered.work / "evidence"
    names = {each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file()}
    assert names >= {
        "report.html",
        "report.json",
        "report.json.asc",
        "report.json.ed25519",
        "audit-proofs.json",
        "checkpoint.txt",
        "verifier.txt",
        "verify_audit.py",
        "keys/allowed_signers",
        "keys/audit.pem",
        "report.pdf",
        "report.svg",
        "signatures.tsv",
        "verify.sh",
        "FINDINGS.txt",
        "keys/openpgp.gpg",
        "keys/x509.pem",
        "keys/FINGERPRINTS.txt",
    }
    report = json.loads((folder / "report.json").read_text())
    schema("report").validate(report)
    assert {each["verdict"] for each in report["verifications"]} == {"trusted"}
    assert (folder / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert b"<svg" in (folder / "report.svg").read_bytes()
    lines = (folder / "signatures.tsv").read_text().splitlines()
    assert len(lines) >= 7
    assert len({line.count("\t") for line in lines}) == 1
    assert b"PRIVATE" not in b"".join(
        each.read_bytes() for each in folder.rglob("*") if each.is_file()
    )


def test_the_report_is_signed(gathered: Shell) -> None:
    folder = gathered.work / "evidence"
    subprocess.run(
        [
            *("gpgv", "--keyring", folder / "keys/openpgp.gpg"),
            *(folder / "report.json.asc", folder / "report.json"),
        ],
        check=True,
        capture_output=True,
    )


def test_the_script_accepts_the_release(gathered: Shell, copy: Path) -> None:
    done = _check(gathered, copy)
    assert done.status == 0, done
    assert "Everything is as it was signed" in done.out
    for said in (
        "report.json: openssl: signed by the audit key",
        f"{CLEAR}.asc: gpgv: good",
        f"{DEB}: gpgv: good",
        f"{CMS}: openssl: CMS verification",
        f"{PACKED}: openssl: module signature good",
        f"{PLAIN}: gpgv: good",
        f"{SSH}: ssh-keygen: good",
        "hello.ko: openssl: module signature good",
        "rpmkeys: signature",
    ):
        assert said in done.out, said
    # every published file: what is signed inside, and the signatures beside the others
    proven = {line.split()[1] for line in done.out.splitlines() if "stands in the audit" in line}
    beside = {f"{PLAIN}.asc:", f"{CMS}.p7s:", f"{SSH}.sshsig:", f"{CLEAR}.asc:"}
    assert proven >= beside | {"hello.ko:", f"{PACKED}:", f"{DEB}:", "hello-1.0-1.noarch.rpm:"}


def test_a_list_signed_in_the_clear_is_checked_beside_its_text(shell: Shell) -> None:
    """The same lines stand in both; another list beside a good signature is refused by its text."""
    shell.openpgp_key()
    root = shell.work / "sums"
    root.mkdir()
    (root / "a.iso").write_text("one\n")
    with shell.owned():
        shell.good("checksums", "sums", *KEYS[:2], "--clear")
        made = shell.run("report", "sums", "--output", "evidence", "--json")
    (said,) = made.of_type("evidence")
    assert said["findings"] == []
    done = _check(shell, root)
    assert "SHA256SUMS.asc: gpgv: good" in done.out
    with (root / "SHA256SUMS").open("a") as file:
        file.write(f"{'0' * 64}  b.iso\n")
    done = _check(shell, root)
    assert done.status == 1
    assert "SHA256SUMS.asc: another text was signed" in done.out + done.err


def _flip(name: str, offset: int) -> Callable[[Path], None]:
    def spoil(release: Path) -> None:
        content = bytearray((release / name).read_bytes())
        content[offset] ^= 1
        (release / name).write_bytes(content)

    return spoil


def _link(release: Path) -> None:
    (release / "hello.ko").rename(release.parent / "elsewhere.ko")
    (release / "hello.ko").symlink_to(release.parent / "elsewhere.ko")


CHANGED = {
    "module": ("hello.ko", 1000),
    "signature of the module": ("hello.ko", -100),
    "module in xz": (PACKED, 300),
    "frame of xz": (PACKED, -30),
    "Debian package": (DEB, 200),
    "package": ("hello-1.0-1.noarch.rpm", -10),
    "file": (PLAIN, 50),
    "file with CMS": (CMS, 0),
    "signature with CMS": (f"{CMS}.p7s", -5),
    "file with SSH": (SSH, 0),
    "signature with SSH": (f"{SSH}.sshsig", 120),
    "text in the clear": (f"{CLEAR}.asc", 60),
}
SPOILT = {
    "one byte": _flip("hello.ko", 1000),
    "one file more": lambda release: (release / "more").write_text("x") and None,
    "one file less": lambda release: (release / "hello.ko").unlink(),
    "a link": _link,
}


@pytest.mark.parametrize("what", SPOILT)
def test_the_script_refuses_what_was_spoilt(gathered: Shell, copy: Path, what: str) -> None:
    SPOILT[what](copy)
    done = _check(gathered, copy)
    assert done.status == 1, done
    assert "REFUSED" in done.out
    assert "Everything is as" not in done.out


@pytest.mark.parametrize("what", CHANGED)
def test_the_tools_refuse_it_even_where_the_digest_is_made_to_fit(
    gathered: Shell, copy: Path, tmp_path: Path, what: str
) -> None:
    """Only the tool's own check of that file is left in the script."""
    name, offset = CHANGED[what]
    signed = name.removesuffix(".p7s").removesuffix(".sshsig")
    folder = Path(shutil.copytree(gathered.work / "evidence", tmp_path / "evidence"))
    script = folder / "verify.sh"
    calls = ("check_", "count_")
    kept = [
        line
        for line in script.read_text().splitlines()
        if not line.startswith(calls)
        or (
            ("()" in line or f" '{signed}' " in line)
            and not line.startswith(("check_digest ", "check_proof "))
        )
    ]
    script.write_text("\n".join(kept) + "\n")
    place = os.path.relpath(folder, gathered.work)
    assert _check(gathered, copy, place).out.endswith("as it was signed: 1 checks.\n")
    _flip(name, offset)(copy)
    done = _check(gathered, copy, place)
    assert done.status == 1, done
    assert done.out.count("REFUSED") == 1


@pytest.mark.parametrize(
    "key",
    ["keys/openpgp.gpg", "keys/x509.pem", "keys/allowed_signers", "keys/audit.pem", "verifier.txt"],
)
def test_nothing_is_accepted_without_the_keys(
    gathered: Shell, copy: Path, tmp_path: Path, key: str
) -> None:
    folder = Path(shutil.copytree(gathered.work / "evidence", tmp_path / "evidence"))
    (folder / key).write_bytes(b"")
    done = _check(gathered, copy, os.path.relpath(folder, gathered.work))
    assert done.status == 1, done


def _edit(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        content = (folder / name).read_text()
        assert old in content
        (folder / name).write_text(content.replace(old, new, 1))

    return change


def _another_key(folder: Path) -> None:
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / "keys/audit.pem").write_bytes(public)
    (folder / "report.json.ed25519").write_bytes(
        private.sign((folder / "report.json").read_bytes())
    )


FORGED = {
    "the key": (_another_key, "keys/audit.pem is not the key of verifier.txt"),
    "the report": (_edit("report.json", '"trusted"', '"TRUSTED"'), "REFUSED  report.json"),
    "its signature": (_flip("report.json.ed25519", 3), "REFUSED  report.json"),
    "a record": (_edit("audit-proofs.json", "published", "Published"), "not find it in the audit"),
    "a path": (_edit("audit-proofs.json", '"index": ', '"index": 1'), "not find it in the audit"),
    "the checkpoint": (
        _edit("audit-proofs.json", "\\n", "0\\n"),
        "not find it in the audit",
    ),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_changed_report_or_proof_is_refused(
    gathered: Shell, copy: Path, tmp_path: Path, what: str
) -> None:
    change, said = FORGED[what]
    folder = Path(shutil.copytree(gathered.work / "evidence", tmp_path / "evidence"))
    change(folder)
    done = _check(gathered, copy, os.path.relpath(folder, gathered.work))
    assert done.status == 1, done
    assert said in done.out


def test_what_cannot_be_checked_is_told(gathered: Shell, copy: Path, tmp_path: Path) -> None:
    """Without Python and xz the rest is checked, and the status says that it is not everything."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for each in Path("/usr/bin").iterdir():
        if not each.name.startswith(("python3", "xz")):
            (tools / each.name).symlink_to(each)
    done = _check(gathered, copy, path=str(tools))
    assert done.status == 2, done
    assert f"UNKNOWN  {PACKED}: xz is not installed" in done.out
    assert "UNKNOWN  hello.ko: python3 is not installed" in done.out
    assert "hello.ko: openssl: module signature good" in done.out
    assert "Nothing is refused" in done.out


def test_a_file_that_others_signed_has_no_proof_and_it_is_told(
    gathered: Shell, tmp_path: Path
) -> None:
    """The station trusts the key; what it signed elsewhere is in the log of no station here."""
    release = tmp_path / "foreign"
    release.mkdir()
    shutil.copy(gathered.work / "signed/hello.ko", release)
    (release / "text").write_text("x")
    command = ["gpg", "--batch", "--quiet", "--local-user", f"<{MAIL}>", "--detach-sign"]
    subprocess.run(
        [*command, "--output", release / "text.sig", release / "text"],
        env=gathered.environment, check=True, capture_output=True,
    )  # fmt: skip
    made = gathered.good("report", release, "--output", tmp_path / "evidence", "--json")
    (finding,) = made.of_type("evidence")[0]["findings"]
    assert finding.startswith("text: it was not signed by this station")
    done = _check(gathered, release, os.path.relpath(tmp_path / "evidence", gathered.work))
    assert done.status == 0, done
    assert done.out.count("stands in the audit log") == 1


def test_the_script_is_plain_posix(gathered: Shell) -> None:
    done = subprocess.run(
        ["/usr/bin/dash", "-n", gathered.work / "evidence/verify.sh"],
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_an_unverified_release_gets_evidence_that_refuses_it(gathered: Shell, copy: Path) -> None:
    _flip("hello.ko", 1000)(copy)
    done = gathered.run("report", copy, "--json")
    assert done.status == 1
    (said,) = done.of_type("evidence")
    assert said["verified"] == said["artifacts"] - 1
    checked = _check(gathered, copy, os.path.relpath(said["path"], gathered.work))
    assert checked.status == 1
    assert "Changed" in checked.out


def test_hostile_names_stay_names_in_german_too(gathered: Shell, tmp_path: Path) -> None:
    name = "-it's $(touch hit) `touch hit` ; touch hit \\ \"*.txt"
    release = tmp_path / "hostile"
    release.mkdir()
    (release / name).write_text("x")
    signed = ("--as", "blob:openpgp", "--key", KEYS[1], "--in-place")
    gathered.good("sign", release, *signed)
    gathered.good("report", release, "--output", tmp_path / "evidence", "--language", "de")
    done = _check(gathered, release, os.path.relpath(tmp_path / "evidence", gathered.work))
    assert done.status == 0, done
    assert not list(tmp_path.rglob("hit"))
    for name in ("report.html", "report.svg"):
        said = (tmp_path / "evidence" / name).read_text()
        assert "1 von 1 verifiziert" in said
        assert "The signature" not in said
    assert "The signature" in (tmp_path / "evidence" / "report.json").read_text()
    assert not list((tmp_path / "evidence").glob(".*"))


def test_evidence_is_not_written_over_anything(gathered: Shell) -> None:
    assert gathered.run("report", "signed", "--output", "evidence").status == 2
    assert gathered.run("report", "signed", "--output", "signed/inside").status == 2
