"""The evidence of a release is checked by its own script, with real tools, good and spoilt."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.station import MAIL, Done, Shell, schema

KEYS = ("--key", f"gpg:<{MAIL}>", "--key", "file:modules.pem")
PLAIN = "hello-1.0.tar.gz"
CMS = "notes.txt"


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
    (shell.work / CMS).write_text("notes\n")
    with shell.owned():
        shell.good("sign", "release", *KEYS)
        for name, key, kind in (
            (f"release/{PLAIN}", KEYS[1], "openpgp"),
            (CMS, "file:files.pem", "cms"),
        ):
            shell.good("sign", name, "--as", f"blob:{kind}", "--key", key, "--output", "signed")
            if not (shell.work / "signed" / Path(name).name).exists():
                shutil.copy(shell.work / name, shell.work / "signed")
        made = shell.good("report", "signed", "--output", "evidence", *KEYS[:2], "--json")
    (said,) = made.of_type("evidence")
    assert said["findings"] == []
    assert said["verified"] == said["artifacts"] == 6
    yield shell
    shell.close()


def _check(shell: Shell, release: Path, evidence: str = "evidence") -> Done:
    done = subprocess.run(
        ["/bin/sh", shell.work / evidence / "verify.sh", release],
        env={"PATH": "/usr/bin:/bin"},
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
    for said in ("rpmkeys: signature", "gpgv: good", "CMS verification", "module signature good"):
        assert said in done.out, said


def _flip(name: str, offset: int) -> Callable[[Path], None]:
    def spoil(release: Path) -> None:
        content = bytearray((release / name).read_bytes())
        content[offset] ^= 1
        (release / name).write_bytes(content)

    return spoil


def _link(release: Path) -> None:
    (release / "hello.ko").rename(release.parent / "elsewhere.ko")
    (release / "hello.ko").symlink_to(release.parent / "elsewhere.ko")


SPOILT = {
    "module": _flip("hello.ko", 1000),
    "signature of the module": _flip("hello.ko", -100),
    "package": _flip("hello-1.0-1.noarch.rpm", -10),
    "file": _flip(PLAIN, 50),
    "file with CMS": _flip(CMS, 0),
    "signature beside": _flip(f"{CMS}.p7s", -5),
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


@pytest.mark.parametrize("what", ["module", "package", "file", "file with CMS"])
def test_the_tools_refuse_it_even_where_the_digest_is_made_to_fit(
    gathered: Shell, copy: Path, tmp_path: Path, what: str
) -> None:
    SPOILT[what](copy)
    folder = Path(shutil.copytree(gathered.work / "evidence", tmp_path / "evidence"))
    script = folder / "verify.sh"
    lines = script.read_text().splitlines()
    kept = [each for each in lines if not each.startswith("check_digest ")]
    assert len(kept) < len(lines)
    script.write_text("\n".join(kept) + "\n")
    done = _check(gathered, copy, os.path.relpath(folder, gathered.work))
    assert done.status == 1, done
    assert done.out.count("REFUSED") == 1


@pytest.mark.parametrize("key", ["keys/openpgp.gpg", "keys/x509.pem"])
def test_nothing_is_accepted_without_the_keys(
    gathered: Shell, copy: Path, tmp_path: Path, key: str
) -> None:
    folder = Path(shutil.copytree(gathered.work / "evidence", tmp_path / "evidence"))
    (folder / key).write_bytes(b"")
    done = _check(gathered, copy, os.path.relpath(folder, gathered.work))
    assert done.status == 1, done


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


def test_hostile_names_stay_names(gathered: Shell, tmp_path: Path) -> None:
    name = "-it's $(touch hit) `touch hit` ; touch hit \\ \"*.txt"
    release = tmp_path / "hostile"
    release.mkdir()
    (release / name).write_text("x")
    signed = ("--as", "blob:openpgp", "--key", KEYS[1], "--in-place")
    gathered.good("sign", release, *signed)
    gathered.good("report", release, "--output", tmp_path / "evidence")
    done = _check(gathered, release, os.path.relpath(tmp_path / "evidence", gathered.work))
    assert done.status == 0, done
    assert not list(tmp_path.rglob("hit"))


def test_evidence_is_not_written_over_anything(gathered: Shell) -> None:
    assert gathered.run("report", "signed", "--output", "evidence").status == 2
    assert gathered.run("report", "signed", "--output", "signed/inside").status == 2
