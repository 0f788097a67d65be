"""Air gap, the default: a whole run makes no network socket, in no process, as strace sees it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.support.station import MAIL, PROGRAM, Shell

NETWORK = re.compile(r"socket\((AF_(?!UNIX|LOCAL)\w+)")


def traced(shell: Shell, trace: Path, *command: str) -> str:
    """Run a command and everything that it starts under strace; return the calls."""
    done = subprocess.run(
        (
            "/usr/bin/strace", "-f", "-qq", "-e", "trace=socket,connect,execve",
            "-o", str(trace), *command,
        ),
        cwd=shell.work,
        env=shell.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return trace.read_text(encoding="utf-8", errors="replace")


def test_signing_and_verifying_make_no_network_socket(tmp_path: Path) -> None:
    """Also in the workers and in the tools that give the second opinion."""
    shell = Shell()
    try:
        shell.release(rpm=False)
        shell.module_key()
        for arguments in (
            ("sign", "release/hello.ko", "--key", "file:modules.pem", "--output", "out"),
            ("verify", "out/hello.ko"),
        ):
            calls = traced(shell, tmp_path / arguments[0], str(PROGRAM), *arguments)
            assert "signstation.worker" in calls, "the workers were not followed"
            assert "AF_UNIX" in calls
            assert set(NETWORK.findall(calls)) == set()
    finally:
        shell.close()


def test_a_package_and_a_gnupg_key_make_no_network_socket(tmp_path: Path) -> None:
    """Also in GnuPG and its agent, and in rpmkeys."""
    shell = Shell()
    try:
        shell.release()
        shell.openpgp_key()
        package = "hello-1.0-1.noarch.rpm"
        for arguments in (
            ("sign", f"release/{package}", "--key", f"gpg:<{MAIL}>", "--output", "out"),
            ("verify", f"out/{package}"),
        ):
            calls = traced(shell, tmp_path / arguments[0], str(PROGRAM), *arguments)
            assert "gpg" in calls, "GnuPG was not followed"
            assert set(NETWORK.findall(calls)) == set()
    finally:
        shell.close()


def test_a_network_socket_would_be_seen(tmp_path: Path) -> None:
    shell = Shell()
    try:
        code = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"
        inner = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()"
        calls = traced(shell, tmp_path / "control", sys.executable, "-c", code, inner)
        assert NETWORK.findall(calls) == ["AF_INET"]
    finally:
        shell.close()
