"""The terms under which a key is opened; apart, since key workers know nothing of artifacts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GuardTerms:
    """What a key session is opened under: the sealed request and which of its signers this is."""

    request: bytes  # canonical JSON
    signer: int
    approvals: tuple[bytes, ...] = ()  # verified later; hashes only for now
