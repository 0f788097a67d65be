"""The real apt in a private root: what a client makes of a repository on the disk."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

ENVIRONMENT = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}


def update(repository: Path, keyring: bytes, *options: str) -> tuple[int, str]:
    """Run ``apt-get update`` with one source and nothing of the machine's own; status and words.

    Dates are checked, whatever this machine is set to.
    """
    with tempfile.TemporaryDirectory(prefix="apt-", dir="/tmp") as scratch:
        top = Path(scratch)
        for name in ("state/lists/partial", "cache/archives/partial", "etc", "log"):
            (top / name).mkdir(parents=True)
        (top / "status").write_bytes(b"")
        (top / "key.gpg").write_bytes(keyring)
        signed = f"[signed-by={top}/key.gpg arch=amd64]"
        source = f"deb {signed} copy:{repository} stable main\n"
        (top / "etc" / "sources.list").write_text(source, encoding="utf-8")
        for path in (top, *top.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        given: Sequence[str] = (
            f"Dir::State={top}/state",
            f"Dir::State::status={top}/status",
            f"Dir::Cache={top}/cache",
            f"Dir::Log={top}/log",
            f"Dir::Etc::sourcelist={top}/etc/sources.list",
            "Dir::Etc::sourceparts=/nonexistent",
            "Dir::Etc::trustedparts=/nonexistent",
            "Dir::Etc::Trusted=/nonexistent",
            "Dir::Etc::parts=/nonexistent",
            "Dir::Etc::preferencesparts=/nonexistent",
            "APT::Sandbox::User=root",
            "APT::Architecture=amd64",
            "Acquire::Check-Valid-Until=true",
            "Acquire::Check-Date=true",
            "Acquire::Languages=none",
            *options,
        )
        arguments = [part for each in given for part in ("-o", each)]
        done = subprocess.run(
            ["apt-get", *arguments, "update"],
            env=ENVIRONMENT,
            capture_output=True,
            check=False,
            timeout=120,
        )
        return done.returncode, (done.stdout + done.stderr).decode(errors="replace")
