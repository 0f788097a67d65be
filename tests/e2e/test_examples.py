"""Every example of every --help works when it is typed as it stands; the demonstration too."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from signstation.cli.examples import EXAMPLES
from tests.support import x509
from tests.support.aptrepo import Repository
from tests.support.softhsm import PIN, SoftHsm
from tests.support.station import TIME, Shell, schema

DEMO = "signstation demo --output demo"
LINES = sorted({each.line for examples in EXAMPLES.values() for each in examples} - {DEMO})
REFUSED = {
    "signstation job cancel 1",
    "signstation job retry 1",
    "signstation station restore saved.backup --secret-fd 3 3<passphrase.txt",
}
"""Examples whose point needs a job in that state, or a station that is still empty."""


@pytest.fixture(scope="module")
def ready() -> Iterator[Shell]:
    """Give what the examples speak of: keys, a release, a signed directory, a profile."""
    shell = Shell()
    shell.release()
    shell.openpgp_key()
    shell.module_key("modules")
    shell.module_key("protected", passphrase="secret")
    (shell.work / "passphrase.txt").write_text("secret\n")
    (shell.work / "downloads").mkdir()
    (shell.work / "client").mkdir()
    release = Repository(date=TIME, more={"Acquire-By-Hash": "yes"}).write(shell.work / "debian")
    clear = shell.gnupg.gpg("--clearsign", stdin=release.read_bytes()).stdout
    release.with_name("InRelease").write_bytes(clear)
    release.unlink()
    (shell.work / "downloads" / "hello-1.0.iso").write_text("hello\n")
    hsm = SoftHsm()
    hsm.token("Release")
    hsm.import_key("Release", "release", "01", x509.private_key("rsa2048"))
    (shell.work / "pin.txt").write_text(f"{PIN}\n")
    settings = f'[profile.old]\nhash = "sha512"\n{hsm.settings}'
    (shell.home / "settings.toml").write_text(settings)
    keys = ("--key", "gpg:<release@example.org>", "--key", "file:modules.pem")
    shell.good("sign", "release", *keys, "--output", "signed")
    with shell.owned():
        yield shell
    shell.close()
    hsm.close()


@pytest.mark.parametrize("line", LINES)
def test_the_example_works(ready: Shell, line: str) -> None:
    if line.startswith("signstation sign release --key"):
        line += " --replace"  # what the fixture has signed already
    done = ready.script(line)
    if line in REFUSED:
        assert done.status == 2, done
        assert "Traceback" not in done.err
    else:
        assert done.status == 0, done


def test_the_demonstration_verifies_everything(shell: Shell) -> None:
    done = shell.script(DEMO)
    assert done.status == 0, done
    directory = shell.work / "demo"
    report = json.loads((directory / "report.json").read_text())
    schema("report").validate(report)
    assert {each["verdict"] for each in report["verifications"]} == {"trusted"}
    assert {each["format"] for each in report["verifications"]} == {"rpm", "kmod", "blob"}
    page = (directory / "report.html").read_text()
    assert "<script" not in page
    assert "Verified" in page
    assert (directory / "window.png").read_bytes().startswith(b"\x89PNG")
    assert not shell.home.exists()
    assert not list(shell.gnupg.path.glob("private-keys-v1.d/*"))
    assert shell.run("demo", "--output", "demo").status == 2
