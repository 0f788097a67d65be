"""The station as window, command line and helpers see it, here and over the socket alike."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Protocol

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

MAX_STEPS_PER_CALL = 1000
"""Most step rows of one answer, so that 100,000 artifacts never travel at once."""


class StationApi(Protocol):
    """A station bound to one caller. Thread-safe; no call blocks.

    Futures raise SignstationError classes only. Callbacks and listeners run on the runner's thread:
    they must be short and never raise (the window puts what it gets into a deque).
    """

    def inspect(
        self,
        paths: tuple[Path, ...],
        format_id: str | None,
        on_result: Callable[[Inspected], None],
    ) -> Future[None]:
        """Inspect files and walk directories; one ``on_result`` per artifact, as they come."""
        ...

    def plan(self, order: SignOrder) -> Future[PlanSummary]:
        """Inspect, choose slots and outputs, seal the request. Signs nothing."""
        ...

    def submit(self, plan_id: str) -> Future[int]:
        """Queue a plan of this caller and return the job's id. A plan is submitted once."""
        ...

    def wait(self, job: int) -> Future[JobRow]:
        """Complete when the job is in a final state or interrupted."""
        ...

    def verify(self, order: VerifyOrder, on_result: Callable[[VerifiedPath], None]) -> Future[None]:
        """Verify files and walk directories; one ``on_result`` per artifact, as they come."""
        ...

    def jobs(self) -> Future[tuple[JobRow, ...]]:
        """All jobs, newest first."""
        ...

    def job(self, job: int) -> Future[JobRow]:
        """One job now. Raises UsageError where there is none of that number."""
        ...

    def steps(self, job: int, offset: int = 0) -> Future[tuple[StepRow, ...]]:
        """At most MAX_STEPS_PER_CALL steps of a job from ``offset``, in order."""
        ...

    def job_detail(self, job: int) -> Future[JobDetail]:
        """The signers of a job, and the real tools' commands that are equal to what it does."""
        ...

    def cancel(self, job: int) -> Future[None]:
        """Cancel in three grades; raises CancelRefused while it is being published."""
        ...

    def retry(self, job: int) -> Future[None]:
        """Queue the failed and cancelled steps of a job again."""
        ...

    def resume(self, job: int | None = None) -> Future[tuple[int, ...]]:
        """Go on with interrupted jobs (all of them for None); returns their ids."""
        ...

    def pause(self, job: int | None = None) -> Future[tuple[int, ...]]:
        """Begin no more artifacts of a job (of all for None); what is under way ends.

        Holds until ``unpause``, after a restart too. Returns the jobs that were paused by this.
        """
        ...

    def unpause(self, job: int | None = None) -> Future[tuple[int, ...]]:
        """Let a paused job go on (all of them for None); returns their ids. May prompt again."""
        ...

    def keys(self) -> Future[tuple[KeyInfo, ...]]:
        """Keys of every store."""
        ...

    def tokens(self) -> Future[tuple[TokenInfo, ...]]:
        """Devices with keys that are there now; never prompts."""
        ...

    def resolve_key(self, typed: str) -> Future[KeyRef]:
        """Turn ``store:what-was-typed`` into the full reference."""
        ...

    def generate(self, order: GenerateOrder) -> Future[tuple[KeyInfo, ...]]:
        """Make a key and pin it in this station's trust; prompts for a new passphrase."""
        ...

    def import_key(self, store: str, path: Path) -> Future[tuple[KeyInfo, ...]]:
        """Take a key or certificate in and pin own keys."""
        ...

    def certify(self, order: CertifyOrder) -> Future[tuple[Path, ...]]:
        """Make a certificate for a key on a device, keep and pin it; or a request for one.

        Returns the files that were written. Prompts as for a signature.
        """
        ...

    def export_key(
        self, key: KeyRef, directory: Path, *, replace: bool
    ) -> Future[tuple[Path, ...]]:
        """Write the public half in the forms that consumers fetch, and read it back."""
        ...

    def anchors(self) -> Future[tuple[Anchor, ...]]:
        """What this station trusts by itself, oldest pin first."""
        ...

    def preview_anchors(self, path: Path) -> Future[AnchorFile]:
        """What a file would have pinned: facts and fingerprints. Nothing is trusted by looking."""
        ...

    def pin(self, order: PinOrder) -> Future[tuple[Anchor, ...]]:
        """Trust anchors of a file that was looked at; refused when the file has changed since."""
        ...

    def unpin(self, identity: str) -> Future[Unpinned]:
        """Trust an anchor no longer; returns what ``restore`` needs."""
        ...

    def restore(self, unpinned: Unpinned) -> Future[None]:
        """Pin again what was unpinned, with the day and the source that it had."""
        ...

    def seen(self) -> Future[tuple[Seen, ...]]:
        """The last verifications, newest first: hash, label, verdict."""
        ...

    def forget(self, digests: tuple[bytes, ...]) -> Future[None]:
        """Take artifacts out of the record of the last verifications, by SHA-256."""
        ...

    def remember(self, seen: tuple[Seen, ...]) -> Future[None]:
        """Put artifacts back that were forgotten, with the day and verdict that they had."""
        ...

    def media(self) -> Future[tuple[Medium, ...]]:
        """Removable media that are mounted now."""
        ...

    def copy_in(self, order: CopyOrder, on_result: Callable[[CopyNews], None]) -> Future[CopiedIn]:
        """Copy into the private work area where others could change the paths, or as ordered.

        Cancelling the future stops it and leaves nothing behind.
        """
        ...

    def survey(self, paths: tuple[Path, ...]) -> Future[Survey]:
        """Read what lies in directories as one release: what is covered, what does not fit."""
        ...

    def make_list(self, order: ListOrder) -> Future[MadeList]:
        """Write the checksums of every file below a directory into it. Signs nothing."""
        ...

    def earlier(self, subjects: tuple[Subject, ...]) -> Future[tuple[Earlier, ...]]:
        """The last version of each thing that this station signed; those that have one."""
        ...

    def export(self, order: ExportOrder, on_result: Callable[[CopyNews], None]) -> Future[Exported]:
        """Write signed files to a new directory, read all back, add report and digests, sync."""
        ...

    def evidence(self, order: EvidenceOrder) -> Future[Evidence]:
        """Verify a release and write reports, public keys and a script that checks it elsewhere."""
        ...

    def audit_records(self, wanted: AuditFilter, offset: int) -> Future[tuple[AuditRecord, ...]]:
        """Up to 1,000 records of the audit log that fit, newest first, from ``offset``."""
        ...

    def audit_check(self, against: tuple[Path, ...]) -> Future[AuditState]:
        """Recompute the log and hold it against checkpoints. Changes nothing in it."""
        ...

    def audit_export(self, directory: Path) -> Future[tuple[Path, ...]]:
        """Write the log, its checkpoint and a stand-alone verifier into a new directory."""
        ...

    def audit_prove(self, index: int) -> Future[AuditProof]:
        """Prove that a record stands in the log. Raises UsageError where there is none."""
        ...

    def profiles(self) -> Future[tuple[Profile, ...]]:
        """Saved profiles of machine and user, by name."""
        ...

    def save_profile(self, profile: Profile) -> Future[Profile]:
        """Write a profile to the user's settings, in place of one of the same name there."""
        ...

    def delete_profile(self, name: str) -> Future[Profile]:
        """Take a profile out of the user's settings; returns what ``save_profile`` needs."""
        ...

    def answer(self, prompt_id: str, secret: Secret) -> Future[None]:
        """Answer a prompt of this caller; the secret is wiped afterwards."""
        ...

    def dismiss(self, prompt_id: str) -> Future[None]:
        """Cancel a prompt: what asked for it gets Cancelled."""
        ...

    def doctor(self) -> Future[tuple[DoctorRow, ...]]:
        """Look at this machine: tools, protections, state, keys."""
        ...

    def subscribe(self, listener: Callable[[StationEvent], None]) -> Callable[[], None]:
        """Hear events of this caller's jobs and prompts; returns the call that ends it."""
        ...

    def close(self) -> None:
        """End the connection; a station that this process owns is shut down in order. Blocks."""
        ...
