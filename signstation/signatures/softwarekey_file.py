"""Key files of every form: how they are read, named, and unlocked with a passphrase."""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from signstation.errors import KeyNotFound, KeyUnreadable, PassphraseWrong, UsageError
from signstation.model.keys import KeyRef
from signstation.model.prompts import Prompt, PromptKind
from signstation.model.secret import Secret
from signstation.model.text import text

TRIES = 3
"""How often a passphrase is asked for, as gpg-agent does."""
MIN_RSA = 2048
"""Fewest bits of an RSA modulus that may sign (NIST SP 800-131A)."""
PUBLIC_EXPONENT = 65_537
"""RSA's public exponent (FIPS 186-5 A.1.1)."""
PRIVATE, PUBLIC = 0o600, 0o644
"""Permission bits of a private key file and of what may be given away."""
MAX_STEM = 64
"""Most characters of a file's name without its suffix."""

Ask = Callable[[Prompt], Secret]
"""``interfaces.context.KeyContext.ask``: raises Cancelled, and SecretMissing with nobody there."""
Opened = TypeVar("Opened")


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A file as it was read: its content and its permission bits."""

    content: bytes
    mode: int


def read_key_file(path: Path, key: str, limit: int) -> KeyFile:
    """Read a regular file of at most ``limit`` bytes, not through a link.

    ``key`` is what errors name. Raises KeyNotFound and KeyUnreadable.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(path, flags), "rb") as file:
            status = os.fstat(file.fileno())
            content = file.read(limit + 1) if stat.S_ISREG(status.st_mode) else None
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ENOTDIR}:
            raise KeyNotFound(key=key) from error
        raise KeyUnreadable(key=key, reason=error.strerror or "") from error
    if content is None or len(content) > limit:
        raise KeyUnreadable(key=key, reason=f"not a regular file of at most {limit} bytes")
    return KeyFile(content, stat.S_IMODE(status.st_mode))


def with_passphrase(ref: KeyRef, ask: Ask, unlock: Callable[[Secret], Opened]) -> Opened:
    """Ask for the passphrase of a file, up to three times, until ``unlock`` takes it.

    ``unlock`` raises PassphraseWrong for one that does not fit; its copy is wiped afterwards.
    Raises PassphraseWrong, and what ``ask`` and ``unlock`` raise.
    """
    left = TRIES
    while True:
        passphrase = ask(_prompt(ref, left))
        try:
            return unlock(passphrase)
        except PassphraseWrong as error:
            left -= 1
            if left == 0:
                raise PassphraseWrong(key=str(ref), tries_left=0) from error
        finally:
            passphrase.wipe()


def _prompt(ref: KeyRef, left: int) -> Prompt:
    return Prompt(
        id=secrets.token_hex(8),
        kind=PromptKind.PASSPHRASE,
        name=f"passphrase {ref}",
        title=text("Passphrase"),
        body=text("Unlock the private key in {path}.", path=ref.locator),
        key=str(ref),
        tries_left=left,
        previous_wrong=left < TRIES,
    )


def new_passphrase(ref: KeyRef, ask: Ask) -> Secret:
    """Ask for the passphrase of a key that is made. Raises UsageError for an empty one."""
    found = ask(
        Prompt(
            id=secrets.token_hex(8),
            kind=PromptKind.NEW_PASSPHRASE,
            name=f"new passphrase {ref}",
            title=text("New passphrase"),
            body=text("It will protect the private key in {path}.", path=ref.locator),
            key=str(ref),
        )
    )
    if len(found) == 0:
        raise UsageError(reason="an empty passphrase protects nothing")
    return found


def stem_of(name: str) -> str:
    """Turn a name for people into a file name: lower-case ASCII letters, digits and hyphens."""
    stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:MAX_STEM].strip("-")
    return stem or "key"
