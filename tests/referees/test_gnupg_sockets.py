"""The socket directory trap: /run/user/UID appears while an agent of the home is running."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gnupg import GnupgHome

TREE = Path(__file__).resolve().parents[2]

SIGNS = """
import sys
from pathlib import Path
from signstation.keystores.gnupg import KEYSTORE
from tests.support.contract_keystores import ask_for
from tests.support.gnupg_agent import context

home, work = Path(sys.argv[1]), Path(sys.argv[2])
ctx = context(home, work)
(info,) = KEYSTORE.list_keys(ctx)
profile = KEYSTORE.profile(info.key, (), ctx)
with KEYSTORE.open(profile, 1, ctx) as key:
    (answer,) = key.sign([ask_for(profile.schemes[0], b"x")])
assert isinstance(answer, bytes), answer
assert ("gpgconf", "--launch", "gpg-agent") not in ctx.programs.commands
configured = ctx.programs.run(
    "gpgconf", ("--list-dirs", "agent-socket"), environment={"GNUPGHOME": str(home)}
).stdout.decode().strip()
assert configured.startswith("/run/user/"), configured
assert not Path(configured).exists(), "a second agent was started"
print(info.fingerprint)
"""


def in_namespace(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script in a mount namespace of its own, with an empty /run."""
    root = () if os.geteuid() == 0 else ("--map-root-user",)
    return subprocess.run(
        (
            *("unshare", *root, "--mount"),
            *("sh", "-ec", f"mount -t tmpfs none /run; {script}", "sh", *arguments),
        ),
        cwd=TREE,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def home() -> Iterator[GnupgHome]:
    refused = in_namespace("true")
    if refused.returncode != 0:
        pytest.skip(f"this machine refuses mount namespaces: {refused.stderr.strip()}")
    with GnupgHome() as made:
        yield made


def test_the_agent_that_runs_is_used_wherever_gnupg_would_look_now(
    home: GnupgHome, tmp_path: Path
) -> None:
    key = home.generate()
    home.kill_agent()
    started = in_namespace('gpgconf --homedir "$1" --launch gpg-agent', str(home.path))
    assert started.returncode == 0, started.stderr
    assert (home.path / "S.gpg-agent").is_socket()
    done = in_namespace(
        'install -d -m 700 "/run/user/$(id -u)"; exec "$1" -c "$2" "$3" "$4"',
        *(sys.executable, SIGNS, str(home.path), str(tmp_path)),
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == key.primary
    stopped = in_namespace('gpgconf --homedir "$1" --kill gpg-agent', str(home.path))
    assert stopped.returncode == 0, stopped.stderr
