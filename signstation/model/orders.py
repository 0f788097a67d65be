"""What a user orders: to sign, to verify, to make a key. Paths are absolute."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import KeyRef, SignatureType
from signstation.model.options import Existing
from signstation.model.releases import CoveredFile, ReleaseFinding, Stage

_OTHER_FORMATS = {("blob", SignatureType.CLEARTEXT.value): "text"}


def signing_format(found: str, signature: str) -> str:
    """Return the format that makes a signature: a plain file signed in the clear is a text."""
    return _OTHER_FORMATS.get((found, signature), found)


class Destination(Enum):
    """Where signed files go."""

    DIRECTORY = "directory"
    IN_PLACE = "in-place"


@dataclass(frozen=True, slots=True)
class SignOrder:
    """``signstation sign``: which files, which keys, where to.

    ``format`` and ``signature`` come from ``--as FORMAT[:SIGNATURE]``; ``None`` means detected
    and the key's first suitable type. ``time`` is the pinned signing time in Unix seconds, None
    for now. Files below ``root`` keep their subdirectories below the output, as if the directory
    had been named instead of them. ``checkpoint``: a checkpoint of the audit log is left in an
    output directory that holds no originals. ``only_new``: what these keys have signed already is
    left out. ``private_keys``: private keys that lie in a directory are no reason to refuse.
    ``changing``: files that other orders of the same release change.
    """

    paths: tuple[Path, ...]
    keys: tuple[KeyRef, ...]
    format: str | None = None
    signature: str | None = None
    hash: HashAlgorithm | None = None
    certificates: tuple[Path, ...] = ()
    time: int | None = None
    destination: Destination = Destination.DIRECTORY
    output: Path | None = None
    existing: Existing | None = None
    replace: bool = False
    options: tuple[tuple[str, str], ...] = ()
    title: str = ""
    root: Path | None = None
    checkpoint: bool = True
    only_new: bool = False
    private_keys: bool = False
    changing: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class VerifyOrder:
    """``signstation verify``: trust files replace the configured trust; ``at`` is Unix seconds."""

    paths: tuple[Path, ...]
    trust: tuple[Path, ...] = ()
    at: int | None = None
    format: str | None = None


class KeyForm(Enum):
    """What ``key generate`` makes."""

    OPENPGP = "openpgp"
    X509 = "x509"
    SSH = "ssh"


class X509Use(Enum):
    """Certificate profiles of ``key generate x509 --usage``."""

    MODULES = "modules"  # EKU 1.3.6.1.4.1.2312.16.1.2: shim refuses it for EFI binaries
    CODE_SIGNING = "code-signing"


@dataclass(frozen=True, slots=True)
class GenerateOrder:
    """A key to make. ``protect`` False writes it without a passphrase, marked everywhere.

    ``expires`` is in seconds from now, None for never. OpenPGP keys go into GNUPGHOME (a
    certify-only primary and a signing subkey); others into files in ``output``.
    """

    form: KeyForm
    name: str
    algorithm: str = ""
    expires: int | None = 2 * 365 * 86400
    usage: X509Use = X509Use.CODE_SIGNING
    protect: bool = True
    output: Path | None = None
    replace: bool = False


class CertificateForm(Enum):
    """What ``key certificate`` makes for a key that a device holds."""

    OPENPGP = "openpgp"
    X509 = "x509"
    REQUEST = "request"


@dataclass(frozen=True, slots=True)
class CertifyOrder:
    """A certificate, or a request for one, to be signed by the key itself.

    ``expires`` is in seconds from now, None for never. The files go to ``output``.
    """

    key: KeyRef
    form: CertificateForm
    name: str
    output: Path
    expires: int | None = 2 * 365 * 86400
    usage: X509Use = X509Use.CODE_SIGNING
    replace: bool = False


@dataclass(frozen=True, slots=True)
class PlannedPrompt:
    """A prompt that will come, foretold in the review: name and how often."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """One artifact of a plan, as the review shows it."""

    path: Path
    title: str
    format: str
    size: int
    slots: tuple[str, ...]  # "openpgp · RSA-4096 · SHA-256 by gpg:…"
    outputs: tuple[Path, ...]
    findings: int
    stage: Stage = Stage.PACKAGES


@dataclass(frozen=True, slots=True)
class Refusal:
    """An artifact that the plan leaves out, with its error in wire form (JSON text)."""

    path: Path
    error: str


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """What would happen: shown by ``--dry-run`` and the review page before anything is signed."""

    id: str  # of the sealed request: hex SHA-256
    items: tuple[PlannedItem, ...]
    refused: tuple[Refusal, ...]
    skipped: tuple[Path, ...]  # unrecognised files of a directory walk
    key_operations: int
    prompts: tuple[PlannedPrompt, ...] = ()
    seconds: float | None = None  # predicted duration
    warnings: tuple[str, ...] = ()
    findings: tuple[ReleaseFinding, ...] = ()  # about the release as a whole, the worst first
    covered: tuple[CoveredFile, ...] = ()  # not signed by themselves
    signed: tuple[Path, ...] = ()  # by these keys already, and left out as the order wished
