"""Open keys inside a key worker, each under its request: guard first, then key."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice

from signstation.codec.plain import from_plain
from signstation.codec.request import MAX_REQUEST
from signstation.errors import KeyStoreFailed, ProtocolViolation
from signstation.interfaces.guardterms import GuardTerms
from signstation.interfaces.keystore import InMemory, KeyStore, OpenKey
from signstation.model.asks import MAX_BATCH, ToSign
from signstation.model.keys import SignerProfile
from signstation.registry.stores import keystore
from signstation.system.memory import read_all
from signstation.worker.channel import Channel, Message
from signstation.worker.failures import put_failure
from signstation.worker.frames import FrameType
from signstation.worker.guard import Guard
from signstation.worker.keycontext import StoreContext
from signstation.worker.wire import put_results, take_use_key

FLUSH_SECONDS = 0.001
"""Seconds after which an answer is not held back for others: slow keys answer one by one."""


@dataclass(frozen=True, slots=True)
class _Session:
    key: OpenKey
    guard: Guard
    opened: ExitStack


@dataclass(frozen=True, slots=True)
class _Admitted:
    number: int
    session: _Session
    asks: tuple[ToSign, ...]


class Sessions:
    """Opens keys, and signs with them."""

    def __init__(
        self, channel: Channel, stores: Mapping[str, KeyStore], context: StoreContext
    ) -> None:
        """Answer over ``channel``."""
        self._channel = channel
        self._stores = stores
        self._context = context
        self._sessions: dict[int, _Session] = {}
        self._flushed = 0.0

    def open(self, message: Message, call: dict[str, object]) -> object:
        """Build the guard before anything is unlocked, then open the key."""
        profile = from_plain(call.get("profile"), SignerProfile)
        count = from_plain(call.get("count"), int)
        (descriptor,) = message.descriptors
        terms = GuardTerms(
            request=read_all(descriptor, MAX_REQUEST),
            signer=from_plain(call.get("signer"), int),
            approvals=from_plain(call.get("approvals"), tuple[bytes, ...]),
        )
        guard = Guard(terms, profile, count, self._context.time)
        with ExitStack() as stack:
            store = keystore(self._stores, profile.key.store)
            key = stack.enter_context(store.open(profile, count, self._context))
            self._sessions[message.number] = _Session(key, guard, stack.pop_all())
        return {"in_memory": isinstance(key, InMemory) and key.in_memory}

    def share(self, _: Message, call: dict[str, object]) -> object:
        """Limit a fresh session to its share of the items."""
        index, of = from_plain(call.get("index"), int), from_plain(call.get("of"), int)
        self._session(from_plain(call.get("session"), int)).guard.limit_to(index, of)
        return None

    def close(self, _: Message, call: dict[str, object]) -> object:
        """Close the key and forget its secrets."""
        number = from_plain(call.get("session"), int)
        session = self._session(number)
        del self._sessions[number]
        session.opened.close()
        return None

    def _session(self, number: int) -> _Session:
        session = self._sessions.get(number)
        if session is None:
            raise ProtocolViolation(reason="a session that is not open")
        return session

    def use(self, messages: Sequence[Message]) -> None:
        """Sign for messages that came together; a store that pipelines gets them in one go."""
        admitted: list[_Admitted] = []
        for message in messages:
            try:
                use = take_use_key(message.body)
                session = self._session(use.session)
                session.guard.admit(use.item, use.round, use.asks)
            except Exception as error:  # noqa: BLE001 - it fails this message only
                self._fail(message.number, error)
            else:
                admitted.append(_Admitted(message.number, session, use.asks))
        for group in _groups(admitted):
            self._sign(group)

    def _sign(self, group: Sequence[_Admitted]) -> None:
        answers = iter(group[0].session.key.sign([ask for each in group for ask in each.asks]))
        failed: Exception | None = None
        for each in group:
            try:
                if failed is not None:
                    raise failed  # noqa: TRY301 - what ended the first ends those behind it
                results = tuple(islice(answers, len(each.asks)))
                if len(results) != len(each.asks):
                    raise KeyStoreFailed(reason="fewer answers than asks")  # noqa: TRY301
            except Exception as error:  # noqa: BLE001 - a store's bug fails its asks, not the worker
                failed = error
                self._fail(each.number, error)
            else:
                self._channel.send(FrameType.RESULT, each.number, put_results(results))
            now = time.monotonic()
            if now > self._flushed + FLUSH_SECONDS:
                self._flushed = now
                self._channel.flush()

    def _fail(self, number: int, error: Exception) -> None:
        self._channel.send(FrameType.ERROR, number, put_failure(error, secretive=True))


def _groups(admitted: Sequence[_Admitted]) -> Iterator[list[_Admitted]]:
    """Yield runs of one session with at most MAX_BATCH asks."""
    group: list[_Admitted] = []
    asks = 0
    for each in admitted:
        if group and (each.session is not group[0].session or asks + len(each.asks) > MAX_BATCH):
            yield group
            group, asks = [], 0
        group.append(each)
        asks += len(each.asks)
    if group:
        yield group
