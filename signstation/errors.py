"""Every error that signstation raises on purpose: stable codes and typed fields, no sentences.

The words for people live in ``reports/messages.py``, keyed by ``code``; an error crosses a process
boundary as ``{"code", "fields", "effect"}``. This module imports nothing of signstation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import Enum, IntEnum
from typing import ClassVar, Self

FieldValue = str | int | None


class Effect(Enum):
    """What had happened to the user's files when the error was raised."""

    UNCHANGED = "unchanged"  # nothing was written, nothing was signed
    STAGED_ONLY = (
        "staged-only"  # a private staged copy may exist; originals and targets do not know
    )
    UNKNOWN = "unknown"  # a key may have been used; the journal says what is known


class ExitStatus(IntEnum):
    """Exit statuses of the command line (DESIGN.md section 8)."""

    GOOD = 0
    VERDICT = 1
    USAGE = 2
    CANCELLED = 3
    POLICY = 4
    KEY = 5
    TOOL = 6
    PATH = 7
    HOST = 8
    BUG = 70


@dataclass(eq=False)
class SignstationError(Exception):
    """Root of all expected errors; subclasses add typed fields and never sentences."""

    code: ClassVar[str] = "error"
    status: ClassVar[ExitStatus] = ExitStatus.BUG
    retryable: ClassVar[bool] = False
    effect: Effect = field(default=Effect.UNCHANGED, kw_only=True)

    def values(self) -> dict[str, FieldValue]:
        """Return the typed fields by name, without ``effect``."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "effect"}

    def to_wire(self) -> dict[str, object]:
        """Return the JSON form ``{"code", "fields", "effect"}``."""
        return {"code": self.code, "fields": self.values(), "effect": self.effect.value}

    def with_effect(self, effect: Effect) -> Self:
        """Set ``effect`` and return self, for the one place that knows it."""
        self.effect = effect
        return self

    def __str__(self) -> str:
        """Return code and fields for logs; people read ``reports/messages.py`` instead."""
        inner = ", ".join(f"{name}={value!r}" for name, value in self.values().items())
        return f"{self.code}({inner})"


# --- not failures ----------------------------------------------------------------------------


@dataclass(eq=False)
class Cancelled(SignstationError):
    """Somebody asked to stop; not a failure and never a dialogue."""

    code: ClassVar[str] = "cancelled"
    status: ClassVar[ExitStatus] = ExitStatus.CANCELLED
    retryable: ClassVar[bool] = True


@dataclass(eq=False)
class CancelRefused(SignstationError):
    """The step is being published and can no longer be cancelled."""

    code: ClassVar[str] = "cancel-refused"
    status: ClassVar[ExitStatus] = ExitStatus.USAGE
    job: int = 0


@dataclass(eq=False)
class UsageError(SignstationError):
    """The order contradicts itself or names something that does not exist here."""

    code: ClassVar[str] = "usage"
    status: ClassVar[ExitStatus] = ExitStatus.USAGE
    reason: str = ""


# --- input -----------------------------------------------------------------------------------


@dataclass(eq=False)
class InputError(SignstationError):
    """Something about the artifact or its path."""

    code: ClassVar[str] = "input"
    status: ClassVar[ExitStatus] = ExitStatus.PATH
    path: str = ""


@dataclass(eq=False)
class PathMissing(InputError):
    """The path does not exist."""

    code: ClassVar[str] = "input.missing"


@dataclass(eq=False)
class ArtifactUnreadable(InputError):
    """The file cannot be opened or read; ``reason`` is the operating system's word (strerror)."""

    code: ClassVar[str] = "input.unreadable"
    reason: str = ""


@dataclass(eq=False)
class NotARegularFile(InputError):
    """A device, socket, pipe or symbolic link where a regular file is needed."""

    code: ClassVar[str] = "input.not-regular"
    kind: str = ""


@dataclass(eq=False)
class LeavesTree(InputError):
    """A symbolic link or ``..`` leads out of the chosen root."""

    code: ClassVar[str] = "input.leaves-tree"


@dataclass(eq=False)
class NameRefused(InputError):
    """The file name has control, bidirectional or undecodable characters."""

    code: ClassVar[str] = "input.name-refused"


@dataclass(eq=False)
class ArtifactMalformed(InputError):
    """The bytes do not follow the format; ``offset`` is where, in bytes from the start."""

    code: ClassVar[str] = "input.malformed"
    status: ClassVar[ExitStatus] = ExitStatus.VERDICT
    format: str = ""
    offset: int = 0
    expected: str = ""
    found: str = ""


@dataclass(eq=False)
class FormatUnknown(InputError):
    """No format recognises the content and none was named."""

    code: ClassVar[str] = "input.format-unknown"
    status: ClassVar[ExitStatus] = ExitStatus.VERDICT


@dataclass(eq=False)
class CompressedModule(InputError):
    """A compressed kernel module: sign first, then compress."""

    code: ClassVar[str] = "input.compressed-module"
    status: ClassVar[ExitStatus] = ExitStatus.VERDICT
    compression: str = ""


@dataclass(eq=False)
class AlreadySigned(InputError):
    """The artifact has signatures and ``existing=refuse`` was chosen."""

    code: ClassVar[str] = "input.already-signed"
    status: ClassVar[ExitStatus] = ExitStatus.USAGE


@dataclass(eq=False)
class ArtifactChanged(InputError):
    """The bytes are not those that were inspected or approved (hex SHA-256 of both)."""

    code: ClassVar[str] = "input.changed"
    status: ClassVar[ExitStatus] = ExitStatus.VERDICT
    expected: str = ""
    found: str = ""


@dataclass(eq=False)
class ContentDamaged(InputError):
    """A digest inside the artifact contradicts its bytes; it is not signed."""

    code: ClassVar[str] = "input.damaged"
    status: ClassVar[ExitStatus] = ExitStatus.VERDICT
    what: str = ""


@dataclass(eq=False)
class OutputExists(InputError):
    """The target name is taken and ``--replace`` was not given."""

    code: ClassVar[str] = "output.exists"
    status: ClassVar[ExitStatus] = ExitStatus.USAGE


@dataclass(eq=False)
class OutputClash(InputError):
    """Two artifacts of one order would be written to the same name."""

    code: ClassVar[str] = "output.clash"
    status: ClassVar[ExitStatus] = ExitStatus.USAGE


@dataclass(eq=False)
class HardLinked(InputError):
    """``--in-place`` on a file with several hard links would change or split the others."""

    code: ClassVar[str] = "output.hard-linked"
    status: ClassVar[ExitStatus] = ExitStatus.USAGE
    links: int = 0


@dataclass(eq=False)
class RecheckFailed(InputError):
    """Our own verifier refused the staged result; nothing was published."""

    code: ClassVar[str] = "output.recheck-failed"
    status: ClassVar[ExitStatus] = ExitStatus.BUG
    reason: str = ""


# --- keys and devices ------------------------------------------------------------------------


@dataclass(eq=False)
class KeyFailure(SignstationError):
    """Something about a key or its store; ``key`` is the text form of a KeyRef."""

    code: ClassVar[str] = "key"
    status: ClassVar[ExitStatus] = ExitStatus.KEY
    key: str = ""


@dataclass(eq=False)
class KeyNotFound(KeyFailure):
    """No such key in its store."""

    code: ClassVar[str] = "key.not-found"


@dataclass(eq=False)
class KeyAmbiguous(KeyFailure):
    """The name fits several keys; ``count`` of them."""

    code: ClassVar[str] = "key.ambiguous"
    count: int = 0


@dataclass(eq=False)
class KeyChanged(KeyFailure):
    """The store's public key is not the one that was planned (hex SHA-256 of both SPKIs)."""

    code: ClassVar[str] = "key.changed"
    expected: str = ""
    found: str = ""


@dataclass(eq=False)
class KeyUnreadable(KeyFailure):
    """The key material cannot be parsed; ``reason`` names the format problem, never the content."""

    code: ClassVar[str] = "key.unreadable"
    reason: str = ""


@dataclass(eq=False)
class KeyUnusable(KeyFailure):
    """The key is expired, revoked, disabled or not meant for signing: ``reason``."""

    code: ClassVar[str] = "key.unusable"
    reason: str = ""


@dataclass(eq=False)
class SchemeUnsupported(KeyFailure):
    """The key cannot make this kind of signature."""

    code: ClassVar[str] = "key.scheme-unsupported"
    scheme: str = ""


@dataclass(eq=False)
class CertificateMissing(KeyFailure):
    """An X.509 or OpenPGP certificate is needed for this signature type and none is known."""

    code: ClassVar[str] = "key.certificate-missing"
    kind: str = ""


@dataclass(eq=False)
class CertificateMismatch(KeyFailure):
    """The given certificate does not belong to the private key."""

    code: ClassVar[str] = "key.certificate-mismatch"


@dataclass(eq=False)
class PassphraseWrong(KeyFailure):
    """The passphrase or PIN was wrong; ``tries_left`` is None where the store does not count."""

    code: ClassVar[str] = "key.passphrase-wrong"
    retryable: ClassVar[bool] = True
    tries_left: int | None = None


@dataclass(eq=False)
class SecretMissing(KeyFailure):
    """``--secret-fd`` had too few lines or nobody can be asked; ``prompt`` names the secret."""

    code: ClassVar[str] = "key.secret-missing"
    status: ClassVar[ExitStatus] = ExitStatus.CANCELLED
    prompt: str = ""


@dataclass(eq=False)
class AgentMissing(KeyFailure):
    """gpg-agent (or another agent) cannot be started or reached."""

    code: ClassVar[str] = "key.agent-missing"
    retryable: ClassVar[bool] = True
    reason: str = ""


@dataclass(eq=False)
class KeyStoreFailed(KeyFailure):
    """The store answered with an error of its own: number and its text."""

    code: ClassVar[str] = "key.store-failed"
    retryable: ClassVar[bool] = True
    number: int = 0
    reason: str = ""


@dataclass(eq=False)
class KeyStoreUnknown(KeyFailure):
    """The prefix of the key reference names no key store."""

    code: ClassVar[str] = "key.store-unknown"
    status: ClassVar[ExitStatus] = ExitStatus.USAGE


@dataclass(eq=False)
class GuardRefused(KeyFailure):
    """The key worker was asked for something that the request does not contain: ``reason``."""

    code: ClassVar[str] = "key.guard-refused"
    status: ClassVar[ExitStatus] = ExitStatus.POLICY
    reason: str = ""


# --- tools -----------------------------------------------------------------------------------


@dataclass(eq=False)
class ToolError(SignstationError):
    """Something about a program of the system."""

    code: ClassVar[str] = "tool"
    status: ClassVar[ExitStatus] = ExitStatus.TOOL
    program: str = ""


@dataclass(eq=False)
class ToolMissing(ToolError):
    """The program is not installed in a system directory; ``package`` is where it comes from."""

    code: ClassVar[str] = "tool.missing"
    package: str = ""


@dataclass(eq=False)
class ToolFailed(ToolError):
    """The program ended with ``exit_status``; ``output`` is the tail of its error output."""

    code: ClassVar[str] = "tool.failed"
    status: ClassVar[ExitStatus] = ExitStatus.HOST
    exit_status: int = 0
    output: str = ""


@dataclass(eq=False)
class ToolTimedOut(ToolError):
    """The program did not end within ``seconds``."""

    code: ClassVar[str] = "tool.timed-out"
    status: ClassVar[ExitStatus] = ExitStatus.HOST
    retryable: ClassVar[bool] = True
    seconds: int = 0


# --- policy ----------------------------------------------------------------------------------


@dataclass(eq=False)
class PolicyError(SignstationError):
    """A rule says no."""

    code: ClassVar[str] = "policy"
    status: ClassVar[ExitStatus] = ExitStatus.POLICY


@dataclass(eq=False)
class PolicyRefused(PolicyError):
    """A rule refused the request; ``rule`` names it."""

    code: ClassVar[str] = "policy.refused"
    rule: str = ""


@dataclass(eq=False)
class TimeRefused(PolicyError):
    """The pinned signing time is too far from this machine's clock (Unix seconds)."""

    code: ClassVar[str] = "policy.time-refused"
    signing_time: int = 0
    clock: int = 0


@dataclass(eq=False)
class OfflineRefused(PolicyError):
    """Network use was asked for while air-gap mode is on."""

    code: ClassVar[str] = "policy.offline"
    what: str = ""


# --- host ------------------------------------------------------------------------------------


@dataclass(eq=False)
class HostError(SignstationError):
    """Something about this machine or the station's own state."""

    code: ClassVar[str] = "host"
    status: ClassVar[ExitStatus] = ExitStatus.HOST


@dataclass(eq=False)
class DiskFull(HostError):
    """No space (or quota) left where ``path`` is."""

    code: ClassVar[str] = "host.disk-full"
    retryable: ClassVar[bool] = True
    path: str = ""


@dataclass(eq=False)
class NotWritable(HostError):
    """The target directory or file cannot be written; ``reason`` is strerror."""

    code: ClassVar[str] = "host.not-writable"
    retryable: ClassVar[bool] = True
    path: str = ""
    reason: str = ""


@dataclass(eq=False)
class StoreLocked(HostError):
    """Another process owns this state directory and does not answer on its socket."""

    code: ClassVar[str] = "host.store-locked"
    retryable: ClassVar[bool] = True
    path: str = ""


@dataclass(eq=False)
class StoreTooNew(HostError):
    """The journal was written by a newer version of signstation."""

    code: ClassVar[str] = "host.store-too-new"
    found: int = 0
    known: int = 0


@dataclass(eq=False)
class StoreDamaged(HostError):
    """The journal contradicts itself: ``reason``."""

    code: ClassVar[str] = "host.store-damaged"
    reason: str = ""


@dataclass(eq=False)
class ReplayDiverged(HostError):
    """On replay a step asked for another signature than the recorded one."""

    code: ClassVar[str] = "host.replay-diverged"
    step: int = 0


@dataclass(eq=False)
class WorkerDied(HostError):
    """A worker process ended unexpectedly; ``signal`` is 0 when it exited with ``exit_status``."""

    code: ClassVar[str] = "host.worker-died"
    retryable: ClassVar[bool] = True
    kind: str = ""
    signal: int = 0
    exit_status: int = 0


@dataclass(eq=False)
class WorkerHung(HostError):
    """A worker did not answer within ``seconds`` and was killed."""

    code: ClassVar[str] = "host.worker-hung"
    retryable: ClassVar[bool] = True
    kind: str = ""
    seconds: int = 0


@dataclass(eq=False)
class LimitReached(HostError):
    """A bound of signstation was reached: ``what``, ``limit``."""

    code: ClassVar[str] = "host.limit"
    what: str = ""
    limit: int = 0


@dataclass(eq=False)
class ProtocolViolation(HostError):
    """A peer on a socket sent something that is not of the protocol."""

    code: ClassVar[str] = "host.protocol"
    reason: str = ""


@dataclass(eq=False)
class InternalError(SignstationError):
    """A bug: anything that escaped; ``id`` finds its traceback in the log."""

    code: ClassVar[str] = "internal"
    status: ClassVar[ExitStatus] = ExitStatus.BUG
    id: str = ""


def all_errors() -> Iterator[type[SignstationError]]:
    """Yield every error class below the root, depth first."""
    pending: list[type[SignstationError]] = [SignstationError]
    while pending:
        cls = pending.pop()
        yield cls
        pending.extend(cls.__subclasses__())


def from_wire(data: Mapping[str, object]) -> SignstationError:
    """Rebuild an error from its JSON form; an unknown code becomes InternalError, never a guess."""
    values = data.get("fields")
    for cls in all_errors():
        if cls.code == data.get("code") and isinstance(values, Mapping):
            known = {f.name for f in fields(cls)} - {"effect"}
            error = cls(**{name: value for name, value in values.items() if name in known})
            return error.with_effect(Effect(data.get("effect", Effect.UNKNOWN.value)))
    return InternalError(id=str(data.get("code", "")), effect=Effect.UNKNOWN)
