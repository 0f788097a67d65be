"""Fixtures of the end-to-end tests: a user at a shell, with and without keys and a release."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.station import Shell


@pytest.fixture
def shell() -> Iterator[Shell]:
    """Give an empty working directory with an empty station."""
    opened = Shell()
    yield opened
    opened.close()


@dataclass(frozen=True)
class Equipped:
    """A shell with an OpenPGP key, a key for modules, and ``release/``."""

    shell: Shell
    openpgp: str
    modules: Path
    release: Path


@pytest.fixture(scope="session")
def _made() -> Iterator[Equipped]:
    """Make keys and release once; tests get copies of this."""
    shell = Shell()
    yield Equipped(shell, shell.openpgp_key(), shell.module_key(), shell.release())
    shell.close()


@pytest.fixture
def equipped(_made: Equipped, shell: Shell) -> Equipped:
    """Give keys and a release that nobody has touched."""
    _made.shell.gnupg.kill_agent()
    copies = ((_made.shell.work, shell.work), (_made.shell.home, shell.home))
    for source, target in (*copies, (_made.shell.gnupg.path, shell.gnupg.path)):
        shutil.copytree(source, target, dirs_exist_ok=True, ignore=_sockets)
    return Equipped(shell, _made.openpgp, shell.work / "modules.pem", shell.work / "release")


@pytest.fixture
def served(equipped: Equipped) -> Iterator[Equipped]:
    """Give the same while a process owns the station: commands are clients, and fast."""
    with equipped.shell.owned():
        yield equipped


def _sockets(directory: str, names: list[str]) -> list[str]:
    """Leave out what cannot be copied."""
    return [name for name in names if (Path(directory) / name).is_socket()]
