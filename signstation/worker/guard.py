"""The guard: what a key worker signs under one request, and nothing else.

It is pure: no clock, no files, no key. A worker of formats that a hostile file has taken over can
ask for any digest; the guard bounds what it gets. Where the request names the asks of the first
round (approvals), only those pass, each as often as it is named. Elsewhere each slot of each item
gets one signature a round, and no more than were planned in all. Later rounds follow from answers
and cannot be named beforehand: they are bounded by key, scheme and count.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

from signstation.codec.plain import canonical, to_plain
from signstation.codec.request import parse_request
from signstation.errors import GuardRefused, TimeRefused
from signstation.interfaces.guardterms import GuardTerms
from signstation.model.asks import MAX_BATCH, MAX_MESSAGE, MAX_ROUNDS, ToSign
from signstation.model.keys import SignerProfile
from signstation.model.requests import Request, RequestItem

MAX_DRIFT = 24 * 3600
"""Seconds that a signing time may be away from the guard's clock: a pinned time is not a tool for
dating back (DESIGN.md section 4)."""
MAX_DRIFT_APPROVED = 30 * 24 * 3600
"""The same where approvers have seen the time, and need days to do so."""


class Guard:
    """Admits the asks of one signer of one request, each once."""

    def __init__(self, terms: GuardTerms, profile: SignerProfile, count: int, clock: int) -> None:
        """``count`` is how many signatures were planned, ``clock`` is now in Unix seconds.

        Raises GuardRefused, TimeRefused, and ProtocolViolation for a request that is not canonical.
        """
        self._key = str(profile.key)
        request = parse_request(terms.request)
        self._check_signer(request, terms.signer, profile)
        self._check_time(request, clock)
        if request.approvals > len(set(terms.approvals)):
            raise self._refused(f"{request.approvals} approvals are needed")
        self._items = request.items
        self._signer = terms.signer
        self._left = count
        self._rounds: dict[int, int] = {}  # the latest round of each item
        self._named: dict[int, Counter[str]] = {}  # hashes of first-round asks that are still due
        self._share = (0, 1)

    def _refused(self, reason: str) -> GuardRefused:
        return GuardRefused(key=self._key, reason=reason)

    def _check_signer(self, request: Request, signer: int, profile: SignerProfile) -> None:
        if not 0 <= signer < len(request.signers):
            raise self._refused("the request has no such signer")
        named = request.signers[signer]
        whole = hashlib.sha256(canonical(to_plain(profile))).hexdigest()
        if (named.key, named.spki_sha256, named.profile_sha256) != (
            self._key,
            profile.spki_sha256.hex(),
            whole,
        ):
            raise self._refused("the request names another key")

    def _check_time(self, request: Request, clock: int) -> None:
        if clock > request.not_after:
            raise self._refused("the request is no longer valid")
        most = MAX_DRIFT_APPROVED if request.approvals else MAX_DRIFT
        if abs(request.signing_time - clock) > most:
            raise TimeRefused(signing_time=request.signing_time, clock=clock)

    def limit_to(self, index: int, of: int) -> None:
        """Admit only every ``of``-th item from ``index``: other workers with this key do the rest.

        Allowed once, before the first ask.
        """
        if self._share != (0, 1) or self._rounds or not 0 <= index < of:
            raise self._refused("the session was already shared out")
        self._share = (index, of)

    def admit(self, item: int, round_number: int, asks: Sequence[ToSign]) -> None:
        """Take note of all asks of this signer in one round of one item, or raise GuardRefused.

        Rounds of an item count upwards; a round is asked for once, refused or not.
        """
        if not 0 <= item < len(self._items):
            raise self._refused("the request has no such item")
        index, of = self._share
        if item % of != index:
            raise self._refused("the item is another worker's")
        if not self._rounds.get(item, -1) < round_number < MAX_ROUNDS:
            raise self._refused("the round was asked for already")
        self._rounds[item] = round_number
        if not 1 <= len(asks) <= MAX_BATCH:
            raise self._refused("a batch has 1 to 64 asks")
        if len(asks) > self._left:
            raise self._refused("more signatures than were planned")
        planned = self._items[item]
        for ask in asks:
            self._check_ask(planned, ask)
        if round_number == 0 and planned.asks:
            self._check_named(item, planned, asks)
        elif len({ask.slot for ask in asks}) != len(asks):
            raise self._refused("several signatures of one slot")
        self._left -= len(asks)

    def _check_ask(self, planned: RequestItem, ask: ToSign) -> None:
        if not 0 <= ask.slot < len(planned.slots):
            raise self._refused("the item has no such slot")
        slot = planned.slots[ask.slot]
        if slot.signer != self._signer:
            raise self._refused("the slot is another signer's")
        if slot.scheme != ask.scheme.value:
            raise self._refused("another scheme than was planned")
        if (ask.digest is None) == (ask.message is None):
            raise self._refused("not exactly one of digest and message")
        if ask.message is not None and len(ask.message) > MAX_MESSAGE:
            raise self._refused("a message that is too long")
        named = ask.scheme.hash
        if ask.digest is not None and named is not None and len(ask.digest) != named.size:
            raise self._refused("a digest of another length than its hash")

    def _check_named(self, item: int, planned: RequestItem, asks: Sequence[ToSign]) -> None:
        due = self._named.setdefault(item, Counter(planned.asks))
        due.subtract(ask.hash().hex for ask in asks)
        if min(due.values()) < 0:
            raise self._refused("a signature that the request does not name")
