"""The demonstration: throw-away keys, a small release, signed and verified through the real queue.

Everything happens in a private station and a private GnuPG home, which are gone afterwards; what
stays is the directory with the release, the signed files, the public keys and the reports.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from signstation.app.api import StationApi
from signstation.app.connect import connect
from signstation.app.demo_release import SPEC, write_release
from signstation.errors import (
    OutputExists,
    SignstationError,
    ToolError,
    from_wire,
)
from signstation.model.checks import Opinion, OpinionOutcome, Verdict, Verification
from signstation.model.jobs import JobState
from signstation.model.keys import KeyRef
from signstation.model.orders import GenerateOrder, KeyForm, SignOrder, VerifyOrder, X509Use
from signstation.model.station import VerifiedPath
from signstation.reports.html import report_html
from signstation.reports.verification import SCHEMA, verification_json
from signstation.system.programs import Programs

SECONDS = 60.0
"""Bound on every single wait; the whole demonstration takes about ten seconds."""
OPENPGP_NAME = "Demo Release <release@example.org>"
X509_NAME = "Demo modules"
_NEUTRAL = (OpinionOutcome.MISSING, OpinionOutcome.CANNOT)
"""What modinfo says of a good module too: it shows signatures and checks none."""


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What came out: a verification of each signed artifact, and what could not be shown."""

    directory: Path
    verifications: tuple[Verification, ...]
    missing: tuple[str, ...]  # "window.png: …", in plain words
    seconds: float

    @property
    def good(self) -> bool:
        """True when every artifact is verified by us and accepted by every tool that is here."""
        return bool(self.verifications) and all(
            each.verdict is Verdict.TRUSTED and not disagreeing(each.opinions)
            for each in self.verifications
        )


def disagreeing(opinions: tuple[Opinion, ...]) -> tuple[Opinion, ...]:
    """Return the opinions of tools that are here, can judge, and do not accept."""
    agreeing = (OpinionOutcome.ACCEPTS, *_NEUTRAL)
    return tuple(each for each in opinions if each.outcome not in agreeing)


def free_directory(parent: Path) -> Path:
    """Return the first ``signstation-demo``, ``signstation-demo-2``, … that does not exist."""
    number = 1
    while (path := parent / ("signstation-demo" + (f"-{number}" if number > 1 else ""))).exists():
        number += 1
    return path


def run_demo(directory: Path) -> DemoResult:
    """Run it; ``directory`` must be absent or empty. Blocks for about ten seconds.

    Raises OutputExists, and whatever a station raises.
    """
    began = time.monotonic()
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise OutputExists(path=str(directory))
    release, signed = directory / "release", directory / "signed"
    release.mkdir(parents=True)
    missing: list[str] = []
    with _scratch() as scratch, _log_kept(scratch, directory), _private_station(scratch) as station:
        write_release(release, int(time.time()))
        missing += _build_rpm(release, scratch)
        keys = _make_keys(station, directory)
        tarball = next(release.glob("*.tar.gz"))
        packages = tuple(each for each in sorted(release.iterdir()) if each != tarball)
        # of a station that is gone afterwards: its log is no evidence of anything
        _sign(station, SignOrder(packages, keys, output=signed, checkpoint=False))
        detached = SignOrder((tarball,), keys[:1], format="blob", output=signed, checkpoint=False)
        _sign(station, detached)
        if not (signed / tarball.name).exists():
            shutil.copy2(tarball, signed)  # beside its signature, as it is shipped
        verifications = _verify(station, signed)
        _write_reports(directory, verifications)
        missing += _picture(directory, scratch)
    return DemoResult(directory, verifications, tuple(missing), time.monotonic() - began)


@contextmanager
def _scratch() -> Iterator[Path]:
    """A private directory with a GnuPG home, whose agent ends with it."""
    # In the system's own temporary directory: an agent's socket has at most 108 bytes of path.
    scratch = Path(tempfile.mkdtemp(prefix="signstation-"))
    home = scratch / "gnupg"
    home.mkdir(mode=0o700)
    try:
        yield scratch
    finally:
        with suppress(ToolError):  # without gpgconf no agent was started either
            Programs(scratch).run("gpgconf", ("--homedir", str(home), "--kill", "all"))
        shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def _log_kept(scratch: Path, directory: Path) -> Iterator[None]:
    """When it fails, keep the log of the private station, which is gone otherwise."""
    try:
        yield
    except BaseException:
        with suppress(OSError):
            shutil.copy2(scratch / "state/log/signstation.log", directory)
        raise


@contextmanager
def _private_station(scratch: Path) -> Iterator[StationApi]:
    station = connect(scratch / "state", "demo", gnupg_home=scratch / "gnupg")
    try:
        yield station
    finally:
        station.close()


def _build_rpm(release: Path, scratch: Path) -> list[str]:
    spec = scratch / "hello.spec"
    spec.write_text(SPEC)
    define = {"_topdir": scratch / "rpm", "_sourcedir": release, "_rpmdir": scratch / "rpms"}
    options = [part for name, path in define.items() for part in ("--define", f"{name} {path}")]
    try:
        done = Programs(scratch).run("rpmbuild", ("-bb", *options, str(spec)), cwd=scratch)
    except ToolError:
        return ["An RPM: rpmbuild is not installed (package rpm)."]
    built = sorted((scratch / "rpms").rglob("*.rpm"))
    if done.status != 0 or not built:
        return ["An RPM: rpmbuild failed."]
    shutil.copy2(built[0], release)
    return []


def _make_keys(station: StationApi, directory: Path) -> tuple[KeyRef, KeyRef]:
    release = GenerateOrder(KeyForm.OPENPGP, OPENPGP_NAME, "rsa3072", protect=False)
    modules = GenerateOrder(
        KeyForm.X509, X509_NAME, "rsa4096", usage=X509Use.MODULES, protect=False
    )
    made = [station.generate(each).result(SECONDS)[0].key for each in (release, modules)]
    for key in made:
        station.export_key(key, directory / "keys", replace=False).result(SECONDS)
    return made[0], made[1]


def _sign(station: StationApi, order: SignOrder) -> None:
    plan = station.plan(order).result(SECONDS)
    for refusal in plan.refused:
        raise from_wire(json.loads(refusal.error))
    job = station.submit(plan.id).result(SECONDS)
    row = station.wait(job).result(SECONDS)
    if row.state is not JobState.DONE:
        for step in station.steps(job).result(SECONDS):
            if step.error:
                raise from_wire(json.loads(step.error))


def _verify(station: StationApi, signed: Path) -> tuple[Verification, ...]:
    found: list[VerifiedPath] = []
    station.verify(VerifyOrder((signed,)), found.append).result(SECONDS)
    for each in found:
        if each.verification is None:
            raise _error_of(each)
    return tuple(each.verification for each in found if each.verification is not None)


def _error_of(result: VerifiedPath) -> SignstationError:
    return from_wire(json.loads(result.error or "{}"))


def _write_reports(directory: Path, verifications: tuple[Verification, ...]) -> None:
    now = int(time.time())
    report = {
        "schema": SCHEMA,
        "type": "report",
        "made_at": now,
        "checkpoint": "",
        "verifications": [verification_json(each) for each in verifications],
        "errors": [],
    }
    (directory / "report.json").write_text(json.dumps(report, indent=1) + "\n", "ascii")
    page = report_html("signstation demo", verifications, made_at=now)
    (directory / "report.html").write_text(page, "utf-8")


def _picture(directory: Path, scratch: Path) -> list[str]:
    """Let the real window show the report; it is drawn in a process of its own, without display."""
    interpreter = Path(sys.executable)
    target = directory / "window.png"
    arguments = ("-I", "-m", "signstation.gui.screenshot", "--output", str(target), "--page",
                 "verify", "--report", str(directory / "report.json"))  # fmt: skip
    try:
        done = Programs(scratch, (interpreter.parent,)).run(
            interpreter.name, arguments, environment={"QT_QPA_PLATFORM": "offscreen"}
        )
    except ToolError as error:
        return [f"window.png: {error.code}."]
    if done.status != 0 or not target.exists():
        said = done.stderr.decode(errors="replace").strip().splitlines()
        return [f"window.png: {said[-1] if said else 'the window could not be drawn'}"]
    return []
