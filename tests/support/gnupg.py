"""Private GnuPG homes with throw-away keys, for tests: real gpg, real agent, real time or faked."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

GPG = "/usr/bin/gpg"
GPGCONF = "/usr/bin/gpgconf"
GPGV = "/usr/bin/gpgv"

_FAST_S2K = ("--s2k-count", "65536")


@dataclass(frozen=True, slots=True)
class TestKey:
    """A key in a GnupgHome: fingerprints of the primary and of the key that signs."""

    __test__ = False  # not a test class

    primary: str
    signing: str
    passphrase: str = ""

    @property
    def exact(self) -> str:
        """What ``gpg -u`` takes to mean this very key."""
        return f"{self.signing}!"


class GnupgError(AssertionError):
    """Gpg did not do what a test needed; holds what it said."""


class GnupgHome:
    """A GnuPG home of its own under /tmp (socket paths must be short); kills its agent at close.

    ``time`` of each method is Unix seconds and fakes gpg's clock for that one call.
    """

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="sg-", dir="/tmp"))
        self.path.chmod(0o700)
        # Cheap key derivation (for tests only), and no tty or window for anybody.
        (self.path / "gpg-agent.conf").write_text(
            "allow-loopback-pinentry\ns2k-count 65536\npinentry-program /bin/false\n"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kill the agent of this home and remove it."""
        self.kill_agent()
        shutil.rmtree(self.path, ignore_errors=True)

    def kill_agent(self) -> None:
        """End gpg-agent (and keyboxd, scdaemon) of this home."""
        subprocess.run([GPGCONF, "--homedir", str(self.path), "--kill", "all"], check=False)

    def socket(self, name: str = "agent-socket") -> Path:
        """Return where this home's agent listens: in it, or below /run/user where that exists.

        Other programs create /run/user (librepo does): no test may lean on either place.
        """
        done = subprocess.run(
            [GPGCONF, "--homedir", str(self.path), "--list-dirs", name],
            check=True,
            capture_output=True,
            text=True,
        )
        return Path(done.stdout.strip())

    @property
    def environment(self) -> dict[str, str]:
        """Environment for programs that find this home by GNUPGHOME."""
        return {**os.environ, "GNUPGHOME": str(self.path), "LC_ALL": "C.UTF-8", "TZ": "UTC"}

    def gpg(
        self,
        *arguments: str,
        stdin: bytes = b"",
        time: int | None = None,
        passphrase: str = "",
        check: bool = True,
        program: Sequence[str] = (GPG,),
    ) -> subprocess.CompletedProcess[bytes]:
        """Run gpg in this home; raise GnupgError on failure unless ``check`` is False."""
        clock = () if time is None else ("--faked-system-time", f"{time}!")
        read, write = os.pipe()
        os.write(write, passphrase.encode() + b"\n")
        os.close(write)
        command = [
            *program,
            *("--homedir", str(self.path), "--batch", "--no-tty", "--quiet"),
            *("--pinentry-mode", "loopback", "--passphrase-fd", str(read)),
            *("--trust-model", "always", *clock, *arguments),
        ]
        try:
            done = subprocess.run(
                command,
                input=stdin,
                capture_output=True,
                env=self.environment,
                pass_fds=(read,),
                check=False,
                timeout=60,
            )
        finally:
            os.close(read)
        if check and done.returncode != 0:
            message = f"{' '.join(command)}\n{done.stderr.decode(errors='replace')}"
            raise GnupgError(message)
        return done

    def generate(  # noqa: PLR0913 - the properties of a key
        self,
        algorithm: str = "ed25519",
        *,
        name: str = "Test Signer <signer@example.org>",
        passphrase: str = "",
        time: int | None = None,
        expires: str = "never",
        subkey: bool = False,
        subkey_expires: str = "never",
    ) -> TestKey:
        """Make a key; return its fingerprints.

        ``algorithm``: ed25519, rsa2048, rsa3072, rsa4096, nistp256, … ``subkey``: a certify-only
        primary with a signing subkey, else one key that does both. ``expires`` as gpg takes it:
        ``never``, ``1d``, ``seconds=60``, an ISO date.
        """
        usage = "cert" if subkey else "cert,sign"
        self.gpg(
            *("--quick-generate-key", name, algorithm, usage, expires),
            time=time,
            passphrase=passphrase,
        )
        primary = self.fingerprints(secret=True)[-1][0]
        if not subkey:
            return TestKey(primary, primary, passphrase)
        self.add_subkey(
            primary, algorithm, passphrase=passphrase, time=time, expires=subkey_expires
        )
        return TestKey(primary, self._keys_of(primary)[-1], passphrase)

    def add_subkey(
        self,
        primary: str,
        algorithm: str = "ed25519",
        *,
        passphrase: str = "",
        time: int | None = None,
        expires: str = "never",
    ) -> str:
        """Add a signing subkey; return its fingerprint."""
        if algorithm.startswith("nistp"):
            algorithm += "/ecdsa"  # else gpg takes a curve of a subkey for ECDH
        self.gpg(
            *("--quick-add-key", primary, algorithm, "sign", expires),
            time=time,
            passphrase=passphrase,
        )
        return self._keys_of(primary)[-1]

    def fingerprints(self, *, secret: bool = False) -> list[list[str]]:
        """Return the fingerprints of each key in the home: primary first, then its subkeys."""
        what = "--list-secret-keys" if secret else "--list-keys"
        listing = self.gpg("--with-colons", "--with-subkey-fingerprint", what).stdout.decode()
        found: list[list[str]] = []
        for line in listing.splitlines():
            fields = line.split(":")
            if fields[0] in {"pub", "sec"}:
                found.append([])
            elif fields[0] == "fpr":
                found[-1].append(fields[9])
        return found

    def _keys_of(self, primary: str) -> list[str]:
        return next(keys for keys in self.fingerprints() if keys[0] == primary)

    def export(self, *fingerprints: str, armor: bool = False) -> bytes:
        """Return the public certificates."""
        return self.gpg(*(("--armor",) if armor else ()), "--export", *fingerprints).stdout

    def export_secret(self, fingerprint: str, passphrase: str = "") -> bytes:
        """Return the private key, protected as it is in the home."""
        return self.gpg("--export-secret-keys", fingerprint, passphrase=passphrase).stdout

    def import_key(self, material: bytes) -> None:
        """Import certificates or keys."""
        self.gpg("--import", stdin=material)

    def sign(
        self,
        content: bytes,
        key: TestKey,
        *,
        time: int | None = None,
        armor: bool = False,
        hash_name: str = "SHA256",
        extra: Sequence[str] = (),
    ) -> bytes:
        """Return gpg's own detached signature (binary unless ``armor``)."""
        return self.gpg(
            *(("--armor",) if armor else ()),
            *("--digest-algo", hash_name, *extra, "--detach-sign", "-u", key.exact),
            stdin=content,
            time=time,
            passphrase=key.passphrase,
        ).stdout

    def set_expiry(
        self, key: TestKey, expires: str, *, time: int | None = None, subkeys: bool = False
    ) -> None:
        """Set a new expiry time of the primary, or of all subkeys."""
        self.gpg(
            *("--quick-set-expire", key.primary, expires, *(("*",) if subkeys else ())),
            time=time,
            passphrase=key.passphrase,
        )

    def revoke(self, key: TestKey, reason: int = 0, *, time: int | None = None) -> None:
        """Revoke the primary key: 0 no reason, 1 compromised, 2 superseded, 3 no longer used."""
        certificate = self._interactive(
            ("--gen-revoke", key.primary), ("y", str(reason), "", "y"), key, time
        )
        self.import_key(certificate)

    def revoke_subkey(self, key: TestKey, reason: int = 0, *, time: int | None = None) -> None:
        """Revoke the signing subkey (the first subkey) with a reason code as ``revoke``."""
        number = self._keys_of(key.primary).index(key.signing)
        answers = (f"key {number}", "revkey", "y", str(reason), "", "y", "save")
        self._interactive(("--edit-key", key.primary), answers, key, time)

    def _interactive(
        self, arguments: Sequence[str], answers: Sequence[str], key: TestKey, time: int | None
    ) -> bytes:
        # --batch forbids these two; --command-fd answers their questions instead.
        clock = () if time is None else ("--faked-system-time", f"{time}!")
        secret, write = os.pipe()
        os.write(write, key.passphrase.encode() + b"\n")
        os.close(write)
        try:
            done = subprocess.run(
                [
                    *(GPG, "--homedir", str(self.path), "--no-tty", "--quiet", *clock),
                    *("--pinentry-mode", "loopback", "--passphrase-fd", str(secret)),
                    *("--trust-model", "always", "--command-fd", "0", *arguments),
                ],
                input="".join(f"{answer}\n" for answer in answers).encode(),
                capture_output=True,
                env=self.environment,
                pass_fds=(secret,),
                check=False,
                timeout=60,
            )
        finally:
            os.close(secret)
        if done.returncode != 0:
            raise GnupgError(done.stderr.decode(errors="replace"))
        return done.stdout
