"""The journey of an HSM: its keys get certificates, and real tools take what they sign."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import x509
from tests.support.apt import update
from tests.support.aptrepo import Repository
from tests.support.softhsm import PIN, SoftHsm
from tests.support.station import Shell, built_rpm

KEY = "pkcs11:token=Release;object=release"
NAME = "Release HSM <hsm@example.org>"


@pytest.fixture(scope="module")
def hsm() -> Iterator[SoftHsm]:
    found = SoftHsm()
    found.token("Release")
    found.token("Spare")
    found.import_key("Release", "release", "01", x509.private_key("rsa2048"))
    found.import_key("Release", "curve", "02", x509.private_key("p256"))
    yield found
    found.close()


@pytest.fixture
def shell(hsm: SoftHsm) -> Iterator[Shell]:
    found = Shell()
    found.home.mkdir(mode=0o700)
    (found.home / "settings.toml").write_text(hsm.settings)
    with found.owned():
        yield found
    found.close()


def _certify(shell: Shell, form: str, *more: str, key: str = KEY, name: str = NAME) -> list[Path]:
    done = shell.good(
        "key", "certificate", form, "--key", key, "--name", name, "--output", "public", "--json",
        *more, secrets=[PIN],
    )  # fmt: skip
    return [Path(each["path"]) for each in done.of_type("file")]


def _tool(*command: str | Path) -> None:
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_key_in_an_hsm_signs_packages_and_repositories(shell: Shell) -> None:
    listed = {each["label"]: each for each in shell.good("key", "list", "--json").of_type("key")}
    assert listed["release"]["state"] == "active"
    assert listed["Spare"]["state"] == "locked"
    assert listed["release"]["protection"] == "hsm"
    armored, binary = _certify(shell, "openpgp")
    again = shell.run("key", "certificate", "openpgp", "--key", KEY, "--name", NAME, secrets=[PIN])
    assert again.status == 2
    shell.gnupg.gpg("--import", str(armored))

    name, content = built_rpm()
    (shell.work / name).write_bytes(content)
    now = int(time.time())
    top = shell.work / "repository"
    release = Repository(date=now - 60, until=now + 86400).write(top)
    shell.good("sign", name, "--key", KEY, "--output", "signed", secrets=[PIN])
    shell.good("sign", "repository", "--in-place", "--key", KEY, secrets=[PIN])
    verified = shell.good("verify", f"signed/{name}", str(release), "--json")
    assert {each["verdict"] for each in verified.of_type("verification")} == {"trusted"}

    database = shell.root / "rpmdb"
    _tool("rpmkeys", "--dbpath", database, "--import", armored)
    _tool("rpmkeys", "--dbpath", database, "--define", "_pkgverify_level all", "-K",
          shell.work / "signed" / name)  # fmt: skip
    _tool("gpgv", "--keyring", binary, release.with_name("InRelease"))
    status, says = update(top, binary.read_bytes())
    assert (status, "W:" in says, "Err:" in says) == (0, False, False), says


def test_a_key_in_an_hsm_signs_modules_and_files(shell: Shell) -> None:
    directory = shell.release(rpm=False)
    _certify(shell, "x509", "--usage", "modules", name="HSM modules")
    (module, *_) = sorted(directory.glob("*.ko"))
    shell.good("sign", module, "--key", KEY, "--output", "signed", secrets=[PIN])
    done = shell.good("verify", f"signed/{module.name}", "--json")
    assert [each["verdict"] for each in done.of_type("verification")] == ["trusted"]
    _tool("modinfo", shell.work / "signed" / module.name)

    curve = "pkcs11:token=Release;object=curve"
    pem, _ = _certify(shell, "x509", key=curve, name="HSM files")
    (shell.work / "file.txt").write_text("content\n")
    shell.good("sign", "file.txt", "--as", "blob:cms", "--key", curve, "--output", "signed",
               secrets=[PIN])  # fmt: skip
    _tool("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-CAfile", pem, "-purpose",
          "any", "-in", shell.work / "signed/file.txt.p7s", "-content", shell.work / "file.txt",
          "-out", "/dev/null")  # fmt: skip
    (request,) = _certify(shell, "request", key=curve)
    _tool("openssl", "req", "-verify", "-noout", "-in", request)


def test_a_wrong_pin_signs_nothing_and_the_next_right_one_does(shell: Shell) -> None:
    (shell.work / "file.txt").write_text("content\n")
    _certify(shell, "x509", name="HSM")
    order = ("sign", "file.txt", "--as", "blob:cms", "--key", KEY, "--output", "signed")
    refused = shell.run(*order, secrets=["000000"])
    assert refused.status == 3  # a wrong PIN from a descriptor is not tried again
    assert not list((shell.work / "signed").glob("*.p7s"))
    shell.good(*order, secrets=[PIN])
    assert (shell.work / "signed/file.txt.p7s").is_file()
