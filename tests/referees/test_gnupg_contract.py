"""The key store contract over real GnuPG homes, every kind of key, with and without passphrase."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from signstation.codec.openpgp_keys import public_keys
from signstation.keystores.gnupg import KEYSTORE
from signstation.system.programs import Programs
from tests.support.contract_keystores import (
    KeyCase,
    KeyStoreContract,
    LockedKeyContract,
    ScriptedKeyContext,
)
from tests.support.gnupg import GnupgHome, TestKey

PASSPHRASE = "pass %0A word"
PLAIN = ("ed25519", "rsa2048", "nistp256", "nistp384", "nistp521")
LOCKED = ("ed25519", "rsa2048", "nistp256")


@dataclass
class Made:
    """A home with one key, shared by the tests of a module."""

    home: GnupgHome
    key: TestKey
    subkey: bool


def _made(algorithm: str, passphrase: str, *, subkey: bool) -> Iterator[Made]:
    with GnupgHome() as home:
        key = home.generate(algorithm, passphrase=passphrase, subkey=subkey)
        yield Made(home, key, subkey)


def _case(made: Made, tmp_path: Path) -> KeyCase:
    made.home.kill_agent()  # the next one knows no passphrase
    ctx = ScriptedKeyContext(
        time=int(time.time()),
        state=tmp_path,
        gnupg_home=made.home.path,
        programs=Programs(tmp_path),
    )
    return KeyCase(
        store=KEYSTORE,
        ctx=ctx,
        typed=made.key.primary,
        public=_public(made),
        passphrase=made.key.passphrase.encode() or None,
        missing="0" * 40,
    )


def _public(made: Made) -> PublicKeyTypes:
    certificate = made.home.export(made.key.primary)
    packet = next(e for e in public_keys(certificate) if e.fingerprint == made.key.signing)
    assert packet.key is not None
    return packet.key


@pytest.fixture(scope="module", params=PLAIN)
def plain(request: pytest.FixtureRequest) -> Iterator[Made]:
    yield from _made(request.param, "", subkey=request.param == "ed25519")


@pytest.fixture(scope="module", params=LOCKED)
def locked(request: pytest.FixtureRequest) -> Iterator[Made]:
    yield from _made(request.param, PASSPHRASE, subkey=request.param == "rsa2048")


class TestPlainKeys(KeyStoreContract):
    """Keys without a passphrase."""

    @pytest.fixture
    def case(self, plain: Made, tmp_path: Path) -> KeyCase:
        return _case(plain, tmp_path)


class TestLockedKeys(LockedKeyContract):
    """Keys under a passphrase."""

    @pytest.fixture
    def case(self, locked: Made, tmp_path: Path) -> KeyCase:
        return _case(locked, tmp_path)


class TestLockedKeysThatStayInTheAgent(LockedKeyContract):
    """As above where policy forbids to take a key out of the agent."""

    @pytest.fixture
    def case(self, locked: Made, tmp_path: Path) -> KeyCase:
        case = _case(locked, tmp_path)
        case.ctx.batch_unlock = False
        return case
