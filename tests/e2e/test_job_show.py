"""``job show`` tells exactly what was done: the commands, told to the real tools, do the same."""

from __future__ import annotations

import hashlib
import shlex
import shutil
import subprocess
from pathlib import Path

from tests.e2e.conftest import Equipped


def test_a_job_is_shown_whole(served: Equipped) -> None:
    shell = served.shell
    keys = ("--key", served.openpgp, "--key", "file:modules.pem")
    shell.good("sign", "release", *keys)
    done = shell.good("job", "show", "1", "--json")
    (job,), (order,) = done.of_type("job"), done.of_type("order")
    assert order["request"] == job["request"]
    assert [each["key"] for each in order["signers"]] == job["keys"]
    assert order["caller"]["surface"] == "command line"
    groups = {each["format"]: each for each in order["groups"]}
    assert groups["kmod"]["artifacts"] == 3
    assert groups["kmod"]["commands"][0][0].endswith("sign-file")
    assert groups["rpm"]["commands"][0][0] == "rpmsign"
    for each in done.of_type("artifact"):
        assert hashlib.sha256(Path(each["outputs"][0]).read_bytes()).hexdigest() == each["sha256"]
        assert {"hash", "key", "recheck"} <= set(each["counters"])

    text = shell.good("job", "show", "1").out
    for each in done.of_type("artifact"):
        assert each["sha256"] in text
    for group in groups.values():
        for command in group["commands"]:
            assert f"$ {shlex.join(command)}" in text
    assert "signing with the key" in text
    assert order["signers"][0]["spki_sha256"] in text


def test_the_shown_command_makes_the_same_module(served: Equipped) -> None:
    shell = served.shell
    shell.good("sign", "release/hello.ko", "--key", "file:modules.pem", "--output", "signed")
    done = shell.good("job", "show", "1", "--json")
    (command,) = done.of_type("order")[0]["groups"][0]["commands"]
    program = next(Path("/usr/lib").glob("linux-kbuild-*/scripts/sign-file"))
    copy = shell.work / "copy.ko"
    copy.write_bytes((shell.work / "release/hello.ko").read_bytes())
    meant = {"FILE": str(copy), "CERTIFICATE": str(shell.work / "modules.crt")}
    words = [meant.get(each, each) for each in command[1:]]
    subprocess.run([program, *words], check=True, cwd=shell.work, capture_output=True)
    assert copy.read_bytes() == (shell.work / "signed/hello.ko").read_bytes()


PACKERS = {
    "xz": ("xz", "--check=crc32", "--lzma2=dict=1MiB"),
    "zst": ("zstd", "--rm", "-q"),
    "gz": ("gzip", "-n"),
}


def test_the_shown_commands_make_the_same_compressed_modules(served: Equipped) -> None:
    """Unpacked, signed inside and packed again by the programs themselves, in the kernel's form."""
    shell, tree = served.shell, served.shell.work / "packed"
    tree.mkdir()
    for name, packer in PACKERS.items():
        plain = tree / f"{name}-hello.ko"
        shutil.copy(shell.work / "release/hello.ko", plain)
        subprocess.run([*packer, str(plain)], check=True)
    shell.good("sign", "packed", "--key", "file:modules.pem", "--output", "signed")
    groups = shell.good("job", "show", "1", "--json").of_type("order")[0]["groups"]
    assert [len(each["commands"]) for each in groups] == [3, 3, 3]
    program = next(Path("/usr/lib").glob("linux-kbuild-*/scripts/sign-file"))
    for group in groups:
        module = tree / Path(group["first"]).stem
        meant = {"sign-file": str(program), "FILE": str(module)}
        meant["CERTIFICATE"] = str(shell.work / "modules.crt")
        meant |= {f"FILE.{name}": f"{module}.{name}" for name in PACKERS}
        for command in group["commands"]:
            words = [meant.get(each, each) for each in command]
            subprocess.run(words, check=True, cwd=shell.work, capture_output=True)
        made, ours = tree / group["first"], shell.work / "signed" / group["first"]
        opener = {".xz": "xz", ".zst": "zstd", ".gz": "gzip"}[made.suffix]
        inside = [
            subprocess.run([opener, "-dc", each], check=True, capture_output=True).stdout
            for each in (made, ours)
        ]
        assert inside[0] == inside[1]
    verified = shell.good("verify", "packed", "--json").of_type("verification")
    assert [each["verdict"] for each in verified] == ["trusted"] * 3
    # in the form that the kernel takes: nothing is said against it
    assert not [
        c for each in verified for c in each["checks"] if c["code"] == "kmod.compressed-form"
    ]
    for name in ("xz", "zst"):
        module = tree / f"{name}-hello.ko.{name}"
        shown = subprocess.run(["modinfo", module], check=True, capture_output=True, text=True)
        assert "sig_key:" in shown.stdout


def test_a_job_that_is_not_there_is_named(served: Equipped) -> None:
    done = served.shell.run("job", "show", "9")
    assert done.status == 2
    assert "there is no job 9" in done.err
