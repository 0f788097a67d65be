"""Runs the test suites one after another, each in a process of its own, and adds them up.

Usage: suites.py [SUITE...] [-- PYTEST ARGUMENTS]; packaging/test calls it. Each suite prints its
time beside what it aims at; no suite fails on time. The last line is `N passed, N failed,
N skipped`. A suite that crashes, hangs or finds no test counts as one failure.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TREE = Path(__file__).resolve().parent.parent

HANG_SECONDS = 1200
"""No suite aims at more than six minutes; CI stops everything after 90."""

NO_TESTS = 5
"""pytest's exit status when it collected nothing."""


@dataclass(frozen=True, slots=True)
class Suite:
    """Directories below tests/ that run in one process, and the seconds aimed at."""

    name: str
    folders: tuple[str, ...]
    aim: int
    by_default: bool = True
    parallel: bool = False  # on every core: only where no test measures time or a whole machine

    def paths(self) -> list[str]:
        """Return those folders that exist."""
        return [f"tests/{name}" for name in self.folders if (TREE / "tests" / name).is_dir()]


SUITES = (
    Suite("architecture", ("architecture",), 30),
    Suite("unit", ("unit", "fuzz"), 60, parallel=True),
    Suite("engine", ("engine",), 120),
    Suite("referees", ("realtools", "referees"), 240, parallel=True),
    Suite("crash", ("crash",), 180),
    Suite("gui", ("gui",), 240),
    Suite("e2e", ("e2e", "threat"), 120),
    Suite("bench", ("bench",), 600, by_default=False),
)


@dataclass(frozen=True, slots=True)
class Result:
    """What one suite gave, and the seconds it took."""

    suite: Suite
    passed: int
    failed: int
    skipped: int
    seconds: float

    def line(self) -> str:
        """Return the result as a line of the closing table."""
        return (
            f"{self.suite.name:<14}{self.passed:>7} passed{self.failed:>5} failed"
            f"{self.skipped:>5} skipped{self.seconds:>8.0f} s   (aim {self.suite.aim} s)"
        )


def run(suite: Suite, arguments: Sequence[str]) -> Result:
    """Run one suite; its output goes straight to ours."""
    sys.stdout.write(f"\n===== {suite.name} =====\n")
    sys.stdout.flush()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="suite-") as scratch:
        report = Path(scratch) / "result.json"
        cores = ("--numprocesses", "auto") if suite.parallel else ()
        command = [sys.executable, "-m", "pytest", "-q", *cores, *suite.paths(), *arguments]
        try:
            status = subprocess.run(
                command,
                cwd=TREE,
                env={**os.environ, "SIGNSTATION_SUITE_RESULT": str(report)},
                stdin=subprocess.DEVNULL,
                timeout=HANG_SECONDS,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            sys.stdout.write(f"{suite.name} did not end within {HANG_SECONDS} s\n")
            status = -1
        counts = json.loads(report.read_text("ascii")) if report.is_file() else {}
    failed = counts.get("failed", 0)
    if status != 0 and failed == 0:
        failed = 1  # crashed, hung, could not be collected, or has no test at all
        if status == NO_TESTS:
            sys.stdout.write(f"{suite.name} has no test\n")
    seconds = time.monotonic() - began
    return Result(suite, counts.get("passed", 0), failed, counts.get("skipped", 0), seconds)


def chosen(names: Sequence[str]) -> list[Suite]:
    """Return the suites to run; SystemExit 2 for a name that does not exist."""
    known = {suite.name: suite for suite in SUITES}
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.stderr.write(f"no suite {', '.join(unknown)}; there are: {', '.join(known)}\n")
        raise SystemExit(2)
    if names:
        return [known[name] for name in names]
    return [suite for suite in SUITES if suite.by_default and suite.paths()]


def main(arguments: list[str]) -> int:
    """Run the suites named before `--` (all by default); status 1 when anything failed."""
    # whoever started us in the background may have left Ctrl-C ignored, which programs inherit
    signal.signal(signal.SIGINT, signal.default_int_handler)
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    results = [run(suite, arguments[cut + 1 :]) for suite in chosen(arguments[:cut])]
    total = [sum(getattr(r, name) for r in results) for name in ("passed", "failed", "skipped")]
    sys.stdout.write("\n" + "\n".join(result.line() for result in results) + "\n")
    sys.stdout.write(f"all suites took {sum(result.seconds for result in results):.0f} s\n\n")
    sys.stdout.write("{} passed, {} failed, {} skipped\n".format(*total))
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
