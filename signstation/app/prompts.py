"""Who is asked what: prompts by id, several at once, each shown only to the caller it concerns."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from signstation.errors import Cancelled, SecretMissing, UsageError
from signstation.model.prompts import Prompt
from signstation.model.secret import Secret
from signstation.model.station import Caller, PromptClosed, PromptOpened, StationEvent

_LOG = logging.getLogger(__name__)

WINDOW = "window"
"""``Caller.surface`` of the window."""

Listener = Callable[[StationEvent], None]


class Session:
    """One connected surface of the station: its caller and who listens there.

    Lives on the runner's event loop.
    """

    __slots__ = ("_listeners", "caller", "ended")

    def __init__(self, caller: Caller) -> None:
        """Begin without listeners: nobody can be asked yet."""
        self.caller = caller
        self.ended = False
        self._listeners: list[Listener] = []

    @property
    def lasting(self) -> bool:
        """Whether it outlives its orders; any other is there for one order and ends with it."""
        return self.caller.surface == WINDOW

    @property
    def attended(self) -> bool:
        """True while somebody listens there."""
        return bool(self._listeners) and not self.ended

    def listen(self, listener: Listener) -> None:
        """Add a listener."""
        self._listeners.append(listener)

    def unlisten(self, listener: Listener) -> None:
        """Take a listener away; the same one twice is one too many and ignored."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    def tell(self, event: StationEvent) -> None:
        """Hand an event to the listeners; one that fails is logged and left out."""
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception:  # noqa: BLE001 - a guest's fault must not stop the station
                _LOG.exception("a listener failed")
                self.unlisten(listener)


@dataclass(slots=True, eq=False)
class _Open:
    prompt: Prompt
    session: Session
    answer: asyncio.Future[Secret]


class PromptBroker:
    """Keeps the open prompts. Lives on the runner's event loop."""

    def __init__(self) -> None:
        """Begin with no prompt."""
        self._open: dict[str, _Open] = {}

    async def ask(self, session: Session | None, prompt: Prompt) -> Secret:
        """Show a prompt to the session and wait for its answer.

        It gets an id of our own, which nobody can guess. Raises Cancelled when it is dismissed or
        the session ends, SecretMissing where nobody listens.
        """
        if session is None or not session.attended:
            raise SecretMissing(key=prompt.key, prompt=prompt.name)
        named = replace(prompt, id=secrets.token_hex(8))
        answer: asyncio.Future[Secret] = asyncio.get_running_loop().create_future()
        self._open[named.id] = _Open(named, session, answer)
        session.tell(PromptOpened(named))
        try:
            return await answer
        finally:
            del self._open[named.id]
            session.tell(PromptClosed(named.id))

    def answer(self, session: Session, prompt_id: str, secret: Secret) -> None:
        """Hand over the secret; who asked wipes it. Raises UsageError for a prompt of others."""
        try:
            self._find(session, prompt_id).answer.set_result(secret)
        except UsageError:
            secret.wipe()
            raise

    def dismiss(self, session: Session, prompt_id: str) -> None:
        """Cancel a prompt. Raises UsageError for a prompt of others."""
        self._find(session, prompt_id).answer.set_exception(Cancelled())

    def leave(self, session: Session) -> None:
        """The session ends: its prompts are cancelled; its jobs go on."""
        session.ended = True
        for each in tuple(self._open.values()):
            if each.session is session and not each.answer.done():
                each.answer.set_exception(Cancelled())

    def _find(self, session: Session, prompt_id: str) -> _Open:
        found = self._open.get(prompt_id)
        if found is None or found.session is not session or found.answer.done():
            raise UsageError(reason=f"there is no open prompt {prompt_id}")
        return found
