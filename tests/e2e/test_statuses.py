"""Every exit status, and every kind of bad input, by a real command."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.e2e.conftest import Equipped
from tests.support.station import Shell


def parts(err: str) -> list[str]:
    """Return the labels of the parts of a message."""
    lines = [line.strip() for line in err.splitlines()]
    return [line.split(":")[0] for line in lines if ":" in line]


def test_0_is_good(shell: Shell) -> None:
    assert shell.run("job", "list").status == 0


def test_1_is_a_verdict_and_malformed_files(served: Equipped, shell: Shell) -> None:
    assert shell.run("verify", "release/hello.ko").status == 1
    (shell.work / "broken.rpm").write_bytes(
        (served.release / "hello-1.0-1.noarch.rpm").read_bytes()[:2000]
    )
    done = shell.run("verify", "broken.rpm", "--as", "rpm")
    assert done.status == 1
    refused = shell.run("sign", "broken.rpm", "--as", "rpm", "--key", served.openpgp)
    assert refused.status == 1
    assert {"Effect", "Details"} <= set(parts(refused.err))


def test_2_is_usage(served: Equipped, shell: Shell) -> None:
    assert shell.run("sign", "release").status == 2
    assert shell.run("sign", "release", "--key", "nonsense").status == 2
    assert shell.run("sign", "release", "--key", "abc:def").status == 2
    key = ("--key", "file:modules.pem")
    assert shell.run("sign", "release", *key, "--in-place", "--output", "x").status == 2
    assert shell.run("sign", "release", *key, "--as", "no-such").status == 2
    assert shell.run("verify", "release", "--as", "no-such").status == 2
    (shell.work / "empty").mkdir()
    assert shell.run("verify", "empty").status == 2
    shell.good("sign", "release/hello.ko", *key, "--output", "out")
    taken = shell.run("sign", "release/hello.ko", *key, "--output", "out")
    assert taken.status == 2
    assert "exists already" in taken.err
    shell.good("sign", "release/hello.ko", *key, "--output", "out", "--replace")


def test_4_is_policy(equipped: Equipped, shell: Shell) -> None:
    key = ("--key", "file:modules.pem", "--output", "out")
    done = shell.run("sign", "release/hello.ko", *key, "--time", "2001-01-01", "--json")
    assert done.status == 4
    assert {each["code"] for each in done.of_type("error")} == {"policy.time-refused"}
    assert not list(shell.work.glob("out/*"))


def test_5_is_a_key(shell: Shell) -> None:
    shell.release(rpm=False)
    done = shell.run("sign", "release", "--key", "file:missing.pem")
    assert done.status == 5
    assert parts(done.err)[0] == "signstation"
    assert shell.run("sign", "release", "--key", f"gpg:{'A' * 40}").status == 5
    (shell.work / "no.pem").write_text(
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"
    )
    assert shell.run("sign", "release", "--key", "file:no.pem").status == 5


def test_7_is_a_path(served: Equipped, shell: Shell) -> None:
    assert shell.run("verify", "missing").status == 7
    os.mkfifo(shell.work / "pipe")
    assert shell.run("verify", "pipe").status == 7
    assert shell.run("verify", "release", "--trust", "pipe").status == 7
    assert shell.run("inspect", "pipe", "missing", "release/hello.ko").status == 7
    assert shell.run("key", "import", "missing.pem").status == 7


def test_8_is_this_machine(shell: Shell) -> None:
    shell.good("job", "list")
    for each in shell.home.glob("journal.db*"):
        each.write_bytes(b"nonsense " * 1000)
    damaged = shell.run("job", "list", "--json")
    assert damaged.status == 8
    assert damaged.of_type("error")[0]["code"].startswith("host.store")


def test_the_first_status_of_many_wins_and_every_line_is_printed(
    served: Equipped, shell: Shell
) -> None:
    paths = ("release/hello.ko", "missing", "release/hello_net.ko")
    done = shell.run("sign", *paths, "--key", "file:modules.pem", "--output", "out", "--json")
    assert done.status == 7
    assert len(done.of_type("artifact")) == 2
    assert [each["path"] for each in done.of_type("error")] == [str(shell.work / "missing")]


def test_hostile_names_are_refused_and_shown_escaped(served: Equipped, shell: Shell) -> None:
    module = (served.release / "hello.ko").read_bytes()
    odd = shell.work / "odd"
    odd.mkdir()
    names = ("\x1b[2Jred.ko", "gnp\u202egnp.ko", "\u200bhidden.ko", "\udcff.ko", "line\nbreak.ko")
    for name in names:
        (odd / name).write_bytes(module)
    (odd / "-rf.ko").write_bytes(module)
    (odd / "<img src=x>&a;$(reboot).ko").write_bytes(module)
    done = shell.run("sign", "odd", "--key", "file:modules.pem", "--output", "out")
    assert done.status == 7
    assert len(list((shell.work / "out").glob("*.ko"))) == 2
    for hidden in "\x1b\u202e\u200b":
        assert hidden not in done.out + done.err
    shell.good("verify", "out")


def test_bytes_that_are_no_module_are_refused(served: Equipped, shell: Shell) -> None:
    for name, content in {
        "empty.ko": b"",
        "noise.ko": os.urandom(5000),
        "elf.ko": Path("/usr/bin/true").read_bytes(),
        "module.ko.gz": b"\x1f\x8b" + bytes(100),
    }.items():
        (shell.work / name).write_bytes(content)
        done = shell.run("sign", name, "--as", "kmod", "--key", "file:modules.pem", "--json")
        assert done.status == 1, (name, done)
        assert done.of_type("error")[0]["effect"] == "unchanged"
        assert not (shell.work / "signed").exists()
    whole = (served.release / "hello.ko").read_bytes()
    (shell.work / "cut.ko").write_bytes(whole[: len(whole) // 2])
    assert shell.run("sign", "cut.ko", "--as", "kmod", "--key", "file:modules.pem").status == 1


def test_a_full_disk_is_said_and_leaves_nothing(equipped: Equipped, shell: Shell) -> None:
    (shell.work / "small").mkdir()
    order = "release/hello.ko --key file:modules.pem --output small/out --json"
    done = shell.with_mounts(
        "mount -t tmpfs -o size=32k tmpfs small",
        f"signstation sign {order}; status=$?; find small -type f >&2; exit $status",
    )
    assert done.status == 8, done
    assert {each["code"] for each in done.of_type("error")} == {"host.disk-full"}
    assert done.err == ""


def test_a_target_that_cannot_be_written_is_said(equipped: Equipped, shell: Shell) -> None:
    (shell.work / "still").mkdir()
    done = shell.with_mounts(
        "mount -t tmpfs -o ro tmpfs still",
        "signstation sign release/hello.ko --key file:modules.pem --output still/out --json",
    )
    assert done.status == 8, done
    assert {each["code"] for each in done.of_type("error")} == {"host.not-writable"}


def test_6_is_a_tool(shell: Shell) -> None:
    done = shell.with_mounts(
        "mount --bind /dev/null /usr/bin/gpg",
        "signstation key generate openpgp --name 'A <a@example.org>' --protect none",
    )
    assert done.status == 6, done
    assert "Install the package" in done.err


def test_a_second_opinion_that_is_missing_changes_nothing(equipped: Equipped, shell: Shell) -> None:
    shell.good("sign", "release/hello.ko", "--key", "file:modules.pem", "--output", "out")
    shutil.rmtree(shell.work / "release")
    assert shell.good("verify", "out").out.startswith("Verified: out/hello.ko")


@pytest.mark.parametrize("command", ["inspect", "verify"])
def test_output_that_nobody_reads_ends_quietly(
    served: Equipped, shell: Shell, command: str
) -> None:
    done = shell.script(f"signstation {command} release | head -n 1; exit ${{PIPESTATUS[0]}}")
    assert done.status in {0, 1, 3}
    assert "Traceback" not in done.err
