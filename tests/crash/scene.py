"""What is signed in the crash matrix, and what must hold after every death and at the end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from signstation.codec.plain import to_plain
from signstation.errors import SignstationError
from signstation.jobs.checkpoints import Point
from signstation.jobs.rows import Rows, StoredJob, StoredStep
from signstation.jobs.sealed import Items
from signstation.model.keys import KeyRef
from signstation.model.orders import Destination, SignOrder
from signstation.system.artifact import FileArtifact
from signstation.worker.context import StepContext
from tests.crash.driver import KillAt, station
from tests.support.engine import FORMATS
from tests.support.gnupg import GnupgHome
from tests.support.journal import audit, query
from tests.support.kmod import module, sign
from tests.support.release import key_file, signer
from tests.support.rpm import Recipe, build

ROOT = Path(__file__).resolve().parents[2]
COUNT = 9
"""Artifacts of one scene: more than eight, so that commits are grouped, and several groups."""


@dataclass
class Scene:
    """A base directory with originals, an order, and what became of it."""

    base: Path
    order: SignOrder
    gnupg: GnupgHome | None = None
    patching: bool = False
    originals: dict[str, bytes] = field(default_factory=dict)

    def write(self) -> None:
        """Lay everything out for the driver."""
        (self.base / "home").mkdir(mode=0o700)
        (self.base / "uses").touch()
        home = "" if self.gnupg is None else str(self.gnupg.path)
        data = {
            "order": to_plain(self.order),
            "gnupg_home": home,
            "patching": self.patching,
        }
        (self.base / "order.json").write_text(json.dumps(data))
        directory = self.order.paths[0]
        self.originals = {path.name: path.read_bytes() for path in directory.iterdir()}

    @property
    def in_place(self) -> bool:
        """Whether the originals are replaced."""
        return self.order.destination is Destination.IN_PLACE

    @property
    def journal(self) -> Path:
        """The database."""
        return self.base / "home/journal.db"

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start the driver in a session of its own."""
        command = [sys.executable, "-m", "tests.crash.driver", str(self.base), *arguments]
        return subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
        )

    def die(self, point: Point, turn: int, *, surely: bool = True) -> None:
        """Run a station that kills itself; unless ``surely``, it may have finished before that."""
        process = self.start(point.value, str(turn))
        _, errors = process.communicate(timeout=60)
        allowed = {-signal.SIGKILL} if surely else {-signal.SIGKILL, 0}
        assert process.returncode in allowed, errors.decode()

    def recover(self, *, consent: bool = False) -> list[str]:
        """Run a station to the end of all jobs; return the steps' states."""
        return asyncio.run(station(self.base, KillAt(None, 0), consent=consent))


def steps_of(scene: Scene) -> tuple[StoredJob, tuple[StoredStep, ...]]:
    """Read the one job."""
    rows = Rows(scene.journal)
    try:
        job = rows.stored_job(1)
    finally:
        rows.close()
    return job, job.steps


def whole(scene: Scene, job: StoredJob, step: StoredStep) -> bool:
    """Return whether all outputs of a step are there and good, by the format's own recheck."""
    paths = [step.plan.target_root / target.name for target in step.plan.targets]
    original = scene.base / "original"
    original.write_bytes(scene.originals[step.plan.path.name])
    item = Items(job.signing).item(step.ordinal, step.id)
    opened = [os.open(path, os.O_RDONLY) for path in (original, *paths)]
    try:
        artifact, *outputs = (FileArtifact(each) for each in opened)
        FORMATS[item.format].recheck(
            artifact,
            tuple(outputs),
            item.slots,
            item.options,
            StepContext(time=item.time, seed=item.seed),
        )
    except SignstationError:
        return False
    finally:
        for each in opened:
            os.close(each)
    return True


def check_nothing_half(scene: Scene) -> None:
    """After a death: at a target there is nothing, the original, or a whole signed file."""
    if not submitted(scene):
        assert scene.in_place or not any(scene.base.glob("out/*"))
        return
    job, steps = steps_of(scene)
    for step in steps:
        paths = [step.plan.target_root / target.name for target in step.plan.targets]
        there = [path for path in paths if path.exists()]
        if scene.in_place and there[0].read_bytes() == scene.originals[step.plan.path.name]:
            continue
        # siblings get their names one after another: those that are there are checked at the end
        assert len(there) < len(paths) or whole(scene, job, step), paths
    check_uses(scene)
    audit(scene.journal)


def check_uses(scene: Scene) -> None:
    """No key was used without an intent and its audit record: for each ask by itself."""
    uses = Counter((scene.base / "uses").read_text().split())
    rows = query(scene.journal, "SELECT lower(hex(hash)) FROM ask")
    intents = Counter(str(digest) for (digest,) in rows)
    assert all(uses[digest] <= intents[digest] for digest in uses)
    told = Counter(row.body["asked"] for row in audit(scene.journal) if row.event == "key-use")
    assert told == intents


def check_end(scene: Scene) -> None:
    """At the end: all is there, once, as audited, and nothing else."""
    job, steps = steps_of(scene)
    assert all(whole(scene, job, step) for step in steps)
    check_uses(scene)
    rows = [row.body for row in audit(scene.journal) if row.event == "published"]
    published = Counter(str(row["path"]) for row in rows)
    assert set(published.values()) == {1}
    targets = {
        str(step.plan.target_root / target.name) for step in steps for target in step.plan.targets
    }
    assert set(published) == targets
    root = steps[0].plan.target_root
    there = {str(path) for path in root.rglob("*") if path.is_file()}
    assert there == targets
    assert not list(scene.base.rglob(".signstation-*"))
    assert query(scene.journal, "SELECT * FROM staging") == []
    assert query(scene.journal, "SELECT * FROM patch") == []


def kmod_scene(
    base: Path,
    kind: str = "rsa2048",
    *,
    in_place: bool = False,
    patching: bool = False,
    count: int = COUNT,
) -> Scene:
    """Modules and a key file; ``patching``: in place, as if they were large.

    Those that are patched have a longer signature already: between writing the new one and cutting
    the file off, it is neither the old nor the new file.
    """
    directory = base / "release"
    directory.mkdir()
    for number in range(count):
        content = module(code=bytes([number]) * 20_000)
        if patching:
            content = sign(content, signer("rsa4096"), base)
        (directory / f"m{number}.ko").write_bytes(content)
    key = key_file(base / "key.pem", kind)
    order = SignOrder(paths=(directory,), keys=(key,), output=base / "out")
    if in_place or patching:
        order = replace(order, output=None, destination=Destination.IN_PLACE)
    return _written(Scene(base, order, patching=patching))


def rpm_scene(base: Path, gnupg: GnupgHome, keys: Sequence[str]) -> Scene:
    """Nine packages and an OpenPGP key."""
    directory = base / "release"
    directory.mkdir()
    for number in range(COUNT):
        (directory / f"p{number}.rpm").write_bytes(build(Recipe(name=b"p%d" % number)))
    order = SignOrder(paths=(directory,), keys=(KeyRef("gpg", keys[0]),), output=base / "out")
    return _written(Scene(base, order, gnupg))


def blob_scene(base: Path, gnupg: GnupgHome, keys: Sequence[str], *, count: int = COUNT) -> Scene:
    """Files, each with an OpenPGP and a CMS signature beside it."""
    directory = base / "release"
    directory.mkdir()
    for number in range(count):
        (directory / f"f{number}.tar").write_bytes(bytes([number]) * 30_000)
    order = SignOrder(
        paths=(directory,),
        keys=(KeyRef("gpg", keys[0]), key_file(base / "key.pem")),
        format="blob",
        output=base / "out",
    )
    return _written(Scene(base, order, gnupg))


def submitted(scene: Scene) -> bool:
    """Return whether the order is in the journal."""
    try:
        return bool(query(scene.journal, "SELECT id FROM job"))
    except sqlite3.Error:  # it is being made
        return False


def _written(scene: Scene) -> Scene:
    scene.write()
    return scene
