"""``job show`` tells exactly what was done: the commands, told to the real tools, do the same."""

from __future__ import annotations

import hashlib
import shlex
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


def test_a_job_that_is_not_there_is_named(served: Equipped) -> None:
    done = served.shell.run("job", "show", "9")
    assert done.status == 2
    assert "there is no job 9" in done.err
