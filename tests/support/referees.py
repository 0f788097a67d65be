"""Running a real tool in a test: no shell, no surprise from the caller's environment."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence

NEUTRAL = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": "/nonexistent"}


def run(
    program: Sequence[str],
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    timeout: float = 60,
) -> subprocess.CompletedProcess[str]:
    """Run to the end and return it, whatever its exit status; undecodable output is escaped."""
    done = subprocess.run(
        [*program, *arguments],
        input=stdin,
        capture_output=True,
        env=dict(environment or NEUTRAL),
        timeout=timeout,
        check=False,
    )
    words = [each.decode("utf-8", "backslashreplace") for each in (done.stdout, done.stderr)]
    return subprocess.CompletedProcess(done.args, done.returncode, *words)
