"""packaging/run and packaging/test: what they install, and what they say when they cannot go on.

The scripts run for real, in a copy of the tree, against a host whose programs (dpkg-query, apt-get,
df, id ...) are stand-ins that answer as the real ones do.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGING = Path(__file__).resolve().parents[2] / "packaging"

HOST_TOOLS = (
    *("awk", "cat", "cut", "dirname", "env", "flock", "getent", "grep", "head", "mktemp", "printf"),
    *("rm", "runuser", "sed", "sha256sum", "sort", "stat", "tail", "tee", "tr", "uname"),
)
"""What the scripts may take from a bare Debian besides the stand-ins."""

ROOT = {"id": "echo 0"}
PERSON = {"id": "echo 1000"}
PLENTY = {"df": "printf 'Filesystem\\nx 0 0 99999999 0 /\\n'"}
NOTHING_INSTALLED = {"dpkg-query": "exit 1"}
ARCHIVE = {"apt-cache": "[ $1 = policy ] && echo '  Candidate: 1.0'; exit 0"}
WORKING_APT = {"apt-get": "exit 0"}

NO_NETWORK = "echo 'W: Failed to fetch x  Temporary failure resolving x'; [ $2 = update ]"


@dataclass(frozen=True, slots=True)
class Host:
    """A copy of packaging/ on a host that has only the programs given."""

    tree: Path
    programs: Path

    def has(self, *stand_ins: Mapping[str, str]) -> Host:
        """Put shell stand-ins on the host."""
        for name, body in ((k, v) for group in stand_ins for k, v in group.items()):
            program = self.programs / name
            program.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
            program.chmod(0o755)
        return self

    def run(self, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of the scripts without a terminal."""
        return subprocess.run(
            ("/bin/sh", self.tree / "packaging" / script, *arguments),
            env={"PATH": str(self.programs), "HOME": str(self.tree), "TMPDIR": str(self.tree)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )

    def call(self, line: str) -> list[str]:
        """Run a line of shell after setup.sh and return its output's lines."""
        text = f'. "$(dirname "$0")/setup.sh"\n{line}\n'
        (self.tree / "packaging/call").write_text(text, encoding="utf-8")
        done = self.run("call")
        assert done.stderr == ""
        return done.stdout.splitlines()


@pytest.fixture
def host(tmp_path: Path) -> Host:
    shutil.copytree(PACKAGING, tmp_path / "tree/packaging")
    (tmp_path / "bin").mkdir()
    for tool in HOST_TOOLS:
        found = shutil.which(tool)
        assert found, tool
        (tmp_path / "bin" / tool).symlink_to(found)
    return Host(tmp_path / "tree", tmp_path / "bin")


def written(host: Host, name: str, text: str) -> Path:
    """Write a package list into the copy of the tree."""
    path = host.tree / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("script", ["run", "test", "relock", "setup.sh", "try-debian13"])
def test_the_scripts_are_posix_shell(script: str) -> None:
    subprocess.run(("/bin/sh", "-n", PACKAGING / script), check=True)


@pytest.mark.parametrize("script", ["run", "test"])
def test_help_shows_how_it_is_called(host: Host, script: str) -> None:
    done = host.run(script, "--help")
    assert done.returncode == 0
    assert f"sh packaging/{script} --prepare" in done.stdout
    assert "set -eu" not in done.stdout


def test_an_unknown_argument_is_a_usage_error(host: Host) -> None:
    done = host.run("run", "--fast")
    assert done.returncode == 2
    assert "--fast" in done.stderr


def test_without_apt_it_says_which_system_is_needed(host: Host) -> None:
    done = host.run("run")
    assert done.returncode == 8
    assert "without apt and dpkg" in done.stderr
    assert "Debian 12 or 13 is needed" in done.stderr


def test_without_root_it_names_the_packages_to_install(host: Host) -> None:
    done = host.has(PERSON, PLENTY, NOTHING_INSTALLED, WORKING_APT).run("run")
    assert done.returncode == 8
    assert "needs root" in done.stderr
    assert "libxcb-cursor0" in done.stderr


def test_without_network_it_says_so(host: Host) -> None:
    host.has(ROOT, PLENTY, NOTHING_INSTALLED, ARCHIVE, {"apt-get": NO_NETWORK})
    done = host.run("run")
    assert done.returncode == 8
    assert "there is no network" in done.stderr


def test_a_full_disk_is_found_before_anything_is_fetched(host: Host) -> None:
    small = {"df": "printf 'Filesystem\\nx 0 0 10240 0 /\\n'"}
    host.has(ROOT, small, NOTHING_INSTALLED, {"apt-get": "echo called >>$HOME/calls"})
    done = host.run("run")
    assert done.returncode == 8
    assert "the disk is full" in done.stderr
    assert "10 MB are free" in done.stderr
    assert not (host.tree / "calls").exists()


def test_an_archive_without_a_package_is_the_wrong_one(host: Host) -> None:
    host.has(ROOT, PLENTY, NOTHING_INSTALLED, WORKING_APT, {"apt-cache": "exit 0"})
    done = host.run("run")
    assert done.returncode == 8
    assert "no package server that apt knows has python3" in done.stderr


def test_packages_that_did_not_arrive_are_named(host: Host) -> None:
    host.has(ROOT, PLENTY, NOTHING_INSTALLED, ARCHIVE, WORKING_APT)
    done = host.run("run")
    assert done.returncode == 8
    assert "apt reported success but these are not installed: python3" in done.stderr


def test_a_list_is_read_without_comments_and_blanks(host: Host) -> None:
    path = written(host, "list", "# words\n\na | b  # why\nc-*\n")
    assert host.call(f"wanted {path}") == ["a|b", "c-*"]


def test_what_is_installed_is_not_missing(host: Host) -> None:
    """One alternative is enough, a star matches, and removed packages do not count."""
    answer = (
        "printf 'installed b\\ninstalled kit-6.1\\nconfig-files d\\ninstalled e-more\\n'; exit 1"
    )
    host.has({"dpkg-query": answer})
    path = written(host, "list", "a | b\nkit-*\nd\ne\n")
    assert host.call(f"set -f; missing {path}") == ["d", "e"]


def test_the_first_alternative_that_the_archive_has_is_chosen(host: Host) -> None:
    only_new = "[ $1 = policy ] && [ $2 = new ] && echo '  Candidate: 2.0'; exit 0"
    host.has({"apt-cache": only_new})
    assert host.call("candidate 'old|new'") == ["new"]
    assert host.call("candidate 'new|old'") == ["new"]
    assert host.call("candidate old || echo none") == ["none"]


def test_the_newest_package_of_a_pattern_is_chosen(host: Host) -> None:
    names = "if [ $1 = policy ]; then echo '  Candidate: 1'; else "
    names += "printf 'kit-6.9\\nkit-6.12\\nkit-6.12-dbg\\n'; fi"
    host.has({"apt-cache": names})
    assert host.call("set -f; candidate 'kit-*'") == ["kit-6.12"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk became full"),
        ("THESE PACKAGES DO NOT MATCH THE HASHES FROM", "is not the one that packaging/lock names"),
        ("Failed to establish a new connection", "there is no network"),
        ("OSError: [Errno 13] Permission denied: '.venv'", "may not write what is needed"),
        ("E: Could not get lock /var/lib/dpkg/lock", "another package manager is running"),
        ("ERROR: No matching distribution found for x", "has no build for this machine"),
        ("something else", "setting up failed"),
    ],
)
def test_a_failed_tool_becomes_one_plain_sentence(host: Host, words: str, sentence: str) -> None:
    log = written(host, "log", words + "\n")
    text = f'. "$(dirname "$0")/setup.sh"\nexplain {log} "setting up"\n'
    written(host, "packaging/call", text)
    done = host.run("call")
    assert done.returncode == 8
    assert sentence in done.stderr
    assert words in done.stderr


# ---- the locks ----------------------------------------------------------------------------------


def locked(name: str) -> dict[str, str]:
    """Return package name and version of each entry of a lock; every entry must have a hash."""
    text = (PACKAGING / "lock" / name).read_text(encoding="utf-8").replace("\\\n", " ")
    versions = {}
    for line in filter(None, (line.partition(" #")[0].strip() for line in text.splitlines())):
        if line.startswith("#"):
            continue
        entry = re.match(r"([a-z0-9-]+)==([^ ;]+)", line)
        assert entry, line
        assert "--hash=sha256:" in line, line
        versions[entry[1]] = entry[2]
    return versions


def test_the_tests_run_with_the_versions_that_users_get() -> None:
    assert locked("run.txt").items() <= locked("test.txt").items()


def test_no_lock_names_a_package_server() -> None:
    for path in (PACKAGING / "lock").iterdir():
        assert not re.search(r"://|--(?:extra-)?index-url|--find-links", path.read_text("utf-8"))


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((PACKAGING.parent / "pyproject.toml").read_text("utf-8"))["project"]
    for lock, extras in (("run.txt", ("build",)), ("test.txt", ("build", "test"))):
        groups = [project["optional-dependencies"][name] for name in extras]
        wishes = [wish for group in (project["dependencies"], *groups) for wish in group]
        names = {re.split(r"[<>=!~\[; ]", wish)[0].lower() for wish in wishes}
        assert names - set(locked(lock)) == set()
