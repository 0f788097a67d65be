"""After a run with a protected key: its passphrase and primes are in no file and no process."""

from __future__ import annotations

import base64
import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.support.station import MAIL, Shell

PASSPHRASE = "never-seen-7f3a9c41"
LARGEST_MAPPING = 1024 * 1024 * 1024


def forms(secret: bytes) -> tuple[bytes, ...]:
    """Return a secret as it could be written down."""
    return (secret, secret[::-1], secret.hex().encode(), base64.b64encode(secret)[:-4])


def needles(key: Path) -> tuple[bytes, ...]:
    """Return the passphrase and the primes of an RSA key in every form."""
    pem = key.read_bytes()
    private = load_pem_private_key(pem, PASSPHRASE.encode())
    assert isinstance(private, RSAPrivateKey)
    numbers = private.private_numbers()
    size = private.key_size // 16
    primes = (each.to_bytes(size, "big") for each in (numbers.p, numbers.q))
    return tuple(form for each in (PASSPHRASE.encode(), *primes) for form in forms(each))


def family(parent: int) -> list[int]:
    """Return a process and all that descend from it."""
    found = [parent]
    for each in found:
        for thread in Path(f"/proc/{each}/task").iterdir():
            found += map(int, (thread / "children").read_text("ascii").split())
    return found


def serving(home: Path) -> list[int]:
    """Return the processes that were started for a GnuPG home."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # ended meanwhile
            if bytes(home) in (process / "cmdline").read_bytes():
                found.append(int(process.name))
    return found


def memory(process: int) -> Iterator[bytes]:
    """Yield the writable memory of a process; needs root or the process's consent."""
    maps = Path(f"/proc/{process}/maps").read_text("utf-8").splitlines()
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as opened:
        for line in maps:
            match = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if match is None:
                continue
            start, end = (int(each, 16) for each in match.groups())
            if end - start <= LARGEST_MAPPING:
                with contextlib.suppress(OSError):  # unmapped meanwhile
                    yield os.pread(opened.fileno(), end - start, start)


def found_in(process: int, secrets: Sequence[bytes], *, with_memory: bool) -> list[str]:
    """Say where in a process a secret is."""
    places = {name: Path(f"/proc/{process}/{name}").read_bytes() for name in ("cmdline", "environ")}
    found = [name for name, data in places.items() if any(each in data for each in secrets)]
    if with_memory and any(each in part for part in memory(process) for each in secrets):
        found.append("memory")
    return found


def files_with(secrets: Sequence[bytes], *places: Path) -> list[Path]:
    """Return the files below some places that hold a secret."""
    files = (each for place in places for each in place.rglob("*") if each.is_file())
    return [each for each in files if any(s in each.read_bytes() for s in secrets)]


def test_after_a_run_no_secret_is_found() -> None:
    """A protected key file signs under an owner that lives on; then all that is left is read."""
    root = os.geteuid() == 0  # others cannot read the memory of what is not dumpable: see sandbox
    shell = Shell()
    try:
        shell.release(rpm=False)
        key = shell.module_key(passphrase=PASSPHRASE)
        with shell.owned() as owner:
            arguments = ("sign", "release/hello.ko", "--key", "file:modules.pem", "--output", "out")
            done = shell.run(*arguments, secrets=[PASSPHRASE])
            assert done.status == 0, done.err
            secrets = needles(key)
            assert not any(each in (done.out + done.err).encode() for each in secrets)
            processes = family(owner.pid)
            assert len(processes) > 1, "the workers are gone, so that nothing would be looked at"
            found = {each: found_in(each, secrets, with_memory=root) for each in processes}
            assert {each: where for each, where in found.items() if where} == {}
            assert files_with(secrets, shell.home, shell.work, shell.root) == []
    finally:
        shell.close()


def test_after_a_package_was_signed_by_gnupg_no_passphrase_is_found() -> None:
    """The memory of gpg-agent is its own affair; its files, arguments and environment are not."""
    root = os.geteuid() == 0
    shell = Shell()
    try:
        shell.release()
        shell.openpgp_key(passphrase=PASSPHRASE)
        with shell.owned() as owner:
            done = shell.run(
                "sign", "release/hello-1.0-1.noarch.rpm", "--key", f"gpg:<{MAIL}>",
                "--output", "out", secrets=[PASSPHRASE],
            )  # fmt: skip
            assert done.status == 0, done.err
            secrets = forms(PASSPHRASE.encode())
            assert not any(each in (done.out + done.err).encode() for each in secrets)
            processes = family(owner.pid)
            assert len(processes) > 1, "the workers are gone, so that nothing would be looked at"
            found = {each: found_in(each, secrets, with_memory=root) for each in processes}
            agents = serving(shell.gnupg.path)
            assert agents, "the agent is gone, so that nothing would be looked at"
            found |= {each: found_in(each, secrets, with_memory=False) for each in agents}
            assert {each: where for each, where in found.items() if where} == {}
            places = (shell.home, shell.work, shell.root, shell.gnupg.path)
            assert files_with(secrets, *places) == []
    finally:
        shell.close()


def test_a_secret_in_memory_in_arguments_and_in_a_file_would_be_found(tmp_path: Path) -> None:
    """Each way of looking finds what was put there."""
    code = "import sys; s = bytes.fromhex(sys.argv[1]); print('open', flush=True); input()"
    secret = b"planted-5d1e"
    process = subprocess.Popen(
        (sys.executable, "-c", code, secret.hex()),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        assert found_in(process.pid, [secret], with_memory=True) == ["memory"]
        assert "cmdline" in found_in(process.pid, forms(secret), with_memory=False)
    finally:
        process.kill()
        process.communicate()
    (tmp_path / "log").write_bytes(b"x" + secret + b"y")
    assert files_with([secret], tmp_path) == [tmp_path / "log"]
