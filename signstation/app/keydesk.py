"""Key workers for callers: each with its own GnuPG home, and with prompts to whoever ordered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from signstation.app.prompts import PromptBroker, Session
from signstation.interfaces.workers import KeyWorkers, Prompter
from signstation.model.prompts import Prompt
from signstation.model.secret import Secret
from signstation.model.station import Caller

MakeKeys = Callable[[Path | None, Prompter, Path | None], KeyWorkers]
"""Gives the key workers of a GnuPG home and an ssh-agent, asking through a prompter."""
Prompting = Callable[[int, int], None]
"""Told that prompts of a job were opened (+1) or closed (-1)."""


class KeyDesk:
    """Knows the sessions and which of them ordered which job. Lives on the event loop."""

    def __init__(self, broker: PromptBroker, make: MakeKeys) -> None:
        """Prompts go through ``broker``."""
        self._broker = broker
        self._make = make
        self._sessions: list[Session] = []
        self._orderers: dict[int, Session] = {}
        self._prompting: Prompting = _nobody

    def watch(self, prompting: Prompting) -> None:
        """Tell ``prompting`` which jobs wait for a person."""
        self._prompting = prompting

    def enter(self, session: Session) -> None:
        """A caller has come."""
        self._sessions.append(session)

    def leave(self, session: Session) -> None:
        """A caller is gone: its prompts are cancelled, its jobs go on."""
        self._broker.leave(session)
        self._sessions.remove(session)
        for job in [job for job, each in self._orderers.items() if each is session]:
            del self._orderers[job]

    def adopt(self, job: int, session: Session) -> None:
        """From now on the job's prompts go to this session."""
        self._orderers[job] = session

    def of(self, session: Session) -> KeyWorkers:
        """Return key workers for a call of this session."""
        caller = session.caller
        ask = _Ask(self, caller, None, session)
        return self._make(caller.gnupg_home, ask, caller.ssh_agent)

    def __call__(self, caller: Caller, job: int | None) -> KeyWorkers:
        """Return key workers for the runner (``jobs.workers.KeysFor``)."""
        return self._make(caller.gnupg_home, _Ask(self, caller, job, None), caller.ssh_agent)

    async def ask(
        self, prompt: Prompt, caller: Caller, job: int | None, session: Session | None
    ) -> Secret:
        """Ask the session, else who ordered the job, else who is that caller."""
        asked = session or self._orderers.get(job or 0) or self._session_of(caller)
        if job is None:
            return await self._broker.ask(asked, prompt)
        self._prompting(job, +1)
        try:
            return await self._broker.ask(asked, replace(prompt, job=job))
        finally:
            self._prompting(job, -1)

    def _session_of(self, caller: Caller) -> Session | None:
        for session in reversed(self._sessions):
            if session.caller == caller and session.attended:
                return session
        return None


class _Ask:
    """Implements ``Prompter`` for one caller and, where there is one, one job."""

    def __init__(
        self, desk: KeyDesk, caller: Caller, job: int | None, session: Session | None
    ) -> None:
        self._desk = desk
        self._caller = caller
        self._job = job
        self._session = session

    async def ask(self, prompt: Prompt) -> Secret:
        """Wait for a person. Raises Cancelled or SecretMissing."""
        return await self._desk.ask(prompt, self._caller, self._job, self._session)


def _nobody(_job: int, _change: int) -> None:
    """Before a runner is there, no job can wait."""
