"""StationApi in terms of calls: the same words whether the station is in this process or not."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from signstation.app.methods import Method
from signstation.model.anchors import Anchor, AnchorFile, PinOrder, Unpinned
from signstation.model.audit import AuditFilter, AuditProof, AuditRecord, AuditState
from signstation.model.copies import CopiedIn, CopyNews, CopyOrder
from signstation.model.evidence import Evidence, EvidenceOrder
from signstation.model.exports import Exported, ExportOrder
from signstation.model.jobdetail import JobDetail
from signstation.model.jobs import JobRow, StepRow
from signstation.model.keys import KeyInfo, KeyRef
from signstation.model.lists import ListOrder, MadeList
from signstation.model.media import Medium
from signstation.model.orders import (
    CertifyOrder,
    GenerateOrder,
    PlanSummary,
    SignOrder,
    VerifyOrder,
)
from signstation.model.profiles import Profile
from signstation.model.releases import Survey
from signstation.model.secret import Secret
from signstation.model.sightings import Seen
from signstation.model.station import DoctorRow, Inspected, StationEvent, VerifiedPath
from signstation.model.tokens import TokenInfo
from signstation.model.versions import Earlier, Subject

OnItem = Callable[[Any], None]


class Transport(Protocol):
    """How calls reach the station. Thread-safe; nothing but ``close`` blocks."""

    def call(
        self, method: Method, arguments: tuple[object, ...], on_item: OnItem | None = None
    ) -> Future[Any]:
        """Begin a call; cancelling the future abandons it."""
        ...

    def answer(self, prompt_id: str, secret: Secret) -> Future[None]:
        """Carry a secret to the one who asked, and wipe this copy."""
        ...

    def subscribe(self, listener: Callable[[StationEvent], None]) -> Callable[[], None]:
        """Hear events; returns the call that ends it."""
        ...

    def close(self) -> None:
        """End the connection. Blocks."""
        ...


class BoundStation:
    """Implements ``StationApi`` over a transport that is bound to one caller."""

    def __init__(self, transport: Transport) -> None:
        """Take over the transport; ``close`` ends it."""
        self._transport = transport

    def inspect(
        self,
        paths: tuple[Path, ...],
        format_id: str | None,
        on_result: Callable[[Inspected], None],
    ) -> Future[None]:
        """Inspect files and walk directories."""
        return self._transport.call(Method.INSPECT, (_absolute(paths), format_id), on_result)

    def plan(self, order: SignOrder) -> Future[PlanSummary]:
        """Seal a request; signs nothing."""
        return self._transport.call(Method.PLAN, (order,))

    def submit(self, plan_id: str) -> Future[int]:
        """Queue a plan."""
        return self._transport.call(Method.SUBMIT, (plan_id,))

    def wait(self, job: int) -> Future[JobRow]:
        """Wait for the end of a job."""
        return self._transport.call(Method.WAIT, (job,))

    def verify(self, order: VerifyOrder, on_result: Callable[[VerifiedPath], None]) -> Future[None]:
        """Verify files and walk directories."""
        return self._transport.call(Method.VERIFY, (order,), on_result)

    def jobs(self) -> Future[tuple[JobRow, ...]]:
        """All jobs, newest first."""
        return self._transport.call(Method.JOBS, ())

    def job(self, job: int) -> Future[JobRow]:
        """One job now."""
        return self._transport.call(Method.JOB, (job,))

    def steps(self, job: int, offset: int = 0) -> Future[tuple[StepRow, ...]]:
        """Steps of a job from ``offset``."""
        return self._transport.call(Method.STEPS, (job, offset))

    def job_detail(self, job: int) -> Future[JobDetail]:
        """Signers and commands of a job."""
        return self._transport.call(Method.JOB_DETAIL, (job,))

    def cancel(self, job: int) -> Future[None]:
        """Cancel a job."""
        return self._transport.call(Method.CANCEL, (job,))

    def retry(self, job: int) -> Future[None]:
        """Queue failed and cancelled steps again."""
        return self._transport.call(Method.RETRY, (job,))

    def resume(self, job: int | None = None) -> Future[tuple[int, ...]]:
        """Go on with interrupted jobs."""
        return self._transport.call(Method.RESUME, (job,))

    def pause(self, job: int | None = None) -> Future[tuple[int, ...]]:
        """Begin no more artifacts."""
        return self._transport.call(Method.PAUSE, (job,))

    def unpause(self, job: int | None = None) -> Future[tuple[int, ...]]:
        """Let paused jobs go on."""
        return self._transport.call(Method.UNPAUSE, (job,))

    def keys(self) -> Future[tuple[KeyInfo, ...]]:
        """Keys of every store."""
        return self._transport.call(Method.KEYS, ())

    def tokens(self) -> Future[tuple[TokenInfo, ...]]:
        """Devices with keys that are there now."""
        return self._transport.call(Method.TOKENS, ())

    def resolve_key(self, typed: str) -> Future[KeyRef]:
        """Find the one key that was meant."""
        return self._transport.call(Method.RESOLVE_KEY, (typed,))

    def generate(self, order: GenerateOrder) -> Future[tuple[KeyInfo, ...]]:
        """Make and pin a key."""
        return self._transport.call(Method.GENERATE, (order,))

    def import_key(self, store: str, path: Path) -> Future[tuple[KeyInfo, ...]]:
        """Take a key in."""
        return self._transport.call(Method.IMPORT_KEY, (store, path.absolute()))

    def certify(self, order: CertifyOrder) -> Future[tuple[Path, ...]]:
        """Make a certificate."""
        return self._transport.call(Method.CERTIFY, (order,))

    def export_key(
        self, key: KeyRef, directory: Path, *, replace: bool
    ) -> Future[tuple[Path, ...]]:
        """Write the public half."""
        arguments = (key, directory.absolute(), replace)
        return self._transport.call(Method.EXPORT_KEY, arguments)

    def anchors(self) -> Future[tuple[Anchor, ...]]:
        """What is pinned."""
        return self._transport.call(Method.ANCHORS, ())

    def preview_anchors(self, path: Path) -> Future[AnchorFile]:
        """What would be pinned."""
        return self._transport.call(Method.PREVIEW_ANCHORS, (path.absolute(),))

    def pin(self, order: PinOrder) -> Future[tuple[Anchor, ...]]:
        """Pin anchors of a file."""
        absolute = replace(order, path=order.path.absolute())
        return self._transport.call(Method.PIN, (absolute,))

    def unpin(self, identity: str) -> Future[Unpinned]:
        """Trust an anchor no longer."""
        return self._transport.call(Method.UNPIN, (identity,))

    def restore(self, unpinned: Unpinned) -> Future[None]:
        """Pin it again."""
        return self._transport.call(Method.RESTORE, (unpinned,))

    def seen(self) -> Future[tuple[Seen, ...]]:
        """The last verifications."""
        return self._transport.call(Method.SEEN, ())

    def forget(self, digests: tuple[bytes, ...]) -> Future[None]:
        """Forget verifications."""
        return self._transport.call(Method.FORGET, (digests,))

    def remember(self, seen: tuple[Seen, ...]) -> Future[None]:
        """Take back ``forget``."""
        return self._transport.call(Method.REMEMBER, (seen,))

    def media(self) -> Future[tuple[Medium, ...]]:
        """List mounted media."""
        return self._transport.call(Method.MEDIA, ())

    def copy_in(self, order: CopyOrder, on_result: Callable[[CopyNews], None]) -> Future[CopiedIn]:
        """Make a private copy."""
        return self._transport.call(Method.COPY_IN, (order,), on_result)

    def survey(self, paths: tuple[Path, ...]) -> Future[Survey]:
        """Read a release as one unit."""
        return self._transport.call(Method.SURVEY, (_absolute(paths),))

    def make_list(self, order: ListOrder) -> Future[MadeList]:
        """List the checksums of a directory."""
        return self._transport.call(Method.MAKE_LIST, (order,))

    def earlier(self, subjects: tuple[Subject, ...]) -> Future[tuple[Earlier, ...]]:
        """Find earlier signed versions."""
        return self._transport.call(Method.EARLIER, (subjects,))

    def export(self, order: ExportOrder, on_result: Callable[[CopyNews], None]) -> Future[Exported]:
        """Write a signed release to a directory or stick."""
        return self._transport.call(Method.EXPORT, (order,), on_result)

    def evidence(self, order: EvidenceOrder) -> Future[Evidence]:
        """Gather the evidence of a release."""
        absolute = replace(
            order, directory=order.directory.absolute(), output=order.output.absolute()
        )
        return self._transport.call(Method.EVIDENCE, (absolute,))

    def audit_records(self, wanted: AuditFilter, offset: int) -> Future[tuple[AuditRecord, ...]]:
        """Records of the audit log."""
        return self._transport.call(Method.AUDIT_RECORDS, (wanted, offset))

    def audit_check(self, against: tuple[Path, ...]) -> Future[AuditState]:
        """Recompute the log."""
        return self._transport.call(Method.AUDIT_CHECK, (_absolute(against),))

    def audit_export(self, directory: Path) -> Future[tuple[Path, ...]]:
        """Write the whole log."""
        return self._transport.call(Method.AUDIT_EXPORT, (directory.absolute(),))

    def audit_prove(self, index: int) -> Future[AuditProof]:
        """Prove one record."""
        return self._transport.call(Method.AUDIT_PROVE, (index,))

    def profiles(self) -> Future[tuple[Profile, ...]]:
        """List saved profiles."""
        return self._transport.call(Method.PROFILES, ())

    def save_profile(self, profile: Profile) -> Future[Profile]:
        """Save a profile."""
        return self._transport.call(Method.SAVE_PROFILE, (profile,))

    def delete_profile(self, name: str) -> Future[Profile]:
        """Delete a profile."""
        return self._transport.call(Method.DELETE_PROFILE, (name,))

    def answer(self, prompt_id: str, secret: Secret) -> Future[None]:
        """Answer a prompt."""
        return self._transport.answer(prompt_id, secret)

    def dismiss(self, prompt_id: str) -> Future[None]:
        """Cancel a prompt."""
        return self._transport.call(Method.DISMISS, (prompt_id,))

    def doctor(self) -> Future[tuple[DoctorRow, ...]]:
        """Look at this machine."""
        return self._transport.call(Method.DOCTOR, ())

    def subscribe(self, listener: Callable[[StationEvent], None]) -> Callable[[], None]:
        """Hear events."""
        return self._transport.subscribe(listener)

    def close(self) -> None:
        """End the connection."""
        self._transport.close()


def _absolute(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    return tuple(each.absolute() for each in paths)
