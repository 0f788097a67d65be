"""Runs the body of a command: a connection to the station, and every error to its place."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from signstation.app.connect import connect
from signstation.app.home import state_directory
from signstation.app.logs import attach
from signstation.cli.asking import Asker, Lines, Terminal
from signstation.cli.conversation import Conversation
from signstation.cli.output import Output, complain
from signstation.errors import Cancelled, SignstationError
from signstation.jobs.bugs import bug
from signstation.model.keys import SSH_STORE

SURFACE = "command line"
PATIENCE_SECONDS = 1.0
"""How long an end may take before it is explained."""
OTHERS = "Waiting for other processes that use this station; Ctrl-C ends at once."
FILE_STORE = "file"
"""The key store whose locators are paths; those of SSH_STORE may be."""


def run(as_json: bool, work: Callable[[Output], None]) -> int:  # noqa: FBT001 - a click flag
    """Run ``work``, print its errors and return the exit status."""
    output = Output(as_json=as_json)
    try:
        work(output)
    except SignstationError as error:
        output.error(error)
    except KeyboardInterrupt:
        output.error(Cancelled())
    except BrokenPipeError:
        raise  # whoever read our output has had enough: see main
    except Exception as error:  # noqa: BLE001 - the one place where a bug becomes a message
        output.error(_bug(error))
    return output.end()


def _bug(error: Exception) -> SignstationError:
    """Log a bug where the log is, also when no station was opened."""
    home = state_directory(os.environ)
    detach = attach(home, owner=False) if home.is_dir() else None
    try:
        return bug(error)
    finally:
        if detach:
            detach()


@contextmanager
def station(output: Output, asker: Asker | None = None) -> Iterator[Conversation]:
    """Connect to the station of this user, or be it, for the length of the ``with``.

    A secret that nobody could give is told at the end: its consequence is only "cancelled".
    """
    talk = Conversation(connect(state_directory(os.environ), SURFACE), asker or Terminal())
    try:
        yield talk
    finally:
        if talk.missing:
            output.error(talk.missing)
        waiting = threading.Timer(PATIENCE_SECONDS, complain, ((OTHERS,),))
        waiting.start()
        try:
            talk.close()
        finally:
            waiting.cancel()


def asker_for(secret_fd: int | None) -> Asker:
    """Return who answers prompts: the descriptor's lines, or a person at the terminal."""
    return Terminal() if secret_fd is None else Lines(secret_fd)


def typed_key(typed: str) -> str:
    """Return a key as the station understands it: a file is named from our own directory."""
    store, colon, locator = typed.partition(":")
    path = Path(locator).expanduser()
    if store in {FILE_STORE, SSH_STORE} and colon and not path.is_absolute() and path.exists():
        return f"{store}:{path.absolute()}"
    return typed
