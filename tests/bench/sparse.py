"""A sparse file of 10 GB: memory of every process, and speed beside openssl dgst."""

from __future__ import annotations

import asyncio

from signstation.model.keys import KeyRef
from signstation.model.orders import SignOrder
from tests.bench.measure import carried_out, say, scratch, timed
from tests.support.gnupg import GnupgHome

SIZE = 10 * 10**9


def run(size: int = SIZE) -> None:
    """Measure and print."""
    with scratch() as base, GnupgHome() as home:
        key = home.generate("ed25519").signing
        large = base / "large.iso"
        large.touch()
        with large.open("r+b") as file:
            file.truncate(size)
        (base / "small").mkdir()
        (base / "small/w").write_bytes(b"warm")
        ref = KeyRef("gpg", key)
        warm = SignOrder(paths=(base / "small",), keys=(ref,), format="blob", output=base / "w")
        order = SignOrder(
            paths=(large,), keys=(ref,), output=base / "out", options=(("content", "leave"),)
        )
        timed(["openssl", "dgst", "-sha256", large], base)  # the holes become cached zeros
        _, found = asyncio.run(carried_out(base / "home", warm, order, gnupg_home=home.path))
        digest = timed(["openssl", "dgst", "-sha256", large], base)
    say(f"sparse file: {size / 1e9:.0f} GB: {size / found.total / 1e6:.0f} MB/s")
    say(f"  plan {found.plan:.2f} s, sign and recheck {found.sign:.2f} s: {found.spent()}")
    say(f"  openssl dgst -sha256 {digest:.2f} s: {100 * digest / found.total:.0f} % of it (aim 90)")
    for kind, peak in sorted(found.peak.items()):
        say(f"  {kind}: RssAnon {peak.get('RssAnon', 0)} MiB, RSS {peak.get('VmRSS', 0)} MiB")
