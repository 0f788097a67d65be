"""The referee tree: newer real verifiers, unpacked beside the host and run by their own loader.

`python -m tests.realtools.build` makes it (packaging/test does so); this module only looks. Nothing
of the host is changed and no root is needed: a program of the tree is started through the tree's
own dynamic loader with the tree's own libraries. What a program starts by a fixed path is still
the host's, so gpg can verify here but would talk to the host's agent.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CACHE_VARIABLE = "SIGNSTATION_REFEREES"
"""Overrides where the tree lies (the tests set it, because they change HOME)."""

PACKAGES: Mapping[str, tuple[str, ...]] = {
    # The newest first: it is what `program` gives when no suite is named.
    # rpm 6 with Sequoia inside, GnuPG 2.4.9, OpenSSL 3.6
    "forky": ("gpg", "gpgv", "kmod", "openssl", "rpm", "sq", "sqv"),
    # what Debian 13 users have: rpm 4.20, GnuPG 2.4.7, OpenSSL 3.5
    "trixie": ("gpg", "gpgv", "kmod", "openssl", "rpm", "sq", "sqv"),
}
"""What is unpacked from which suite of the distribution's archive."""

_ELF = b"\x7fELF"


def cache_directory() -> Path:
    """Return where all referee trees of this user lie; outside the repository."""
    if named := os.environ.get(CACHE_VARIABLE):
        return Path(named)
    caches = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(caches) / "signstation-referees"


def suite_directory(suite: str) -> Path:
    """Return where a suite's tree lies; another set of packages has another directory."""
    wish = json.dumps([suite, platform.machine(), PACKAGES[suite]])
    return cache_directory() / f"{suite}-{hashlib.sha256(wish.encode()).hexdigest()[:12]}"


def manifest_of(suite: str) -> Path:
    """Return the file that lists each package's version and SHA-256; written last."""
    return suite_directory(suite) / "manifest.json"


@dataclass(frozen=True, slots=True)
class RefereeTree:
    """The suites that are unpacked, newest first."""

    suites: tuple[str, ...]

    @classmethod
    def find(cls) -> RefereeTree | None:
        """Return what is unpacked on this machine, or None when nothing is; never downloads."""
        suites = tuple(suite for suite in PACKAGES if manifest_of(suite).is_file())
        return cls(suites) if suites else None

    def program(self, name: str, suite: str | None = None) -> tuple[str, ...]:
        """Return the beginning of an argv that runs `name`, of `suite` or the newest that has it.

        Raises LookupError, naming what to do, when the tree does not have it.
        """
        for candidate in self.suites if suite is None else (suite,):
            path = self._find(candidate, name)
            if path is None:
                continue
            with path.open("rb") as program:
                if program.read(len(_ELF)) != _ELF:
                    message = f"{name} of {candidate} is a script: the loader cannot run it"
                    raise LookupError(message)
            loader = self._loader(candidate)
            return (str(loader), "--library-path", str(loader.parent), str(path))
        message = f"no {name} in the referee tree ({suite or ', '.join(self.suites)}): add its "
        message += "package to tests/realtools/tree.py and run `sh packaging/test --prepare`"
        raise LookupError(message)

    def environment(self, suite: str | None = None) -> dict[str, str]:
        """Return a whole environment for programs of `suite` (default: the newest)."""
        root = suite_directory(suite or self.suites[0])
        libraries = self._loader(suite or self.suites[0]).parent
        return {
            "HOME": os.environ.get("HOME", "/nonexistent"),
            "LC_ALL": "C.UTF-8",
            "OPENSSL_CONF": "/dev/null",
            "OPENSSL_MODULES": str(libraries / "ossl-modules"),
            "PATH": "/usr/bin:/bin",
            "RPM_CONFIGDIR": str(root / "usr/lib/rpm"),
            "TZ": "UTC",
        }

    def version(self, package: str, suite: str | None = None) -> str:
        """Return the version of an unpacked Debian package, for messages of a failed test."""
        manifest = json.loads(manifest_of(suite or self.suites[0]).read_text(encoding="utf-8"))
        return str(manifest[package]["version"])

    @staticmethod
    def _find(suite: str, name: str) -> Path | None:
        """Return where a suite has a program, or None when it does not."""
        folders = (suite_directory(suite) / folder for folder in ("usr/bin", "usr/sbin"))
        return next((folder / name for folder in folders if (folder / name).is_file()), None)

    @staticmethod
    def _loader(suite: str) -> Path:
        """Return the suite's dynamic loader; the libraries lie beside it (merged /usr)."""
        (loader,) = suite_directory(suite).glob("usr/lib/*-linux-gnu/ld-linux-*.so.*")
        return loader
