"""The key worker: holds keys, answers for them, and signs what its guard admits."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import NoReturn

from signstation.codec.plain import from_plain, to_plain
from signstation.errors import SignstationError, UsageError
from signstation.interfaces.keystore import (
    KeyExporter,
    KeyGenerator,
    KeyImporter,
    KeyStore,
    TokenLister,
)
from signstation.model.keys import KeyInfo, KeyRef
from signstation.model.orders import CertifyOrder, GenerateOrder
from signstation.model.tokens import PKCS11_STORE, TokenInfo
from signstation.registry.stores import keystore, load_keystores
from signstation.system.memory import read_all
from signstation.worker.certify import certify
from signstation.worker.channel import Channel, Message
from signstation.worker.config import WorkerConfig, take_config
from signstation.worker.failures import put_failure
from signstation.worker.frames import FrameType, put_json, take_json
from signstation.worker.keycontext import StoreContext
from signstation.worker.sessions import Sessions

GROUP = 8
"""Most messages that are signed for in one go: as many as a station sends ahead (key depth)."""
MAX_IMPORT = 64 * 1024 * 1024
"""Most bytes of imported key material: a distribution's whole keyring has about 30 MB."""


class KeyWorker:
    """Answers CALL for lists, profiles, life cycle and sessions, and USE_KEY for signatures."""

    def __init__(self, channel: Channel, config: WorkerConfig) -> None:
        """Load the key stores; answer over ``channel``."""
        self._channel = channel
        self._stores: Mapping[str, KeyStore] = load_keystores()
        self._queue: deque[Message] = deque()
        self._context = StoreContext(channel, config, self._queue)
        self._sessions = Sessions(channel, self._stores, self._context)
        self._calls: Mapping[str, Callable[[Message, dict[str, object]], object]] = {
            "list": self._list,
            "tokens": self._tokens,
            "resolve": self._resolve,
            "profile": self._profile,
            "generate": self._generate,
            "certify": self._certify,
            "import": self._import,
            "export": self._export,
            "open": self._sessions.open,
            "share": self._sessions.share,
            "close": self._sessions.close,
        }

    def serve(self) -> NoReturn:
        """Work until the station is gone."""
        while True:
            self._context.absorb(self._channel.poll() if self._queue else self._channel.receive())
            if self._queue:
                self._next()

    def _next(self) -> None:
        message = self._queue.popleft()
        self._context.begin(message.number)
        if message.type is FrameType.USE_KEY:
            group = [message]
            while self._queue and self._queue[0].type is FrameType.USE_KEY and len(group) < GROUP:
                group.append(self._queue.popleft())
            self._sessions.use(group)
            return
        try:
            call = take_json(message.body)
            self._context.look_in(call.get("ssh_agent"))
            result = self._calls[str(call.get("method"))](message, call)
        except Exception as error:  # noqa: BLE001 - a store's bug fails its call, not the worker
            self._channel.send(FrameType.ERROR, message.number, put_failure(error, secretive=True))
        else:
            self._channel.send(FrameType.RESULT, message.number, put_json({"value": result}))
        finally:
            message.close()

    def _store(self, call: dict[str, object]) -> tuple[KeyStore, KeyRef]:
        ref = from_plain(call.get("key"), KeyRef)
        return keystore(self._stores, ref.store), ref

    def _list(self, _: Message, call: dict[str, object]) -> object:
        """List without failing as a whole: a store that cannot answer says why instead.

        Stores behind foreign modules are asked ``apart``, by a worker of their own.
        """
        keys: list[KeyInfo] = []
        failures: list[tuple[str, str]] = []
        apart = from_plain(call.get("apart"), bool)
        for store in self._stores.values():
            if (store.id == PKCS11_STORE) is not apart:
                continue
            try:
                keys.extend(store.list_keys(self._context))
            except SignstationError as error:
                failures.append((store.id, str(error)))
        return [to_plain(keys), failures]

    def _tokens(self, _: Message, call: dict[str, object]) -> object:
        """List devices like keys: those of foreign modules apart."""
        found: list[TokenInfo] = []
        apart = from_plain(call.get("apart"), bool)
        for store in self._stores.values():
            if (store.id == PKCS11_STORE) is apart and isinstance(store, TokenLister):
                with suppress(SignstationError):  # what it says, it says of its keys as well
                    found.extend(store.list_tokens(self._context))
        return to_plain(found)

    def _resolve(self, _: Message, call: dict[str, object]) -> object:
        ref = KeyRef.parse(str(call.get("typed")))
        return to_plain(keystore(self._stores, ref.store).resolve(ref.locator, self._context))

    def _profile(self, _: Message, call: dict[str, object]) -> object:
        store, ref = self._store(call)
        certificates = from_plain(call.get("certificates"), tuple[bytes, ...])
        return to_plain(store.profile(ref, certificates, self._context))

    def _generate(self, _: Message, call: dict[str, object]) -> object:
        store = keystore(self._stores, str(call.get("store")))
        if not isinstance(store, KeyGenerator):
            raise UsageError(reason=f"the store {store.id} makes no keys")
        order = from_plain(call.get("order"), GenerateOrder)
        return to_plain(list(store.generate(order, self._context)))

    def _certify(self, _: Message, call: dict[str, object]) -> object:
        order = from_plain(call.get("order"), CertifyOrder)
        return to_plain(
            list(certify(keystore(self._stores, order.key.store), order, self._context))
        )

    def _import(self, message: Message, call: dict[str, object]) -> object:
        store = keystore(self._stores, str(call.get("store")))
        if not isinstance(store, KeyImporter):
            raise UsageError(reason=f"the store {store.id} takes no keys in")
        material = read_all(message.descriptors[0], MAX_IMPORT)
        return to_plain(list(store.import_key(material, self._context)))

    def _export(self, _: Message, call: dict[str, object]) -> object:
        store, ref = self._store(call)
        if not isinstance(store, KeyExporter):
            raise UsageError(reason=f"the store {store.id} gives no keys out")
        return to_plain(list(store.export(ref, self._context)))


def build(channel: Channel, config: bytes) -> KeyWorker:
    """Make the worker."""
    return KeyWorker(channel, take_config(config))
