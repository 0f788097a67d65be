"""Processes of ours: kept from a terminal, and weighed together with the one that started them."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys

import pytest

from signstation.system import process

STARTER = """
import fcntl, os, signal, sys, termios
from signstation.system.programs import spawn
os.setsid()
if sys.argv[1] != "none":
    fcntl.ioctl(int(sys.argv[1]), termios.TIOCSCTTY, 0)
child = spawn(
    ("/bin/sleep", "600"), environment={}, descriptors=(), stderr=2, leader=sys.argv[2] == "leader"
)
session, group = os.getsid(child.pid), os.getpgid(child.pid)
print(session == os.getsid(0), session == child.pid, group == child.pid)
child.send(signal.SIGKILL)
child.close()
"""
"""Says whether a child is of its starter's session, leads one, and leads a group."""

BEHIND = """
import os
from signstation.system import process
before = os.nice(0)
os.setsid()
process.stand_behind()
print(os.nice(0) - before)
print(process.AUTOGROUP.read_text() if process.AUTOGROUP.exists() else "no groups")
"""


def said(*arguments: str, descriptors: tuple[int, ...] = ()) -> list[str]:
    """Run a script in a process of its own."""
    command = (sys.executable, "-c", *arguments)
    return subprocess.run(
        command, pass_fds=descriptors, capture_output=True, text=True, check=True
    ).stdout.split()


def test_without_a_terminal_children_stay_in_the_session() -> None:
    assert said(STARTER, "none", "any") == ["True", "False", "True"]


def test_without_a_terminal_a_leader_leads_one() -> None:
    assert said(STARTER, "none", "leader") == ["False", "True", "True"]


@pytest.mark.parametrize("leader", ["any", "leader"])
def test_with_a_terminal_children_leave_it(leader: str) -> None:
    master, slave = pty.openpty()
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the script ends as a terminal's leader
    try:
        found = said(STARTER, str(slave), leader, descriptors=(slave,))
    finally:
        signal.signal(signal.SIGHUP, before)
        os.close(master)
        os.close(slave)
    assert found == ["False", "True", "True"]


def test_a_station_stands_behind_its_window_as_a_whole() -> None:
    steps, *group = said(BEHIND)
    assert int(steps) == process.BEHIND
    # A kernel refuses whoever asks within 0.1 s of somebody else: then it is as it was.
    assert group == ["no", "groups"] or group[-1] in {str(process.BEHIND), "0"}
