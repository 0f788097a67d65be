"""Trust anchors as people look at them, and the orders that pin and unpin them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from signstation.model.keys import KeyState, KeyType
from signstation.model.text import Text
from signstation.model.trust import Origin, Purpose


class AnchorKind(Enum):
    """What is pinned."""

    OPENPGP = "openpgp"
    AUTHORITY = "x509-authority"  # may certify others
    CERTIFICATE = "x509-certificate"  # vouches for itself only
    SSH = "ssh"  # a line of an allowed_signers file
    SSH_AUTHORITY = "ssh-authority"  # such a line whose key gives certificates
    SSH_REVOCATIONS = "ssh-revocations"  # a list of revoked keys, which takes trust away


@dataclass(frozen=True, slots=True)
class AnchorKey:
    """One key of an anchor. Times are Unix seconds."""

    # OpenPGP: upper-case hex; X.509: SHA-256 of the certificate, lower-case hex; SSH: SHA256:…
    fingerprint: str
    type: KeyType
    state: KeyState
    created: int  # 0 where nobody knows, as of SSH keys
    expires: int | None
    usages: tuple[str, ...]  # certify, sign, code-signing, …
    notes: tuple[Text, ...] = ()  # why it is weak, when and why it was revoked


@dataclass(frozen=True, slots=True)
class Anchor:
    """One anchor with the state of its keys now; primary key first.

    ``state`` and ``expires`` are those of what it vouches with: the last signing key of an OpenPGP
    certificate, an X.509 certificate itself. ``origin.since`` is None before it is pinned.
    """

    identity: str  # fingerprint of the (primary) key, or SHA-256 of the X.509 certificate
    kind: AnchorKind
    label: str  # untrusted text, as all names
    names: tuple[str, ...]  # user ids; subject and, where it differs, issuer (RFC 4514)
    state: KeyState
    expires: int | None
    keys: tuple[AnchorKey, ...]
    purposes: tuple[Purpose, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class AnchorFile:
    """What a file would have pinned; ``sha256`` is that of its content."""

    path: Path
    sha256: bytes
    anchors: tuple[Anchor, ...]
    pinned: tuple[str, ...]  # identities among them that are pinned already


@dataclass(frozen=True, slots=True)
class PinOrder:
    """Pin these anchors of a file that is still the one that was looked at."""

    path: Path
    sha256: bytes
    identities: tuple[str, ...]
    purposes: tuple[Purpose, ...]


@dataclass(frozen=True, slots=True)
class Unpinned:
    """All that is needed to pin an anchor again, with the day and the source that it had."""

    identity: str
    label: str
    material: bytes
    origin: Origin
    purposes: tuple[Purpose, ...]
