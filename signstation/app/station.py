"""The composition root: everything of one owned state directory, put together and taken apart."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import signstation
from signstation.app import auditing, doctor, doctor_client, doctor_modules, doctor_tools
from signstation.app.calls import Calls
from signstation.app.examine import Examiner
from signstation.app.keydesk import KeyDesk
from signstation.app.methods import Method
from signstation.app.prompts import PromptBroker, Session
from signstation.app.releasecases import ReleaseCases
from signstation.app.server import Emit, SocketServer
from signstation.app.settings import Settings
from signstation.app.sightings import Sightings
from signstation.app.trust import TrustSource
from signstation.app.trustpins import TrustPins
from signstation.jobs import workers as job_workers
from signstation.jobs.accounts import who
from signstation.jobs.journal import Journal
from signstation.jobs.runner import Runner, RunnerSettings, system_clock
from signstation.model.audit import AuditKind
from signstation.model.jobs import JobEvent
from signstation.model.secret import Secret
from signstation.model.station import Caller, DoctorRow
from signstation.registry.plugins import FormatsOnDemand
from signstation.system.programs import Programs
from signstation.worker.pool import Workers
from signstation.worker.settings import WorkerSettings

_JOURNAL = "journal.db"
_TRUST = "trust"
_SEEN = "seen.json"
_PRIVATE = "private"
_WORK = "work"
_BEFORE_SIGNING = frozenset({Method.RESOLVE_KEY, Method.PLAN})
"""Calls that say that something is about to be signed."""
AIR_GAP = True
"""No part of this version uses the network."""


class Station:
    """Implements ``server.Service``. Lives on one event loop: opened, used and closed there."""

    def __init__(self, home: Path, settings: Settings, environment: Mapping[str, str]) -> None:
        """``open`` makes them. Opens the journal; starts nothing."""
        self._home = home
        self._settings = settings
        self._environment = environment
        self._sessions: set[Session] = set()
        self._quiet = asyncio.Event()  # nobody is here but windows
        self._quiet.set()
        self._journal = Journal(home / _JOURNAL, preface=_start())
        self._pools = Workers(_worker_settings(home, settings))
        self._pins = TrustPins(home / _TRUST)
        formats = FormatsOnDemand()
        broker = PromptBroker()
        trust = TrustSource(self._pins, self._pools.tools, system_clock)
        pools = self._pools
        examiner = Examiner(pools.check, pools.tools, pools.hashes, formats, trust, system_clock)
        self._keys = KeyDesk(broker, self._pools.keys)
        private = home / _PRIVATE
        private.mkdir(mode=0o700, exist_ok=True)
        workers = job_workers.Workers(self._pools.check, self._pools.hashes, self._keys)
        self._runner = Runner(
            self._journal,
            workers,
            formats,
            RunnerSettings(private, leave=partial(auditing.leave_checkpoint, home)),
            self._job_changed,
        )
        self._keys.watch(self._runner.prompting)
        self._calls = Calls(
            home,
            self._runner,
            examiner,
            trust,
            broker,
            self._keys,
            self._examine_machine,
            Sightings(home / _SEEN),
            ReleaseCases(
                self._runner,
                examiner,
                home / _WORK,
                Path(self._environment.get("HOME", "/")),
                state=home,
            ),
        )
        self._server = SocketServer(home, self)

    @classmethod
    async def open(cls, home: Path, settings: Settings, environment: Mapping[str, str]) -> Station:
        """Open a state directory that this process owns, and settle what was interrupted there.

        Interrupted jobs that nobody need be asked about go on by themselves. Raises StoreTooNew,
        StoreDamaged, NotWritable and DiskFull.
        """
        station = cls(home, settings, environment)
        try:
            await station._runner.recover()
            await station._server.open()
        except BaseException:
            await station._shut()
            raise
        return station

    async def close(self, owner: Session) -> None:
        """End in order: no new client comes in, those that are here finish their order, then all.

        ``owner`` is the session of this process: its prompts are cancelled at once. A window that
        is a client is served to the end of its open calls only, and then looks for a new owner.
        """
        self._server.refuse()
        self.leave(owner)
        await self._quiet.wait()
        await self._calls.drain()
        await self._shut()

    async def _shut(self) -> None:
        self._server.close()
        await self._runner.close()
        await self._pools.close()
        await asyncio.to_thread(self._journal.close)

    def enter(self, session: Session) -> None:
        """A caller has come."""
        self._sessions.add(session)
        self._keys.enter(session)
        if not session.lasting:
            self._quiet.clear()

    def leave(self, session: Session) -> None:
        """A caller is gone: its prompts are cancelled, its jobs go on."""
        self._sessions.discard(session)
        self._keys.leave(session)
        if all(each.lasting for each in self._sessions):
            self._quiet.set()

    async def call(
        self, session: Session, method: Method, arguments: tuple[object, ...], emit: Emit
    ) -> object:
        """Carry out one call. Raises SignstationError classes only."""
        if method in _BEFORE_SIGNING:
            self._pools.warm(session.caller.gnupg_home)
        return await self._calls.call(session, method, arguments, emit)

    def answer(self, session: Session, prompt_id: str, secret: Secret) -> None:
        """Answer a prompt of the session; takes over the secret."""
        self._calls.answer(session, prompt_id, secret)

    def _job_changed(self, event: JobEvent) -> None:
        for session in tuple(self._sessions):
            session.tell(event)

    async def _examine_machine(self, session: Session) -> tuple[DoctorRow, ...]:
        jobs = await self._runner.jobs()
        found = await self._pools.protections()
        kinds = {kind.value: protections for kind, protections in found.items()}

        def look() -> tuple[DoctorRow, ...]:
            programs = Programs(Path(self._environment.get("HOME", "/")))
            return (
                doctor.network(air_gap=AIR_GAP),
                doctor.agent(programs, session.caller.gnupg_home),
                doctor.journal(jobs),
                doctor.trust(self._pins),
                doctor.state_directory(self._home),
                doctor.clock(system_clock(), jobs),
                *doctor.protections(kinds),
                *doctor_tools.tools(programs),
                *doctor_modules.modules(self._settings.tokens.value),
                doctor_client.client(Path("/")),
                doctor.display(self._environment),
                doctor.fonts(),
                doctor.settings(self._settings),
            )

        return await asyncio.to_thread(look)


def _start() -> dict[str, str | int]:
    """Return what the audit log is told of this process, before whatever it does first."""
    return {
        "event": AuditKind.STARTED.value,
        "at": system_clock(),
        "caller": who(Caller(os.geteuid(), os.getpid(), "station")),
        "process": os.getpid(),
        "version": signstation.__version__,
    }


def _worker_settings(home: Path, settings: Settings) -> WorkerSettings:
    return WorkerSettings(
        state=home,
        cores=settings.cores.value or os.cpu_count() or 1,
        air_gap=AIR_GAP,
        batch_unlock=settings.batch_unlock.value,
        tokens=settings.tokens.value,
    )
