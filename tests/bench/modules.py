"""1,000 kernel modules of 60 kB with RSA-4096, beside sign-file in a loop and on all cores."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from signstation.model.orders import SignOrder
from tests.bench.measure import carried_out, say, scratch, timed
from tests.support.kmod import module
from tests.support.release import key_file, signer

COUNT = 1000
KIND = "rsa4096"


def sign_file() -> Path:
    """Return the kernel's own tool."""
    return max(Path("/usr/lib").glob("linux-kbuild-*/scripts/sign-file"))


def raw_seconds() -> float:
    """Return the processor seconds of one raw signature."""
    key = signer(KIND).key
    if not isinstance(key, RSAPrivateKey):
        raise TypeError
    began = time.process_time()
    for _ in range(100):
        key.sign(bytes(32), padding.PKCS1v15(), Prehashed(SHA256()))
    return (time.process_time() - began) / 100


def release(directory: Path, count: int) -> Path:
    """Make modules of 60 kB."""
    directory.mkdir()
    for number in range(count):
        content = module(code=os.urandom(64) * 930)
        (directory / f"m{number:04}.ko").write_bytes(content)
    return directory


def theirs(base: Path, source: Path) -> tuple[float, float]:
    """Return the seconds of sign-file in a loop and on all cores."""
    tool = f"{sign_file()} sha256 ../key.pem ../key.pem"
    shutil.copytree(source, base / "loop")
    loop = timed(["sh", "-c", f'for f in *.ko; do {tool} "$f" || exit 1; done'], base / "loop")
    shutil.copytree(source, base / "xargs")
    script = f"printf '%s\\0' *.ko | xargs -0 -n1 -P{os.cpu_count()} {tool}"
    return loop, timed(["sh", "-c", script], base / "xargs")


def run(count: int = COUNT) -> None:
    """Measure and print."""
    with scratch() as base:
        source = release(base / "modules", count)
        key = key_file(base / "key.pem", KIND)
        few = SignOrder((release(base / "few", count // 5),), (key,), output=base / "few-out")
        warm = replace(few, output=base / "warm-out")
        order = replace(few, paths=(source,), output=base / "out")
        _, smaller, ours = asyncio.run(carried_out(base / "home", warm, few, order))
        raw = 1000 * raw_seconds()
        loop, parallel = theirs(base, source)
        same = all(
            (base / "out" / path.name).read_bytes() == path.read_bytes()
            for path in (base / "loop").iterdir()
        )
    each = ours.above(smaller)
    used = sum(each.values())
    say(f"modules: {count} of 60 kB, {KIND}: {count / ours.total:.0f} a second")
    say(f"  plan {ours.plan:.2f} s, sign {ours.sign:.2f} s; bytes equal to sign-file's: {same}")
    say(f"  sign-file in a loop {loop:.2f} s: ratio {loop / ours.total:.1f} (aim 5)")
    say(f"  xargs -P{os.cpu_count()} {parallel:.2f} s: ratio {parallel / ours.total:.1f} (aim 2.5)")
    say("  processor ms each: " + ", ".join(f"{kind} {ms:.2f}" for kind, ms in each.items()))
    say(f"  above the raw key operation of {raw:.2f} ms: {used - raw:.2f} ms (aim 0.9)")
    say(f"  raw key operation / all of it: {100 * raw / used:.0f} %")
    if not same:
        raise AssertionError("the signatures differ from sign-file's")
