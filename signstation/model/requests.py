"""The signing request: what approvers see and sign, and what the guard in the key worker admits.

Its canonical form is JSON by RFC 8785 with integers and strings only; the SHA-256 of those bytes is
the request's id. ``codec/canonical.py`` turns it into bytes and back.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

VERSION = 1
"""Version of the request's layout."""


class OutputMode(Enum):
    """How an item's result is published."""

    DIRECTORY = "dir"
    IN_PLACE = "in-place"


@dataclass(frozen=True, slots=True)
class RequestSigner:
    """A signer by hash: key reference, SHA-256 of its SPKI and of its whole profile (hex)."""

    key: str
    spki_sha256: str
    profile_sha256: str


@dataclass(frozen=True, slots=True)
class RequestSlot:
    """One signature: index into ``signers``, signature type, scheme and envelope hash."""

    signer: int
    kind: str
    scheme: str
    hash: str


COMPRESSION = "compression"
"""The fact that names how an artifact is compressed as a whole."""


@dataclass(frozen=True, slots=True)
class RequestItem:
    """One artifact. ``sha256`` is empty without approvals: then it is learnt in the one pass.

    ``asks`` are the hex hashes of every first-round ToSign, in order, where approvals are needed.
    """

    name: str
    format: str
    rules: int
    size: int
    sha256: str
    options: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, str], ...]  # what the reviewer saw: title, findings, compression
    slots: tuple[RequestSlot, ...]
    output_mode: OutputMode
    output: str
    asks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """A sealed order. Times are Unix seconds; ``seed`` and ``nonce`` are 32 hex digits."""

    version: int
    nonce: str
    created: int
    not_after: int
    signing_time: int
    seed: str
    requester: str
    purpose: str
    policy_sha256: str
    approvals: int
    signers: tuple[RequestSigner, ...]
    items: tuple[RequestItem, ...]
