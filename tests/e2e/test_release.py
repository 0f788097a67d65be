"""The journey of a release: keys, a directory of three kinds, sign, verify, tamper, refuse."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

from tests.e2e.conftest import Equipped
from tests.support.gnupg import GPGV, GnupgHome
from tests.support.station import Shell


def digests(directory: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a directory."""
    return {
        str(each.relative_to(directory)): hashlib.sha256(each.read_bytes()).hexdigest()
        for each in directory.rglob("*")
        if each.is_file()
    }


def change(path: Path, offset: int) -> None:
    """Change one byte."""
    content = bytearray(path.read_bytes())
    content[offset] ^= 1
    path.write_bytes(content)


def test_a_directory_is_signed_verified_and_found_tampered(served: Equipped) -> None:
    shell, before = served.shell, digests(served.release)
    keys = ("--key", "gpg:<release@example.org>", "--key", "file:modules.pem")
    signed = shell.good("sign", "release", *keys, "--json")
    artifacts = signed.of_type("artifact")
    assert {each["format"] for each in artifacts} == {"kmod", "rpm"}
    assert {each["state"] for each in artifacts} == {"done"}
    assert digests(served.release) == before
    for each in artifacts:
        content = Path(each["outputs"][0]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == each["sha256"]
    tarball = "release/hello-1.0.tar.gz"
    detached = ("--as", "blob:openpgp", "--output", "signed")
    shell.good("sign", tarball, *detached, "--key", served.openpgp)
    shutil.copy(shell.work / tarball, shell.work / "signed")

    verified = shell.good("verify", "signed", "--json").of_type("verification")
    assert {each["verdict"] for each in verified} == {"trusted"}
    assert sorted({each["format"] for each in verified}) == ["blob", "kmod", "rpm"]
    assert len(verified) == 5
    outcomes = {o["outcome"] for each in verified for o in each["opinions"]}
    assert outcomes <= {"accepts", "cannot"}
    for each in verified:
        assert any(o["outcome"] == "accepts" for o in each["opinions"]), each["path"]

    change(shell.work / "signed/hello.ko", 1000)
    change(shell.work / "signed/hello-1.0-1.noarch.rpm", -10)
    change(shell.work / "signed/hello-1.0.tar.gz", 50)
    tampered = shell.run("verify", "signed", "--json")
    assert tampered.status == 1
    verdicts = {Path(e["path"]).name: e["verdict"] for e in tampered.of_type("verification")}
    assert verdicts == {
        "hello.ko": "tampered",
        "hello-1.0-1.noarch.rpm": "tampered",
        "hello-1.0.tar.gz": "tampered",
        "hello_net.ko": "trusted",
        "hello_sensor.ko": "trusted",
    }


def test_a_stranger_verifies_with_the_exported_keys(equipped: Equipped, shell: Shell) -> None:
    keys = ("--key", equipped.openpgp, "--key", "file:modules.pem")
    shell.good("sign", "release", *keys)
    shell.good("key", "export", equipped.openpgp, "--output", "public")
    shell.good("key", "export", "file:modules.pem", "--output", "public")
    assert {each.name for each in (shell.work / "public").iterdir()} == {
        "release.asc",
        "release.gpg",
        "modules.pem",
        "modules.der",
    }
    shutil.rmtree(shell.home)
    unknown = shell.run("verify", "signed", "--json")
    assert unknown.status == 1
    assert {each["verdict"] for each in unknown.of_type("verification")} == {"untrusted"}
    trust = ("--trust", "public/release.asc", "--trust", "public/modules.der")
    shell.good("verify", "signed", *trust)
    with_one = shell.run("verify", "signed", "--trust", "public/modules.pem", "--json")
    verdicts = {each["format"]: each["verdict"] for each in with_one.of_type("verification")}
    assert verdicts == {"kmod": "trusted", "rpm": "untrusted"}


def test_the_verdict_is_that_of_the_named_time(served: Equipped, shell: Shell) -> None:
    output = ("--key", served.openpgp, "--output", "signed")
    shell.good("sign", "release/hello-1.0-1.noarch.rpm", *output)
    before = shell.run("verify", "signed", "--at", "2001-01-01", "--json")
    assert before.status == 1
    assert before.of_type("verification")[0]["verdict"] == "untrusted"
    assert before.of_type("verification")[0]["at"] == 978307200


def test_gpgv_accepts_a_pinned_time_and_both_armors(served: Equipped, shell: Shell) -> None:
    blob = ("release/hello.ko", "--as", "blob:openpgp", "--key", served.openpgp)
    shell.good("sign", *blob, "--output", "a", "--option", "armor=no")
    assert (shell.work / "a/hello.ko.sig").read_bytes()[0] & 0x80
    shell.good("sign", *blob, "--output", "b")
    keyring = shell.work / "keyring.gpg"
    keyring.write_bytes(shell.gnupg.export("release@example.org"))
    for signature in ("a/hello.ko.sig", "b/hello.ko.asc"):
        subprocess.run(
            [GPGV, "--keyring", keyring, signature, "release/hello.ko"],
            cwd=shell.work,
            check=True,
            capture_output=True,
        )


def test_the_same_time_gives_the_same_bytes(served: Equipped, shell: Shell) -> None:
    now = int(served.release.stat().st_mtime)
    # a checkpoint of the audit log is of its own time
    line = "signstation sign release/*.ko --key file:modules.pem --no-checkpoint --output"
    one = shell.script(f"{line} one", {"SOURCE_DATE_EPOCH": str(now)})
    two = shell.script(f"{line} two --time {now}")
    assert (one.status, two.status) == (0, 0)
    assert digests(shell.work / "one") == digests(shell.work / "two")


def test_in_place_replaces_the_files_themselves(served: Equipped, shell: Shell) -> None:
    path = shell.work / "release/hello.ko"
    path.chmod(0o640)
    shell.good("sign", "release/hello.ko", "--key", "file:modules.pem", "--in-place")
    assert path.read_bytes().endswith(b"~Module signature appended~\n")
    assert path.stat().st_mode & 0o777 == 0o640
    assert not (shell.work / "signed").exists()
    once = path.stat().st_size
    shell.good("sign", "release/hello.ko", "--key", "file:modules.pem", "--in-place")
    assert path.stat().st_size == once
    shell.good("verify", "release/hello.ko")


def test_subdirectories_are_kept_and_links_are_not_followed(served: Equipped, shell: Shell) -> None:
    (served.release / "hello-1.0-1.noarch.rpm").unlink()
    deep = served.release / "extra/deep"
    deep.mkdir(parents=True)
    (served.release / "hello_net.ko").rename(deep / "hello_net.ko")
    (served.release / "link.ko").symlink_to("hello.ko")
    (served.release / "out.ko").symlink_to("../modules.pem")
    done = shell.run("sign", "release", "--key", "file:modules.pem", "--json")
    assert done.status == 7  # the link that leads out
    assert {each["code"] for each in done.of_type("error")} == {"input.leaves-tree"}
    names = set(digests(shell.work / "signed"))
    modules = {"extra/deep/hello_net.ko", "hello.ko", "hello_sensor.ko"}
    assert names == modules | {"checkpoint.txt"}


def test_a_dry_run_signs_nothing(served: Equipped, shell: Shell) -> None:
    keys = ("--key", served.openpgp, "--key", "file:modules.pem")
    planned = shell.good("sign", "release", *keys, "--dry-run", "--json")
    (plan,) = planned.of_type("plan")
    assert (plan["artifacts"], plan["key_operations"], plan["prompts"]) == (4, 4, [])
    assert plan["skipped"] == [str(served.release / "hello-1.0.tar.gz")]
    assert not (shell.work / "signed").exists()
    assert shell.good("job", "list", "--json").objects == []


def test_a_profile_of_the_settings_gives_the_defaults(served: Equipped, shell: Shell) -> None:
    (shell.home / "settings.toml").write_text(
        f'[profile.files]\nkeys = ["{served.openpgp}"]\nas = "blob:openpgp"\n'
        'options = {armor = "no"}\n'
    )
    shell.good("sign", "release/hello.ko", "--profile", "files", "--output", "signed")
    assert (shell.work / "signed/hello.ko.sig").exists()
    assert shell.run("sign", "release", "--profile", "missing").status == 2


def test_the_summary_names_what_was_signed_and_what_was_not(served: Equipped, shell: Shell) -> None:
    done = shell.run("sign", "release", "--key", "file:modules.pem")
    assert done.status == 5
    assert done.out.count("signed, recheck passed") == 3
    assert done.out.count("cms · RSA-2048 · SHA-256 by file:") == 3
    assert "release/hello.ko" in done.out
    assert "no passphrase" in done.out
    assert "has no openpgp certificate" in done.err
    assert "hello-1.0-1.noarch.rpm" in done.err


def test_an_existing_gnupg_key_signs_and_is_not_trusted_by_that(shell: Shell) -> None:
    shell.release(rpm=False)
    key = shell.gnupg.generate(name="Other <other@example.org>")
    blob = ("--as", "blob", "--in-place")
    shell.good("sign", "release/hello.ko", *blob, "--key", f"gpg:{key.primary}")
    done = shell.run("verify", "release/hello.ko.asc", "--json")
    assert done.status == 1
    judged = {each["format"]: each["verdict"] for each in done.of_type("verification")}
    assert judged == {"kmod": "unsigned", "blob": "untrusted"}


def test_a_key_is_imported_pinned_and_used(served: Equipped, shell: Shell) -> None:
    with GnupgHome() as elsewhere:
        key = elsewhere.generate(name="Moved <moved@example.org>")
        (shell.work / "moved.key").write_bytes(elsewhere.export_secret(key.primary))
    shell.good("key", "import", "moved.key")
    shell.good("key", "import", "modules.pem")
    listed = shell.good("key", "list", "--json").of_type("key")
    assert {each["label"] for each in listed} >= {"Moved <moved@example.org>", "modules"}
    package = ("release/hello-1.0-1.noarch.rpm", "--output", "signed")
    shell.good("sign", *package, "--key", "gpg:<moved@example.org>")
    shell.good("verify", "signed")
