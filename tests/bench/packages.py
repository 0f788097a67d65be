"""RPM packages beside rpmsign: one of 500 MB, and 200 small ones in one call of it."""

from __future__ import annotations

import asyncio
import os
import shutil
from dataclasses import replace
from pathlib import Path

from signstation.model.keys import KeyRef
from signstation.model.orders import Destination, SignOrder
from tests.bench.measure import Run, carried_out, say, scratch, timed
from tests.support.gnupg import GnupgHome
from tests.support.rpm import Recipe, build

SMALL = 200
LARGE = 500 * 1024 * 1024
IN_PLACE = Destination.IN_PLACE


def rpmsign(home: GnupgHome, fingerprint: str, files: list[Path], cwd: Path) -> float:
    """Sign with one call of rpmsign."""
    macros = {
        "__gpg": "/usr/bin/gpg",
        "_gpg_name": fingerprint,
        "_gpg_path": str(home.path),
        "_gpg_digest_algo": "sha256",
    }
    defines = [part for item in macros.items() for part in ("--define", " ".join(item))]
    return timed(["rpmsign", *defines, "--addsign", *files], cwd)


def ours(base: Path, home: GnupgHome, fingerprint: str, order: SignOrder) -> Run:
    """Sign with a station whose workers run."""
    warm = base / "warm"
    warm.mkdir(exist_ok=True)
    (warm / "w.rpm").write_bytes(build(Recipe(name=b"warm")))
    key = KeyRef("gpg", fingerprint)
    first = SignOrder(paths=(warm,), keys=(key,), output=base / "warm-out", replace=True)
    order = replace(order, keys=(key,))
    *_, run = asyncio.run(carried_out(base / "home", first, order, gnupg_home=home.path))
    return run


def run_small(count: int = SMALL) -> None:
    """200 small packages, Ed25519."""
    with scratch() as base, GnupgHome() as home:
        key = home.generate("ed25519").signing
        source = base / "packages"
        source.mkdir()
        for number in range(count):
            recipe = Recipe(name=b"p%d" % number, payload=os.urandom(6000))
            (source / f"p{number}.rpm").write_bytes(build(recipe))
        shutil.copytree(source, base / "theirs")
        order = SignOrder(paths=(source,), keys=(), output=base / "out")
        found = ours(base, home, key, order)
        theirs = rpmsign(home, key, sorted((base / "theirs").iterdir()), base)
    say(f"small packages: {count}, Ed25519: {count / found.total:.0f} a second")
    say(f"  plan {found.plan:.2f} s, sign {found.sign:.2f} s; {found.per_item()}")
    say(f"  one rpmsign call {theirs:.2f} s: ratio {theirs / found.total:.1f} (aim 2)")


def run_large(size: int = LARGE) -> None:
    """One package of 500 MB, RSA-4096."""
    with scratch() as base, GnupgHome() as home:
        key = home.generate("rsa4096").signing
        package = base / "large.rpm"
        package.write_bytes(
            build(Recipe(name=b"large", payload=os.urandom(1024 * 1024) * (size >> 20)))
        )
        shutil.copy(package, base / "theirs.rpm")
        os.sync()
        copied = SignOrder(paths=(package,), keys=(), output=base / "out")
        to_copy = ours(base, home, key, copied)
        in_place = ours(base, home, key, replace(copied, output=None, destination=IN_PLACE))
        theirs = rpmsign(home, key, [base / "theirs.rpm"], base)
    say(f"large package: {size >> 20} MB, RSA-4096")
    say(f"  rpmsign, in place and not synced: {theirs:.2f} s")
    for title, found in (("in place", in_place), ("into a directory", to_copy)):
        say(f"  {title}: plan {found.plan:.2f} s, sign {found.sign:.2f} s, synced and rechecked")
        both, alone = theirs / found.total, theirs / found.sign
        say(f"    ratio {both:.1f} (aim 3), of signing alone {alone:.1f}; {found.spent()}")
