"""Prompts of key workers on their way to a person, and secrets on their way back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from signstation.codec.plain import from_plain
from signstation.errors import Cancelled, SecretMissing, SignstationError
from signstation.interfaces.workers import Prompter
from signstation.model.prompts import Prompt
from signstation.model.secret import Secret
from signstation.worker.failures import typed
from signstation.worker.frames import take_json
from signstation.worker.lane import Call, Lane

_LOG = logging.getLogger(__name__)


class Remembering:
    """A Prompter that keeps the latest answer to each prompt, to give it to more workers.

    It lives as long as the opening of one key session; then everything is wiped.
    """

    def __init__(self, prompter: Prompter) -> None:
        """Ask ``prompter`` for what is not known."""
        self._prompter = prompter
        self._known: dict[str, Secret] = {}

    async def ask(self, prompt: Prompt) -> Secret:
        """Ask a person, and keep a copy of the answer."""
        secret = await self._prompter.ask(prompt)
        if (old := self._known.pop(prompt.name, None)) is not None:
            old.wipe()
        self._known[prompt.name] = _copy(secret)
        return secret

    def replay(self) -> Prompter:
        """Return a Prompter that gives the same answers and asks nobody."""
        return _Replaying(self._known)

    def wipe(self) -> None:
        """Forget everything."""
        while self._known:
            self._known.popitem()[1].wipe()


class _Replaying:
    def __init__(self, known: dict[str, Secret]) -> None:
        self._known = known

    async def ask(self, prompt: Prompt) -> Secret:
        if prompt.previous_wrong or prompt.name not in self._known:
            raise SecretMissing(prompt=prompt.name)
        return _copy(self._known[prompt.name])


def _copy(secret: Secret) -> Secret:
    with secret.open() as value:
        return Secret(value)


@contextmanager
def answering(lane: Lane, call: Call, prompter: Prompter) -> Iterator[None]:
    """Send the prompts of a call to ``prompter`` until the call has ended; then close them."""
    tasks: set[asyncio.Task[None]] = set()
    over = _Over()
    loop = asyncio.get_running_loop()

    def opened(_: Call, body: bytes) -> None:
        prompt = from_plain(take_json(body), Prompt)
        task = loop.create_task(_answer(lane, call, prompter, prompt, over))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    def ended() -> None:
        over.said = bool(tasks)
        for task in tasks:
            # not at once: a task that is cancelled before its first step never answers
            loop.call_soon(task.cancel)

    call.on_prompt = opened
    call.on_over = ended
    try:
        yield
    finally:
        over.said = False
        for task in tasks:
            task.cancel()


@dataclass(slots=True)
class _Over:
    """Whether the worker took its prompt back: then it still waits for one answer."""

    said: bool = False


async def _answer(lane: Lane, call: Call, prompter: Prompter, prompt: Prompt, over: _Over) -> None:
    answer: Secret | SignstationError | None = None
    lane.prompt_opened()  # here: a task that is cancelled before its first step opens nothing
    try:
        answer = await prompter.ask(prompt)
    except Exception as error:  # noqa: BLE001 - the worker waits for an answer in any case
        answer = typed(error)
        if answer is not error:
            _LOG.exception("a prompt failed: %s", answer)
    finally:
        if answer is None and over.said:
            answer, over.said = Cancelled(), False
        lane.prompt_closed(call.number, answer)
        if isinstance(answer, Secret):
            answer.wipe()
