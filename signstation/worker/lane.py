"""Calls to one worker: frames, progress and prompts, and what the worker's end means for them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from itertools import count, islice

import signstation
from signstation.errors import (
    HostError,
    ProtocolViolation,
    SignstationError,
    WorkerDied,
    WorkerHung,
)
from signstation.model.secret import Secret
from signstation.system.sandbox import Protection, ProtectionState, WorkerKind
from signstation.worker.failures import take_failure
from signstation.worker.frames import PROTOCOL, Frame, FrameType, put_json, take_json
from signstation.worker.link import Link
from signstation.worker.terms import MAX_TERMS, Terms, put_terms

READY_SECONDS = 30.0
"""A worker that has not said hello by then is killed: 0.03 to 0.3 s where it has a processor, more
than 10 s where it stood behind a dozen programs on two."""
PING_SECONDS = 5.0
"""An idle worker is asked for a sign of life so often, and has READY_SECONDS to give it."""
CANCEL_SECONDS = 5.0
"""A call that runs on for so long after it was cancelled costs the worker (DESIGN.md section 6)."""
CLOSE_SECONDS = 3.0
"""Seconds that a worker has to end by itself when the station closes."""
PROGRESS_SECONDS = 0.05
"""Progress of a call that comes faster is dropped: an honest worker sends every 0.1 s."""

_LOG = logging.getLogger(__name__)


class Bystander(Exception):
    """The worker ended, but it was not at this call: it may be tried in another one."""


def no_progress(_done: int) -> None:
    """Take no notice."""


def no_prompt(_call: Call, _body: bytes) -> None:
    """Refuse prompts from workers that have nothing to ask."""
    raise ProtocolViolation(reason="a prompt from a worker without keys")


def nothing_over() -> None:
    """Take no notice: the answer was on its way."""


class Call:
    """One call to a worker: requests and their answers, until the last."""

    __slots__ = (
        *("_future", "_lane", "_progress_at"),
        *("heavy", "number", "on_over", "on_progress", "on_prompt"),
    )

    def __init__(self, lane: Lane, number: int, *, heavy: bool) -> None:
        """``Lane.call`` makes them."""
        self._lane = lane
        self._future: asyncio.Future[Frame] | None = None
        self._progress_at = 0.0
        self.number = number
        self.heavy = heavy
        self.on_progress: Callable[[int], None] = no_progress
        self.on_prompt: Callable[[Call, bytes], None] = no_prompt
        self.on_over: Callable[[], None] = nothing_over

    def request(
        self, type_: FrameType, body: bytes, descriptors: Sequence[int] = ()
    ) -> asyncio.Future[Frame]:
        """Send a frame and return the future of its ASKS or RESULT; an ERROR is raised by it.

        The future raises WorkerDied or WorkerHung for the call that the worker was at when it
        ended, and Bystander for the others.
        """
        self._future = self._lane.request(self, type_, body, descriptors)
        return self._future

    @property
    def begun(self) -> bool:
        """Whether the worker knows of it."""
        return self._future is not None

    def close(self) -> None:
        """Cancel it, unless it has ended."""
        self._lane.abandon(self)

    def resolve(self, frame: Frame) -> None:
        """Hand an answer to whoever waits."""
        if self._future is not None and not self._future.done():
            self._future.set_result(frame)

    def fail(self, error: Exception) -> None:
        """Hand an error to whoever waits."""
        if self._future is not None and not self._future.done():
            self._future.set_exception(error)

    def progress(self, body: bytes, now: float) -> None:
        """Report progress, not too often."""
        if now >= self._progress_at + PROGRESS_SECONDS:
            self._progress_at = now
            self.on_progress(int.from_bytes(body, "big"))


class Lane:
    """A worker process with its calls."""

    def __init__(
        self,
        kind: WorkerKind,
        environment: Mapping[str, str],
        config: bytes,
        hung_after: float,
        on_end: Callable[[Lane], None],
        files: Sequence[int] = (),
    ) -> None:
        """Start the process; ``on_end`` is called once when it has ended. Raises OSError.

        ``files`` are open files that the worker may open again by path.
        """
        self._kind = kind
        self._hung_after = hung_after
        self.on_end = on_end
        """Called once when the process has ended; whoever takes the worker over replaces it."""
        self.error: HostError = WorkerDied(kind=kind.value)
        """Why it ended."""
        self._loop = asyncio.get_running_loop()
        self._numbers = count(1)
        self._calls: dict[int, Call] = {}
        self._waiting: dict[int, None] = {}  # unanswered calls, in the order they were sent
        self._abandoned: set[int] = set()
        self._terms: dict[int, tuple[int, Terms]] = {}  # by identity, which is kept alive here
        self._definitions = count()
        self._why: HostError | None = None
        self._pinged: float | None = None
        self._seen = self._loop.time()
        self._prompts = 0
        self.ended = False
        self.gone = asyncio.Event()
        self.hello: asyncio.Future[tuple[Protection, ...]] = self._loop.create_future()
        self._link = Link(kind, environment, self._received, self._link_ended)
        self._link.send(FrameType.CONFIG, 0, config, files)
        self._timer = self._loop.call_later(self._interval(), self._watch)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._link.pid

    def call(self, *, heavy: bool = False) -> Call:
        """Begin a call."""
        call = Call(self, next(self._numbers), heavy=heavy)
        self._calls[call.number] = call
        return call

    def define(self, terms: Terms) -> int:
        """Return the number of ``terms`` in this worker, which is told each object once."""
        known = self._terms.get(id(terms))
        if known is not None:
            return known[0]
        number = next(self._definitions) % MAX_TERMS
        for old in [each for each, (at, _) in self._terms.items() if at == number]:
            del self._terms[old]
        self._terms[id(terms)] = number, terms
        self._link.send(FrameType.DEFINE, number, put_terms(terms))
        return number

    def request(
        self, call: Call, type_: FrameType, body: bytes, descriptors: Sequence[int]
    ) -> asyncio.Future[Frame]:
        """Send a frame of a call (``Call.request``)."""
        future: asyncio.Future[Frame] = self._loop.create_future()
        if self.ended:
            future.set_exception(Bystander())
            return future
        if not self._waiting:
            self._seen = self._loop.time()
        self._waiting[call.number] = None
        self._link.send(type_, call.number, body, descriptors)
        return future

    def prompt_opened(self) -> None:
        """Take note that a person is asked: a worker that waits for a person is not hung."""
        self._prompts += 1

    def prompt_closed(self, number: int, answer: Secret | SignstationError | None) -> None:
        """Hand the answer to the prompt of a call to the worker; None: its call was cancelled."""
        self._prompts -= 1
        self._seen = self._loop.time()
        match answer:
            case Secret():
                self._link.send_secret(number, answer)
            case SignstationError():
                self._link.send(FrameType.NO_SECRET, number, put_json(answer.to_wire()))
            case None:
                pass

    def abandon(self, call: Call) -> None:
        """Cancel a call that nobody waits for any more; the worker has CANCEL_SECONDS to obey."""
        if not call.begun:
            self._calls.pop(call.number, None)
        elif self._calls.get(call.number) is call and call.number not in self._abandoned:
            self._abandoned.add(call.number)
            self._waiting.setdefault(call.number)
            self._link.send(FrameType.CANCEL, call.number)
            self._loop.call_later(CANCEL_SECONDS, self._overdue, call.number)

    def _overdue(self, number: int) -> None:
        """Kill the worker for a cancelled call that it is still at; wait on behind another one."""
        if number in self._calls and not self.ended:
            if number in self._suspects():
                self.kill(WorkerHung(kind=self._kind.value, seconds=round(CANCEL_SECONDS)))
            else:
                self._loop.call_later(CANCEL_SECONDS, self._overdue, number)

    def _suspects(self) -> tuple[int, ...]:
        """Return the calls that the worker can be at: the oldest, or what a heavy one let in."""
        first = tuple(islice(self._waiting, 2))
        if first and first[0] in self._calls and self._calls[first[0]].heavy:
            return first
        return first[:1]

    def kill(self, why: HostError) -> None:
        """Kill the worker; the call that it is at fails with ``why``."""
        if self._why is None:
            self._why = why
        self._link.kill()

    def hang_up(self) -> None:
        """Let the worker end by itself; one that is still there after a while is killed."""
        self._link.hang_up()
        late = WorkerHung(kind=self._kind.value, seconds=round(CLOSE_SECONDS))
        self._loop.call_later(CLOSE_SECONDS, self.kill, late)

    def _received(self, frame: Frame) -> None:
        self._seen = now = self._loop.time()
        match frame.type:
            case FrameType.HELLO:
                self._greet(frame)
            case FrameType.PONG:
                self._pinged = None
            case _:
                call = self._calls.get(frame.number)
                if call is None:
                    raise ProtocolViolation(reason="a frame of a call that is not open")
                self._of_call(call, frame, now)

    def _of_call(self, call: Call, frame: Frame, now: float) -> None:
        match frame.type:
            case FrameType.PROGRESS:
                call.progress(frame.body, now)
            case FrameType.PROMPT:
                call.on_prompt(call, frame.body)
            case FrameType.PROMPT_OVER:
                call.on_over()
            case FrameType.ASKS:
                self._waiting.pop(call.number, None)
                if call.number in self._abandoned:  # they crossed: CANCEL is still to be answered
                    self._waiting[call.number] = None
                call.resolve(frame)
            case FrameType.RESULT:
                self._finish(call)
                call.resolve(frame)
            case FrameType.ERROR:
                error, trace = take_failure(frame.body)
                if trace:
                    _LOG.error("%s worker %d: %s\n%s", self._kind.value, self.pid, error, trace)
                self._finish(call)
                call.fail(error)
            case _:
                raise ProtocolViolation(reason=f"{frame.type.name} from a worker")

    def _finish(self, call: Call) -> None:
        del self._calls[call.number]
        self._waiting.pop(call.number, None)
        self._abandoned.discard(call.number)

    def _greet(self, frame: Frame) -> None:
        data = take_json(frame.body)
        build, kind = data.get("build"), data.get("kind")
        ours = (PROTOCOL, signstation.__version__, self._kind.value)
        if (frame.number, build, kind) != ours or self.hello.done():
            raise ProtocolViolation(reason=f"a {kind} worker of build {build}")
        try:
            protections = tuple(
                Protection(str(name), ProtectionState(state), str(detail))
                for name, state, detail in data["protections"]  # type: ignore[attr-defined]
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ProtocolViolation(reason="a strange hello") from error
        for each in protections:
            if each.state is ProtectionState.REFUSED:
                _LOG.info("%s worker: no %s: %s", self._kind.value, each.name, each.detail)
        self.hello.set_result(protections)

    def _interval(self) -> float:
        return min(PING_SECONDS, self._hung_after) / 2

    def _watch(self) -> None:
        """Look after signs of life; what has arrived meanwhile is read before anyone is blamed."""
        self._link.drain()
        if self.ended:
            return
        now = self._loop.time()
        silent = now - self._seen
        if not self.hello.done():
            if silent > READY_SECONDS:
                self.kill(WorkerHung(kind=self._kind.value, seconds=round(READY_SECONDS)))
        elif self._waiting:
            if silent > self._hung_after and not self._prompts:
                self.kill(WorkerHung(kind=self._kind.value, seconds=round(self._hung_after)))
        elif self._pinged is not None:
            if now - self._pinged > READY_SECONDS:
                self.kill(WorkerHung(kind=self._kind.value, seconds=round(READY_SECONDS)))
        elif silent >= PING_SECONDS:
            self._pinged = now
            self._link.send(FrameType.PING, 0)
        self._timer = self._loop.call_later(self._interval(), self._watch)

    def _link_ended(self, status: int, violation: ProtocolViolation | None) -> None:
        self.ended = True
        self.gone.set()
        self._timer.cancel()
        died = WorkerDied(kind=self._kind.value, signal=max(0, -status), exit_status=max(0, status))
        self.error = error = self._why or violation or died
        if self._calls or not self.hello.done():
            _LOG.info("%s worker %d ended: %s", self._kind.value, self.pid, error)
        guilty = set(self._suspects()) if self.hello.done() else set(self._calls)
        if not self.hello.done():
            self.hello.set_exception(error)
            self.hello.exception()  # it need not be of interest to anybody
        calls, self._calls = self._calls, {}
        self._waiting.clear()
        self.on_end(self)
        for number, call in calls.items():
            call.fail(error if number in guilty else Bystander())


async def end_all(lanes: Sequence[Lane]) -> None:
    """End workers and wait until they are gone."""
    for lane in lanes:
        lane.hang_up()
    await asyncio.gather(*(lane.gone.wait() for lane in lanes))
