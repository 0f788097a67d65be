"""Passphrases on the command line: by descriptor and terminal, wrong, missing, never shown."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.station import PROGRAM, Shell

SECRET = "correct horse \u00e4"


@pytest.fixture(scope="module")
def protected() -> Iterator[Shell]:
    """Give a shell with three protected keys and a release."""
    shell = Shell()
    shell.release(rpm=False)
    shell.module_key(passphrase=SECRET)
    shell.good(
        "key", "generate", "x509", "--name", "files", "--algorithm", "p256", "--output", ".",
        secrets=[SECRET],
    )  # fmt: skip
    shell.openpgp_key(passphrase="other")
    with shell.owned():
        yield shell
    shell.close()


def sign(shell: Shell, name: str, *more: str) -> tuple[str, ...]:
    """Return the arguments that sign one module into a directory of its own."""
    shell.gnupg.kill_agent()  # what it remembers of the last test
    return ("sign", "release/hello.ko", "--output", f"out-{name}", *more)


CMS = ("--key", "file:modules.pem")
PGP = ("--as", "blob", "--key", "gpg:<release@example.org>")


def test_a_descriptor_gives_the_passphrase(protected: Shell) -> None:
    done = protected.run(*sign(protected, "fd", *CMS, "--json"), secrets=[SECRET])
    assert done.status == 0
    assert done.of_type("artifact")[0]["state"] == "done"


def test_two_keys_get_their_lines_in_the_order_of_the_arguments(protected: Shell) -> None:
    both = ("--as", "blob", "--key", "gpg:<release@example.org>", "--key", "file:files.pem")
    done = protected.run(*sign(protected, "both", *both), secrets=["other", SECRET])
    assert done.status == 0, done.err
    names = {each.name for each in (protected.work / "out-both").iterdir()}
    assert {"hello.ko.asc", "hello.ko.p7s"} <= names


@pytest.mark.parametrize("key", [CMS, PGP], ids=["file", "gpg"])
def test_a_wrong_passphrase_is_status_5_and_signs_nothing(
    protected: Shell, key: tuple[str, ...]
) -> None:
    name = f"wrong-{key[-1][:3]}"
    done = protected.run(*sign(protected, name, *key, "--json"), secrets=["wrong"])
    assert done.status == 5
    assert {each["code"] for each in done.of_type("error")} == {"key.passphrase-wrong"}
    assert {each["effect"] for each in done.of_type("error")} == {"unchanged"}
    assert not list(protected.work.glob(f"out-{name}/*"))


def test_too_few_lines_are_status_3_and_name_the_prompt(protected: Shell) -> None:
    done = protected.run(*sign(protected, "few", *CMS), secrets=[])
    assert done.status == 3
    assert f"passphrase file:{protected.work}/modules.pem" in done.err
    assert not list(protected.work.glob("out-few/*"))


def test_without_a_terminal_nobody_is_asked(protected: Shell) -> None:
    done = protected.run(*sign(protected, "nobody", *PGP))
    assert done.status == 3
    assert "There is no terminal" in done.err


def test_a_dry_run_foretells_the_prompt(protected: Shell) -> None:
    done = protected.good(*sign(protected, "dry", *CMS, "--dry-run", "--json"))
    (plan,) = done.of_type("plan")
    name = f"passphrase file:{protected.work}/modules.pem"
    assert plan["prompts"] == [{"name": name, "count": 1}]


def test_retry_asks_again(protected: Shell) -> None:
    failed = protected.run(*sign(protected, "retry", *CMS, "--json"), secrets=["wrong"])
    job = failed.of_type("artifact")[0]["job"]
    again = protected.run("job", "retry", str(job), "--json", secrets=[SECRET])
    assert again.status == 0
    assert again.of_type("artifact")[0]["attempts"] == 2
    assert (protected.work / "out-retry/hello.ko").exists()


def test_the_secret_is_nowhere(protected: Shell) -> None:
    process = protected.start(*sign(protected, "nowhere", *CMS), secrets=[SECRET])
    seen: set[bytes] = set()
    while process.poll() is None:
        for each in Path("/proc").glob("[0-9]*"):
            try:
                seen.add((each / "cmdline").read_bytes() + (each / "environ").read_bytes())
            except OSError:
                continue
    out, err = process.communicate()
    assert process.returncode == 0
    needle = SECRET.encode()
    assert not any(needle in each for each in seen)
    assert SECRET not in out + err
    for each in protected.home.rglob("*"):
        if each.is_file():
            assert needle not in each.read_bytes(), each


@contextmanager
def terminal(shell: Shell, *arguments: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run a command whose controlling terminal is ours."""
    master, slave = pty.openpty()
    # The first terminal that a session leader opens is its controlling one.
    line = f"exec <{os.ttyname(slave)} && exec {PROGRAM} " + " ".join(map(repr, arguments))
    process = subprocess.Popen(
        ["/bin/sh", "-c", line],
        cwd=shell.work,
        env=shell.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield master, process
    finally:
        process.kill()
        process.communicate()
        os.close(master)
        os.close(slave)


def expect(master: int, text: bytes) -> bytes:
    """Read from the terminal until ``text`` was shown and echo is off."""
    shown = b""
    deadline = time.monotonic() + 120
    while text not in shown or termios.tcgetattr(master)[3] & termios.ECHO:
        assert time.monotonic() < deadline, shown
        if select.select([master], [], [], 0.02)[0]:
            shown += os.read(master, 4096)
    return shown


def test_a_person_types_it_wrong_and_then_right(protected: Shell) -> None:
    with terminal(protected, *sign(protected, "typed", *CMS)) as (master, process):
        expect(master, b"Passphrase file:")
        os.write(master, b"wrong\n")
        expect(master, b"That was wrong. 2 tries left.")
        os.write(master, SECRET.encode() + b"\n")
        out, err = process.communicate(timeout=180)
    assert process.returncode == 0, err
    assert b"recheck passed" in out
    assert (protected.work / "out-typed/hello.ko").exists()


def test_ctrl_c_at_the_prompt_cancels_in_order(protected: Shell) -> None:
    with terminal(protected, *sign(protected, "ctrl-c", *CMS)) as (master, process):
        expect(master, b"Passphrase file:")
        os.write(master, b"\x03")
        _, err = process.communicate(timeout=180)
    assert process.returncode == 3, err
    assert b"Stopping in order" in err
    assert not list(protected.work.glob("out-ctrl-c/*"))


def test_a_new_passphrase_is_asked_for_twice(protected: Shell) -> None:
    arguments = ("key", "generate", "x509", "--name", "typed", "--algorithm", "p256")
    with terminal(protected, *arguments, "--output", ".") as (master, process):
        expect(master, b"New ")
        os.write(master, b"fresh\n")
        expect(master, b"The same again")
        os.write(master, b"fresh\n")
        _, err = process.communicate(timeout=180)
    assert process.returncode == 0, err
    key = ("--as", "blob:cms", "--key", "file:typed.pem")
    assert protected.run(*sign(protected, "fresh", *key), secrets=["fresh"]).status == 0
