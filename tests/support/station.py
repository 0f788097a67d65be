"""A user at a shell: a private station and GnuPG home, and the command line as real processes."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from signstation.app.demo_release import SPEC, write_release
from tests.support.gnupg import GnupgHome

PROGRAM = Path(sys.executable).with_name("signstation")
SCHEMAS = Path(__file__).parents[2] / "resources/schemas"
TIME = 1_700_000_000
SECONDS = 60.0
ADMIN_PATH = f"{PROGRAM.parent}:/usr/bin:/bin:/usr/sbin:/sbin"
MAIL = "release@example.org"
OWNER = """
import sys
from pathlib import Path
from signstation.app.connect import connect
station = connect(Path(sys.argv[1]), "window")
print("open", flush=True)
sys.stdin.readline()
station.close()
"""


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    status: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        """The JSON lines of stdout."""
        return [json.loads(line) for line in self.out.splitlines()]

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """The JSON objects of one type."""
        return [each for each in self.objects if each["type"] == kind]


@cache
def schema(kind: str) -> Draft202012Validator:
    """Return the validator of one type of object."""
    return Draft202012Validator(_documents()[kind], registry=_registry())


@cache
def _documents() -> dict[str, Any]:
    return {
        each.name.removesuffix(".schema.json"): json.loads(each.read_text())
        for each in SCHEMAS.glob("*.schema.json")
    }


@cache
def _registry() -> Registry[Any]:
    documents = _documents().values()
    return Registry().with_resources(
        [(each["$id"], Resource.from_contents(each)) for each in documents]
    )


@dataclass
class Shell:
    """A working directory with a station of its own; ``close`` ends everything in it."""

    root: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="sh-", dir="/tmp")))
    gnupg: GnupgHome = field(default_factory=GnupgHome)

    def __post_init__(self) -> None:
        self.work.mkdir()

    @property
    def work(self) -> Path:
        """The current directory."""
        return self.root / "work"

    @property
    def home(self) -> Path:
        """The station's state directory."""
        return self.root / "state"

    @property
    def environment(self) -> dict[str, str]:
        """What a person's shell has."""
        return {
            "HOME": str(self.root),
            "PATH": f"{PROGRAM.parent}:/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
            "SIGNSTATION_HOME": str(self.home),
            "GNUPGHOME": str(self.gnupg.path),
        }

    def close(self) -> None:
        """Kill the agent and remove everything."""
        self.gnupg.close()
        shutil.rmtree(self.root)

    def start(
        self, *arguments: str | Path, secrets: Sequence[str] | None = None, **more: object
    ) -> subprocess.Popen[str]:
        """Start a command in a session of its own (no terminal), secrets on descriptor N."""
        command = [str(PROGRAM), *map(str, arguments)]
        options: dict[str, Any] = {
            "cwd": self.work,
            "env": self.environment,
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "text": True,
            "start_new_session": True,
        }
        if secrets is None:
            return subprocess.Popen(command, **{**options, **more})
        reading, writing = os.pipe()
        os.write(writing, "".join(f"{each}\n" for each in secrets).encode())
        os.close(writing)
        command += ["--secret-fd", str(reading)]
        try:
            return subprocess.Popen(command, **{**options, **more}, pass_fds=(reading,))
        finally:
            os.close(reading)

    def run(
        self, *arguments: str | Path, secrets: Sequence[str] | None = None, **more: object
    ) -> Done:
        """Run a command to its end; JSON output is checked against the schemas."""
        with self.start(*arguments, secrets=secrets, **more) as process:
            try:
                out, err = process.communicate(timeout=SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                out, err = process.communicate()
                raise AssertionError(f"{arguments} hung:\n{out}\n{err}") from None
        done = Done(process.returncode, out or "", err or "")
        if "--json" in arguments:
            for each in done.objects:
                schema(each["type"]).validate(each)
        return done

    def good(self, *arguments: str | Path, secrets: Sequence[str] | None = None) -> Done:
        """Run a command that must succeed."""
        done = self.run(*arguments, secrets=secrets)
        assert done.status == 0, f"{arguments}: status {done.status}\n{done.out}\n{done.err}"
        return done

    def script(self, line: str, more: Mapping[str, str] | None = None) -> Done:
        """Run a line of bash, as the help texts have them."""
        done = subprocess.run(
            ["/bin/bash", "-c", line],
            cwd=self.work,
            env={**self.environment, **(more or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
            start_new_session=True,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def with_mounts(self, mounts: str, line: str) -> Done:
        """Run a line of bash where ``mounts`` (shell commands) hold for it alone."""
        namespaces = "-m" if os.geteuid() == 0 else "-rm"
        inner = shlex.quote(f"{mounts} && {line}")
        return self.script(f"unshare {namespaces} /bin/bash -c {inner}", {"PATH": ADMIN_PATH})

    @contextmanager
    def owned(self) -> Iterator[subprocess.Popen[str]]:
        """Run a process that owns the station, as an open window does; commands become clients.

        It ends in order when its stdin has a line, and is killed with the ``with``.
        """
        process = subprocess.Popen(
            [sys.executable, "-c", OWNER, str(self.home)],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "open\n"
            yield process
        finally:
            process.kill()
            process.communicate()

    def release(self, name: str = "release", *, rpm: bool = True) -> Path:
        """Make a small release: modules, a tarball and, where it is wanted, an RPM."""
        directory = self.work / name
        directory.mkdir()
        write_release(directory, TIME)
        if rpm:
            name_of_rpm, content = built_rpm()
            (directory / name_of_rpm).write_bytes(content)
        return directory

    def module_key(self, name: str = "modules", passphrase: str | None = None) -> Path:
        """Make an X.509 key for modules and put it beside the release as ``NAME.pem``."""
        protect = "none" if passphrase is None else "passphrase"
        self.good(
            "key", "generate", "x509", "--name", name, "--usage", "modules", "--algorithm",
            "rsa2048", "--output", ".", "--protect", protect,
            secrets=None if passphrase is None else [passphrase],
        )  # fmt: skip
        return self.work / f"{name}.pem"

    def openpgp_key(self, name: str = f"Release <{MAIL}>", passphrase: str | None = None) -> str:
        """Make an Ed25519 key in GnuPG's home and return its reference."""
        protect = "none" if passphrase is None else "passphrase"
        done = self.good(
            "key", "generate", "openpgp", "--name", name, "--protect", protect, "--json",
            secrets=None if passphrase is None else [passphrase],
        )  # fmt: skip
        return str(done.of_type("key")[0]["key"])


@cache
def built_rpm() -> tuple[str, bytes]:
    """Build the demonstration's package once: name and content. No rpmbuild is a failure."""
    with tempfile.TemporaryDirectory(prefix="rpm-") as scratch:
        directory = Path(scratch)
        write_release(directory, TIME)
        (directory / "hello.spec").write_text(SPEC)
        defines = [f"--define=_topdir {directory}", f"--define=_sourcedir {directory}"]
        subprocess.run(
            ["/usr/bin/rpmbuild", "-bb", *defines, f"--define=_rpmdir {directory}", "hello.spec"],
            cwd=directory,
            env={"HOME": str(directory), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
            capture_output=True,
            check=True,
        )
        (package,) = directory.rglob("*.rpm")
        return package.name, package.read_bytes()
