"""Every error that signstation raises on purpose: stable codes and typed fields, no sentences.

The words for people live in ``reports/messages.py``, keyed by ``code``; an error crosses a process
boundary as ``{"code", "fields", "effect"}``. This module imports nothing of signstation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import ClassVar, Self, dataclass_transform

from signstation.effects import Effect as Effect  # noqa: PLC0414 - named again for importers
from signstation.effects import ExitStatus as ExitStatus  # noqa: PLC0414

FieldValue = str | int | None


@dataclass_transform(eq_default=False, kw_only_default=True)
@dataclass(eq=False, kw_only=True, repr=False)
class SignstationError(Exception):
    """Root of all expected errors; subclasses add typed fields and never sentences.

    A subclass names its ``code`` (and, where they differ from its parent's, ``status`` and
    ``retryable``) in the class line; its annotated fields become keyword arguments.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[ExitStatus] = ExitStatus.BUG
    retryable: ClassVar[bool] = False
    effect: Effect = Effect.UNCHANGED

    def __init_subclass__(
        cls, *, code: str, status: ExitStatus | None = None, retryable: bool = False
    ) -> None:
        """Record the class's constants and make a dataclass of its fields."""
        super().__init_subclass__()
        cls.code = code
        cls.status = status or cls.status
        cls.retryable = retryable
        dataclass(eq=False, kw_only=True, repr=False)(cls)

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


class Cancelled(SignstationError, code="cancelled", status=ExitStatus.CANCELLED, retryable=True):
    """Somebody asked to stop; not a failure and never a dialogue."""


class CancelRefused(SignstationError, code="cancel-refused", status=ExitStatus.USAGE):
    """The step is being published and can no longer be cancelled."""

    job: int = 0


class UsageError(SignstationError, code="usage", status=ExitStatus.USAGE):
    """The order contradicts itself or names something that does not exist here."""

    reason: str = ""


class InputError(SignstationError, code="input", status=ExitStatus.PATH):
    """Something about the artifact or its path."""

    path: str = ""


class PathMissing(InputError, code="input.missing"):
    """The path does not exist."""


class ArtifactUnreadable(InputError, code="input.unreadable"):
    """The file cannot be opened or read; ``reason`` is the operating system's word (strerror)."""

    reason: str = ""


class NotARegularFile(InputError, code="input.not-regular"):
    """A device, socket, pipe or symbolic link where a regular file is needed."""

    kind: str = ""


class LeavesTree(InputError, code="input.leaves-tree"):
    """A symbolic link or ``..`` leads out of the chosen root."""


class NameRefused(InputError, code="input.name-refused"):
    """The file name has control, bidirectional or undecodable characters."""


class ArtifactMalformed(InputError, code="input.malformed", status=ExitStatus.VERDICT):
    """The bytes do not follow the format; ``offset`` is where, in bytes from the start."""

    format: str = ""
    offset: int = 0
    expected: str = ""
    found: str = ""


class FormatUnknown(InputError, code="input.format-unknown", status=ExitStatus.VERDICT):
    """No format recognises the content and none was named."""


class CompressedModule(InputError, code="input.compressed-module", status=ExitStatus.VERDICT):
    """A compressed kernel module: sign first, then compress."""

    compression: str = ""


class AlreadySigned(InputError, code="input.already-signed", status=ExitStatus.USAGE):
    """The artifact has signatures and ``existing=refuse`` was chosen."""


class ArtifactChanged(InputError, code="input.changed", status=ExitStatus.VERDICT):
    """The bytes are not those that were inspected or approved (hex SHA-256 of both)."""

    expected: str = ""
    found: str = ""


class ContentDamaged(InputError, code="input.damaged", status=ExitStatus.VERDICT):
    """A digest inside the artifact contradicts its bytes; it is not signed."""

    what: str = ""


class OutputExists(InputError, code="output.exists", status=ExitStatus.USAGE):
    """The target name is taken and ``--replace`` was not given."""


class OutputClash(InputError, code="output.clash", status=ExitStatus.USAGE):
    """Two artifacts of one order would be written to the same name."""


class HardLinked(InputError, code="output.hard-linked", status=ExitStatus.USAGE):
    """``--in-place`` on a file with several hard links would change or split the others."""

    links: int = 0


class RecheckFailed(InputError, code="output.recheck-failed", status=ExitStatus.BUG):
    """Our own verifier refused the staged result; nothing was published."""

    reason: str = ""


class KeyFailure(SignstationError, code="key", status=ExitStatus.KEY):
    """Something about a key or its store; ``key`` is the text form of a KeyRef."""

    key: str = ""


class KeyNotFound(KeyFailure, code="key.not-found"):
    """No such key in its store."""


class KeyAmbiguous(KeyFailure, code="key.ambiguous"):
    """The name fits several keys; ``count`` of them."""

    count: int = 0


class KeyChanged(KeyFailure, code="key.changed"):
    """The store's public key is not the one that was planned (hex SHA-256 of both SPKIs)."""

    expected: str = ""
    found: str = ""


class KeyUnreadable(KeyFailure, code="key.unreadable"):
    """The key material cannot be parsed; ``reason`` names the format problem, never the content."""

    reason: str = ""


class KeyUnusable(KeyFailure, code="key.unusable"):
    """The key is expired, revoked, disabled or not meant for signing: ``reason``."""

    reason: str = ""


class SchemeUnsupported(KeyFailure, code="key.scheme-unsupported"):
    """The key cannot make this kind of signature."""

    scheme: str = ""


class CertificateMissing(KeyFailure, code="key.certificate-missing"):
    """An X.509 or OpenPGP certificate is needed for this signature type and none is known."""

    kind: str = ""


class CertificateMismatch(KeyFailure, code="key.certificate-mismatch"):
    """The given certificate does not belong to the private key."""


class PassphraseWrong(KeyFailure, code="key.passphrase-wrong", retryable=True):
    """The passphrase or PIN was wrong; ``tries_left`` is None where the store does not count."""

    tries_left: int | None = None


class SecretMissing(KeyFailure, code="key.secret-missing", status=ExitStatus.CANCELLED):
    """``--secret-fd`` had too few lines or nobody can be asked; ``prompt`` names the secret."""

    prompt: str = ""


class AgentMissing(KeyFailure, code="key.agent-missing", retryable=True):
    """gpg-agent (or another agent) cannot be started or reached."""

    reason: str = ""


class KeyStoreFailed(KeyFailure, code="key.store-failed", retryable=True):
    """The store answered with an error of its own: number and its text."""

    number: int = 0
    reason: str = ""


class KeyStoreUnknown(KeyFailure, code="key.store-unknown", status=ExitStatus.USAGE):
    """The prefix of the key reference names no key store."""


class GuardRefused(KeyFailure, code="key.guard-refused", status=ExitStatus.POLICY):
    """The key worker was asked for something that the request does not contain: ``reason``."""

    reason: str = ""


class ToolError(SignstationError, code="tool", status=ExitStatus.TOOL):
    """Something about a program of the system."""

    program: str = ""


class ToolMissing(ToolError, code="tool.missing"):
    """The program is not installed in a system directory; ``package`` is where it comes from."""

    package: str = ""


class ToolFailed(ToolError, code="tool.failed", status=ExitStatus.HOST):
    """The program ended with ``exit_status``; ``output`` is the tail of its error output."""

    exit_status: int = 0
    output: str = ""


class ToolTimedOut(ToolError, code="tool.timed-out", status=ExitStatus.HOST, retryable=True):
    """The program did not end within ``seconds``."""

    seconds: int = 0


class PolicyError(SignstationError, code="policy", status=ExitStatus.POLICY):
    """A rule says no."""


class PolicyRefused(PolicyError, code="policy.refused"):
    """A rule refused the request; ``rule`` names it."""

    rule: str = ""


class TimeRefused(PolicyError, code="policy.time-refused"):
    """The pinned signing time is too far from this machine's clock (Unix seconds)."""

    signing_time: int = 0
    clock: int = 0


class OfflineRefused(PolicyError, code="policy.offline"):
    """Network use was asked for while air-gap mode is on."""

    what: str = ""


class HostError(SignstationError, code="host", status=ExitStatus.HOST):
    """Something about this machine or the station's own state."""


class DiskFull(HostError, code="host.disk-full", retryable=True):
    """No space (or quota) left where ``path`` is."""

    path: str = ""


class NotWritable(HostError, code="host.not-writable", retryable=True):
    """The target directory or file cannot be written; ``reason`` is strerror."""

    path: str = ""
    reason: str = ""


class StoreLocked(HostError, code="host.store-locked", retryable=True):
    """Another process owns this state directory and does not answer on its socket."""

    path: str = ""


class StoreTooNew(HostError, code="host.store-too-new"):
    """The journal was written by a newer version of signstation."""

    found: int = 0
    known: int = 0


class StoreDamaged(HostError, code="host.store-damaged"):
    """The journal contradicts itself: ``reason``."""

    reason: str = ""


class ReplayDiverged(HostError, code="host.replay-diverged"):
    """On replay a step asked for another signature than the recorded one."""

    step: int = 0


class Interrupted(HostError, code="host.interrupted", retryable=True):
    """The station ended in the middle and going on needs a person.

    ``unknown``: signatures that may have been made and would not come out the same again.
    """

    unknown: int = 0


class WorkerDied(HostError, code="host.worker-died", retryable=True):
    """A worker process ended unexpectedly; ``signal`` is 0 when it exited with ``exit_status``."""

    kind: str = ""
    signal: int = 0
    exit_status: int = 0


class WorkerHung(HostError, code="host.worker-hung", retryable=True):
    """A worker did not answer within ``seconds`` and was killed."""

    kind: str = ""
    seconds: int = 0


class LimitReached(HostError, code="host.limit"):
    """A bound of signstation was reached: ``what``, ``limit``."""

    what: str = ""
    limit: int = 0


class ProtocolViolation(HostError, code="host.protocol"):
    """A peer on a socket sent something that is not of the protocol."""

    reason: str = ""


class InternalError(SignstationError, code="internal", status=ExitStatus.BUG):
    """A bug: anything that escaped; ``id`` finds its traceback in the log."""

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
