"""What a key worker gives its stores: time, places, programs, and a way to ask a person."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from signstation.codec.plain import to_plain
from signstation.errors import Cancelled, ProtocolViolation, SignstationError
from signstation.interfaces.context import Notice
from signstation.interfaces.tools import Programs
from signstation.model.prompts import Prompt
from signstation.model.secret import Secret
from signstation.model.tokens import TokenPlaces
from signstation.system import programs
from signstation.worker.channel import Channel, Message
from signstation.worker.config import WorkerConfig
from signstation.worker.failures import take_error
from signstation.worker.frames import FrameType, put_json, take_json


class _Shown:
    """Implements ``Notice``; remembers the answer, which comes once."""

    def __init__(self, context: StoreContext, number: int) -> None:
        self._context = context
        self._number = number
        self._answer: SignstationError | None = None

    def refused(self) -> SignstationError | None:
        if self._answer is None:
            self._answer = self._context.answer_to(self._number)
        return self._answer


class StoreContext:
    """Implements ``interfaces.context.KeyContext`` over the channel.

    While a person is asked, messages for later are queued; this worker does nothing else then.
    """

    def __init__(self, channel: Channel, config: WorkerConfig, queue: deque[Message]) -> None:
        """``queue`` is where messages go that are not the answer to a prompt."""
        self._channel = channel
        self._config = config
        self._queue = queue
        self._programs = programs.Programs(Path(os.environ["HOME"]), config.tools)
        self._ssh_agent: Path | None = None
        self._number = 0
        self._answers: dict[int, Message] = {}

    @property
    def time(self) -> int:
        """Now in Unix seconds."""
        return int(time.time())

    @property
    def gnupg_home(self) -> Path | None:
        """GNUPGHOME of the caller, None for GnuPG's default."""
        return self._config.gnupg_home

    @property
    def ssh_agent(self) -> Path | None:
        """The socket of the caller's ssh-agent, None where it named none."""
        return self._ssh_agent

    @property
    def state(self) -> Path:
        """The station's state directory."""
        return self._config.state

    @property
    def programs(self) -> Programs:
        """Real programs."""
        return self._programs

    @property
    def tokens(self) -> TokenPlaces:
        """Where tokens are looked for."""
        return self._config.tokens

    @property
    def batch_unlock(self) -> bool:
        """Whether policy allows a software key in this process."""
        return self._config.batch_unlock

    def begin(self, number: int) -> None:
        """Take note of the call that runs from now on: prompts belong to it."""
        self._number = number
        self._answers.clear()

    def look_in(self, ssh_agent: object) -> None:
        """Take note of the agent that a call brought with it."""
        self._ssh_agent = Path(ssh_agent) if isinstance(ssh_agent, str) else None

    def ask(self, prompt: Prompt) -> Secret:
        """Ask a person and wait. Raises Cancelled, or SecretMissing where nobody can be asked."""
        number = self._number
        self._channel.send(FrameType.PROMPT, number, put_json(to_plain(prompt)))
        while number not in self._answers:
            self.absorb(self._channel.receive())
        answer = self._answers.pop(number)
        if answer.secret is not None:
            return answer.secret
        if answer.type is FrameType.CANCEL:
            raise Cancelled
        raise take_error(take_json(answer.body))

    @contextmanager
    def notice(self, prompt: Prompt) -> Iterator[Notice]:
        """Tell a person what to do; the station gives exactly one answer to it in the end."""
        number = self._number
        self._channel.send(FrameType.PROMPT, number, put_json(to_plain(prompt)))
        self._channel.flush()  # the device is waited for next, not the station
        shown = _Shown(self, number)
        try:
            yield shown
        finally:
            if shown.refused() is None:
                self._channel.send(FrameType.PROMPT_OVER, number)
                while shown.refused() is None:
                    self.absorb(self._channel.receive())

    def answer_to(self, number: int) -> SignstationError | None:
        """Read what has arrived, and take the answer to a notice, None while there is none."""
        self.absorb(self._channel.poll())
        answer = self._answers.pop(number, None)
        if answer is None:
            return None
        if answer.type is FrameType.NO_SECRET:
            return take_error(take_json(answer.body))
        if answer.secret is not None:
            answer.secret.wipe()
        return Cancelled()

    def absorb(self, messages: list[Message]) -> None:
        """Sort new messages: answers to prompts, pings, cancellations, and work for later."""
        for message in messages:
            match message.type:
                case FrameType.SECRET | FrameType.NO_SECRET:
                    self._answers[message.number] = message
                case FrameType.PING:
                    self._channel.send(FrameType.PONG, message.number)
                case FrameType.CANCEL:
                    self._cancel(message)
                case FrameType.CALL | FrameType.USE_KEY:
                    self._queue.append(message)
                case _:
                    raise ProtocolViolation(reason=f"{message.type.name} to a key worker")

    def _cancel(self, message: Message) -> None:
        """Drop a call that waits; a running one ends at its prompt or when the key has answered."""
        if message.number == self._number:
            self._answers.setdefault(message.number, message)
            return
        for waiting in [each for each in self._queue if each.number == message.number]:
            self._queue.remove(waiting)
            waiting.close()
            error = put_json({"error": Cancelled().to_wire(), "trace": ""})
            self._channel.send(FrameType.ERROR, message.number, error)
