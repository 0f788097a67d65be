"""Several processes on one state directory: one owns it, the others are its clients."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path

import pytest

from signstation.app.home import SOCKET_NAME
from tests.e2e.conftest import Equipped
from tests.support.station import Shell


def test_clients_sign_and_verify_through_the_owner(equipped: Equipped, shell: Shell) -> None:
    keys = ("--key", equipped.openpgp, "--key", "file:modules.pem")
    with shell.owned() as process:
        assert (shell.home / SOCKET_NAME).stat().st_mode & 0o777 == 0o600
        shell.good("sign", "release", *keys)
        shell.good("verify", "signed")
        assert len(shell.good("job", "list", "--json").objects) == 1
        assert len(shell.good("key", "list", "--json").objects) == 2
        shell.good("inspect", "release")
        bad = shell.run("inspect", "missing")
        assert bad.status == 7
        assert process.poll() is None
    assert len(shell.good("job", "list", "--json").objects) == 1


def test_two_that_start_at_once_both_succeed(equipped: Equipped, shell: Shell) -> None:
    commands = [
        shell.start("sign", "release/hello.ko", "--key", "file:modules.pem", "--output", f"o{n}")
        for n in range(4)
    ]
    for each in commands:
        out, err = each.communicate(timeout=180)
        assert each.returncode == 0, (out, err)
    assert len(list(shell.work.glob("o*/hello.ko"))) == 4
    assert len(shell.good("job", "list", "--json").objects) == 4


def test_each_client_answers_its_own_prompt(equipped: Equipped, shell: Shell) -> None:
    shell.module_key("guarded", passphrase="right")
    order = ("sign", "release/hello.ko", "--key", "file:guarded.pem", "--json", "--output")
    with shell.owned():
        wrong = shell.start(*order, "wrong", secrets=["wrong"])
        right = shell.start(*order, "right", secrets=["right"])
        out, err = right.communicate(timeout=180)
        assert right.returncode == 0, (out, err)
        out, err = wrong.communicate(timeout=180)
        assert wrong.returncode == 5, (out, err)


def test_a_client_that_dies_leaves_its_job_running(equipped: Equipped, shell: Shell) -> None:
    with shell.owned():
        client = shell.start("sign", "release", "--key", "file:modules.pem", "--json")
        deadline = time.monotonic() + 180
        while "job" not in (listed := shell.good("job", "list", "--json").out):
            assert time.monotonic() < deadline
        client.kill()
        client.communicate()
        job = json.loads(listed.splitlines()[0])["job"]
        while (shown := shell.run("job", "show", str(job), "--json")).of_type("job")[0][
            "state"
        ] == "running":
            assert time.monotonic() < deadline
        assert {e["state"] for e in shown.of_type("artifact")} == {"done"}


def test_a_client_that_dies_at_its_prompt_cancels_it(equipped: Equipped, shell: Shell) -> None:
    shell.module_key("guarded", passphrase="right")
    with shell.owned():
        # No descriptor and no terminal: the prompt is dismissed, the job's step is cancelled.
        done = shell.run("sign", "release/hello.ko", "--key", "file:guarded.pem", "--json")
        assert done.status == 3
        (job,) = shell.good("job", "list", "--json").of_type("job")
        assert job["state"] == "cancelled"


def test_an_owner_that_ends_serves_the_orders_of_others_first(
    equipped: Equipped, shell: Shell
) -> None:
    with shell.owned() as process:
        client = shell.start("sign", "release", "--key", "file:modules.pem", "--json")
        deadline = time.monotonic() + 180
        while not shell.good("job", "list", "--json").objects:
            assert time.monotonic() < deadline
        assert process.stdin is not None
        process.stdin.write("end\n")
        process.stdin.flush()
        out, err = client.communicate(timeout=180)
        done = [json.loads(line) for line in out.splitlines() if '"type":"artifact"' in line]
        assert client.returncode == 5, (out, err)  # the RPM needs another key
        assert {each["state"] for each in done} == {"done"}
        assert process.wait(60) == 0
    assert not (shell.home / SOCKET_NAME).exists()


def test_a_killed_owner_is_told_and_replaced(equipped: Equipped, shell: Shell) -> None:
    with shell.owned() as process:
        process.kill()
        process.wait()
        assert (shell.home / SOCKET_NAME).exists()
        shell.good("key", "list")


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"GET / HTTP/1.0\r\n\r\n"])
def test_what_is_no_client_does_no_harm(equipped: Equipped, shell: Shell, content: bytes) -> None:
    with shell.owned():
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(Path(shell.home) / SOCKET_NAME))
            connection.sendall(content)
        shell.good("key", "list")
