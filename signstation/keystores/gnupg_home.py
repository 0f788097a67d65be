"""A GnuPG home: where it is, what gpg says about its certificates, and the way to its agent.

Nothing here writes to the home but gpg's own life cycle commands; the user's gpg.conf is not read.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from signstation.codec.colons import ListedCertificate, parse_listing
from signstation.errors import (
    AgentMissing,
    ArtifactMalformed,
    KeyUnreadable,
    LimitReached,
    NotWritable,
    ToolFailed,
)
from signstation.interfaces.context import KeyContext
from signstation.interfaces.tools import Programs
from signstation.model.programs import Completed
from signstation.system.assuan import Assuan

STORE = "gpg"
"""Prefix of this store's key references; errors that are about no key in particular name it."""
MAX_CERTIFICATE = 4 * 1024 * 1024
"""Most bytes of an exported certificate: one with 10,000 certifications has 3 MB."""
MAX_NAMES = 4096
"""Most keys that gpg is asked for by name at once; above that everything is listed."""
SOCKET = "S.gpg-agent"
"""Name of the agent's socket (GnuPG common/homedir.c)."""

_KEYRINGS = ("pubring.kbx", "pubring.gpg", "public-keys.d", "common.conf")
"""One of these exists in every home that was ever used; gpg would make the first one otherwise."""
_QUIET = ("--batch", "--no-tty", "--no-options", "--status-fd", "2")
_READ_ONLY = ("--lock-never", "--no-auto-check-trustdb", "--trust-model", "always")
_LISTING = ("--with-colons", "--fixed-list-mode", "--with-keygrip", "--with-subkey-fingerprint")
_NOT_FOUND = "ERROR keylist.getkey 9"
"""Status line for "No public key" (GPG_ERR_NO_PUBKEY)."""
_ERROR_TAIL = 2000


@dataclass(frozen=True, slots=True)
class Home:
    """One GnuPG home directory and the programs to work with it."""

    directory: Path
    programs: Programs

    @classmethod
    def of(cls, ctx: KeyContext) -> Self:
        """Return the caller's home: GNUPGHOME, else GnuPG's default below HOME."""
        return cls(ctx.gnupg_home or Path.home() / ".gnupg", ctx.programs)

    @property
    def used(self) -> bool:
        """False where nothing was ever stored: then gpg is not run, because it would create it."""
        return any((self.directory / name).exists() for name in _KEYRINGS)

    def prepare(self) -> None:
        """Create the home where there is none, and start its agent. Raises NotWritable."""
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise NotWritable(path=str(self.directory), reason=error.strerror or "") from error
        self.agent().close()

    def gpg(
        self, arguments: Sequence[str], *, stdin: bytes = b"", descriptors: Sequence[int] = ()
    ) -> Completed:
        """Run gpg in this home without its configuration; status lines come on stderr."""
        return self._run("gpg", (*_QUIET, *arguments), stdin=stdin, descriptors=descriptors)

    def certificates(self, *names: str) -> tuple[ListedCertificate, ...]:
        """List the certificates with these full fingerprints (all without any); no agent needed.

        Raises ToolFailed and KeyUnreadable.
        """
        done = self.gpg((*_READ_ONLY, *_LISTING, "--list-keys", "--", *names))
        if done.status != 0 and _NOT_FOUND not in done.stderr.decode(errors="replace"):
            raise failed(done)
        return _parsed(done)

    def certificates_of(self, grips: Sequence[str]) -> tuple[ListedCertificate, ...]:
        """List the certificates that have keys with these keygrips, and perhaps others."""
        if not grips:
            return ()
        if len(grips) <= MAX_NAMES:
            names = (f"&{grip}" for grip in grips)
            done = self.gpg((*_READ_ONLY, *_LISTING, "--list-keys", "--", *names))
            if done.status == 0 or _NOT_FOUND in done.stderr.decode(errors="replace"):
                return _parsed(done)
        return self.certificates()  # a pubring.gpg of old cannot be searched by keygrip

    def export(self, fingerprint: str) -> bytes:
        """Return the binary certificate. Raises ToolFailed and LimitReached."""
        done = self.gpg((*_READ_ONLY, "--export", "--", fingerprint))
        if done.status != 0 or not done.stdout:
            raise failed(done)
        if len(done.stdout) > MAX_CERTIFICATE:
            raise LimitReached(what="bytes of a certificate", limit=MAX_CERTIFICATE)
        return done.stdout

    def agent(self) -> Assuan:
        """Connect to this home's agent; start it where none is running. Raises AgentMissing.

        GnuPG decides where the socket is each time anew: once /run/user/UID exists it looks there,
        while an agent that was started before goes on listening in the home itself. That one is
        used then, because a second agent would ask again and could not reach its card.
        """
        configured = self._configured_socket()
        for path in dict.fromkeys((configured, self.directory / SOCKET)):
            try:
                return self._connect(path)
            except AgentMissing:
                continue
        started = self._run("gpgconf", ("--launch", "gpg-agent"))
        try:
            return self._connect(configured)
        except AgentMissing as error:
            said = started.stderr.decode(errors="replace").strip()
            reason = said[-_ERROR_TAIL:] or error.reason
            raise AgentMissing(key=STORE, reason=reason) from error

    def _configured_socket(self) -> Path:
        done = self._run("gpgconf", ("--list-dirs", "agent-socket"))
        if done.status != 0:
            raise failed(done)
        return Path(os.fsdecode(done.stdout.removesuffix(b"\n")))

    def _connect(self, path: Path) -> Assuan:
        try:
            owner = self.directory.stat().st_uid
        except OSError as error:
            raise AgentMissing(reason=f"{self.directory}: {error.strerror}") from error
        return Assuan.connect(path, frozenset({os.geteuid(), owner}))

    def _run(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        stdin: bytes = b"",
        descriptors: Sequence[int] = (),
    ) -> Completed:
        # HOME too: GnuPG compares GNUPGHOME with it to find out whether this is the default home,
        # and the place of the agent's socket depends on that.
        environment = {"GNUPGHOME": str(self.directory), "HOME": str(Path.home())}
        return self.programs.run(
            name, arguments, stdin=stdin, descriptors=descriptors, environment=environment
        )


def failed(done: Completed) -> ToolFailed:
    """Return the error for a GnuPG program that did not do its work."""
    words = done.stderr.decode(errors="replace")[-_ERROR_TAIL:]
    return ToolFailed(program=Path(done.command[0]).name, exit_status=done.status, output=words)


def _parsed(done: Completed) -> tuple[ListedCertificate, ...]:
    try:
        return parse_listing(done.stdout)
    except ArtifactMalformed as error:
        raise KeyUnreadable(key=STORE, reason=f"gpg's key listing has {error.found}") from error
