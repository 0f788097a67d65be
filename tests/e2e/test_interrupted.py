"""kill -9 in the middle, and what the next process makes of it."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from contextlib import suppress
from pathlib import Path

import pytest

from signstation.app.demo_release import kernel_module
from tests.support.station import Shell

COUNT = 40


def many(shell: Shell) -> None:
    """Make a directory of modules, and a key."""
    directory = shell.work / "many"
    directory.mkdir()
    for number in range(COUNT):
        name = f"module{number:03}"
        (directory / f"{name}.ko").write_bytes(kernel_module(name, "One of many"))
    shell.module_key("slow")


def published(shell: Shell) -> list[Path]:
    """Return the files that are there under their final names."""
    return sorted((shell.work / "signed").glob("*.ko"))


def kill_in_the_middle(shell: Shell, after: int) -> None:
    """Start signing and kill the station and all its workers once ``after`` files are there."""
    process = shell.start("sign", "many", "--key", "file:slow.pem")
    deadline = time.monotonic() + 180
    while len(published(shell)) < after:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.001)
    process.kill()
    process.communicate()


@pytest.mark.parametrize("after", [0, 3])
def test_killed_in_the_middle_it_is_finished_by_resume(shell: Shell, after: int) -> None:
    many(shell)
    if after:
        kill_in_the_middle(shell, after)
    else:
        kill_when_journalled(shell)
    assert len(published(shell)) < COUNT
    for each in published(shell):
        assert each.read_bytes().endswith(b"~Module signature appended~\n")
    resumed = shell.run("job", "resume", "--json")
    assert resumed.status == 0, resumed
    shown = shell.good("job", "show", "1", "--json")
    assert shown.of_type("job")[0]["state"] == "done"
    assert {each["state"] for each in shown.of_type("artifact")} == {"done"}
    assert len(published(shell)) == COUNT
    verified = shell.good("verify", "signed/module001.ko", "signed/module039.ko", "--json")
    assert {e["verdict"] for e in verified.of_type("verification")} == {"trusted"}
    assert not [each for each in shell.work.rglob(".signstation-*") if each.exists()]


def kill_when_journalled(shell: Shell) -> None:
    """Kill as soon as the job is in the journal."""
    process = shell.start("sign", "many", "--key", "file:slow.pem")
    deadline = time.monotonic() + 180
    while not jobs_in(shell.home / "journal.db"):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.001)
    process.kill()
    process.communicate()


def jobs_in(journal: Path) -> int:
    """Count the jobs in a journal, from outside."""
    with suppress(sqlite3.Error):
        connection = sqlite3.connect(f"file:{journal}?mode=ro", uri=True, timeout=1)
        try:
            return int(connection.execute("SELECT count(*) FROM job").fetchone()[0])
        finally:
            connection.close()
    return 0


def test_ctrl_c_cancels_in_order_and_retry_finishes(shell: Shell) -> None:
    many(shell)
    process = shell.start("sign", "many", "--key", "file:slow.pem", "--json")
    deadline = time.monotonic() + 180
    while len(published(shell)) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=180)
    assert process.returncode == 3, (out, err)
    shown = shell.run("job", "show", "1", "--json")
    states = {each["state"] for each in shown.of_type("artifact")}
    assert states <= {"done", "cancelled"}
    assert "cancelled" in states
    done = [each for each in shown.of_type("artifact") if each["state"] == "done"]
    assert len(done) == len(published(shell))
    again = shell.run("job", "retry", "1", "--json")
    assert again.status == 0, again
    assert len(published(shell)) == COUNT
