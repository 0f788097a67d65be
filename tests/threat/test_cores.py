"""Killed as by a fault, no process of a run leaves a core file, even where the shell allows it."""

from __future__ import annotations

import os
import resource
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.station import Shell
from tests.threat.test_secrets_nowhere import PASSPHRASE, family

DUMPED = 0x80
"""Of an exit status (wait(2)): the process left a core."""
EXIT_CODE = 52
"""Which value of /proc/PID/stat is the exit status of a process that ended (proc(5))."""


@contextmanager
def cores_allowed() -> Iterator[None]:
    """Let processes that are started here leave cores of any size, as ``ulimit -c`` would."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    most = resource.RLIM_INFINITY if os.geteuid() == 0 else before[1]
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, (before[0], most))


def aborted(process: int, *more: signal.Signals) -> int:
    """Abort a process and return its exit status; whoever started it must not ask before."""
    watched = os.pidfd_open(process)
    try:
        for each in (signal.SIGABRT, *more):
            signal.pidfd_send_signal(watched, each)
        select.select([watched], [], [])
    finally:
        os.close(watched)
    state = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(") ")[2]
    return int(state.split()[EXIT_CODE - 3])


def test_no_process_leaves_a_core() -> None:
    """The station stands still meanwhile: it neither asks for its workers nor starts new ones."""
    shell = Shell()
    try:
        shell.release(rpm=False)
        shell.module_key(passphrase=PASSPHRASE)
        with cores_allowed(), shell.owned() as owner:
            arguments = ("sign", "release/hello.ko", "--key", "file:modules.pem", "--output", "out")
            done = shell.run(*arguments, secrets=[PASSPHRASE])
            assert done.status == 0, done.err
            os.kill(owner.pid, signal.SIGSTOP)
            _, *workers = family(owner.pid)
            assert workers, "the workers are gone, so that nothing would be looked at"
            statuses = [aborted(each) for each in workers]  # one may just have ended by itself
            assert signal.SIGABRT in statuses
            assert not any(each & DUMPED for each in statuses)
            assert aborted(owner.pid, signal.SIGCONT) == signal.SIGABRT
        assert [each for each in shell.root.rglob("core*") if each.is_file()] == []
    finally:
        shell.close()


def test_a_core_would_be_seen(tmp_path: Path) -> None:
    with cores_allowed():
        process = subprocess.Popen(
            [sys.executable, "-c", "input()"], cwd=tmp_path, stdin=subprocess.PIPE
        )
    try:
        assert aborted(process.pid) == signal.SIGABRT | DUMPED
    finally:
        process.kill()
        process.communicate()
