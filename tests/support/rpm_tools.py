"""Real rpm tools for the referees of the format rpm: rpmbuild, rpmsign and rpmkeys, old and new."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from signstation.formats.rpm import FORMAT
from signstation.formats.rpm_referee import private
from signstation.model.asks import ToSign
from signstation.model.checks import Opinion, Verified
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import Slot
from signstation.model.trust import Origin, Trust
from signstation.trust.openpgp import prepare_openpgp
from signstation.worker.context import StepContext
from tests.realtools.tree import RefereeTree
from tests.support.contract_formats import FormatCase, Sample, artifacts
from tests.support.gnupg import GnupgHome, TestKey
from tests.support.openpgp import SoftKey, secret_keys, slot_for
from tests.support.referees import NEUTRAL, run
from tests.support.tools import tool_context

SPEC = """\
Name: real
Version: 1.0
Release: 1
Epoch: 3
Summary: A package built by rpmbuild
License: MIT
Vendor: Example
Packager: Somebody <somebody@example.org>
URL: https://example.org/real
BuildArch: noarch
Requires: /bin/sh
Requires: bash >= 4
Conflicts: enemy < 2
%description
Several lines
of description.
%pre
echo before installation
%post -p /sbin/ldconfig
%triggerin -- bash
echo bash was installed
%install
mkdir -p %{buildroot}/usr/share/real %{buildroot}/usr/bin
echo content > %{buildroot}/usr/share/real/a.txt
echo program > %{buildroot}/usr/bin/real
%files
%dir /usr/share/real
/usr/share/real/a.txt
%attr(4755, root, root) /usr/bin/real
"""


class ToolError(AssertionError):
    """A real tool did not do what a test needs; holds what it said."""


@dataclass(frozen=True, slots=True)
class RpmTools:
    """The rpm of the host (``suite`` None) or of a suite of the referee tree."""

    tree: RefereeTree | None = None
    suite: str | None = None

    def call(self, name: str, *arguments: str, **environment: str) -> tuple[int, str]:
        """Run a program; return its status and all that it said."""
        program: Sequence[str] = (name,)
        base = NEUTRAL
        if self.tree is not None:
            program = self.tree.program(name, self.suite)
            base = self.tree.environment(self.suite)
        done = run(program, arguments, environment={**base, **environment}, timeout=120)
        return done.returncode, done.stdout + done.stderr

    @property
    def version(self) -> str:
        """``RPM version 4.18.0``."""
        return self.call("rpmkeys", "--version")[1].strip()

    def build(self, rpm_format: int = 4, spec: str = SPEC) -> bytes:
        """Build a binary package."""
        with _directory() as top:
            (top / "test.spec").write_text(spec, encoding="utf-8")
            defines = (f"_topdir {top}", f"_rpmformat {rpm_format}", f"_tmppath {top}")
            parts = [part for each in defines for part in ("--define", each)]
            status, says = self.call("rpmbuild", "-bb", *parts, str(top / "test.spec"))
            if status != 0:
                raise ToolError(says)
            (found,) = top.rglob("*.rpm")
            return found.read_bytes()

    def sign(
        self,
        content: bytes,
        home: GnupgHome,
        key: TestKey,
        *extra: str,
        time: int,
        hashed: HashAlgorithm = HashAlgorithm.SHA256,
        action: str = "--addsign",
    ) -> bytes:
        """Sign with rpmsign and the host's gpg at a faked time."""
        with _directory() as top:
            path = top / "package.rpm"
            path.write_bytes(content)
            defines = (
                "__gpg /usr/bin/gpg",
                f"_gpg_path {home.path}",
                f"_gpg_name {key.exact}",
                f"_openpgp_sign_id {key.exact}",
                f"_gpg_digest_algo {hashed.value}",
                f"_gpg_sign_cmd_extra_args --faked-system-time {time}! --batch",
            )
            parts = [part for each in defines for part in ("--define", each)]
            home_of_gpg = {"GNUPGHOME": str(home.path)}
            status, says = self.call("rpmsign", *extra, *parts, action, str(path), **home_of_gpg)
            if status != 0:
                raise ToolError(says)
            return path.read_bytes()

    def keys(
        self, content: bytes, certificates: Sequence[bytes], level: str = "all"
    ) -> tuple[int, str]:
        """Judge with rpmkeys and a database of its own; certificates are armored."""
        with _directory() as top:
            database = private(top / "db")
            (top / "db").mkdir()
            for number, each in enumerate(certificates):
                path = top / f"{number}.asc"
                path.write_bytes(each)
                self.call("rpmkeys", *database, "--import", str(path))
            path = top / "package.rpm"
            path.write_bytes(content)
            define = ("--define", f"_pkgverify_level {level}")
            return self.call("rpmkeys", *database, *define, "-Kv", str(path))

    def opinion(self, content: bytes, trust: Trust, time: int) -> Opinion:
        """What the format's own referee makes of it with this rpm."""
        instead = {} if self.tree is None else {"rpmkeys": self.tree.program("rpmkeys", self.suite)}
        environment = {} if self.tree is None else self.tree.environment(self.suite)
        with tool_context(time, instead, environment) as ctx, artifacts(content) as (artifact,):
            (opinion,) = FORMAT.referee(artifact, (), trust, ctx)
        return opinion


@contextmanager
def _directory() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="rpm-", dir="/tmp"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Signer:
    """A key of a GnuPG home, with its private half to answer with."""

    soft: SoftKey
    slot: Slot

    @classmethod
    def of(
        cls, home: GnupgHome, key: TestKey, hashed: HashAlgorithm = HashAlgorithm.SHA256
    ) -> Signer:
        """Take a key out of its home."""
        soft = secret_keys(home.export_secret(key.primary))[key.signing]
        certificate = home.export(key.primary)
        slot = slot_for(soft, primary=key.primary, certificate=certificate, hashed=hashed)
        return cls(soft, slot)


def trust_of(home: GnupgHome, now: int) -> Trust:
    """Everything in a home, prepared as the station does."""
    with tool_context(now) as ctx:
        return Trust(openpgp=prepare_openpgp(home.export(), Origin("a test"), ctx))


def sign(
    content: bytes, signers: Sequence[Signer], time: int, trust: Trust | None = None, **options: str
) -> bytes:
    """Sign with the format as the engine does, the recheck included."""

    def answer(ask: ToSign) -> bytes:
        return signers[ask.slot].soft.answer(ask)

    slots = tuple(each.slot for each in signers)
    case = FormatCase(
        FORMAT, Sample(content, slots, answer, trust or Trust(), time, options=options)
    )
    signed, _ = case.signed()
    case.recheck([signed])
    return signed


def verify(content: bytes, trust: Trust, at: int) -> Verified:
    """Verify at a time."""
    with artifacts(content) as (artifact,):
        return FORMAT.verify(artifact, (), trust, StepContext(time=at))
