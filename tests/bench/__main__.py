"""Runs the measurements: ``python -m tests.bench [NAME...]``; prints ratios, judges nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from tests.bench import detached, modules, packages, repositories, sparse, startup, window
from tests.bench.measure import say

BENCHES: Mapping[str, Callable[[], None]] = {
    "startup": startup.run,
    "modules": modules.run,
    "large-package": packages.run_large,
    "small-packages": packages.run_small,
    "detached": detached.run,
    "sparse": sparse.run,
    "rpm-repository": repositories.run_rpm,
    "apt-repository": repositories.run_apt,
    "deb-packages": repositories.run_debs,
    "window": window.run,
}


def main(names: list[str]) -> int:
    """Run those named, or all."""
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        say(f"no measurement {', '.join(unknown)}; there are: {', '.join(BENCHES)}")
        return 2
    for name in names or BENCHES:
        BENCHES[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
