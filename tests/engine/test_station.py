"""A station in this process: its API as the window uses it, over real workers and real keys."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from signstation.app.api import StationApi
from signstation.app.connect import connect
from signstation.app.demo_release import kernel_module, write_release
from signstation.app.home import SOCKET_NAME, Ownership
from signstation.errors import (
    Cancelled,
    InternalError,
    KeyNotFound,
    KeyStoreUnknown,
    OutputExists,
    SecretMissing,
    SignstationError,
    StoreDamaged,
    StoreLocked,
    UsageError,
    WorkerDied,
    from_wire,
)
from signstation.model.checks import Verdict
from signstation.model.jobs import JobEvent, JobState
from signstation.model.keys import KeyRef, Protection
from signstation.model.orders import GenerateOrder, KeyForm, SignOrder, VerifyOrder, X509Use
from signstation.model.prompts import PromptKind
from signstation.model.secret import Secret
from signstation.model.station import (
    Health,
    Inspected,
    PromptClosed,
    PromptOpened,
    StationEvent,
    VerifiedPath,
)
from signstation.reports.words import sentence
from tests.support.gnupg import GnupgHome

SECONDS = 60.0


class Window:
    """What a window does: subscribes, keeps events, answers prompts."""

    def __init__(self, home: Path, gnupg: Path) -> None:
        self.api: StationApi = connect(home, "window", gnupg_home=gnupg)
        self.events: list[StationEvent] = []
        self.secrets: list[bytes] = []
        self.prompted = threading.Event()
        self.api.subscribe(self.hear)

    def hear(self, event: StationEvent) -> None:
        """Answer with the next secret; without one, leave the prompt open."""
        self.events.append(event)
        if isinstance(event, PromptOpened):
            self.prompted.set()
            if self.secrets:
                self.api.answer(event.prompt.id, Secret(self.secrets.pop(0)))

    @property
    def prompts(self) -> list[PromptOpened]:
        """The prompts that were opened."""
        return [each for each in self.events if isinstance(each, PromptOpened)]

    def key(self, name: str = "modules", passphrase: bytes = b"") -> KeyRef:
        """Make a module key in the station's directory."""
        if passphrase:
            self.secrets.append(passphrase)
        order = GenerateOrder(
            KeyForm.X509, name, "rsa2048", usage=X509Use.MODULES, protect=bool(passphrase)
        )
        return self.api.generate(order).result(SECONDS)[0].key

    def sign(self, order: SignOrder) -> JobState:
        """Plan, submit and wait."""
        plan = self.api.plan(order).result(SECONDS)
        job = self.api.submit(plan.id).result(SECONDS)
        return self.api.wait(job).result(SECONDS).state

    def verify(self, *paths: Path) -> list[VerifiedPath]:
        """Verify against the pins."""
        found: list[VerifiedPath] = []
        self.api.verify(VerifyOrder(paths), found.append).result(SECONDS)
        return found


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Window]:
    """Give a window on a station of its own."""
    with GnupgHome() as gnupg:
        opened = Window(tmp_path / "state", gnupg.path)
        yield opened
        opened.api.close()


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """Give a directory with modules and a tarball."""
    directory = tmp_path / "release"
    directory.mkdir()
    write_release(directory, 1_700_000_000)
    return directory


def test_what_is_made_here_is_trusted_here(window: Window, release: Path) -> None:
    key = window.key()
    signed = release.parent / "signed"
    assert window.sign(SignOrder((release,), (key,), output=signed)) is JobState.DONE
    results = window.verify(signed)
    assert [each.path.name for each in results] == ["hello.ko", "hello_net.ko", "hello_sensor.ko"]
    for each in results:
        assert each.verification is not None
        assert each.verification.verdict is Verdict.TRUSTED
        (facts,) = each.verification.signatures
        assert "generated on this station" in sentence(facts.path[0].detail)
    (job,) = window.api.jobs().result(SECONDS)
    assert (job.state, job.steps, job.done, job.keys) == (JobState.DONE, 3, 3, (str(key),))
    assert window.api.job(job.id).result(SECONDS) == job
    assert len(window.api.steps(job.id).result(SECONDS)) == 3
    assert len(window.api.steps(job.id, 2).result(SECONDS)) == 1
    assert JobEvent(job.id) in window.events


def test_inspection_comes_in_the_order_of_the_names(window: Window, release: Path) -> None:
    for number in range(40):
        (release / f"many{number:02}.ko").write_bytes(kernel_module(f"m{number}", "x", 100))
    (release / "link.ko").symlink_to("hello.ko")
    found: list[Inspected] = []
    window.api.inspect((release, release / "hello.ko"), None, found.append).result(SECONDS)
    names = [each.path.name for each in found]
    assert names == sorted(names)
    assert len(names) == 44  # the link leads to what is met under its own name; so does the second
    assert all(each.inspection for each in found)


def test_what_cannot_be_read_is_said_for_each_path(window: Window, release: Path) -> None:
    (release / "out").symlink_to("/etc/passwd")
    found: list[Inspected] = []
    window.api.inspect((release, release / "missing"), None, found.append).result(SECONDS)
    errors = {each.path.name: code_of(each.error) for each in found if each.error}
    assert errors == {"out": "input.leaves-tree", "missing": "input.missing"}


def code_of(wire: str | None) -> str:
    """Return the code of an error in its wire form."""
    return from_wire(json.loads(wire or "{}")).code


def test_nothing_to_look_at_is_an_error_and_never_good(window: Window, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no file"):
        window.verify(tmp_path / "empty")
    with pytest.raises(UsageError, match="no file"):
        window.api.inspect((tmp_path / "empty",), None, print).result(SECONDS)
    with pytest.raises(UsageError, match="no format"):
        window.api.inspect((tmp_path,), "no-such", print).result(SECONDS)


def test_a_prompt_belongs_to_its_job_and_closes(window: Window, release: Path) -> None:
    key = window.key("guarded", b"secret")
    assert window.prompts[0].prompt.kind is PromptKind.NEW_PASSPHRASE
    window.events.clear()
    window.secrets = [b"wrong", b"secret"]
    order = SignOrder((release / "hello.ko",), (key,), output=release.parent / "signed")
    assert window.sign(order) is JobState.DONE
    first, second = (each.prompt for each in window.prompts)
    (job,) = window.api.jobs().result(SECONDS)
    assert (first.job, second.job) == (job.id, job.id)
    assert (first.previous_wrong, second.previous_wrong) == (False, True)
    assert first.id != second.id
    closed = [each.id for each in window.events if isinstance(each, PromptClosed)]
    assert closed == [first.id, second.id]
    with pytest.raises(UsageError, match="no open prompt"):
        window.api.dismiss(first.id).result(SECONDS)


def test_a_job_waits_while_its_prompt_is_open_and_is_cancelled(
    window: Window, release: Path
) -> None:
    key = window.key("guarded", b"secret")
    window.prompted.clear()
    order = SignOrder((release / "hello.ko",), (key,), output=release.parent / "signed")
    job = window.api.submit(window.api.plan(order).result(SECONDS).id).result(SECONDS)
    assert window.prompted.wait(SECONDS)
    deadline = time.monotonic() + SECONDS
    while window.api.job(job).result(SECONDS).state is not JobState.WAITING:
        assert time.monotonic() < deadline
    window.api.cancel(job).result(SECONDS)
    assert window.api.wait(job).result(SECONDS).state is JobState.CANCELLED
    assert not (release.parent / "signed/hello.ko").exists()
    window.secrets = [b"secret"]
    window.api.retry(job).result(SECONDS)
    assert window.api.wait(job).result(SECONDS).state is JobState.DONE


def test_nobody_listening_is_a_missing_secret(tmp_path: Path, release: Path) -> None:
    with GnupgHome() as gnupg:
        api = connect(tmp_path / "state", "window", gnupg_home=gnupg.path)
        with pytest.raises(SecretMissing):
            api.generate(GenerateOrder(KeyForm.X509, "x", "p256")).result(SECONDS)
        api.close()


def test_keys_are_listed_resolved_exported_and_refused(window: Window, tmp_path: Path) -> None:
    name = "Release <release@example.org>"
    openpgp = window.api.generate(GenerateOrder(KeyForm.OPENPGP, name, protect=False))
    primary = openpgp.result(SECONDS)[0]
    key = window.key()
    listed = window.api.keys().result(SECONDS)
    assert {each.key for each in listed} >= {primary.key, key}
    assert {each.protection for each in listed} == {Protection.UNPROTECTED}
    assert window.api.resolve_key("gpg:<release@example.org>").result(SECONDS) == primary.key
    for typed, error in (
        ("gpg:<nobody@example.org>", KeyNotFound),
        ("nonsense:1", KeyStoreUnknown),
        ("file", UsageError),
    ):
        with pytest.raises(error):
            window.api.resolve_key(typed).result(SECONDS)
    out = tmp_path / "public"
    written = window.api.export_key(primary.key, out, replace=False).result(SECONDS)
    assert [each.name for each in written] == ["release.asc", "release.gpg"]
    assert {each.stat().st_mode & 0o777 for each in written} == {0o644}
    with pytest.raises(OutputExists):
        window.api.export_key(primary.key, out, replace=False).result(SECONDS)
    window.api.export_key(primary.key, out, replace=True).result(SECONDS)


def test_a_public_certificate_of_others_is_not_pinned(window: Window, tmp_path: Path) -> None:
    with GnupgHome() as elsewhere:
        key = elsewhere.generate(name="Vendor <vendor@example.org>")
        (tmp_path / "vendor.gpg").write_bytes(elsewhere.export(key.primary))
    window.api.import_key("gpg", tmp_path / "vendor.gpg").result(SECONDS)
    assert not (tmp_path / "state/trust").exists()


def test_a_damaged_pin_stops_verification(window: Window, release: Path) -> None:
    window.key()
    (pinned,) = (
        each for each in (release.parent / "state/trust").iterdir() if len(each.name) == 64
    )
    pinned.write_bytes(b"")
    with pytest.raises(StoreDamaged):
        window.verify(release)
    rows = {each.id: each for each in window.api.doctor().result(SECONDS)}
    assert rows["trust"].health is Health.BAD


def test_doctor_looks_at_everything_and_has_remedies(window: Window) -> None:
    rows = {each.id: each for each in window.api.doctor().result(SECONDS)}
    expected = {"network", "agent", "journal", "trust", "state", "clock", "display", "fonts"}
    assert expected <= set(rows)
    for tool in ("gpg", "gpgv", "openssl", "rpmkeys", "modinfo"):
        row = rows[f"tool.{tool}"]
        assert row.health is Health.GOOD
        assert any(character.isdigit() for character in sentence(row.title))
    for name in ("no_new_privs", "seccomp", "limits"):
        assert rows[f"protection.{name}"].health is Health.GOOD
    assert all(each.remedy for each in rows.values() if each.health is not Health.GOOD)


def test_a_question_that_is_given_up_ends(window: Window, release: Path) -> None:
    sparse = release / "sparse"
    with sparse.open("wb") as file:
        file.truncate(8_000_000_000)
    asked = window.api.inspect((sparse,), None, print)
    time.sleep(0.5)
    assert asked.cancel()
    with pytest.raises(CancelledError):
        asked.result(SECONDS)
    assert window.api.jobs().result(SECONDS) == ()


@pytest.mark.expects_log("a listener failed")
def test_a_listener_that_fails_harms_nobody(window: Window, release: Path) -> None:
    def fails(event: StationEvent) -> None:
        raise ValueError(event)

    window.api.subscribe(fails)
    order = SignOrder((release / "hello.ko",), (window.key(),), output=release.parent / "signed")
    assert window.sign(order) is JobState.DONE


def test_after_its_end_every_call_says_so(tmp_path: Path) -> None:
    home = tmp_path / "state"
    with GnupgHome() as gnupg:
        api = connect(home, "window", gnupg_home=gnupg.path)
        assert Ownership.take(home) is None
        api.close()
        api.close()
    with pytest.raises(WorkerDied):
        api.jobs().result(SECONDS)
    secret = Secret(b"x")
    with pytest.raises(WorkerDied):
        api.answer("1", secret).result(SECONDS)
    assert not (home / SOCKET_NAME).exists()
    free = Ownership.take(home)
    assert free is not None
    free.release()


def test_an_owner_that_does_not_answer_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signstation.app.connect.WAIT_SECONDS", 0.3)
    ownership = Ownership.take(tmp_path)
    assert ownership is not None
    with pytest.raises(StoreLocked) as caught:
        connect(tmp_path, "window")
    assert caught.value.path == str(tmp_path)
    ownership.release()
    connect(tmp_path, "window").close()


def test_an_open_prompt_is_cancelled_when_the_window_closes(tmp_path: Path) -> None:
    with GnupgHome() as gnupg:
        window = Window(tmp_path / "state", gnupg.path)
        asking = window.api.generate(GenerateOrder(KeyForm.X509, "x", "p256"))
        assert window.prompted.wait(SECONDS)
        window.api.close()
        with pytest.raises((Cancelled, CancelledError)):
            asking.result(SECONDS)


def test_two_stations_in_one_process_do_not_meet(tmp_path: Path) -> None:
    with GnupgHome() as gnupg:
        one = connect(tmp_path / "one", "window", gnupg_home=gnupg.path)
        two = connect(tmp_path / "two", "window", gnupg_home=gnupg.path)
        again = connect(tmp_path / "one", "window", gnupg_home=gnupg.path)
        order = GenerateOrder(KeyForm.X509, "x", "p256", protect=False)
        one.generate(order).result(SECONDS)
        assert len(again.keys().result(SECONDS)) == 1
        assert two.keys().result(SECONDS) == ()
        for each in (again, one, two):
            each.close()


@pytest.mark.expects_log("internal error")
def test_a_bug_is_an_internal_error_with_an_id_in_the_log(
    window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("no reason at all")

    monkeypatch.setattr("signstation.app.trustpins.TrustPins.materials", broken)
    with pytest.raises(InternalError) as caught:
        window.verify(tmp_path)
    log = (tmp_path / "state/log/signstation.log").read_text()
    assert caught.value.id in log
    assert "no reason at all" in log


def test_only_typed_errors_come_out(window: Window, tmp_path: Path) -> None:
    for future in (
        window.api.submit("no plan"),
        window.api.wait(99),
        window.api.job(99),
        window.api.cancel(99),
        window.api.retry(99),
        window.api.resume(99),
        window.api.plan(SignOrder((), ())),
        window.api.export_key(KeyRef("file", "/missing"), tmp_path, replace=False),
    ):
        with pytest.raises(SignstationError):
            future.result(SECONDS)
