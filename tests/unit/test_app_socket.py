"""The station's socket, both ends: calls, partial results, prompts, hang-ups and bad peers."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from signstation.app.bound import BoundStation
from signstation.app.client import SocketTransport, reach
from signstation.app.home import SOCKET_NAME
from signstation.app.methods import Hello, Method
from signstation.app.prompts import PromptBroker, Session
from signstation.app.server import Emit, SocketServer
from signstation.codec.stationwire import PROTOCOL, FrameType, pack, pack_secret
from signstation.errors import (
    ArtifactMalformed,
    Cancelled,
    ProtocolViolation,
    UsageError,
    WorkerDied,
)
from signstation.model.jobs import JobEvent
from signstation.model.keys import KeyRef
from signstation.model.prompts import Prompt, PromptKind
from signstation.model.secret import Secret
from signstation.model.station import Inspected, PromptClosed, PromptOpened, StationEvent
from signstation.model.text import Text

PROMPT = Prompt("", PromptKind.PASSPHRASE, "passphrase file:x", Text("t"), Text("b"), key="file:x")


class SmallStation:
    """A station of a few lines on a loop of its own: what the socket carries, without engine."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.broker = PromptBroker()
        self.sessions: list[Session] = []
        self.secrets: list[bytes] = []
        self.cancelled: list[Method] = []
        self.finished = threading.Event()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.server = SocketServer(home, self)
        self.run(self.server.open)

    def run(self, coroutine: object, *arguments: object) -> object:
        """Run a coroutine function on the loop."""
        assert callable(coroutine)
        return asyncio.run_coroutine_threadsafe(coroutine(*arguments), self.loop).result(10)

    def close(self) -> None:
        """End in order."""

        async def end() -> None:
            self.server.close()
            await asyncio.sleep(0.01)

        self.run(end)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def enter(self, session: Session) -> None:
        """Take note of the caller."""
        self.sessions.append(session)

    def leave(self, session: Session) -> None:
        """Let it go."""
        self.broker.leave(session)
        self.sessions.remove(session)

    def answer(self, session: Session, prompt_id: str, secret: Secret) -> None:
        """Hand over a secret."""
        self.broker.answer(session, prompt_id, secret)

    async def call(
        self, session: Session, method: Method, arguments: tuple[object, ...], emit: Emit
    ) -> object:
        """Do what each test needs."""
        try:
            return await self._call(session, method, arguments, emit)
        except asyncio.CancelledError:
            self.cancelled.append(method)
            raise

    async def _call(
        self, session: Session, method: Method, arguments: tuple[object, ...], emit: Emit
    ) -> object:
        match method:
            case Method.INSPECT:
                paths = arguments[0]
                assert isinstance(paths, tuple)
                for path in paths:
                    await emit(Inspected(path, error="x" * 20_000))
                return None
            case Method.SUBMIT:
                session.tell(JobEvent(1, 2))
                await asyncio.sleep(0.2)
                self.finished.set()
                return 1
            case Method.RESOLVE_KEY:
                secret = await self.broker.ask(session, PROMPT)
                with secret.open() as opened:
                    self.secrets.append(bytes(opened))
                return KeyRef("file", "x")
            case Method.DISMISS:
                self.broker.dismiss(session, str(arguments[0]))
                return None
            case Method.CANCEL:
                raise ArtifactMalformed(path="a", format="rpm", offset=7)
            case _:
                await asyncio.sleep(60)
                return None


@pytest.fixture
def station() -> Iterator[SmallStation]:
    """Give a running station in a deep directory, longer than a socket's name may be."""
    with tempfile.TemporaryDirectory(prefix="st-") as scratch:
        home = Path(scratch) / ("deep" * 30)
        home.mkdir()
        small = SmallStation(home)
        yield small
        small.close()


HELLO = Hello(PROTOCOL, "command line", Path("/gnupg"))


@pytest.fixture
def client(station: SmallStation) -> Iterator[BoundStation]:
    """Give a connected client."""
    bound = BoundStation(connect(station))
    yield bound
    bound.close()


def connect(station: SmallStation) -> SocketTransport:
    """Connect or fail."""
    transport = reach(station.home, HELLO)
    assert transport is not None
    return transport


def test_the_kernel_says_who_calls(station: SmallStation, client: BoundStation) -> None:
    client.inspect((), None, print).result(5)
    (session,) = station.sessions
    assert (session.caller.uid, session.caller.pid) == (os.geteuid(), os.getpid())
    assert (session.caller.surface, session.caller.gnupg_home) == ("command line", Path("/gnupg"))


def test_the_socket_is_private(station: SmallStation) -> None:
    assert (station.home / SOCKET_NAME).stat().st_mode & 0o777 == 0o600


def test_partial_results_come_in_order_and_relative_paths_are_made_absolute(
    client: BoundStation,
) -> None:
    got: list[Inspected] = []
    client.inspect(tuple(Path(str(i)) for i in range(300)), None, got.append).result(10)
    assert [each.path for each in got] == [Path.cwd() / str(i) for i in range(300)]


def test_errors_arrive_as_themselves(client: BoundStation) -> None:
    with pytest.raises(ArtifactMalformed) as caught:
        client.cancel(1).result(5)
    assert (caught.value.format, caught.value.offset) == ("rpm", 7)


def test_calls_do_not_wait_for_one_another(client: BoundStation) -> None:
    slow = client.wait(1)
    with pytest.raises(ArtifactMalformed):
        client.cancel(1).result(5)
    assert not slow.done()


def test_a_prompt_is_answered_with_a_secret_that_is_wiped(
    station: SmallStation, client: BoundStation
) -> None:
    events: list[StationEvent] = []
    secret = Secret(b"pass\xffphrase")

    def hear(event: StationEvent) -> None:
        events.append(event)
        if isinstance(event, PromptOpened):
            client.answer(event.prompt.id, secret)

    end = client.subscribe(hear)
    assert client.resolve_key("file:x").result(5) == KeyRef("file", "x")
    end()
    end()
    assert station.secrets == [b"pass\xffphrase"]
    assert len(secret) == 0
    assert [type(each) for each in events] == [PromptOpened, PromptClosed]


def test_a_dismissed_prompt_cancels(client: BoundStation) -> None:
    def hear(event: StationEvent) -> None:
        if isinstance(event, PromptOpened):
            client.dismiss(event.prompt.id)

    client.subscribe(hear)
    with pytest.raises(Cancelled):
        client.resolve_key("file:x").result(5)


def test_a_prompt_that_nobody_hears_is_dismissed(client: BoundStation) -> None:
    with pytest.raises(Cancelled):
        client.resolve_key("file:x").result(5)


def test_nobody_answers_the_prompt_of_another(station: SmallStation, client: BoundStation) -> None:
    other = BoundStation(connect(station))
    asked = threading.Event()
    ids: list[str] = []

    def hear(event: StationEvent) -> None:
        if isinstance(event, PromptOpened):
            ids.append(event.prompt.id)
            asked.set()

    client.subscribe(hear)
    heard_by_other: list[StationEvent] = []
    other.subscribe(heard_by_other.append)
    pending = client.resolve_key("file:x")
    assert asked.wait(5)
    stolen = Secret(b"mine")
    with pytest.raises(UsageError):
        other.answer(ids[0], stolen).result(5)
    with pytest.raises(UsageError):
        other.dismiss(ids[0]).result(5)
    assert not pending.done()
    client.answer(ids[0], Secret(b"right")).result(5)
    pending.result(5)
    assert station.secrets == [b"right"]
    assert heard_by_other == []
    other.close()


def test_a_death_cancels_prompts_and_questions_but_no_order(station: SmallStation) -> None:
    client = BoundStation(connect(station))
    asked = threading.Event()
    client.subscribe(lambda event: asked.set() if isinstance(event, PromptOpened) else None)
    submitted, waiting, asking = client.submit("p"), client.wait(1), client.resolve_key("file:x")
    assert asked.wait(5)
    client.close()
    for each in (submitted, waiting, asking):
        with pytest.raises(Cancelled):
            each.result(5)
    assert station.finished.wait(5)
    assert station.sessions == []
    assert Method.WAIT in station.cancelled
    assert Method.SUBMIT not in station.cancelled


def test_an_abandoned_call_is_cancelled_there(station: SmallStation, client: BoundStation) -> None:
    waiting, at_once = client.wait(1), client.wait(2)
    assert at_once.cancel()
    wait_until(lambda: station.server.busy)
    assert waiting.cancel()
    with pytest.raises(CancelledError):
        waiting.result(5)
    wait_until(lambda: not station.server.busy)
    assert Method.WAIT in station.cancelled


def test_the_owners_end_ends_every_call(station: SmallStation, client: BoundStation) -> None:
    waiting = client.wait(1)
    station.loop.call_soon_threadsafe(station.server.close)
    with pytest.raises(WorkerDied):
        waiting.result(5)
    with pytest.raises(WorkerDied):
        client.jobs().result(5)


def test_after_refusing_nobody_comes_in_but_calls_end(
    station: SmallStation, client: BoundStation
) -> None:
    submitted = client.submit("p")
    wait_until(lambda: station.server.busy)
    station.loop.call_soon_threadsafe(station.server.refuse)
    wait_until(lambda: not (station.home / SOCKET_NAME).exists())
    assert reach(station.home, HELLO) is None
    assert submitted.result(5) == 1
    wait_until(lambda: not station.server.busy)


def test_another_version_is_refused_with_both_numbers(station: SmallStation) -> None:
    with pytest.raises(ProtocolViolation, match=f"{PROTOCOL}.*99"):
        reach(station.home, Hello(99, "x", None))


def raw(station: SmallStation) -> socket.socket:
    """Connect without a word."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(5)
    directory = os.open(station.home, os.O_PATH)
    connection.connect(f"/proc/self/fd/{directory}/{SOCKET_NAME}")
    os.close(directory)
    return connection


def hello() -> bytes:
    """Return a good greeting."""
    data = {"protocol": PROTOCOL, "surface": "test", "gnupg_home": None}
    return pack(FrameType.HELLO, 0, data)


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="another protocol"),
        pytest.param(pack(FrameType.CALL, 1, {"method": "jobs", "arguments": []}), id="no hello"),
        pytest.param(bytes(pack_secret(1, "a", Secret(b"s"))), id="a secret before hello"),
        pytest.param(pack(FrameType.HELLO, 0, {"protocol": "1"}), id="a wrong hello"),
        pytest.param(hello() + hello(), id="hello twice"),
        pytest.param(hello() + pack(FrameType.RESULT, 1, None), id="an answer from a client"),
        pytest.param(
            hello() + 2 * pack(FrameType.CALL, 1, {"method": "wait", "arguments": [1]}),
            id="one number twice",
        ),
        pytest.param(hello() + pack(FrameType.CALL, 1, {"method": "x"}), id="an unknown call"),
        pytest.param(hello() + struct.pack(">I", 2**31), id="a huge frame"),
    ],
)
def test_who_breaks_the_protocol_is_hung_up_on(station: SmallStation, sent: bytes) -> None:
    with raw(station) as connection:
        connection.sendall(sent)
        while connection.recv(4096):
            pass
    wait_until(lambda: not station.sessions)


def test_a_peer_that_never_reads_holds_up_only_itself(
    station: SmallStation, client: BoundStation
) -> None:
    with raw(station) as connection:
        paths = [f"/{i}" for i in range(2000)]
        call = {"method": "inspect", "arguments": [paths, None]}
        connection.sendall(hello() + pack(FrameType.CALL, 1, call))
        time.sleep(0.1)
        assert station.server.busy  # 40 MB of results wait at the high-water mark
        with pytest.raises(ArtifactMalformed):
            client.cancel(1).result(5)
    wait_until(lambda: Method.INSPECT in station.cancelled)


def wait_until(condition: object) -> None:
    """Wait for something that another thread does."""
    assert callable(condition)
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)
