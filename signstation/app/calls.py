"""The station's use cases by the name of the call: what every surface can ask for, in one place."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from signstation.app import audit_export, auditing, keycases, trustcases
from signstation.app.difference_earlier import earlier_versions
from signstation.app.evidence import EvidenceCases
from signstation.app.examine import Examiner
from signstation.app.home import settings_files
from signstation.app.jobdetail import job_detail
from signstation.app.keydesk import KeyDesk
from signstation.app.methods import BEGINNINGS, Method
from signstation.app.onlynew import signed_already
from signstation.app.profiles import list_profiles, remove_profile, save_profile
from signstation.app.prompts import PromptBroker, Session
from signstation.app.recording import Notes
from signstation.app.releasecases import ReleaseCases
from signstation.app.server import Emit
from signstation.app.sightings import MAX_SEEN, Sightings, seen
from signstation.app.sums import write_sums
from signstation.app.trust import TrustSource
from signstation.errors import SignstationError, StoreLocked
from signstation.jobs.accounts import who
from signstation.jobs.bugs import bug
from signstation.jobs.runner import Runner, system_clock
from signstation.model.anchors import Anchor, AnchorFile, PinOrder, Unpinned
from signstation.model.audit import AuditFilter, AuditProof, AuditRecord, AuditState
from signstation.model.copies import CopiedIn, CopyOrder
from signstation.model.evidence import Evidence, EvidenceOrder
from signstation.model.exports import Exported, ExportOrder
from signstation.model.jobdetail import JobDetail
from signstation.model.jobs import JobRow, JobState, StepRow
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
from signstation.model.station import DoctorRow, VerifiedPath
from signstation.model.tokens import TokenInfo
from signstation.model.versions import Earlier, Subject

Doctor = Callable[[Session], Awaitable[tuple[DoctorRow, ...]]]


class Calls:
    """Carries out calls of sessions. Lives on the runner's event loop."""

    def __init__(  # noqa: PLR0913, PLR0917 - what the composition root hands over
        self,
        home: Path,
        runner: Runner,
        examiner: Examiner,
        trust: TrustSource,
        broker: PromptBroker,
        keys: KeyDesk,
        doctor: Doctor,
        sightings: Sightings,
        releases: ReleaseCases,
    ) -> None:
        """``home`` is named where an order is refused because the station ends."""
        self._home = home
        self._runner = runner
        self._examiner = examiner
        self._trust = trust
        self._broker = broker
        self._keys = keys
        self._doctor = doctor
        self._sightings = sightings
        self._releases = releases
        self._remembering = asyncio.Lock()
        self._ending = False
        self._running = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._handlers = self._by_name()

    def _by_name(self) -> Mapping[Method, Callable[..., Awaitable[Any]]]:
        return {
            Method.INSPECT: self._inspect,
            Method.PLAN: self._plan,
            Method.SUBMIT: self._submit,
            Method.WAIT: self._wait,
            Method.VERIFY: self._verify,
            Method.JOBS: self._jobs,
            Method.JOB: self._job,
            Method.STEPS: self._steps,
            Method.JOB_DETAIL: self._job_detail,
            Method.CANCEL: self._cancel,
            Method.RETRY: self._retry,
            Method.RESUME: self._resume,
            Method.PAUSE: self._pause,
            Method.UNPAUSE: self._unpause,
            Method.KEYS: self._list_keys,
            Method.TOKENS: self._list_tokens,
            Method.RESOLVE_KEY: self._resolve_key,
            Method.GENERATE: self._generate,
            Method.CERTIFY: self._certify,
            Method.IMPORT_KEY: self._import_key,
            Method.EXPORT_KEY: self._export_key,
            Method.ANCHORS: self._anchors,
            Method.PREVIEW_ANCHORS: self._preview_anchors,
            Method.PIN: self._pin,
            Method.UNPIN: self._unpin,
            Method.RESTORE: self._restore,
            Method.SEEN: self._seen,
            Method.FORGET: self._forget,
            Method.REMEMBER: self._remember,
            Method.MEDIA: self._media,
            Method.COPY_IN: self._copy_in,
            Method.MAKE_LIST: self._make_list,
            Method.SURVEY: self._survey,
            Method.EARLIER: self._earlier,
            Method.EXPORT: self._export,
            Method.EVIDENCE: self._evidence,
            Method.AUDIT_RECORDS: self._audit_records,
            Method.AUDIT_CHECK: self._audit_check,
            Method.AUDIT_EXPORT: self._audit_export,
            Method.AUDIT_PROVE: self._audit_prove,
            Method.PROFILES: self._profiles,
            Method.SAVE_PROFILE: self._save_profile,
            Method.DELETE_PROFILE: self._delete_profile,
            Method.DISMISS: self._dismiss,
            Method.DOCTOR: self._examine_machine,
        }

    async def call(
        self, session: Session, method: Method, arguments: tuple[object, ...], emit: Emit
    ) -> object:
        """Carry out one call. Raises SignstationError classes only; a bug becomes InternalError."""
        if self._ending and method in BEGINNINGS and session.lasting:
            raise StoreLocked(path=str(self._home))
        self._running += 1
        self._idle.clear()
        try:
            return await self._handlers[method](session, emit, *arguments)
        except SignstationError as error:
            await self._notes(session).refused(method, error)
            raise
        except Exception as error:
            raise bug(error) from error
        finally:
            self._running -= 1
            if self._running == 0:
                self._idle.set()

    def _notes(self, session: Session) -> Notes:
        return Notes(self._runner.note, session.caller)

    async def drain(self) -> None:
        """Refuse new orders of sessions that last, and wait for the open calls of every session."""
        self._ending = True
        await self._idle.wait()

    def answer(self, session: Session, prompt_id: str, secret: Secret) -> None:
        """Answer a prompt of the session; takes over the secret."""
        self._broker.answer(session, prompt_id, secret)

    async def _inspect(
        self, _: Session, emit: Emit, paths: tuple[Path, ...], format_id: str | None
    ) -> None:
        await self._examiner.inspect(paths, format_id, emit)

    async def _verify(self, _: Session, emit: Emit, order: VerifyOrder) -> None:
        fresh: deque[Seen] = deque(maxlen=MAX_SEEN)

        async def note(result: VerifiedPath) -> None:
            if result.verification is not None:
                by_pins = not order.trust
                fresh.append(seen(result.verification, system_clock(), by_pins=by_pins))
            await emit(result)

        try:
            await self._examiner.verify(order, note)
        finally:
            if fresh:
                async with self._remembering:
                    await asyncio.to_thread(self._sightings.add, fresh)

    async def _plan(self, session: Session, _: Emit, order: SignOrder) -> PlanSummary:
        signed: frozenset[Path] = frozenset()
        if order.only_new:
            keys = self._keys.of(session)
            signed = await signed_already(self._examiner, self._trust, keys, order)
        plan = await self._runner.plan(order, session.caller, signed)
        await self._notes(session).left_out(order, plan.refused)
        return plan

    async def _submit(self, session: Session, _: Emit, plan_id: str) -> int:
        job = await self._runner.submit(plan_id, session.caller)
        self._keys.adopt(job, session)
        return job

    async def _wait(self, _: Session, __: Emit, job: int) -> JobRow:
        return await self._runner.wait(job)

    async def _jobs(self, _: Session, __: Emit) -> tuple[JobRow, ...]:
        return await self._runner.jobs()

    async def _job(self, _: Session, __: Emit, job: int) -> JobRow:
        return await self._runner.job(job)

    async def _steps(self, _: Session, __: Emit, job: int, offset: int) -> tuple[StepRow, ...]:
        return await self._runner.steps(job, offset)

    async def _job_detail(self, _: Session, __: Emit, job: int) -> JobDetail:
        return await job_detail(self._runner, job)

    async def _cancel(self, session: Session, _: Emit, job: int) -> None:
        await self._runner.cancel(job, who(session.caller))

    async def _retry(self, session: Session, _: Emit, job: int) -> None:
        self._keys.adopt(job, session)  # before: its prompts may come at once
        await self._notes(session).again(job, Method.RETRY)
        await self._runner.retry(job)

    async def _resume(self, session: Session, _: Emit, job: int | None) -> tuple[int, ...]:
        for each in await self._runner.jobs():
            if each.state is JobState.INTERRUPTED and job in {None, each.id}:
                self._keys.adopt(each.id, session)
                await self._notes(session).again(each.id, Method.RESUME)
        return await self._runner.resume(job)

    async def _pause(self, _: Session, __: Emit, job: int | None) -> tuple[int, ...]:
        return await self._runner.pause(job)

    async def _unpause(self, session: Session, _: Emit, job: int | None) -> tuple[int, ...]:
        for each in await self._runner.jobs():
            if each.paused and job in {None, each.id}:
                self._keys.adopt(each.id, session)
        return await self._runner.unpause(job)

    async def _list_keys(self, session: Session, _: Emit) -> tuple[KeyInfo, ...]:
        return await self._keys.of(session).list_keys()

    async def _list_tokens(self, session: Session, _: Emit) -> tuple[TokenInfo, ...]:
        return await self._keys.of(session).list_tokens()

    async def _resolve_key(self, session: Session, _: Emit, typed: str) -> KeyRef:
        return await self._keys.of(session).resolve(typed)

    async def _generate(
        self, session: Session, _: Emit, order: GenerateOrder
    ) -> tuple[KeyInfo, ...]:
        keys, notes = self._keys.of(session), self._notes(session)
        return await keycases.generate(keys, self._trust, order, notes)

    async def _certify(self, session: Session, _: Emit, order: CertifyOrder) -> tuple[Path, ...]:
        keys, notes = self._keys.of(session), self._notes(session)
        return await keycases.certify(keys, self._trust, order, notes)

    async def _import_key(
        self, session: Session, _: Emit, store: str, path: Path
    ) -> tuple[KeyInfo, ...]:
        keys, notes = self._keys.of(session), self._notes(session)
        return await keycases.import_key(keys, self._trust, store, path, notes)

    async def _export_key(
        self,
        session: Session,
        _: Emit,
        key: KeyRef,
        directory: Path,
        replace: bool,  # noqa: FBT001
    ) -> tuple[Path, ...]:
        keys, notes = self._keys.of(session), self._notes(session)
        return await keycases.export_key(keys, key, directory, notes, replace=replace)

    async def _anchors(self, _: Session, __: Emit) -> tuple[Anchor, ...]:
        return await trustcases.anchors(self._trust, system_clock)

    async def _preview_anchors(self, _: Session, __: Emit, path: Path) -> AnchorFile:
        return await trustcases.preview(self._trust, system_clock, path)

    async def _pin(self, session: Session, _: Emit, order: PinOrder) -> tuple[Anchor, ...]:
        return await trustcases.pin(self._trust, system_clock, order, self._notes(session))

    async def _unpin(self, session: Session, _: Emit, identity: str) -> Unpinned:
        return await trustcases.unpin(self._trust, identity, self._notes(session))

    async def _restore(self, session: Session, _: Emit, unpinned: Unpinned) -> None:
        await trustcases.restore(self._trust, unpinned, self._notes(session))

    async def _seen(self, _: Session, __: Emit) -> tuple[Seen, ...]:
        async with self._remembering:
            return await asyncio.to_thread(self._sightings.all)

    async def _forget(self, _: Session, __: Emit, digests: tuple[bytes, ...]) -> None:
        async with self._remembering:
            await asyncio.to_thread(self._sightings.forget, digests)

    async def _remember(self, _: Session, __: Emit, rows: tuple[Seen, ...]) -> None:
        async with self._remembering:
            await asyncio.to_thread(self._sightings.put_back, rows)

    async def _media(self, _: Session, __: Emit) -> tuple[Medium, ...]:
        return await self._releases.media()

    async def _copy_in(self, _: Session, emit: Emit, order: CopyOrder) -> CopiedIn:
        return await self._releases.copy_in(order, emit)

    async def _survey(self, _: Session, __: Emit, paths: tuple[Path, ...]) -> Survey:
        return await self._runner.planner.survey(paths)

    async def _make_list(self, _: Session, __: Emit, order: ListOrder) -> MadeList:
        return await asyncio.to_thread(write_sums, order)

    async def _earlier(
        self, _: Session, __: Emit, subjects: tuple[Subject, ...]
    ) -> tuple[Earlier, ...]:
        return await earlier_versions(self._runner, subjects)

    async def _export(self, _: Session, emit: Emit, order: ExportOrder) -> Exported:
        return await self._releases.export(order, emit)

    async def _evidence(self, _: Session, __: Emit, order: EvidenceOrder) -> Evidence:
        cases = EvidenceCases(
            self._examiner, self._trust, system_clock, self._home, self._releases.home
        )
        return await cases.gather(order)

    async def _audit_records(
        self, _: Session, __: Emit, wanted: AuditFilter, offset: int
    ) -> tuple[AuditRecord, ...]:
        return await asyncio.to_thread(auditing.page, self._home, wanted, offset)

    async def _audit_check(self, _: Session, __: Emit, against: tuple[Path, ...]) -> AuditState:
        return await asyncio.to_thread(auditing.check, self._home, against)

    async def _audit_export(self, _: Session, __: Emit, directory: Path) -> tuple[Path, ...]:
        return await asyncio.to_thread(audit_export.export, self._home, directory)

    async def _audit_prove(self, _: Session, __: Emit, index: int) -> AuditProof:
        return await asyncio.to_thread(audit_export.prove, self._home, index)

    async def _profiles(self, _: Session, __: Emit) -> tuple[Profile, ...]:
        return await asyncio.to_thread(list_profiles, settings_files(self._home))

    async def _save_profile(self, _: Session, __: Emit, profile: Profile) -> Profile:
        return await asyncio.to_thread(save_profile, settings_files(self._home), profile)

    async def _delete_profile(self, _: Session, __: Emit, name: str) -> Profile:
        return await asyncio.to_thread(remove_profile, settings_files(self._home), name)

    async def _dismiss(self, session: Session, _: Emit, prompt_id: str) -> None:
        self._broker.dismiss(session, prompt_id)

    async def _examine_machine(self, session: Session, _: Emit) -> tuple[DoctorRow, ...]:
        return await self._doctor(session)
