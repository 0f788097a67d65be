"""The canonical bytes of a signing request (JSON by RFC 8785), and nothing else back from bytes.

The SHA-256 of these bytes is the request's id, so there is exactly one way to write a request:
``parse_request`` refuses everything that ``build_request`` would not have written.
"""

from __future__ import annotations

import json
import re
from typing import Final

from signstation.codec.plain import canonical, from_plain, to_plain
from signstation.errors import LimitReached, ProtocolViolation
from signstation.model.asks import MAX_BATCH, MAX_ROUNDS
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import Scheme, SignatureType
from signstation.model.requests import VERSION, Request, RequestItem, RequestSlot

MAX_REQUEST: Final = 256 * 1024 * 1024
"""Most bytes of one request: MAX_ITEMS items of about 2.5 KiB."""
MAX_ITEMS: Final = 100_000
"""Most artifacts of one request (DESIGN.md section 6)."""
MAX_SIGNERS: Final = 64
"""Most signers of one request; a release has a handful."""
MAX_SLOTS: Final = 32
"""Most signatures of one artifact (style.md section 11: thirty-two signatures)."""
MAX_TEXT: Final = 64 * 1024
"""Longest string in characters: a fact that a reviewer saw, such as a scriptlet."""
MAX_INTEGER: Final = 2**53 - 1
"""Largest integer that RFC 8785 section 3.2.2.3 can carry."""

_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_SEED = re.compile(r"[0-9a-f]{32}\Z")
_KINDS = frozenset(kind.value for kind in SignatureType)
_SCHEMES = frozenset(scheme.value for scheme in Scheme)
_HASHES = frozenset(algorithm.value for algorithm in HashAlgorithm)


def build_request(request: Request) -> bytes:
    """Return the canonical UTF-8 bytes. Raises ProtocolViolation and LimitReached as parsing."""
    _check(request)
    return _canonical(to_plain(request))


def parse_request(data: bytes) -> Request:
    """Return the request of which ``data`` is the canonical form.

    Raises ProtocolViolation for anything else (another spelling of the same values included) and
    LimitReached. Does not block.
    """
    if len(data) > MAX_REQUEST:
        raise LimitReached(what="bytes of a request", limit=MAX_REQUEST)
    try:
        plain = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ProtocolViolation(reason="a request is not JSON in UTF-8") from error
    request = from_plain(plain, Request)  # every field, of exactly its type, and no other
    _check(request)
    # Equal bytes exclude names that stand twice, other orders, spaces and escapes.
    if _canonical(plain) != data:
        raise ProtocolViolation(reason="a request is not in its canonical form")
    return request


def _canonical(plain: object) -> bytes:
    try:
        data = canonical(plain)
    except UnicodeEncodeError as error:
        raise ProtocolViolation(reason="a request has text that is not Unicode") from error
    if len(data) > MAX_REQUEST:
        raise LimitReached(what="bytes of a request", limit=MAX_REQUEST)
    return data


def _check(request: Request) -> None:
    if request.version != VERSION:
        raise ProtocolViolation(reason=f"request version {request.version}, not {VERSION}")
    for count, what, limit in (
        (len(request.items), "items of a request", MAX_ITEMS),
        (len(request.signers), "signers of a request", MAX_SIGNERS),
    ):
        if count > limit:
            raise LimitReached(what=what, limit=limit)
    integers = (request.created, request.not_after, request.signing_time, request.approvals)
    _require(all(0 <= each <= MAX_INTEGER for each in integers), "an integer out of range")
    _check_texts(request.requester, request.purpose)
    _require(bool(request.items), "no items")
    _require(bool(request.signers), "no signers")
    _require(_SEED.match(request.seed) is not None, "a seed that is not 32 hex digits")
    _require(_SEED.match(request.nonce) is not None, "a nonce that is not 32 hex digits")
    _require(request.not_after >= request.created, "an end before its beginning")
    _require(_DIGEST.match(request.policy_sha256) is not None, "a policy without a SHA-256")
    for signer in request.signers:
        _check_texts(signer.key)
        _require(_DIGEST.match(signer.spki_sha256) is not None, "a signer without a SHA-256")
        _require(_DIGEST.match(signer.profile_sha256) is not None, "a profile without a SHA-256")
    for item in request.items:
        _check_item(item, len(request.signers), needs_approval=request.approvals > 0)


def _check_item(item: RequestItem, signers: int, *, needs_approval: bool) -> None:
    _require(bool(item.name) and bool(item.format) and bool(item.output), "an item without a name")
    _require(bool(item.slots), "an item that nobody signs")
    if len(item.slots) > MAX_SLOTS:
        raise LimitReached(what="signatures of one artifact", limit=MAX_SLOTS)
    if item.sha256:
        _require(_DIGEST.match(item.sha256) is not None, "an item with a strange SHA-256")
    if needs_approval:
        _require(bool(item.sha256) and bool(item.asks), "an item that approvers cannot check")
    if len(item.asks) > MAX_BATCH * MAX_ROUNDS:
        raise LimitReached(what="asks of one artifact", limit=MAX_BATCH * MAX_ROUNDS)
    for ask in item.asks:
        _require(_DIGEST.match(ask) is not None, "an ask without a SHA-256")
    _require(0 <= item.size <= MAX_INTEGER, "an integer out of range")
    _require(0 <= item.rules <= MAX_INTEGER, "an integer out of range")
    _check_texts(item.name, item.format, item.output)
    for pair in (*item.options, *item.facts):
        _check_texts(*pair)
    names = [name for name, _ in item.options]
    _require(names == sorted(set(names)), "options that are not sorted by name")
    for slot in item.slots:
        _check_slot(slot, signers)


def _check_texts(*texts: str) -> None:
    for text in texts:
        if len(text) > MAX_TEXT:
            raise LimitReached(what="characters of one text of a request", limit=MAX_TEXT)


def _check_slot(slot: RequestSlot, signers: int) -> None:
    _require(0 <= slot.signer < signers, "a slot of a signer that is not there")
    _require(slot.kind in _KINDS, "an unknown signature type")
    _require(slot.scheme in _SCHEMES, "an unknown scheme")
    _require(slot.hash in _HASHES, "an unknown hash")


def _require(condition: bool, otherwise: str) -> None:  # noqa: FBT001 - reads as an assertion
    if not condition:
        raise ProtocolViolation(reason=f"a request has {otherwise}")
