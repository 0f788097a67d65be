"""A station that this process owns: its event loop in a thread of its own, from lock to unlock."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from signstation.app import logs
from signstation.app.bound import BoundStation
from signstation.app.facade import LocalTransport
from signstation.app.home import Ownership, settings_files
from signstation.app.prompts import Session
from signstation.app.settings import load
from signstation.app.station import Station
from signstation.model.station import Caller

T = TypeVar("T")


class Owner:
    """Runs the station of one state directory. Made on any thread; ``start`` may be called once."""

    def __init__(self, home: Path, ownership: Ownership, environment: Mapping[str, str]) -> None:
        """Take over the lock."""
        self._home = home
        self._ownership = ownership
        self._environment = environment
        self._detach_log = logs.attach(home, owner=True)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="station", daemon=True)
        self._station: Station | None = None

    def start(self, caller: Caller) -> BoundStation:
        """Open everything, recover what was interrupted, and return the owner's own API. Blocks."""
        self._thread.start()
        try:
            settings = load(settings_files(self._home))
            opening = Station.open(self._home, settings, self._environment)
            station = self._station = self._call(opening).result()
        except BaseException:
            self._stop()
            raise
        session = Session(caller)
        self._loop.call_soon_threadsafe(station.enter, session)
        transport = LocalTransport(self._loop, station, session, lambda: self._end(session))
        return BoundStation(transport)

    def _end(self, session: Session) -> None:
        """Serve the clients' open calls to their end, then shut down in order. Blocks."""
        try:
            if self._station is not None:
                self._call(self._station.close(session)).result()
        finally:
            self._stop()

    def _call(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._ownership.release()
        self._detach_log()


def own(
    home: Path, ownership: Ownership, caller: Caller, environment: Mapping[str, str]
) -> BoundStation:
    """Become the station of ``home``."""
    return Owner(home, ownership, environment).start(caller)
