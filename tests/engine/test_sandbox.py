"""What workers cannot do: each kind's sandbox is put on in a child, which then tries to break out.

A control child without a sandbox shows that each act would have worked, so that no row is empty.
"""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from signstation.system import landlock
from signstation.system.process import PATIENCE
from signstation.system.sandbox import WorkerKind
from signstation.system.syscalls import KERNEL, OTHER_PROCESSES
from tests.support.escape import DESTRUCTIVE
from tests.support.workers import run, workers

TREE = Path(__file__).resolve().parents[2]

READS = {
    "read a file of the user",
    "read another file of the user",
    "list a directory of the user",
}
WRITES = {
    "write a file",
    "make a file",
    "make a directory",
    "rename a file",
    "remove a file",
    "link a file",
    "truncate a file",
}
CHANGES = {"change a mode", "change a time"}
PROCESSES = {"fork", "start a program"}
SIGNALS = {"signal the parent"}
NETWORK = {"make an IP socket", "make a raw socket"}
LOCAL = {"make a local socket"}
CALLS = KERNEL.keys() | OTHER_PROCESSES.keys()

FORBIDDEN = {
    WorkerKind.CHECK: READS | WRITES | CHANGES | PROCESSES | SIGNALS | NETWORK | LOCAL | CALLS,
    WorkerKind.HASH: READS | WRITES | CHANGES | PROCESSES | SIGNALS | NETWORK | LOCAL | CALLS,
    WorkerKind.TOOL: WRITES | SIGNALS | NETWORK | LOCAL | CALLS,
    WorkerKind.KEY: NETWORK | CALLS,
}
REFUSALS = {"EPERM", "EACCES"}


def has_landlock() -> bool:
    """Say whether this kernel has it; the scope of signals came with version 6."""
    try:
        return landlock.version() > 0
    except OSError:
        return False


def try_all(layer: str, kind: WorkerKind, directory: Path) -> dict[str, str]:
    """Let a child give up its rights and try everything; return what came of it."""
    (directory / "inside").mkdir()
    for name in ("secret", "victim", "doomed"):
        (directory / name).write_bytes(b"content")
    child = subprocess.run(
        (sys.executable, "-m", "tests.support.escape", layer, kind.value, str(directory)),
        cwd=TREE,
        capture_output=True,
        check=True,
        timeout=60,
    )
    return {str(name): str(outcome) for name, outcome in json.loads(child.stdout).items()}


@pytest.fixture(scope="module")
def control(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What happens without any sandbox."""
    return try_all("none", WorkerKind.CHECK, tmp_path_factory.mktemp("control"))


@pytest.mark.parametrize("kind", list(WorkerKind))
def test_each_kind_of_worker_is_refused_what_it_does_not_need(
    kind: WorkerKind, tmp_path: Path, control: dict[str, str]
) -> None:
    outcome = try_all("all", kind, tmp_path)
    forbidden = set(FORBIDDEN[kind])
    if not has_landlock():
        forbidden -= READS | (WRITES | SIGNALS if kind is WorkerKind.TOOL else set())
    elif landlock.version() < 6 and kind is WorkerKind.TOOL:
        forbidden -= SIGNALS
    tried = forbidden & outcome.keys()
    assert {act: outcome[act] for act in tried if outcome[act] not in REFUSALS} == {}
    # the same acts without a sandbox: as root nothing is refused, otherwise what users may do
    meant = tried - DESTRUCTIVE - (set() if os.geteuid() == 0 else CALLS | {"make a raw socket"})
    assert {act: control[act] for act in meant if control[act] in REFUSALS} == {}


@pytest.mark.parametrize("kind", list(WorkerKind))
def test_each_kind_of_worker_can_still_do_its_work(kind: WorkerKind, tmp_path: Path) -> None:
    outcome = try_all("all", kind, tmp_path)
    needed = {"thread", "read own code"}
    if kind in {WorkerKind.TOOL, WorkerKind.KEY}:
        needed |= PROCESSES | READS | {"make a file in its own directory"}
    if kind is WorkerKind.KEY:
        needed |= LOCAL | WRITES  # agents, and the files of key stores
    assert {act: outcome[act] for act in needed if outcome[act] != "done"} == {}


def test_memory_of_parsers_is_bounded(tmp_path: Path, control: dict[str, str]) -> None:
    assert control["take 3 GiB"] == "done"
    assert try_all("all", WorkerKind.CHECK, tmp_path)["take 3 GiB"] == "ENOMEM"


def test_the_filter_alone_keeps_files_as_they_are(tmp_path: Path) -> None:
    """Kernels without Landlock."""
    outcome = try_all("seccomp", WorkerKind.CHECK, tmp_path)
    acts = WRITES | CHANGES | PROCESSES | SIGNALS | NETWORK | LOCAL | CALLS
    assert {act: outcome[act] for act in acts if outcome[act] not in REFUSALS} == {}
    assert (tmp_path / "secret").read_bytes() == b"content"


@pytest.mark.skipif(not has_landlock(), reason="this kernel has no Landlock")
def test_landlock_alone_keeps_files_as_they_are_and_unread(tmp_path: Path) -> None:
    """Containers that refuse filters."""
    outcome = try_all("landlock", WorkerKind.CHECK, tmp_path)
    acts = READS | WRITES | {"start a program", "make a file in its own directory"}
    assert {act: outcome[act] for act in acts if outcome[act] != "EACCES"} == {}
    assert (tmp_path / "secret").read_bytes() == b"content"
    assert outcome["read own code"] == "done"


@pytest.mark.skipif(not has_landlock(), reason="this kernel has no Landlock")
def test_one_file_that_may_be_opened_again_opens_no_other(tmp_path: Path) -> None:
    """The worker in which a library reads a large file by its path."""
    outcome = try_all("file", WorkerKind.CHECK, tmp_path)
    assert outcome["read a file of the user"] == "done"
    refused = FORBIDDEN[WorkerKind.CHECK] - {"read a file of the user"}
    assert {act: outcome[act] for act in refused if outcome[act] not in REFUSALS} == {}


@pytest.mark.skipif(platform.machine() != "x86_64", reason="x32 is a second ABI of x86_64")
def test_a_call_by_its_other_name_kills(tmp_path: Path) -> None:
    child = subprocess.run(
        (sys.executable, "-m", "tests.support.escape", "x32", "check", str(tmp_path)),
        cwd=TREE,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert child.returncode == -signal.SIGSYS


def status_of(pid: int) -> dict[str, str]:
    """Read /proc/PID/status."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def children() -> dict[int, list[str]]:
    """The worker processes of this one, by id, with their command lines."""
    found: dict[int, list[str]] = {}
    for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
        if "signstation.worker" in command:
            found[int(pid)] = command
    return found


def test_running_workers_are_confined_and_say_so(tmp_path: Path) -> None:
    async def work() -> None:
        async with workers(tmp_path, cores=1) as pools:
            protections = await pools.protections()
            assert set(protections) == set(WorkerKind)
            started = {command[4]: pid for pid, command in children().items()}
            assert set(started) == {kind.value for kind in WorkerKind}
            for kind, names in protections.items():
                status = status_of(started[kind.value])
                said = {each.name: each.state.value for each in names}
                assert (said["seccomp"] == "installed") == (status["Seccomp"] == "2")
                assert (said["no_new_privs"] == "installed") == (status["NoNewPrivs"] == "1")
                if kind is not WorkerKind.KEY:
                    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0
                    assert (said["landlock"] == "installed") == has_landlock()

    run(work())


@pytest.mark.skipif(os.geteuid() != 0, reason="a network namespace needs root here")
def test_tools_live_in_a_network_of_their_own(tmp_path: Path) -> None:
    async def work() -> None:
        async with workers(tmp_path, cores=1) as pools:
            said = {p.name: p.state.value for p in (await pools.protections())[WorkerKind.TOOL]}
            (tool,) = [pid for pid, command in children().items() if command[4] == "tool"]
            theirs = Path(f"/proc/{tool}/ns/net").readlink()
            other = theirs != Path("/proc/self/ns/net").readlink()
            assert other == (said["network namespace"] == "installed")

    run(work())


@pytest.mark.skipif(os.geteuid() != 0, reason="workers are closed to everybody but root")
def test_nothing_of_ours_is_in_a_worker_but_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its environment, arguments and open files."""
    for name in ("LD_LIBRARY_PATH", "PYTHONPATH", "RUST_BACKTRACE", "SSH_AUTH_SOCK"):
        monkeypatch.setenv(name, "/nowhere")
    leak = os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(leak, True)
    nicer = min(19, os.getpriority(os.PRIO_PROCESS, 0) + PATIENCE)

    async def work() -> None:
        async with workers(tmp_path, cores=1) as pools:
            await pools.protections()
            for pid, command in children().items():
                environment = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
                names = {each.partition("=")[0] for each in environment if each}
                assert names == {"HOME", "LC_ALL", "PATH", "TMPDIR", "TZ"}
                assert os.getpriority(os.PRIO_PROCESS, pid) == nicer
                assert len(command) == 8  # interpreter, -I, -m, module, kind, socket, parent, end
                links = [each.readlink() for each in Path(f"/proc/{pid}/fd").iterdir()]
                assert tmp_path not in links

    run(work())
    os.close(leak)


NOBODY = 65534
WATCH = """
import os, sys
from signstation.system.linux import PR_SET_DUMPABLE, prctl
from signstation.system.process import harden
os.setresgid({nobody}, {nobody}, {nobody})
os.setresuid({nobody}, {nobody}, {nobody})
prctl(PR_SET_DUMPABLE, 1)
if {hardened}:
    harden(os.getppid())
child = os.fork()
if child == 0:
    os.close(1)
    for name in ("mem", "environ", "maps"):
        try:
            open(f"/proc/{{os.getppid()}}/{{name}}", "rb").read(0)
        except PermissionError:
            continue
        os._exit(1)
    os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to become an ordinary user")
@pytest.mark.parametrize("hardened", [True, False])
def test_a_hardened_process_is_closed_to_others_of_the_same_user(*, hardened: bool) -> None:
    """The child inherits non-dumpable but looks from outside; unhardened, it gets in."""
    script = WATCH.format(nobody=NOBODY, hardened=hardened)
    child = subprocess.run(
        (sys.executable, "-c", script), capture_output=True, check=True, timeout=60, cwd=TREE
    )
    assert child.stdout == (b"0\n" if hardened else b"1\n")
