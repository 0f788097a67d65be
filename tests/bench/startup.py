"""The command line from nothing: one small file signed, its processes started and ended again."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

from tests.bench.measure import say, scratch, timed
from tests.support.release import key_file

TIMES = 5
AIM = 0.8
"""Seconds."""


def processor() -> float:
    """Return the processor seconds of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def sign(base: Path, key: str, number: int) -> tuple[float, float]:
    """Sign a file and return wall clock and processor seconds."""
    name = f"file-{number}"
    (base / name).write_bytes(os.urandom(20_000))
    command = (sys.executable, "-m", "signstation", "sign", name, "--key", key, "--as", "blob")
    before = processor()
    seconds = timed(command, base, {"SIGNSTATION_HOME": str(base / "home")})
    return seconds, processor() - before


def run(times: int = TIMES) -> None:
    """Measure and print the best of several: the others measure what else the machine does."""
    with scratch() as base:
        key = str(key_file(base / "key.pem", "rsa4096"))
        found = [sign(base, key, number) for number in range(times + 1)][1:]
    seconds, used = min(each[0] for each in found), min(each[1] for each in found)
    say(f"one file on the command line, RSA-4096: {seconds:.2f} s (aim {AIM})")
    say(f"  processor {used:.2f} s, all processes together; best of {times}")
