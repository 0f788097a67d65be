"""Between the threads: everything arrives on the GUI thread, in order, and nothing is lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future

import pytest
from PySide6.QtCore import QCoreApplication, QObject
from pytestqt.qtbot import QtBot

from signstation.errors import Cancelled, InternalError, PathMissing, SignstationError
from signstation.gui.bridge import IDLE_TICK_MS, MAX_PER_TICK, TICK_MS, Bridge
from signstation.model.jobs import JobEvent
from signstation.model.station import StationEvent


@pytest.fixture
def bridge(qtbot: QtBot) -> Iterator[Bridge]:
    owner = QObject(QCoreApplication.instance())
    made = Bridge(owner)
    yield made
    made.stop()
    owner.deleteLater()


def test_events_of_another_thread_come_in_order_and_together(qtbot: QtBot, bridge: Bridge) -> None:
    batches: list[list[StationEvent]] = []
    threads: set[int] = set()

    def take(events: list[StationEvent]) -> None:
        threads.add(threading.get_ident())
        batches.append(events)

    bridge.events.connect(take)
    events = [JobEvent(1, number) for number in range(MAX_PER_TICK + 10)]
    sender = threading.Thread(target=lambda: [bridge.put(each) for each in events])
    sender.start()
    sender.join()
    qtbot.waitUntil(lambda: sum(map(len, batches)) == len(events))
    assert [each for batch in batches for each in batch] == events
    assert len(batches[0]) <= MAX_PER_TICK
    assert threads == {threading.get_ident()}


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (PathMissing(path="/srv"), PathMissing),
        (None, Cancelled),
        pytest.param(
            ZeroDivisionError(),
            InternalError,
            marks=pytest.mark.expects_log("internal error [0-9a-f]{32}"),
        ),
    ],
)
def test_every_failure_of_a_future_is_told(
    bridge: Bridge, raised: Exception | None, told: type[SignstationError]
) -> None:
    failures: list[SignstationError] = []
    results: list[int] = []
    future: Future[int] = Future()
    bridge.deliver(future, results.append, failures.append)
    assert bridge.waiting == 1
    if raised is None:
        future.cancel()
    else:
        future.set_exception(raised)
    assert not failures
    bridge.drain()
    assert [type(each) for each in failures] == [told]
    assert not results
    assert bridge.waiting == 0


def test_a_result_is_handed_over_after_what_streamed_before_it(bridge: Bridge) -> None:
    seen: list[object] = []
    future: Future[str] = Future()
    stream = bridge.streaming(seen.append)
    bridge.deliver(future, seen.append, seen.append)
    stream(1)
    stream(2)
    future.set_result("done")
    bridge.drain()
    assert seen == [1, 2, "done"]


def test_it_ticks_slowly_while_nobody_looks(bridge: Bridge) -> None:
    bridge.set_idle(idle=True)
    assert bridge._timer.interval() == IDLE_TICK_MS
    bridge.set_idle(idle=False)
    assert bridge._timer.interval() == TICK_MS
