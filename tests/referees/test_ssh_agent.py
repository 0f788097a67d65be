"""The key store contract over a real ssh-agent, and what an agent can and cannot do."""

from __future__ import annotations

import os
import socket as sockets
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from signstation.codec.sshkeys import fingerprint, key_blob
from signstation.errors import AgentMissing, KeyNotFound, KeyStoreFailed
from signstation.keystores.ssh import KEYSTORE
from signstation.system.programs import Programs
from tests.support import ssh
from tests.support.contract_keystores import (
    KeyCase,
    KeyStoreContract,
    ScriptedKeyContext,
    message_for,
)
from tests.support.workers import Person, run, workers


@pytest.fixture
def socket() -> Iterator[Path]:
    """A running agent."""
    with tempfile.TemporaryDirectory(prefix="ssh-") as directory, ssh.agent(Path(directory)) as one:
        yield one


def _name(family: str) -> str:
    return fingerprint(key_blob(ssh.private(family).public_key()))


def _file(directory: Path, family: str) -> Path:
    path = directory / family
    path.touch(0o600)
    path.write_bytes(ssh.private_file(family))
    return path


class TestAgent(KeyStoreContract):
    """Every kind of key, in an agent, which takes messages only."""

    @pytest.fixture(params=ssh.FAMILIES)
    def case(self, request: pytest.FixtureRequest, socket: Path, tmp_path: Path) -> KeyCase:
        ssh.add(socket, _file(tmp_path, request.param))
        return KeyCase(
            store=KEYSTORE,
            ctx=ScriptedKeyContext(0, tmp_path, None, Programs(tmp_path), ssh_agent=socket),
            typed=_name(request.param),
            public=ssh.private(request.param).public_key(),
            missing=f"SHA256:{'A' * 43}",
            messages=True,
        )


def test_a_key_with_its_certificate_is_listed_once(tmp_path: Path, socket: Path) -> None:
    key, authority = _file(tmp_path, "ed25519"), _file(tmp_path, "p256")
    key.with_name("ed25519.pub").write_text(ssh.public_line("ed25519") + "\n")
    subprocess.run(
        ["ssh-keygen", "-q", "-s", authority, "-I", "id", "-n", "me", f"{key}.pub"], check=True
    )
    ssh.add(socket, key)
    ctx = ScriptedKeyContext(0, tmp_path, None, Programs(tmp_path), ssh_agent=socket)
    (listed,) = KEYSTORE.list_keys(ctx)
    assert listed.fingerprint == _name("ed25519")


def test_a_locked_agent_is_told_when_it_is_planned_and_when_it_signs(
    tmp_path: Path, socket: Path
) -> None:
    ssh.add(socket, _file(tmp_path, "p256"))
    ctx = ScriptedKeyContext(0, tmp_path, None, Programs(tmp_path), ssh_agent=socket)
    ref = KEYSTORE.resolve(_name("p256"), ctx)
    profile = KEYSTORE.profile(ref, (), ctx)
    with KEYSTORE.open(profile, 1, ctx) as key:
        _lock(socket)
        (answer,) = key.sign((message_for(profile.schemes[0], b"m"),))
    assert isinstance(answer, KeyStoreFailed)
    assert "locked" in str(answer)
    with pytest.raises(AgentMissing, match="ssh-add -X"):
        KEYSTORE.profile(ref, (), ctx)
    assert KEYSTORE.list_keys(ctx) == ()


def _lock(path: Path) -> None:
    """Lock the agent as ssh-add -x does, which wants a terminal for the passphrase."""
    body = b"\x16" + (6).to_bytes(4, "big") + b"secret"
    with sockets.socket(sockets.AF_UNIX) as connection:
        connection.connect(str(path))
        connection.sendall(len(body).to_bytes(4, "big") + body)
        assert connection.recv(16)[4:] == b"\x06"


def test_each_caller_of_a_station_is_served_from_its_own_agent(
    tmp_path: Path, socket: Path
) -> None:
    """Both through the same processes; the reference names the socket, so that a job keeps it."""
    ssh.add(socket, _file(tmp_path, "p256"))
    with tempfile.TemporaryDirectory(prefix="ssh-") as directory, ssh.agent(Path(directory)) as two:
        ssh.add(two, _file(tmp_path, "p384"))

        async def work() -> None:
            async with workers(tmp_path, cores=1) as pools:
                for agent, family in ((socket, "p256"), (two, "p384")):
                    keys = pools.keys(None, Person(), agent)
                    found = await keys.resolve(f"ssh:{_name(family)}")
                    assert str(found) == f"ssh:{_name(family)}@{agent}"
                    with pytest.raises(KeyNotFound):
                        await keys.resolve(f"ssh:{_name('p521')}")
                with pytest.raises(AgentMissing):
                    await pools.keys(None, Person()).resolve(f"ssh:{_name('p256')}")

        run(work())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can let another user listen")
def test_the_agent_of_another_user_is_refused(tmp_path: Path) -> None:
    """The kernel tells who listens: a path that a caller names is not believed."""
    with tempfile.TemporaryDirectory(prefix="ssh-") as directory:
        path = Path(directory, "agent")
        Path(directory).chmod(0o777)
        code = (
            "import os, socket, sys\n"
            "os.setuid(65534)\n"
            "one = socket.socket(socket.AF_UNIX)\n"
            "one.bind(sys.argv[1]); one.listen(); print(flush=True)\n"
            "sys.stdin.read()\n"
        )
        other = subprocess.Popen(
            ["/usr/bin/python3", "-I", "-c", code, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        with other:
            assert other.stdout is not None
            other.stdout.readline()
            ctx = ScriptedKeyContext(0, tmp_path, None, Programs(tmp_path), ssh_agent=path)
            with pytest.raises(AgentMissing, match="another user"):
                KEYSTORE.resolve(_name("p256"), ctx)
