"""Secrets of the command line: lines of a descriptor in the order of the keys, and a terminal."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import tempfile
import termios
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.cli.asking import MAX_SECRET, MAX_SECRETS, Lines
from signstation.errors import PassphraseWrong, SecretMissing, UsageError
from signstation.model.prompts import Prompt, PromptKind
from signstation.model.secret import Secret
from signstation.model.text import Text


def prompt(key: str, kind: PromptKind = PromptKind.PASSPHRASE) -> Prompt:
    """Return the prompt that the store of ``key`` would make."""
    return Prompt("1", kind, f"passphrase {key}", Text("Title"), Text("Body"), key=key)


def lines(content: bytes, *keys: str) -> Lines:
    """Return an asker over a file with ``content``."""
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.seek(0)
        return Lines(file.fileno(), keys)


def value(secret: Secret) -> bytes:
    """Return the content of a secret."""
    with secret.open() as opened:
        return bytes(opened)


@given(st.lists(st.binary(max_size=20).filter(lambda each: b"\n" not in each), max_size=8))
def test_prompts_get_the_lines_in_order(secrets: list[bytes]) -> None:
    asker = lines(b"".join(each + b"\n" for each in secrets))
    got = [value(asker.ask(prompt(str(number)))) for number in range(len(secrets))]
    assert got == secrets
    with pytest.raises(SecretMissing):
        asker.ask(prompt("one more"))


def test_the_last_line_needs_no_end() -> None:
    assert value(lines(b"one\ntwo").ask(prompt("a"))) == b"one"


def test_the_same_prompt_gets_its_line_again() -> None:
    asker = lines(b"one\ntwo\n")
    assert [value(asker.ask(prompt("a"))) for _ in range(3)] == [b"one"] * 3
    assert value(asker.ask(prompt("b"))) == b"two"


def test_with_a_line_for_each_key_the_order_of_asking_does_not_matter() -> None:
    asker = lines(b"one\ntwo\n", "gpg:A", "file:B")
    assert value(asker.ask(prompt("file:B"))) == b"two"
    assert value(asker.ask(prompt("gpg:A"))) == b"one"


def test_with_fewer_lines_they_are_for_the_keys_that_ask() -> None:
    asker = lines(b"one\n", "gpg:A", "file:B")
    assert value(asker.ask(prompt("file:B"))) == b"one"


def test_too_few_lines_name_the_prompt() -> None:
    with pytest.raises(SecretMissing) as caught:
        lines(b"").ask(prompt("gpg:A"))
    assert (caught.value.prompt, caught.value.key) == ("passphrase gpg:A", "gpg:A")


def test_a_wrong_pin_is_not_tried_again() -> None:
    asker = lines(b"1234\n")
    asked = prompt("piv:1", PromptKind.PIN)
    asker.ask(asked)
    with pytest.raises(PassphraseWrong) as caught:
        asker.ask(replace(asked, previous_wrong=True, tries_left=2))
    assert caught.value.tries_left == 2


@pytest.mark.parametrize(
    "content",
    [b"x" * (MAX_SECRET + 1), b"\n" * (MAX_SECRETS * (MAX_SECRET + 1) + 1)],
    ids=["a long line", "too much"],
)
def test_bounds_hold(content: bytes) -> None:
    with pytest.raises(UsageError):
        lines(content)


def test_a_descriptor_that_is_not_open_is_said() -> None:
    with pytest.raises(UsageError, match="--secret-fd 987"):
        Lines(987)


ASK = """
import os, sys
if sys.argv[1]:
    os.open(sys.argv[1], os.O_RDWR)  # the first terminal of a session leader is its controlling one
from signstation.cli.asking import Terminal
from signstation.errors import SignstationError
from signstation.model.prompts import Prompt, PromptKind
from signstation.model.text import Text
prompt = Prompt("1", PromptKind(sys.argv[2]), "passphrase gpg:A", Text("Title"), Text("Body"),
                key="gpg:A", tries_left=2, previous_wrong=sys.argv[3] == "wrong")
try:
    with Terminal().ask(prompt).open() as opened:
        print("GOT", opened.hex())
except SignstationError as error:
    print("GOT", error.code)
"""


class Person:
    """Somebody at a terminal of which a process of its own asks for a secret."""

    def __init__(self, kind: PromptKind, wrong: str = "") -> None:
        self.terminal, theirs = pty.openpty()
        self.asks = subprocess.Popen(
            [sys.executable, "-c", ASK, os.ttyname(theirs), kind.value, wrong],
            start_new_session=True,
            stdout=subprocess.PIPE,
        )
        self.shown = b""
        self.opened = theirs

    def sees(self, text: bytes) -> None:
        """Read until ``text`` was shown."""
        deadline = time.monotonic() + 10
        while text not in self.shown:
            assert time.monotonic() < deadline, self.shown
            if select.select([self.terminal], [], [], 0.1)[0]:
                self.shown += os.read(self.terminal, 1024)

    def types(self, text: bytes) -> None:
        """Type, when echo is off: what was typed before the prompt is dropped."""
        while termios.tcgetattr(self.terminal)[3] & termios.ECHO:
            time.sleep(0.005)
        os.write(self.terminal, text)

    def got(self) -> bytes:
        """Return what the process got, when it has ended."""
        output, _ = self.asks.communicate(timeout=10)
        os.close(self.terminal)
        os.close(self.opened)
        return output.removeprefix(b"GOT ").strip()


def test_a_passphrase_is_typed_without_echo() -> None:
    person = Person(PromptKind.PASSPHRASE, "wrong")
    person.sees(b"That was wrong. 2 tries left.")
    person.sees(b"Passphrase gpg:A: ")
    person.types("geheim \u00e4\n".encode())
    assert person.got() == "geheim \u00e4".encode().hex().encode()
    assert b"geheim" not in person.shown


def test_a_new_passphrase_is_typed_twice_until_both_are_the_same() -> None:
    person = Person(PromptKind.NEW_PASSPHRASE)
    entries = (b"New passphrase", b"The same again", b"New passphrase", b"The same again")
    for label, typed in zip(entries, (b"one", b"other", b"two", b"two"), strict=True):
        person.sees(label)
        person.types(typed + b"\n")
        person.shown = b""
        time.sleep(0.05)
    assert person.got() == b"two".hex().encode()


def test_end_of_file_cancels() -> None:
    person = Person(PromptKind.PASSPHRASE)
    person.sees(b"gpg:A: ")
    person.types(b"\x04")
    assert person.got() == b"cancelled"


def test_without_a_terminal_nobody_can_be_asked() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASK, "", PromptKind.PASSPHRASE.value, ""],
        start_new_session=True,
        capture_output=True,
        check=True,
        timeout=20,
    )
    assert done.stdout == b"GOT key.secret-missing\n"
