"""Errors about keys and their stores."""

from __future__ import annotations

from signstation.effects import ExitStatus
from signstation.failures.base import SignstationError


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


class PinLocked(KeyFailure, code="key.pin-locked"):
    """The token takes no PIN any more: too many were wrong. ``token`` is its label."""

    token: str = ""


class TokenMissing(KeyFailure, code="key.token-missing", retryable=True):
    """The token of the key is not there, or was taken away; ``token`` is its label."""

    token: str = ""


class TokenFailed(KeyFailure, code="key.token-failed", retryable=True):
    """The token or its library failed for good: it is used again by a new process only."""

    reason: str = ""


class TouchMissing(KeyFailure, code="key.touch-missing", retryable=True):
    """The device waited for a touch and nobody touched it, or it refused for another reason."""

    token: str = ""


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
