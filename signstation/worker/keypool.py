"""The key workers as the runner sees them (``interfaces.workers.KeyWorkers``).

Lists, profiles and the life cycle run in a few shared processes per GnuPG home. Each session has
processes of its own: its prompt holds up nobody else, and its secrets end with it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

from signstation.codec.plain import from_plain, to_plain
from signstation.errors import SignstationError
from signstation.interfaces.guardterms import GuardTerms
from signstation.interfaces.workers import Prompter
from signstation.model.keys import SSH_STORE, KeyInfo, KeyRef, Protection, SignerProfile
from signstation.model.orders import CertifyOrder, GenerateOrder, KeyForm
from signstation.model.tokens import PKCS11_STORE, TokenInfo
from signstation.system.memory import in_memory
from signstation.system.sandbox import Protection as WorkerProtection
from signstation.system.sandbox import WorkerKind
from signstation.worker.asking import Remembering, answering
from signstation.worker.frames import FrameType, put_json, take_json
from signstation.worker.keysession import OpenedLane, Session, call, open_in
from signstation.worker.lane import Lane, end_all
from signstation.worker.seats import Pool, Task
from signstation.worker.start import Starter

DESKS = 3
"""Processes for calls without a session: one may wait for a prompt, another for a slow reader."""
SPREAD_FROM = 64
"""Signatures from which on a key in memory is opened in one worker per core: a process costs about
0.15 s of processor time, as much as 64 signatures with RSA-4096 on a slow machine."""
SOFTWARE = frozenset({Protection.SOFTWARE, Protection.UNPROTECTED})

STORE_OF = {KeyForm.OPENPGP: "gpg", KeyForm.X509: "file", KeyForm.SSH: SSH_STORE}
"""The store that makes each form of key."""

TOKEN_SECONDS = 30.0
"""Seconds that the listing of PKCS#11 tokens may take: a module that hangs hides no other keys."""

_LOG = logging.getLogger(__name__)


class KeyProcesses:
    """All key processes of a station."""

    def __init__(self, starter: Starter, cores: int, *, tokens: bool = False) -> None:
        """Start nothing yet. ``tokens``: whether there are PKCS#11 modules to look into."""
        self._starter = starter
        self._desks: dict[Path | None, Pool] = {}
        self._sessions: set[Lane] = set()
        self.cores = cores
        self.tokens = tokens

    def desk(self, gnupg_home: Path | None) -> Pool:
        """Return the shared processes for a GnuPG home."""
        if gnupg_home not in self._desks:
            starter = self._starter.at(gnupg_home)
            self._desks[gnupg_home] = Pool(starter, WorkerKind.KEY, DESKS, window=1)
        return self._desks[gnupg_home]

    def own(self, gnupg_home: Path | None) -> Lane:
        """Return a process for a session: an idle shared one, which is warm, or a new one."""
        lane = self.desk(gnupg_home).adopt(self._sessions.discard)
        self._sessions.add(lane)
        return lane

    def workers(
        self, gnupg_home: Path | None, prompter: Prompter, ssh_agent: Path | None
    ) -> KeyPool:
        """Return the key workers that serve a caller: with his places, and prompts to him."""
        return KeyPool(self, gnupg_home, prompter, ssh_agent)

    async def protections(self) -> tuple[WorkerProtection, ...]:
        """Start a worker, if none runs, and return what it could give up."""
        return await self.desk(None).protections()

    async def close(self) -> None:
        """End every key process."""
        await asyncio.gather(
            end_all(tuple(self._sessions)), *(desk.close() for desk in self._desks.values())
        )


class KeyPool:
    """Implements ``KeyWorkers`` for one GnuPG home, one ssh-agent and one person."""

    def __init__(
        self,
        processes: KeyProcesses,
        gnupg_home: Path | None,
        prompter: Prompter,
        ssh_agent: Path | None,
    ) -> None:
        """``KeyProcesses.workers`` makes them."""
        self._processes = processes
        self._home = gnupg_home
        self._prompter = prompter
        # what is found in it is named with its socket: only looking needs to know it
        self._agent = {"ssh_agent": str(ssh_agent)} if ssh_agent else {}

    async def list_keys(self) -> tuple[KeyInfo, ...]:
        """Keys of every store; what a store that fails says is logged."""
        body: dict[str, object] = {"method": "list", "apart": False, **self._agent}
        own, tokens = await asyncio.gather(self._call(body), self._tokens())
        return _listed(own) + tokens

    async def _tokens(self) -> tuple[KeyInfo, ...]:
        """Keys of PKCS#11 tokens; a module that crashes or hangs costs no other store's keys."""
        if not self._processes.tokens:
            return ()
        try:
            async with asyncio.timeout(TOKEN_SECONDS):
                return _listed(await self._apart({"method": "list", "apart": True}))
        except (TimeoutError, SignstationError) as error:
            _LOG.warning("the PKCS#11 modules did not answer: %s", str(error) or "not in time")
            return ()

    async def list_tokens(self) -> tuple[TokenInfo, ...]:
        """Devices of every store; a module that crashes or hangs is left out."""
        own = from_plain(
            await self._call({"method": "tokens", "apart": False}), tuple[TokenInfo, ...]
        )
        if not self._processes.tokens:
            return own
        try:
            async with asyncio.timeout(TOKEN_SECONDS):
                foreign = await self._apart({"method": "tokens", "apart": True})
        except (TimeoutError, SignstationError):
            return own  # the listing of its keys says so
        return own + from_plain(foreign, tuple[TokenInfo, ...])

    async def resolve(self, typed: str) -> KeyRef:
        """Turn ``store:what-was-typed`` into the full reference."""
        body: dict[str, object] = {"method": "resolve", "typed": typed, **self._agent}
        return from_plain(await self._call(body, store=typed.partition(":")[0]), KeyRef)

    async def profile(self, key: KeyRef, certificates: Sequence[bytes]) -> SignerProfile:
        """Public facts of a signer."""
        body: dict[str, object] = {
            "method": "profile",
            "key": to_plain(key),
            "certificates": to_plain(tuple(certificates)),
        }
        return from_plain(await self._call(body, store=key.store), SignerProfile)

    async def generate(self, order: GenerateOrder) -> tuple[KeyInfo, ...]:
        """Make a key; may prompt."""
        body: dict[str, object] = {
            "method": "generate",
            "store": STORE_OF[order.form],
            "order": to_plain(order),
        }
        return from_plain(await self._call(body), tuple[KeyInfo, ...])

    async def certify(self, order: CertifyOrder) -> tuple[tuple[str, bytes], ...]:
        """Make a certificate with the key; may prompt."""
        body: dict[str, object] = {"method": "certify", "order": to_plain(order)}
        value = await self._call(body, store=order.key.store)
        return from_plain(value, tuple[tuple[str, bytes], ...])

    async def import_key(self, store: str, material: bytes) -> tuple[KeyInfo, ...]:
        """Take in keys or certificates."""
        with in_memory((material,)) as descriptor:
            value = await self._call({"method": "import", "store": store}, (descriptor,))
        return from_plain(value, tuple[KeyInfo, ...])

    async def export(self, key: KeyRef) -> tuple[tuple[str, bytes], ...]:
        """Public half as (suffix, content)."""
        value = await self._call({"method": "export", "key": to_plain(key)}, store=key.store)
        return from_plain(value, tuple[tuple[str, bytes], ...])

    async def _apart(self, body: dict[str, object]) -> object:
        """Make a call in a process that ends with it.

        A PKCS#11 module that was loaded, crashed or lost its token goes with the process.
        """
        lane = self._processes.own(self._home)
        try:
            _, value = await call(lane, self._prompter, body)
        finally:
            lane.hang_up()
        return value

    async def _call(
        self, body: dict[str, object], descriptors: Sequence[int] = (), *, store: str = ""
    ) -> object:
        if store == PKCS11_STORE:
            return await self._apart(body)

        async def work(task: Task) -> object:
            with answering(task.lane, task.call, self._prompter):
                frame = await task.call.request(FrameType.CALL, put_json(body), descriptors)
            return take_json(frame.body).get("value")

        return await self._processes.desk(self._home).run(0, work)

    async def open(self, profile: SignerProfile, terms: GuardTerms, count: int) -> Session:
        """Open a key for ``count`` signatures; may prompt.

        A key that is then in memory is opened in more workers with the same answers, which are
        forgotten before this returns. A worker that cannot join is done without.
        """
        several = profile.protection in SOFTWARE and count >= SPREAD_FROM
        size = self._processes.cores if several else 1
        known = Remembering(self._prompter)
        asked: Prompter = known if size > 1 else self._prompter
        lanes: list[Lane] = []
        opened: list[OpenedLane] = []
        try:
            while len(lanes) < size:  # started together, so that they are there when they can join
                lanes.append(self._processes.own(self._home))
            first = await open_in(lanes[0], asked, profile, terms, count)
            joined = [
                open_in(lane, known.replay(), profile, terms, count)
                for lane in lanes[1:]
                if first.in_memory
            ]
            results = await asyncio.gather(*joined, return_exceptions=True)
            opened = [first, *(each for each in results if isinstance(each, OpenedLane))]
            await self._deal(opened)
            return Session(opened, self._prompter)
        except BaseException:
            opened = []
            raise
        finally:
            known.wipe()
            used = [each.lane for each in opened]
            for lane in lanes:
                if lane not in used:
                    lane.hang_up()

    async def _deal(self, opened: Sequence[OpenedLane]) -> None:
        """Tell each of several guards which items are its own."""
        if len(opened) > 1:
            for index, each in enumerate(opened):
                body: dict[str, object] = {
                    "method": "share",
                    "session": each.session,
                    "index": index,
                    "of": len(opened),
                }
                await call(each.lane, self._prompter, body)


def _listed(value: object) -> tuple[KeyInfo, ...]:
    """Read the answer to a list, and log what the stores that failed say."""
    keys, failures = from_plain(value, tuple[tuple[KeyInfo, ...], tuple[tuple[str, str], ...]])
    for store, error in failures:
        _LOG.info("keys of %s: %s", store, error)
    return keys
