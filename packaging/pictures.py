"""Remakes the pictures of README and help from the running program: real keys, real signatures.

    .venv/bin/python packaging/pictures.py [DIRECTORY]

Two throw-away stations are made, ours and a stranger's. The release has good modules, one that was
changed, a file by the stranger and one without a signature, so that every verdict can be seen.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from signstation.app.api import StationApi
from signstation.app.connect import connect
from signstation.app.demo_release import SPEC, write_release
from signstation.model.jobs import JobState
from signstation.model.keys import KeyRef
from signstation.model.orders import GenerateOrder, KeyForm, SignOrder, X509Use

TREE = Path(__file__).resolve().parents[1]
SECONDS = 60.0
PACKAGE = "hello-1.0-1.noarch.rpm"
PICTURES = (
    ("overview-light", "overview", "light", ""),
    ("sign-light", "sign", "light", "hello-1.0"),
    ("verify-light", "verify", "light", "signed"),
    ("verify-dark", "verify", "dark", "signed"),
    ("queue-dark", "queue", "dark", ""),
    ("keys-light", "keys", "light", ""),
)
"""File name, page, theme, and the directory that the page is given."""


@contextmanager
def _station(base: Path, name: str) -> Iterator[StationApi]:
    home = base / name
    gnupg = home / "gnupg"
    gnupg.mkdir(parents=True, mode=0o700)
    station = connect(home / "state", "pictures", gnupg_home=gnupg)
    try:
        yield station
    finally:
        station.close()
        subprocess.run(("/usr/bin/gpgconf", "--homedir", str(gnupg), "--kill", "all"), check=False)


def _sign(station: StationApi, paths: tuple[Path, ...], key: KeyRef, output: Path) -> None:
    order = SignOrder(paths, (key,), output=output, title="hello-1.0")
    plan = station.plan(order).result(SECONDS)
    row = station.wait(station.submit(plan.id).result(SECONDS)).result(SECONDS)
    if row.state is not JobState.DONE or plan.refused:
        raise SystemExit(f"signing failed: {row}, {plan.refused}")


def _package(release: Path, base: Path) -> None:
    spec = base / "hello.spec"
    spec.write_text(SPEC)
    defines = {"_topdir": base / "rpm", "_sourcedir": release, "_rpmdir": base / "rpms"}
    options = [part for name, path in defines.items() for part in ("--define", f"{name} {path}")]
    subprocess.run(
        ("/usr/bin/rpmbuild", "-bb", *options, str(spec)), check=True, capture_output=True
    )
    for built in (base / "rpms").rglob("*.rpm"):
        shutil.copy2(built, release)


def _make_release(base: Path, ours: StationApi, stranger: StationApi) -> None:
    """Make ``hello-1.0`` and, of every verdict one, ``signed``."""
    release, signed = base / "hello-1.0", base / "signed"
    release.mkdir()
    write_release(release, int(time.time()))
    _package(release, base)
    openpgp = GenerateOrder(
        KeyForm.OPENPGP, "Acme Releases <releases@acme.example>", "ed25519", protect=False
    )
    modules = GenerateOrder(
        KeyForm.X509, "Acme module key", "rsa4096", usage=X509Use.MODULES, protect=False
    )
    unknown = GenerateOrder(
        KeyForm.OPENPGP, "Somebody <else@example.org>", "rsa3072", protect=False
    )
    pgp_key = ours.generate(openpgp).result(SECONDS)[0].key
    module_key = ours.generate(modules).result(SECONDS)[0].key
    unknown_key = stranger.generate(unknown).result(SECONDS)[0].key
    _sign(ours, tuple(sorted(release.glob("*.rpm"))), pgp_key, signed)
    _sign(ours, tuple(sorted(release.glob("*.ko"))), module_key, signed)
    plugin = base / "hello-plugin-0.3.rpm"
    shutil.copy2(next(release.glob("*.rpm")), plugin)
    _sign(stranger, (plugin,), unknown_key, signed)
    shutil.copy2(next(release.glob("*.tar.gz")), signed)
    victim = sorted(signed.glob("*.ko"))[-1]
    changed = bytearray(victim.read_bytes())
    changed[500] ^= 1
    victim.write_bytes(changed)


def _take(target: Path, gnupg: Path, page: str, theme: str, arguments: tuple[str, ...]) -> None:
    subprocess.run(
        (
            *(sys.executable, "-m", "signstation.gui.screenshot", "--output", str(target)),
            *("--page", page, "--theme", theme, "--size", "1280x860"),
            *arguments,
        ),
        check=True,
        cwd=TREE,
        env={**os.environ, "GNUPGHOME": str(gnupg)},
    )


def main() -> int:
    """Write every picture and return 0."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else TREE / "resources" / "pictures"
    target.mkdir(parents=True, exist_ok=True)
    base = Path(tempfile.mkdtemp(prefix="acme-", dir="/tmp"))
    try:
        with _station(base, "ours") as ours, _station(base, "stranger") as stranger:
            _make_release(base, ours, stranger)
            home = base / "ours" / "state"
            for name, page, theme, given in PICTURES:
                picture = target / f"{name}.png"
                paths = ("--path", str(base / given)) if given else ()
                select = ("--select", PACKAGE) if name == "verify-light" else ()
                _take(
                    picture,
                    home.parent / "gnupg",
                    page,
                    theme,
                    (*paths, *select, "--home", str(home)),
                )
                print(picture)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
