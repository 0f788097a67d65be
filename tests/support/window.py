"""A station that answers from frozen values, on a thread of its own as the real one does.

It implements ``StationApi`` for tests and pictures of the window: no files, no keys, no engine.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from signstation.app.api import MAX_STEPS_PER_CALL
from signstation.errors import CancelRefused, ContentDamaged, SignstationError, UsageError
from signstation.model.anchors import Anchor, AnchorFile, PinOrder, Unpinned
from signstation.model.checks import Verification
from signstation.model.jobs import Counter, JobRow, JobState, Phase, StepRow
from signstation.model.keys import KeyInfo, KeyRef
from signstation.model.orders import (
    CertifyOrder,
    GenerateOrder,
    PlannedItem,
    PlannedPrompt,
    PlanSummary,
    SignOrder,
    VerifyOrder,
)
from signstation.model.secret import Secret
from signstation.model.sightings import Seen
from signstation.model.station import (
    DoctorRow,
    Inspected,
    PromptClosed,
    StationEvent,
    VerifiedPath,
)
from signstation.model.tokens import TokenInfo
from tests.support import windowdata, windowtrust
from tests.support.window_release import RecordedRelease, ReleaseScript
from tests.support.windowaudit import AuditScript, RecordedAudit
from tests.support.windowjobs import RecordedJobs

T = TypeVar("T")


@dataclass(slots=True)
class Script:
    """What the station will say; a test changes it before or while the window asks."""

    verifications: tuple[Verification, ...] = field(default_factory=windowdata.release)
    inspections: tuple[Inspected, ...] = field(
        default_factory=lambda: tuple(
            Inspected(path, inspection) for path, inspection in windowdata.inspections()
        )
    )
    unverifiable: tuple[VerifiedPath, ...] = ()
    keys: tuple[KeyInfo, ...] = field(default_factory=windowdata.key_list)
    tokens: tuple[TokenInfo, ...] = ()
    doctor: tuple[DoctorRow, ...] = field(default_factory=windowdata.doctor)
    jobs: tuple[JobRow, ...] = ()
    steps: dict[int, tuple[StepRow, ...]] = field(default_factory=dict)
    failure: SignstationError | None = None
    anchors: tuple[Anchor, ...] = field(default_factory=windowtrust.anchors)
    anchor_file: tuple[Anchor, ...] = field(default_factory=windowtrust.file_anchors)
    seen: tuple[Seen, ...] = field(default_factory=windowtrust.seen)


class RecordedStation(RecordedRelease, RecordedAudit, RecordedJobs):
    """``orders`` lists what the window asked for: (name of the call, its first argument)."""

    def __init__(self, script: Script | None = None) -> None:
        """Start the thread."""
        self.script = script or Script()
        self.release = ReleaseScript()
        self.audit = AuditScript()
        self.orders: list[tuple[str, object]] = []
        self.secrets: list[bytes] = []
        self._gone: dict[str, Anchor] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="recorded-station")
        self._listeners: list[Callable[[StationEvent], None]] = []

    def emit(self, event: StationEvent) -> None:
        """Tell the window something, as the runner's thread would. Blocks until it was put."""
        self._thread.submit(self._emit, event).result()

    def _emit(self, event: StationEvent) -> None:
        for listener in tuple(self._listeners):
            listener(event)

    def settle(self) -> None:
        """Wait until everything that was asked so far has been answered."""
        self._thread.submit(int).result()

    def _answer(self, name: str, argument: object, give: Callable[[], T]) -> Future[T]:
        self.orders.append((name, argument))
        failure = self.script.failure
        if failure is not None:
            broken: Future[T] = Future()
            self._thread.submit(broken.set_exception, failure)
            return broken
        return self._thread.submit(give)

    def inspect(
        self,
        paths: tuple[Path, ...],
        format_id: str | None,
        on_result: Callable[[Inspected], None],
    ) -> Future[None]:
        """Answer with every inspection of the script."""

        def give() -> None:
            for each in self.script.inspections:
                on_result(each)

        return self._answer("inspect", (paths, format_id), give)

    def plan(self, order: SignOrder) -> Future[PlanSummary]:
        """Plan one item per path."""
        return self._answer("plan", order, lambda: _plan(order))

    def submit(self, plan_id: str) -> Future[int]:
        """Return the newest job of the script."""
        return self._answer("submit", plan_id, lambda: self.script.jobs[0].id)

    def wait(self, job: int) -> Future[JobRow]:
        """Answer at once with the job as it is."""
        return self._answer("wait", job, lambda: self._job(job))

    def verify(self, order: VerifyOrder, on_result: Callable[[VerifiedPath], None]) -> Future[None]:
        """Answer with every verification of the script."""

        def give() -> None:
            for each in self.script.verifications:
                on_result(VerifiedPath(Path(each.path), each))
            for failed in self.script.unverifiable:
                on_result(failed)

        return self._answer("verify", order, give)

    def jobs(self) -> Future[tuple[JobRow, ...]]:
        """Answer with the script's jobs."""
        return self._answer("jobs", None, lambda: self.script.jobs)

    def job(self, job: int) -> Future[JobRow]:
        """Answer with one job."""
        return self._answer("job", job, lambda: self._job(job))

    def steps(self, job: int, offset: int = 0) -> Future[tuple[StepRow, ...]]:
        """Answer with one page of steps."""
        end = offset + MAX_STEPS_PER_CALL
        return self._answer(
            "steps", (job, offset), lambda: self.script.steps.get(job, ())[offset:end]
        )

    def cancel(self, job: int) -> Future[None]:
        """Refuse a job that is being published."""

        def give() -> None:
            if self._job(job).state is JobState.PUBLISHING:
                raise CancelRefused(job=job)

        return self._answer("cancel", job, give)

    def retry(self, job: int) -> Future[None]:
        """Take note."""
        return self._answer("retry", job, _nothing)

    def resume(self, job: int | None = None) -> Future[tuple[int, ...]]:
        """Take note."""
        return self._answer("resume", job, lambda: (job,) if job is not None else ())

    def keys(self) -> Future[tuple[KeyInfo, ...]]:
        """Answer with the script's keys."""
        return self._answer("keys", None, lambda: self.script.keys)

    def tokens(self) -> Future[tuple[TokenInfo, ...]]:
        """Answer with the script's devices."""
        return self._answer("tokens", None, lambda: self.script.tokens)

    def resolve_key(self, typed: str) -> Future[KeyRef]:
        """Parse it."""
        return self._answer("resolve_key", typed, lambda: KeyRef.parse(typed))

    def certify(self, order: CertifyOrder) -> Future[tuple[Path, ...]]:
        """Say where the certificate is."""
        return self._answer("certify", order, lambda: (order.output / "key.asc",))

    def generate(self, order: GenerateOrder) -> Future[tuple[KeyInfo, ...]]:
        """Answer with the first key."""
        return self._answer("generate", order, lambda: self.script.keys[:1])

    def import_key(self, store: str, path: Path) -> Future[tuple[KeyInfo, ...]]:
        """Answer with the first key."""
        return self._answer("import_key", (store, path), lambda: self.script.keys[:1])

    def export_key(
        self, key: KeyRef, directory: Path, *, replace: bool
    ) -> Future[tuple[Path, ...]]:
        """Answer with one file name."""
        return self._answer(
            "export_key", (key, directory, replace), lambda: (directory / "release.asc",)
        )

    def anchors(self) -> Future[tuple[Anchor, ...]]:
        """Answer with the script's anchors."""
        return self._answer("anchors", None, lambda: self.script.anchors)

    def preview_anchors(self, path: Path) -> Future[AnchorFile]:
        """Answer with the anchors of the script's file."""

        def give() -> AnchorFile:
            known = {each.identity for each in self.script.anchors}
            found = self.script.anchor_file
            pinned = tuple(each.identity for each in found if each.identity in known)
            return AnchorFile(path, windowdata.digest(str(path)), found, pinned)

        return self._answer("preview_anchors", path, give)

    def pin(self, order: PinOrder) -> Future[tuple[Anchor, ...]]:
        """Add the anchors to the script's."""

        def give() -> tuple[Anchor, ...]:
            found = windowtrust.pinned(self.script.anchor_file, order)
            self.script.anchors = (*self.script.anchors, *found)
            return found

        return self._answer("pin", order, give)

    def unpin(self, identity: str) -> Future[Unpinned]:
        """Take an anchor out of the script's."""

        def give() -> Unpinned:
            (gone,) = [each for each in self.script.anchors if each.identity == identity]
            self._gone[identity] = gone
            self.script.anchors = tuple(each for each in self.script.anchors if each is not gone)
            return Unpinned(identity, gone.label, b"material", gone.origin, gone.purposes)

        return self._answer("unpin", identity, give)

    def restore(self, unpinned: Unpinned) -> Future[None]:
        """Put an anchor back."""

        def give() -> None:
            self.script.anchors = (*self.script.anchors, self._gone.pop(unpinned.identity))

        return self._answer("restore", unpinned, give)

    def seen(self) -> Future[tuple[Seen, ...]]:
        """Answer with what was seen."""
        return self._answer("seen", None, lambda: self.script.seen)

    def forget(self, digests: tuple[bytes, ...]) -> Future[None]:
        """Forget some of it."""

        def give() -> None:
            rest = (each for each in self.script.seen if each.sha256 not in digests)
            self.script.seen = tuple(rest)

        return self._answer("forget", digests, give)

    def remember(self, seen: tuple[Seen, ...]) -> Future[None]:
        """Put them back."""

        def give() -> None:
            self.script.seen = (*seen, *self.script.seen)

        return self._answer("remember", seen, give)

    def answer(self, prompt_id: str, secret: Secret) -> Future[None]:
        """Keep the secret for the test, and close the prompt."""
        with secret.open() as opened:
            self.secrets.append(bytes(opened))
        secret.wipe()
        return self._answer("answer", prompt_id, lambda: self._emit(PromptClosed(prompt_id)))

    def dismiss(self, prompt_id: str) -> Future[None]:
        """Close the prompt."""
        return self._answer("dismiss", prompt_id, lambda: self._emit(PromptClosed(prompt_id)))

    def doctor(self) -> Future[tuple[DoctorRow, ...]]:
        """Answer with the script's rows."""
        return self._answer("doctor", None, lambda: self.script.doctor)

    def subscribe(self, listener: Callable[[StationEvent], None]) -> Callable[[], None]:
        """Add a listener."""
        self._listeners.append(listener)

        def end() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return end

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()

    def _job(self, job: int) -> JobRow:
        for each in self.script.jobs:
            if each.id == job:
                return each
        raise UsageError(reason=f"there is no job {job}")


def _nothing() -> None:
    """Answer a call that returns nothing."""


def _plan(order: SignOrder) -> PlanSummary:
    items = tuple(
        PlannedItem(
            path=path,
            title=path.name,
            format=order.format or "blob",
            size=1000,
            slots=(f"{order.signature} by {order.keys[0]}",),
            outputs=((order.output or path.parent) / path.name,),
            findings=0,
        )
        for path in order.paths
    )
    prompts = (PlannedPrompt(f"passphrase {order.keys[0]}", 1),)
    return PlanSummary(
        id=windowdata.digest(repr(order.paths)).hex(),
        items=items,
        refused=(),
        skipped=(),
        key_operations=len(items),
        prompts=prompts,
        seconds=0.4 * len(items),
    )


def make_job(
    job: int, states: tuple[JobState, ...], *, title: str = "acme-4.2.0"
) -> tuple[JobRow, tuple[StepRow, ...]]:
    """Return a job with one step per state, named like the files of a release."""
    steps = tuple(_step(job, number, state) for number, state in enumerate(states))
    running = [each for each in states if not each.final]
    failed = sum(each is JobState.FAILED for each in states)
    state = running[0] if running else JobState.FAILED if failed else JobState.DONE
    row = JobRow(
        id=job,
        title=title,
        state=JobState.RUNNING if state is JobState.QUEUED and len(set(states)) > 1 else state,
        created=windowdata.NOW - 300 * job,
        finished=None if running else windowdata.NOW,
        steps=len(steps),
        done=sum(each is JobState.DONE for each in states),
        failed=failed,
        request_sha256=windowdata.digest(f"request {job}"),
        keys=(f"gpg:{windowdata.SUBKEY}",),
        release=f"/srv/builds/{title}",
    )
    return row, steps


def _step(job: int, number: int, state: JobState) -> StepRow:
    suffix, kind = ((".ko", "kmod"), ("-4.2.0-1.el9.x86_64.rpm", "rpm"), (".tar.gz", "blob"))[
        number % 3
    ]
    name = f"acme-part{number:05}{suffix}"
    total = 60_000 + 977 * (number % 400)
    started = state in {JobState.RUNNING, JobState.PUBLISHING, JobState.CANCELLING}
    done = total if state is JobState.DONE else total * (number % 9 + 1) // 11 if started else 0
    error = None
    if state is JobState.FAILED:
        error = json.dumps(ContentDamaged(path=name, what="the payload digest").to_wire())
    return StepRow(
        id=job * 1_000_000 + number,
        job=job,
        ordinal=number,
        path=str(windowdata.RELEASE / name),
        title=name.partition(".")[0],
        format=kind,
        state=state,
        phase=Phase.KEY if state is JobState.RUNNING else None,
        done_bytes=done,
        total_bytes=total if number % 7 else None,
        attempts=0 if state is JobState.QUEUED else 1,
        outputs=(f"/srv/builds/signed/{name}",) if state is JobState.DONE else (),
        output_sha256=windowdata.digest(name) if state is JobState.DONE else None,
        error=error,
        counters=(
            Counter(Phase.HASH, 1_900_000),
            Counter(Phase.KEY, 6_200_000),
            Counter(Phase.STAGE, 800_000),
            Counter(Phase.RECHECK, 2_400_000),
            Counter(Phase.SYNC, 3_100_000),
        )
        if state is JobState.DONE
        else (),
    )
