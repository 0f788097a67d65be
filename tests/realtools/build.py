"""Unpacks the referee tree with a private apt root: `python -m tests.realtools.build [--relock]`.

The archive is the one that this machine's own apt uses; it is asked for at run time and written
down nowhere. Signatures of the archive are checked as always; only dates are not, because a mirror
may lag behind its Release file's Valid-Until, and the host's own apt never sees that setting.
Without arguments a tree that exists is left alone and no network is used.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.realtools.tree import PACKAGES, cache_directory, manifest_of, suite_directory

LOCK = Path(__file__).with_name("lock.json")
"""Version and SHA-256 of each named package when this tree was last looked at, per machine."""

KEYRINGS = (
    Path("/usr/share/keyrings/debian-archive-keyring.pgp"),
    Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
)

APT_SECONDS = 600
"""More than a slow mirror needs for 45 MB; a hang must not hang the tests."""

Packages = dict[str, dict[str, str]]
"""Package name to {"version", "sha256"}."""


class CannotBuild(Exception):
    """A suite's tree cannot be made; the text says why."""


@dataclass(frozen=True, slots=True)
class AptRoot:
    """A private apt: its own state, cache and sources; of the host only proxy and certificates."""

    directory: Path

    @classmethod
    def make(cls, directory: Path, suite: str) -> AptRoot:
        """Write the configuration for one suite into an empty directory."""
        keyring = next((path for path in KEYRINGS if path.is_file()), None)
        if keyring is None:
            raise CannotBuild("the package debian-archive-keyring is not installed")
        for name in ("lists/partial", "archives/partial", "empty"):
            (directory / name).mkdir(parents=True)
        (directory / "status").touch()
        source = f"deb [signed-by={keyring}] {archive()} {suite} main\n"
        (directory / "sources.list").write_text(source, encoding="utf-8")
        # Hooks and clean-up rules of the host would act on the host: only Acquire is taken over.
        taken = run("apt-config", "dump", "Acquire").splitlines()
        settings = [line for line in taken if not line.startswith("Acquire::IndexTargets")]
        settings += [
            f'Dir::Etc "{directory}/empty";',
            'Dir::Etc::parts "";',
            f'Dir::Etc::sourcelist "{directory}/sources.list";',
            f'Dir::State "{directory}";',
            f'Dir::State::status "{directory}/status";',
            f'Dir::Cache "{directory}";',
            'APT::Sandbox::User "";',
            'Acquire::Check-Valid-Until "false";',
            'Acquire::Check-Date "false";',
            'Acquire::Languages "none";',
            'Acquire::Retries "2";',
        ]
        (directory / "apt.conf").write_text("\n".join(settings) + "\n", encoding="utf-8")
        return cls(directory)

    def run(self, *arguments: str) -> None:
        """Run apt-get with this root alone; blocks, uses the network."""
        run("apt-get", "-q", "-y", *arguments, APT_CONFIG=str(self.directory / "apt.conf"))

    def archives(self) -> list[Path]:
        """Return the packages that were downloaded (apt has checked their hashes)."""
        return sorted((self.directory / "archives").glob("*.deb"))


def run(*argv: str, **variables: str) -> str:
    """Run a program of the host and return its output; CannotBuild carries its last words."""
    try:
        done = subprocess.run(
            argv,
            env={**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
            | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=APT_SECONDS,
            check=True,
        )
    except FileNotFoundError as error:
        raise CannotBuild(f"{argv[0]} is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise CannotBuild(f"{argv[0]} did not end within {APT_SECONDS} s") from error
    except subprocess.CalledProcessError as error:
        words = (error.stderr or error.stdout).strip().splitlines()[-3:]
        raise CannotBuild(f"{argv[0]} {argv[-1]}: " + " / ".join(words)) from error
    return done.stdout


def archive() -> str:
    """Return the address of the archive that this machine's apt uses for its own release."""
    codename = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    fields = "$(RELEASE)|$(COMPONENT)|$(REPO_URI)"
    for line in run("apt-get", "indextargets", "--format", fields, "Created-By: Packages").split():
        release, component, address = line.split("|", 2)
        if release == codename and component == "main":
            return address
    raise CannotBuild(f"apt has no source for {codename or 'this distribution'} main")


def describe(deb: Path) -> tuple[str, dict[str, str]]:
    """Return a package's name, and its version and SHA-256."""
    name, version = run(
        "dpkg-deb", "--show", "--showformat=${Package} ${Version}", str(deb)
    ).split()
    return name, {"version": version, "sha256": hashlib.sha256(deb.read_bytes()).hexdigest()}


def build(suite: str) -> None:
    """Download and unpack one suite; the tree appears whole or not at all."""
    target = suite_directory(suite)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".making-", dir=target.parent) as scratch:
        apt = AptRoot.make(Path(scratch) / "apt", suite)
        apt.run("update")
        apt.run("install", "--download-only", "--no-install-recommends", *PACKAGES[suite])
        tree = Path(scratch) / suite
        tree.mkdir(mode=0o755)
        debs = apt.archives()
        for deb in debs:
            run("dpkg-deb", "--extract", str(deb), str(tree))
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            packages: Packages = dict(pool.map(describe, debs))
        (tree / "manifest.json").write_text(json.dumps(packages, indent=1), encoding="utf-8")
        shutil.rmtree(target, ignore_errors=True)
        tree.rename(target)
    for old in target.parent.glob(f"{suite}-*"):
        if old != target:
            shutil.rmtree(old, ignore_errors=True)


def named_packages(suite: str) -> Packages:
    """Return what the manifest says of the packages that were asked for by name."""
    manifest: Packages = json.loads(manifest_of(suite).read_text(encoding="utf-8"))
    return {name: manifest[name] for name in PACKAGES[suite]}


def differences(suite: str, locked: Mapping[str, Packages]) -> Iterator[str]:
    """Yield a line for each package that is not the one of the lock file."""
    for name, have in named_packages(suite).items():
        want = locked.get(suite, {}).get(name)
        if want is None:
            yield f"{suite}: {name} {have['version']} is not in lock.json"
        elif want["version"] != have["version"]:
            yield f"{suite}: {name} {have['version']} used, lock.json has {want['version']}"
        elif want["sha256"] != have["sha256"]:
            raise CannotBuild(f"{name} {have['version']} has another SHA-256 than in lock.json")


def main(arguments: list[str]) -> int:
    """Make what is missing and say what is there; status 8 when nothing could be made in CI."""
    machine = platform.machine()
    lock: dict[str, dict[str, Packages]] = json.loads(LOCK.read_text(encoding="utf-8"))
    cache_directory().mkdir(parents=True, exist_ok=True)
    there = []
    for suite in PACKAGES:
        began = time.monotonic()
        try:
            if not manifest_of(suite).is_file() or "--relock" in arguments:
                build(suite)
                print(f"referee tree {suite}: unpacked in {time.monotonic() - began:.0f} s")
            if "--relock" in arguments:
                lock.setdefault(machine, {})[suite] = named_packages(suite)
            for line in differences(suite, lock.get(machine, {})):
                print(f"referee tree {line}")
        except CannotBuild as error:
            print(f"REFEREE TREE {suite} IS NOT THERE: {error}", file=sys.stderr)
        else:
            there.append(suite)
    if "--relock" in arguments:
        LOCK.write_text(json.dumps(lock, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    if there or not os.environ.get("CI"):
        return 0
    return 8


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
