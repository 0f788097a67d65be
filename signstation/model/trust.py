"""Trust as data: anchors with their origin, and the key facts that verification needs.

Anchors are prepared once (OpenPGP certificates by GnuPG in a private home, X.509 by
``cryptography``) and then handed to check workers as plain values.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from signstation.model.keys import KeyType


class Purpose(Enum):
    """What an anchor is trusted for."""

    ANY = "any"
    FILES = "files"
    PACKAGES = "packages"
    KERNEL_MODULES = "kernel-modules"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an anchor came from and since when it is trusted (Unix seconds)."""

    source: str  # "generated on this station", "trust file release.asc"
    since: int | None = None


class RevocationReason(Enum):
    """Reasons for revocation (RFC 9580 section 5.2.3.31); the first three count as compromise."""

    NONE = "none"
    COMPROMISED = "compromised"
    USER_ID_INVALID = "user-id-invalid"
    SUPERSEDED = "superseded"
    RETIRED = "retired"

    @property
    def hard(self) -> bool:
        """True where signatures made before the revocation count as worthless too."""
        return self not in {RevocationReason.SUPERSEDED, RevocationReason.RETIRED}


@dataclass(frozen=True, slots=True)
class Revocation:
    """When (Unix seconds) and why a key was revoked."""

    at: int
    reason: RevocationReason


@dataclass(frozen=True, slots=True)
class OpenPgpKey:
    """One primary key or subkey of a certificate, as GnuPG lists it."""

    fingerprint: str  # upper-case hex: 40 digits for v4, 64 for v6
    type: KeyType
    created: int
    expires: int | None
    can_sign: bool
    revocation: Revocation | None = None
    valid_binding: bool = True  # False where GnuPG found no valid self-signature or binding


@dataclass(frozen=True, slots=True)
class OpenPgpCertificate:
    """A trusted OpenPGP certificate: binary material and the state of its keys, primary first."""

    material: bytes
    user_ids: tuple[str, ...]
    keys: tuple[OpenPgpKey, ...]
    origin: Origin
    purposes: tuple[Purpose, ...] = (Purpose.ANY,)

    @property
    def primary(self) -> OpenPgpKey:
        """The primary key."""
        return self.keys[0]


@dataclass(frozen=True, slots=True)
class X509Anchor:
    """A trusted X.509 certificate (DER): a root, or a leaf pinned by itself."""

    der: bytes
    origin: Origin
    purposes: tuple[Purpose, ...] = (Purpose.ANY,)


@dataclass(frozen=True, slots=True)
class SshAnchor:
    """A key that a line of an allowed_signers file trusts (ssh-keygen(1), ALLOWED SIGNERS).

    ``key`` is the encoded public key (RFC 4253 section 6.6). ``namespaces`` are patterns, empty
    where the line has none; ``after`` and ``before`` are Unix seconds. The key of an ``authority``
    vouches for those to whom it gave a certificate, and signs nothing itself.
    """

    line: str
    principals: tuple[str, ...]
    key: bytes
    origin: Origin
    namespaces: tuple[str, ...] = ()
    after: int | None = None
    before: int | None = None
    purposes: tuple[Purpose, ...] = (Purpose.ANY,)
    authority: bool = False


@dataclass(frozen=True, slots=True)
class RevokedCertificates:
    """Certificates of one authority that a list revokes; every authority's where it is empty.

    ``authority`` is its encoded public key, ``serials`` are ranges whose ends belong to them.
    """

    authority: bytes
    serials: tuple[tuple[int, int], ...]
    key_ids: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class SshRevocations:
    """A list of revoked SSH keys: the file, and the digests of the encoded public keys."""

    material: bytes
    sha256: tuple[bytes, ...]
    sha1: tuple[bytes, ...]
    origin: Origin
    certificates: tuple[RevokedCertificates, ...] = ()


@dataclass(frozen=True, slots=True)
class Trust:
    """Everything that is trusted for one verification. Empty trusts nobody."""

    openpgp: tuple[OpenPgpCertificate, ...] = ()
    x509: tuple[X509Anchor, ...] = ()
    ssh: tuple[SshAnchor, ...] = ()
    ssh_revoked: tuple[SshRevocations, ...] = ()
