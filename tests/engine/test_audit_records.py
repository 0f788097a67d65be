"""What a real station writes into its audit log: orders, changes of keys and trust, refusals."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from signstation.app.api import StationApi
from signstation.app.connect import connect
from signstation.app.demo_release import kernel_module
from signstation.errors import OutputExists, SignstationError, UsageError
from signstation.model.audit import AuditFilter, AuditKind, AuditRecord
from signstation.model.jobs import JobState
from signstation.model.orders import GenerateOrder, KeyForm, SignOrder, X509Use

SECONDS = 60


@pytest.fixture
def base() -> Iterator[Path]:
    """A short private directory."""
    made = Path(tempfile.mkdtemp(prefix="au-", dir="/tmp"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def station(base: Path) -> Iterator[StationApi]:
    """A real station without any key."""
    opened = connect(base / "state", "window", gnupg_home=base / "no-gnupg")
    yield opened
    opened.close()


def _refused(order: Future[Any], error: type[SignstationError]) -> None:
    with pytest.raises(error):
        order.result(SECONDS)


def _log(station: StationApi) -> tuple[AuditRecord, ...]:
    """Return the records, oldest first."""
    return station.audit_records(AuditFilter(), 0).result(SECONDS)[::-1]


def _about(record: AuditRecord) -> tuple[AuditKind, str]:
    details = dict(record.details)
    return record.kind, details.get("change") or details.get("order") or details.get("code", "")


def test_everything_that_changes_something_is_recorded(station: StationApi, base: Path) -> None:
    """In order, each with who did it; looking leaves nothing behind."""
    station.keys().result(SECONDS)
    station.jobs().result(SECONDS)
    assert _log(station) == ()
    order = GenerateOrder(KeyForm.X509, "modules", "rsa2048", usage=X509Use.MODULES, protect=False)
    (made,) = station.generate(order).result(SECONDS)
    (anchor,) = station.anchors().result(SECONDS)
    station.export_key(made.key, base / "public", replace=False).result(SECONDS)
    _refused(station.export_key(made.key, base / "public", replace=False), OutputExists)
    gone = station.unpin(anchor.identity).result(SECONDS)
    _refused(station.unpin(anchor.identity), UsageError)
    station.restore(gone).result(SECONDS)
    _refused(station.submit("no such plan"), UsageError)
    found = _log(station)
    assert [_about(each) for each in found] == [
        (AuditKind.STARTED, ""),
        (AuditKind.KEY_CHANGE, "generated"),
        (AuditKind.TRUST_CHANGE, "pinned"),
        (AuditKind.KEY_CHANGE, "public half exported"),
        (AuditKind.KEY_CHANGE, "public half exported"),
        (AuditKind.REFUSAL, "export_key"),
        (AuditKind.TRUST_CHANGE, "unpinned"),
        (AuditKind.REFUSAL, "unpin"),
        (AuditKind.TRUST_CHANGE, "restored"),
        (AuditKind.REFUSAL, "submit"),
    ]
    assert found[1].key == str(made.key)
    assert {each.key for each in found if each.kind is AuditKind.TRUST_CHANGE} == {anchor.identity}
    assert all(each.caller.endswith("window") for each in found[1:])
    assert station.audit_check(()).result(SECONDS).first_bad is None


def test_what_is_refused_while_planning_is_recorded(station: StationApi, base: Path) -> None:
    """A broken file and a key that cannot make the signature, each with its code and its key."""
    order = GenerateOrder(KeyForm.X509, "modules", "rsa2048", usage=X509Use.MODULES, protect=False)
    (made,) = station.generate(order).result(SECONDS)
    broken, text = base / "broken.ko", base / "notes.txt"
    broken.write_bytes(kernel_module("broken", "cut short")[:200])
    text.write_text("hello\n")
    wanted = SignOrder((broken,), (made.key,), format="kmod", output=base / "out")
    as_openpgp = SignOrder((text,), (made.key,), format="blob", signature="openpgp")
    for each in (wanted, as_openpgp):
        assert len(station.plan(each).result(SECONDS).refused) == 1
    first, second = [each for each in _log(station) if each.kind is AuditKind.REFUSAL]
    assert (first.artifact, first.key) == (str(broken), str(made.key))
    assert _about(first) == (AuditKind.REFUSAL, "plan")
    assert dict(first.details)["code"] == "input.malformed"
    assert second.artifact == str(text)
    assert dict(second.details)["code"].startswith("key.")
    assert not (base / "out").exists()


def test_a_job_is_recorded_from_the_order_to_the_result(station: StationApi, base: Path) -> None:
    """The use of the key stands before what came of it; a refusal to cancel stands there too."""
    order = GenerateOrder(KeyForm.X509, "files", "p256", protect=False)
    (made,) = station.generate(order).result(SECONDS)
    artifact = base / "tool.iso"
    artifact.write_bytes(b"x" * 1000)
    plan = station.plan(SignOrder((artifact,), (made.key,), output=base / "out")).result(SECONDS)
    job = station.submit(plan.id).result(SECONDS)
    assert station.wait(job).result(SECONDS).state is JobState.DONE
    _refused(station.cancel(job), UsageError)
    mine = [each for each in _log(station) if each.job == job]
    assert [each.kind for each in mine[:2]] == [AuditKind.SUBMITTED, AuditKind.KEY_USE]
    assert {each.kind for each in mine[2:]} == {AuditKind.PUBLISHED}
    assert {(each.key, each.caller) for each in mine} == {(str(made.key), mine[0].caller)}
    assert mine[1].artifact == str(artifact)
    (refusal,) = [each for each in _log(station) if each.kind is AuditKind.REFUSAL]
    assert _about(refusal) == (AuditKind.REFUSAL, "cancel")
    by_output = station.audit_records(AuditFilter(sha256=mine[2].sha256), 0).result(SECONDS)
    assert mine[2] in by_output
