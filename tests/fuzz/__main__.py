"""Fuzzes one target, guided by coverage: ``python -m tests.fuzz TARGET SECONDS CORPUS``.

Needs atheris (packaging/fuzz brings it). Inputs that reach new code are collected in CORPUS; one
that raises anything but SignstationError, takes too long or too much memory is left there as
``crash-…`` and ends the run with a status other than 0.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from signstation.errors import SignstationError

MAX_INPUT = 16 * 1024
"""Longest input in bytes: every structure fits, and the replay stays fast."""
SECONDS_OF_ONE = 10
MEGABYTES = 1024


def main(name: str, seconds: str, directory: str) -> None:
    """Fuzz; never returns (libFuzzer ends the process)."""
    fuzzer = importlib.import_module("atheris")
    with fuzzer.instrument_imports(include=["signstation"]):
        targets = importlib.import_module("tests.fuzz.targets")
        sound = importlib.import_module("tests.fuzz.seeds")
    target = targets.TARGETS[name]
    seed = sound.seeds().get(name)
    if seed is not None:
        Path(directory, "seed").write_bytes(seed)

    def one(data: bytes) -> None:
        try:
            target(data)
        except SignstationError:
            return

    limits = [
        f"-max_total_time={seconds}",
        f"-max_len={MAX_INPUT}",
        f"-timeout={SECONDS_OF_ONE}",
        f"-rss_limit_mb={MEGABYTES}",
        f"-artifact_prefix={directory}/",
        "-print_final_stats=1",
        "-verbosity=1",
    ]
    fuzzer.Setup([sys.argv[0], *limits, directory], one)
    fuzzer.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
