"""1,000 detached Ed25519 signatures beside a loop of gpg, also with a protected key."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import time
from pathlib import Path

from signstation.model.keys import KeyRef
from signstation.model.orders import SignOrder
from tests.bench.measure import carried_out, say, scratch
from tests.support.gnupg import GPG, GnupgHome, TestKey

COUNT = 1000
LOOP = 100
"""Files that the loop of gpg is measured with; a protected key takes it 0.4 s each."""


def gpg_loop(home: GnupgHome, key: TestKey, files: list[Path]) -> float:
    """Sign with one gpg per file and return the seconds of one; the passphrase is cached."""
    command = [GPG, "--homedir", str(home.path), "--batch", "--yes", "--quiet", "-u", key.exact]
    if key.passphrase:
        command += ["--pinentry-mode", "loopback", "--passphrase", key.passphrase]
    began = time.monotonic()
    for path in files:
        subprocess.run([*command, "--armor", "--detach-sign", str(path)], check=True)
    return (time.monotonic() - began) / len(files)


def measure(passphrase: str, count: int = COUNT) -> None:
    """Sign files of 2 kB."""
    with scratch() as base, GnupgHome() as home:
        if passphrase:  # as strong as GnuPG makes it: the agent derives it for each signature
            configuration = home.path / "gpg-agent.conf"
            configuration.write_text("allow-loopback-pinentry\npinentry-program /bin/false\n")
            home.kill_agent()
        key = home.generate("ed25519", passphrase=passphrase)
        source, theirs = base / "files", base / "theirs"
        source.mkdir()
        for number in range(count):
            (source / f"f{number}").write_bytes(os.urandom(2048))
        shutil.copytree(source, theirs)
        order = SignOrder(
            paths=(source,),
            keys=(KeyRef("gpg", key.signing),),
            format="blob",
            output=base / "out",
            options=(("content", "leave"),),
        )
        (base / "warm").mkdir()
        (base / "warm/w").write_bytes(b"warm")
        warm = SignOrder(paths=(base / "warm",), keys=order.keys, format="blob", output=base / "w")
        answers = [passphrase.encode()] * 4
        _, found = asyncio.run(
            carried_out(base / "home", warm, order, gnupg_home=home.path, answers=answers)
        )
        files = sorted(theirs.iterdir())[: LOOP // 10 if passphrase else LOOP]
        each = gpg_loop(home, key, files)
        signature = base / "out" / f"{files[0].name}.asc"
        home.gpg("--verify", str(signature), str(source / files[0].name))
    title = "protected key" if passphrase else "key without passphrase"
    say(f"detached: {count} files, Ed25519, {title}: {count / found.total:.0f} a second")
    say(f"  plan {found.plan:.2f} s, sign {found.sign:.2f} s; {found.per_item()}")
    say(f"  gpg {1000 * each:.1f} ms each: ratio {each * count / found.total:.1f} (aim 5)")


def run() -> None:
    """Measure and print both."""
    measure("")
    measure("a passphrase of some length")
