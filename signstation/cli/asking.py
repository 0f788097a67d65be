"""Where secrets come from: the terminal without echo, or the lines of ``--secret-fd``."""

from __future__ import annotations

import os
import termios
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from signstation.errors import Cancelled, PassphraseWrong, SecretMissing, UsageError
from signstation.model.prompts import Prompt, PromptKind
from signstation.model.secret import Secret
from signstation.reports.words import sentence, show

MAX_SECRET = 4096
"""Longest secret in bytes, as on the station's socket."""
MAX_SECRETS = 64
"""Most lines that are read from ``--secret-fd``."""
TRIES = 3
"""How often the two entries of a new passphrase may differ."""


class Asker(Protocol):
    """Answers prompts."""

    def ask(self, prompt: Prompt) -> Secret:
        """Return the secret. Raises SecretMissing and Cancelled; blocks for a person."""
        ...


class Lines:
    """One secret per line of a descriptor, for the prompts in the order of the key arguments."""

    def __init__(self, descriptor: int, keys: Sequence[str] = ()) -> None:
        """Read all lines. ``keys``: the ``--key`` arguments in full; raises UsageError."""
        self._lines = _read_lines(descriptor)
        self._keys = tuple(keys)
        self._given: dict[str, int] = {}

    def for_keys(self, keys: Sequence[str]) -> None:
        """Say in which order the keys were named."""
        self._keys = tuple(keys)

    def ask(self, prompt: Prompt) -> Secret:
        """Return the line of a prompt; the same prompt gets the same line again."""
        if prompt.previous_wrong and prompt.kind is PromptKind.PIN:
            # the same PIN again would only use up the device's tries
            raise PassphraseWrong(key=prompt.key, tries_left=prompt.tries_left)
        number = self._given.get(prompt.name)
        if number is None:
            number = self._next(prompt)
            self._given[prompt.name] = number
        if number >= len(self._lines):
            raise SecretMissing(key=prompt.key, prompt=prompt.name)
        with self._lines[number].open() as opened:
            return Secret(opened)

    def _next(self, prompt: Prompt) -> int:
        taken = set(self._given.values())
        # As many lines as keys: each key has its own, however late or early it asks.
        if prompt.key in self._keys and len(self._lines) >= len(self._keys):
            own = self._keys.index(prompt.key)
            if own not in taken:
                return own
        return next(n for n in range(len(taken) + 1) if n not in taken)


class Terminal:
    """Asks on the controlling terminal; a new passphrase twice."""

    def ask(self, prompt: Prompt) -> Secret:
        """Show the prompt and read one line without echo."""
        try:
            descriptor = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError as error:
            raise SecretMissing(key=prompt.key, prompt=prompt.name) from error
        try:
            return self._ask(descriptor, prompt)
        finally:
            os.close(descriptor)

    def _ask(self, terminal: int, prompt: Prompt) -> Secret:
        _write(terminal, f"\n{sentence(prompt.title)}\n{sentence(prompt.body)}\n")
        if prompt.previous_wrong:
            tries = "" if prompt.tries_left is None else f" {prompt.tries_left} tries left."
            _write(terminal, f"That was wrong.{tries}\n")
        label = f"{show(prompt.name[:1].upper() + prompt.name[1:])}: "
        if prompt.kind is not PromptKind.NEW_PASSPHRASE:
            return _read_secret(terminal, label)
        for _ in range(TRIES):
            first = _read_secret(terminal, f"New {show(prompt.name)}: ")
            second = _read_secret(terminal, "The same again: ")
            with first.open() as one, second.open() as two:
                same = one == two
            second.wipe()
            if same:
                return first
            first.wipe()
            _write(terminal, "The two entries differ. Enter it again.\n")
        raise Cancelled


def _read_secret(terminal: int, label: str) -> Secret:
    _write(terminal, label)
    before = termios.tcgetattr(terminal)
    silent = termios.tcgetattr(terminal)
    silent[3] &= ~termios.ECHO
    buffer = bytearray(MAX_SECRET + 1)
    used = 0
    try:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, silent)
        while used < len(buffer):
            count = os.readv(terminal, [memoryview(buffer)[used:]])
            if count == 0:
                raise Cancelled  # end of file: Ctrl-D
            used += count
            if buffer[used - 1] == ord("\n"):
                return _secret(buffer, 0, used - 1)
        raise UsageError(reason=f"a secret may have {MAX_SECRET} bytes")
    finally:
        buffer[:] = bytes(len(buffer))
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)
        _write(terminal, "\n")


def _secret(buffer: bytearray, start: int, end: int) -> Secret:
    copy = buffer[start:end]
    try:
        return Secret(copy)
    finally:
        copy[:] = bytes(len(copy))


def _write(terminal: int, text: str) -> None:
    with suppress(OSError):
        os.write(terminal, text.encode(errors="backslashreplace"))


def _read_lines(descriptor: int) -> list[Secret]:
    buffer = bytearray(MAX_SECRETS * (MAX_SECRET + 1) + 1)
    used = 0
    try:
        while used < len(buffer) and (count := os.readv(descriptor, [memoryview(buffer)[used:]])):
            used += count
        if used == len(buffer):
            raise UsageError(reason=f"--secret-fd gave more than {MAX_SECRETS} lines")
        return _split(buffer, used)
    except OSError as error:
        raise UsageError(reason=f"--secret-fd {descriptor}: {error.strerror}") from error
    finally:
        buffer[:] = bytes(len(buffer))


def _split(buffer: bytearray, used: int) -> list[Secret]:
    found: list[Secret] = []
    start = 0
    while start < used:
        end = buffer.find(b"\n", start, used)
        end = used if end < 0 else end
        if end - start > MAX_SECRET:
            raise UsageError(reason=f"a line of --secret-fd has more than {MAX_SECRET} bytes")
        found.append(_secret(buffer, start, end))
        start = end + 1
    return found
