"""Repositories and the packages in them: RPM and APT lists beside gpg, packages beside debsigs."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import os
import subprocess
import time
from pathlib import Path

from signstation.model.keys import KeyRef
from signstation.model.orders import Destination, SignOrder
from tests.bench.measure import Run, carried_out, say, scratch, timed
from tests.support import deb
from tests.support.aptrepo import Repository
from tests.support.gnupg import GPG, GnupgHome
from tests.support.pools import pool_station
from tests.support.rpm import Recipe, build
from tests.support.rpmrepo_tools import createrepo

RPMS = 500
DEBS = 200
LOOP = 20
"""Packages that the loop of debsigs is measured with: it takes some 50 ms for each."""
ARCHIVE = 60_000
"""Packages of an archive such as Debian's."""
IN_PLACE = Destination.IN_PLACE


def _load() -> str:
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"


def _rpms(root: Path, count: int) -> list[Path]:
    root.mkdir()
    paths = [root / f"p{number}.rpm" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_bytes(build(Recipe(name=b"p%d" % number, payload=os.urandom(6000))))
    return paths


async def _inspected(home: Path, paths: list[Path]) -> float:
    """Inspect all in full, as the Sign page does; return the seconds."""

    async def one(path: Path) -> None:
        with path.open("rb") as file:
            await station.pools.check.inspect(file.fileno(), None, lambda _: None)

    async with pool_station(home) as station:
        await asyncio.gather(*map(one, paths[:4]))  # starts the workers
        began = time.monotonic()
        queue = iter(paths)

        async def take() -> None:
            for path in queue:
                await one(path)

        await asyncio.gather(*(take() for _ in range(16)))
        return time.monotonic() - began


def _ours(base: Path, home: GnupgHome, fingerprint: str, *paths: Path, warm: Path) -> Run:
    keys = (KeyRef("gpg", fingerprint),)
    first = SignOrder(paths=(warm,), keys=keys, output=base / "warm-out", replace=True)
    order = SignOrder(paths=paths, keys=keys, destination=IN_PLACE, replace=True)
    *_, run = asyncio.run(carried_out(base / "home", first, order, gnupg_home=home.path))
    return run


def _gpg(home: GnupgHome, fingerprint: str, *how: str | Path) -> float:
    command = [GPG, "--homedir", str(home.path), "--batch", "--yes", "--quiet"]
    return timed([*command, "-u", f"{fingerprint}!", *how], home.path)


def run_rpm(count: int = RPMS) -> None:
    """500 packages inspected, and their repository signed."""
    with scratch() as base, GnupgHome() as home:
        key = home.generate("ed25519").signing
        paths = _rpms(base / "repository", count)
        (base / "home").mkdir(mode=0o700)
        seconds = asyncio.run(_inspected(base / "home", paths))
        index = createrepo(base / "repository")
        warm = _rpms(base / "warm", 1)[0]
        found = _ours(base, home, key, index, warm=warm)
        theirs = _gpg(home, key, "-a", "--output", base / "theirs.asc", "--detach-sign", index)
        home.gpg("--verify", f"{index}.asc", str(index))
    say(f"RPM repository: {count} packages ({_load()})")
    say(f"  inspected in full: {count / seconds:.0f} a second (aim 500)")
    say(f"  every index and package read again: {count / found.plan:.0f} a second")
    say(f"  plan {found.plan:.2f} s; sign, with journal, recheck and syncs, {found.sign:.3f} s")
    say(f"  gpg --detach-sign, which reads no index, {theirs:.3f} s:")
    say(f"  ratio of signing {theirs / found.sign:.1f}")


def run_apt(count: int = ARCHIVE) -> None:
    """The Release file of a large archive."""
    with scratch() as base, GnupgHome() as home:
        key = home.generate("ed25519").signing
        paragraph = (
            "Package: p{0}\nVersion: 1\nArchitecture: all\nSHA256: {1}\nDescription: {2}\n\n"
        )
        packages = "".join(
            paragraph.format(n, hashlib.sha256(b"%d" % n).hexdigest(), "x" * 700)
            for n in range(count)
        ).encode()
        now = int(time.time())
        name = "main/binary-all/Packages"
        indexes = {name: packages, f"{name}.gz": gzip.compress(packages, 1, mtime=0)}
        release = Repository(now - 60, now + 86400, indexes).write(base / "repository")
        warm = _rpms(base / "warm", 1)[0]
        found = _ours(base, home, key, release, warm=warm)
        theirs = _gpg(home, key, "--output", base / "theirs", "--clearsign", release)
        home.gpg("--verify", str(release.with_name("InRelease")))
    size = sum(map(len, indexes.values())) >> 20
    say(f"APT repository: {count} packages, indexes of {size} MB ({_load()})")
    say(f"  plan, with every index read again, {found.plan:.2f} s")
    say(f"  sign both forms, with journal, recheck and syncs, {found.sign:.3f} s")
    say(f"  gpg --clearsign, which reads no index, {theirs:.3f} s:")
    say(f"  ratio of signing {theirs / found.sign:.1f} (aim 1)")


def run_debs(count: int = DEBS) -> None:
    """200 Debian packages."""
    with scratch() as base, GnupgHome() as home:
        key = home.generate("ed25519").signing
        source, theirs = base / "packages", base / "theirs"
        for directory in (source, theirs):
            directory.mkdir()
        content = deb.build()
        for number in range(count):
            (source / f"p{number}.deb").write_bytes(content)
        for number in range(LOOP):
            (theirs / f"p{number}.deb").write_bytes(content)
        warm = _rpms(base / "warm", 1)[0]
        found = _ours(base, home, key, source, warm=warm)
        environment = {**os.environ, "GNUPGHOME": str(home.path)}
        began = time.monotonic()
        for path in sorted(theirs.iterdir()):
            command = ["debsigs", "--sign=origin", "--default-key", f"{key}!", str(path)]
            subprocess.run(command, env=environment, check=True, capture_output=True)
        each = (time.monotonic() - began) / LOOP
    say(f"Debian packages: {count}, Ed25519: {count / found.total:.0f} a second ({_load()})")
    say(f"  plan {found.plan:.2f} s, sign {found.sign:.2f} s; {found.per_item()}")
    say(f"  debsigs {1000 * each:.0f} ms each: ratio {each * count / found.total:.1f} (aim 10)")
