"""The way in and out through a real station: copy, sign the copy, find it again, export."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from signstation.app.api import StationApi
from signstation.app.connect import connect
from signstation.app.demo_release import write_release
from signstation.errors import OutputExists
from signstation.model.audit import AuditFilter, AuditKind, CheckpointState
from signstation.model.copies import CopyNews, CopyOrder
from signstation.model.exports import ExportOrder
from signstation.model.jobs import JobState
from signstation.model.orders import GenerateOrder, KeyForm, SignOrder, X509Use
from signstation.model.profiles import KindChoice, Profile
from signstation.model.versions import Subject
from tests.support.gnupg import GnupgHome

SECONDS = 60


@pytest.fixture
def base() -> Iterator[Path]:
    """A short private directory."""
    made = Path(tempfile.mkdtemp(prefix="io-", dir="/tmp"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def station(base: Path) -> Iterator[StationApi]:
    """A real station with an unprotected key for modules."""
    with GnupgHome() as gnupg:
        opened = connect(base / "state", "window", gnupg_home=gnupg.path)
        order = GenerateOrder(
            KeyForm.X509, "modules", "rsa2048", usage=X509Use.MODULES, protect=False
        )
        opened.generate(order).result(SECONDS)
        yield opened
        opened.close()


def _news(_: CopyNews) -> None:
    """Progress is not what these tests are about."""


def _release(base: Path) -> Path:
    release = base / "stick/acme"
    (release / "drivers").mkdir(parents=True)
    write_release(release, int(time.time()))
    shutil.copy(release / "hello.ko", release / "drivers/hello.ko")
    (release / "away").symlink_to("/etc/passwd")
    return release


def _sign(station: StationApi, root: Path, output: Path) -> None:
    (key,) = (each.key for each in station.keys().result(SECONDS))
    paths = (root / "hello.ko", root / "drivers/hello.ko")
    plan = station.plan(SignOrder(paths, (key,), format="kmod", output=output, root=root)).result(
        SECONDS
    )
    assert not plan.refused
    job = station.submit(plan.id).result(SECONDS)
    assert station.wait(job).result(SECONDS).state is JobState.DONE


def test_from_a_stick_to_a_stick(base: Path, station: StationApi) -> None:
    """The source is gone before signing; the export holds what was signed, with its structure."""
    release = _release(base)
    original = (release / "hello.ko").read_bytes()
    copied = station.copy_in(CopyOrder((release,), always=True), _news).result(SECONDS)
    assert copied.copied
    assert [json.loads(each.error)["code"] for each in copied.refused] == ["input.leaves-tree"]
    shutil.rmtree(release)
    (root,) = copied.paths
    assert (root / "hello.ko").read_bytes() == original
    signed = base / "signed"
    _sign(station, root, signed)

    subject = Subject(root / "drivers/hello.ko", "kmod", "hello")
    (earlier,) = station.earlier((subject, Subject(root / "x", "rpm", "y-1-1.noarch"))).result(
        SECONDS
    )
    assert earlier.path in {signed / "hello.ko", signed / "drivers/hello.ko"}
    assert earlier.sha256 is not None

    (base / "out").mkdir()
    files = (signed / "hello.ko", signed / "drivers/hello.ko")
    order = ExportOrder(files, signed, base / "out", "acme-1")
    exported = station.export(order, _news).result(SECONDS)
    assert exported.files == 2
    for each in files:
        name = each.relative_to(signed)
        assert (exported.directory / name).read_bytes() == each.read_bytes()
    report = json.loads((exported.directory / "report.json").read_text())
    assert {each["verdict"] for each in report["verifications"]} == {"trusted"}
    assert "drivers/hello.ko" in exported.report.read_text()
    subprocess.run(
        ["/usr/bin/sha256sum", "--strict", "--check", "SHA256SUMS"],
        cwd=exported.directory,
        check=True,
        capture_output=True,
    )
    kept = exported.directory / "checkpoint.txt"
    assert report["checkpoint"] == kept.read_text()
    state = station.audit_check((kept,)).result(SECONDS)
    assert [each.state for each in state.checkpoints] == [CheckpointState.CONSISTENT]
    with pytest.raises(OutputExists):
        station.export(order, _news).result(SECONDS)
    (newest, *_) = station.audit_records(AuditFilter(), 0).result(SECONDS)
    assert newest.kind is AuditKind.PUBLISHED
    assert newest.caller
    assert newest.key.startswith("file:")


def test_our_own_files_need_no_copy_and_those_of_others_do(base: Path, station: StationApi) -> None:
    release = _release(base)
    order = CopyOrder((release,))
    untouched = station.copy_in(order, _news).result(SECONDS)
    assert (untouched.copied, untouched.paths) == (False, (release,))
    release.chmod(0o777)
    copied = station.copy_in(order, _news).result(SECONDS)
    assert copied.copied
    assert copied.paths[0].is_relative_to(base / "state")


def test_profiles_are_kept_with_the_station(base: Path, station: StationApi) -> None:
    profile = Profile("Release", "", hash="sha512", kinds=(KindChoice("kmod", "file:X", "cms"),))
    saved = station.save_profile(profile).result(SECONDS)
    assert saved.source == str(base / "state/settings.toml")
    assert station.profiles().result(SECONDS) == (saved,)
    assert station.media().result(SECONDS) is not None
