"""Starting programs: found only where nobody else can put them, bounded in time and output."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from signstation.errors import Cancelled, ToolMissing, ToolTimedOut
from signstation.system import programs
from signstation.system.programs import MAX_OUTPUT, Programs

SCRIPT = "#!/bin/sh\necho found\n"


@pytest.fixture
def found(tmp_path: Path) -> Programs:
    """Look into a private directory before the system's."""
    return Programs(tmp_path, (tmp_path / "tools",))


@pytest.fixture
def tool(tmp_path: Path) -> Path:
    """Put a program into the private directory."""
    path = tmp_path / "tools" / "signstation-test-tool"
    path.parent.mkdir(mode=0o755)
    path.write_text(SCRIPT)
    path.chmod(0o755)
    return path


def test_a_program_of_ours_is_found_and_run(found: Programs, tool: Path) -> None:
    assert found.find(tool.name) == tool
    assert found.run(tool.name, ()).stdout == b"found\n"


def test_path_is_not_consulted(tool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tool.parent))
    with pytest.raises(ToolMissing):
        Programs(tmp_path).find(tool.name)


@pytest.mark.parametrize("mode", [0o757, 0o775, 0o644])
def test_a_program_that_others_can_write_or_nobody_can_run_is_not_found(
    found: Programs, tool: Path, mode: int
) -> None:
    tool.chmod(mode)
    if mode == 0o775 and os.geteuid() == 0:
        os.chown(tool, -1, 12345)  # a group that is not root's
    with pytest.raises(ToolMissing):
        found.find(tool.name)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_program_of_somebody_else_is_not_found(found: Programs, tool: Path) -> None:
    os.chown(tool, 12345, -1)
    with pytest.raises(ToolMissing):
        found.find(tool.name)


def test_a_directory_that_others_can_write_is_not_used(found: Programs, tool: Path) -> None:
    tool.parent.chmod(0o777)
    with pytest.raises(ToolMissing):
        found.find(tool.name)


def test_a_link_is_judged_by_where_it_leads(found: Programs, tool: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o777)
    elsewhere.chmod(0o777)
    target = elsewhere / "target"
    target.write_text(SCRIPT)
    target.chmod(0o755)
    tool.unlink()
    tool.symlink_to(target)
    with pytest.raises(ToolMissing):
        found.find(tool.name)


@pytest.mark.parametrize("name", ["../bin/sh", "/bin/sh", "sub/sh"])
def test_a_name_is_not_a_path(found: Programs, name: str) -> None:
    with pytest.raises(ToolMissing):
        found.find(name)


def test_a_missing_program_names_its_package(found: Programs) -> None:
    with pytest.raises(ToolMissing) as caught:
        found.find("signstation-absent")
    assert caught.value.package == "signstation-absent"


def test_the_environment_is_neutral(
    found: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LD_PRELOAD", "PYTHONPATH", "GPG_AGENT_INFO", "RUST_BACKTRACE", "QT_PLUGIN_PATH"):
        monkeypatch.setenv(name, "")
    done = found.run("env", (), environment={"GNUPGHOME": "/g"})
    assert sorted(done.stdout.decode().splitlines()) == [
        "GNUPGHOME=/g",
        f"HOME={tmp_path}",
        "LC_ALL=C.UTF-8",
        "PATH=/usr/bin:/usr/sbin:/bin:/sbin",
        "TZ=UTC",
    ]


def test_input_outputs_and_status_come_through(found: Programs, tmp_path: Path) -> None:
    done = found.run("sh", ("-c", "cat; echo oops >&2; pwd >&2; exit 7"), stdin=b"in", cwd=tmp_path)
    assert (done.status, done.stdout) == (7, b"in")
    assert done.stderr == f"oops\n{tmp_path}\n".encode()
    assert done.command[0].endswith("/sh")
    assert done.command[1] == "-c"


def test_a_signal_is_a_negative_status(found: Programs) -> None:
    assert found.run("sh", ("-c", "kill -SEGV $$"), timeout=10).status == -11


def test_large_input_and_output_do_not_block_one_another(found: Programs) -> None:
    data = bytes(3 * 1024 * 1024)
    assert found.run("cat", (), stdin=data).stdout == data


def test_output_is_bounded(found: Programs) -> None:
    done = found.run("head", ("-c", str(MAX_OUTPUT + 1000), "/dev/zero"))
    assert (done.status, len(done.stdout)) == (0, MAX_OUTPUT)


def test_input_that_nobody_reads_is_no_error(found: Programs) -> None:
    assert found.run("true", (), stdin=bytes(1024 * 1024)).status == 0


def test_descriptors_are_passed_and_others_closed(found: Programs, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    passed = os.open(tmp_path / "file", os.O_RDONLY)
    kept = os.open(tmp_path / "file", os.O_RDONLY)
    os.set_inheritable(kept, True)
    script = f"cat /proc/self/fd/{passed}; test -e /proc/self/fd/{kept} || echo closed"
    done = found.run("sh", ("-c", script), descriptors=(passed,))
    os.close(passed)
    os.close(kept)
    assert done.stdout == b"contentclosed\n"


def alive(pid: int) -> bool:
    """Say whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pid: int) -> bool:
    """Wait up to three seconds for a process to go."""
    deadline = time.monotonic() + 3
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(pid)


def test_a_program_that_takes_too_long_is_ended_with_its_children(
    found: Programs, tmp_path: Path
) -> None:
    script = f"sleep 60 & echo $! > {tmp_path}/child; wait"
    with pytest.raises(ToolTimedOut) as caught:
        found.run("sh", ("-c", script), timeout=0.3)
    assert caught.value.program == "sh"
    assert gone(int((tmp_path / "child").read_text()))


def test_a_program_that_ignores_term_is_killed(
    found: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "GRACE", 0.2)
    began = time.monotonic()
    with pytest.raises(ToolTimedOut):
        found.run("sh", ("-c", "trap '' TERM; while :; do sleep 0.05; done"), timeout=0.2)
    assert time.monotonic() - began < 3


def test_a_child_that_holds_the_output_open_does_not_hold_us(found: Programs) -> None:
    began = time.monotonic()
    assert found.run("sh", ("-c", "sleep 60 & echo done")).stdout == b"done\n"
    assert time.monotonic() - began < 3


def test_somebody_who_wants_it_to_stop_is_heard(tmp_path: Path) -> None:
    def interrupt() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        Programs(tmp_path, (), interrupt).run("sleep", ("60",))


def test_a_program_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    """The starter is killed before it can end anything itself."""
    code = (
        "from pathlib import Path; from signstation.system.programs import Programs;"
        f"Programs(Path('/')).run('sh', ('-c', 'echo $$ > {tmp_path}/pid; exec sleep 60'))"
    )
    child = os.posix_spawn(sys.executable, (sys.executable, "-I", "-c", code), dict(os.environ))
    deadline = time.monotonic() + 10
    while not (tmp_path / "pid").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.1)
    os.kill(child, 9)
    os.waitpid(child, 0)
    assert gone(int((tmp_path / "pid").read_text()))
