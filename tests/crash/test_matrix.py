"""The crash matrix: a station is killed at every named point, for every format, and recovers."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from signstation.jobs.checkpoints import Point
from tests.crash.scene import (
    COUNT,
    Scene,
    blob_scene,
    check_end,
    check_nothing_half,
    kmod_scene,
    rpm_scene,
    submitted,
)
from tests.support.gnupg import GnupgHome

STAGED = tuple(
    point for point in Point if point not in {Point.BETWEEN_PATCHES, Point.AFTER_PATCHES}
)
FORMATS = ("kmod", "rpm", "blob", "in-place")


@pytest.fixture(scope="module")
def gnupg() -> Iterator[tuple[GnupgHome, list[str]]]:
    """One GnuPG home for all scenes; its agent outlives the stations that die."""
    with GnupgHome() as home:
        yield home, [home.generate("ed25519").signing]


def make(name: str, base: Path, gnupg: tuple[GnupgHome, list[str]]) -> Scene:
    """Lay out a scene."""
    match name:
        case "rpm":
            return rpm_scene(base, *gnupg)
        case "blob":
            return blob_scene(base, *gnupg)
        case "ecdsa":
            return kmod_scene(base, "p256")
        case _:
            return kmod_scene(base, in_place=name == "in-place", patching=name == "patching")


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("point", STAGED)
def test_killed_at_a_point(
    tmp_path: Path, gnupg: tuple[GnupgHome, list[str]], name: str, point: Point
) -> None:
    """Once at the first time and once, recovering, at a later one; then it is let through."""
    scene = make(name, tmp_path, gnupg)
    # the first commits are the job's own
    turn = 3 if point in {Point.BEFORE_COMMIT, Point.INSIDE_COMMIT} else 1
    scene.die(point, turn)
    check_nothing_half(scene)
    if point in {Point.STAGED_HALF, Point.STAGED, Point.AFTER_ANSWER_COMMIT}:
        scene.die(point, 2, surely=False)
        check_nothing_half(scene)
    assert scene.recover() == ["done"] * COUNT
    check_end(scene)


@pytest.mark.parametrize(
    "point",
    [
        Point.AFTER_INTENT_COMMIT,
        Point.AFTER_ANSWER_COMMIT,
        Point.AFTER_READY_COMMIT,
        Point.BETWEEN_PATCHES,
        Point.AFTER_PATCHES,
        Point.AFTER_DONE_COMMIT,
    ],
)
def test_killed_while_a_file_is_patched(
    tmp_path: Path, gnupg: tuple[GnupgHome, list[str]], point: Point
) -> None:
    """The old bytes are put back, and then the recorded signature is written again."""
    scene = make("patching", tmp_path, gnupg)
    scene.die(point, 1)
    scene.die(point, 1, surely=False)
    assert scene.recover() == ["done"] * COUNT
    check_end(scene)


@pytest.mark.parametrize(
    "point", [Point.AFTER_INTENT_COMMIT, Point.AFTER_ANSWER_COMMIT, Point.AFTER_READY_COMMIT]
)
def test_what_is_not_repeatable_waits_for_a_person(
    tmp_path: Path, gnupg: tuple[GnupgHome, list[str]], point: Point
) -> None:
    """ECDSA signs with a new random number: what may have been signed is not signed again."""
    scene = make("ecdsa", tmp_path, gnupg)
    scene.die(point, 1)
    check_nothing_half(scene)
    states = scene.recover()
    assert set(states) <= {"done", "interrupted"}
    if point is Point.AFTER_INTENT_COMMIT:
        assert "interrupted" in states
    check_nothing_half(scene)
    assert scene.recover(consent=True) == ["done"] * COUNT
    check_end(scene)


def moment(most: float) -> None:
    """Let some time pass."""
    time.sleep(random.uniform(0.0, most))  # noqa: S311 - nothing is kept secret with it


@pytest.mark.parametrize("name", FORMATS)
def test_killed_at_any_time(tmp_path: Path, gnupg: tuple[GnupgHome, list[str]], name: str) -> None:
    """Twice in a row, wherever it happens to be."""
    scene = make(name, tmp_path, gnupg)
    for _ in range(2):
        with scene.start() as process:
            while process.poll() is None and not submitted(scene):
                time.sleep(0.002)
            moment(0.2)
            process.kill()
        check_nothing_half(scene)
    assert scene.recover() == ["done"] * COUNT
    check_end(scene)


def workers_of(process: int, kind: str) -> list[int]:
    """Return the worker processes of a station."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = path.read_bytes().split(b"\0")
            parent = path.with_name("stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue  # it has ended in the meantime
        if b"signstation.worker" in arguments and kind.encode() in arguments:
            found += [int(path.parent.name)] if int(parent) == process else []
    return found


@pytest.mark.parametrize("kind", ["check", "hash", "key"])
@pytest.mark.parametrize("name", ["kmod", "blob"])
def test_workers_are_killed_at_any_time(
    tmp_path: Path, gnupg: tuple[GnupgHome, list[str]], name: str, kind: str
) -> None:
    """The station goes on: what a worker had in its hands is done again, or fails and says so."""
    if name == "kmod":
        scene = kmod_scene(tmp_path, "rsa4096", count=60)
    else:
        scene = blob_scene(tmp_path, *gnupg, count=60)
    kills = 0
    with scene.start() as process:
        while process.poll() is None and kills < 4:
            for pid in workers_of(process.pid, kind) if submitted(scene) else ():
                moment(0.05)
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    kills += 1
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors.decode()
    assert set(json.loads(output)) <= {"done", "failed"}
    check_nothing_half(scene)
    if set(json.loads(output)) == {"done"}:
        check_end(scene)
