"""SoftHSM tokens with a configuration of their own; keys come from outside.

A process reads one configuration, once: only one test module loads SoftHSM into the test process,
all others use key workers.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from signstation.model.tokens import TokenPlaces

PIN = "123456"
SO_PIN = "12345678"
MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")


@dataclass
class SoftHsm:
    """A directory of tokens; ``close`` removes it."""

    root: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="hsm-", dir="/tmp")))

    def __post_init__(self) -> None:
        (self.root / "tokens").mkdir()
        self.configuration.write_text(
            f"directories.tokendir = {self.root}/tokens\n"
            "objectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n"
        )

    @property
    def configuration(self) -> Path:
        """What SOFTHSM2_CONF names."""
        return self.root / "softhsm2.conf"

    @property
    def environment(self) -> dict[str, str]:
        """For tools that load the module."""
        return {**os.environ, "SOFTHSM2_CONF": str(self.configuration)}

    @property
    def places(self) -> TokenPlaces:
        """What the settings would say."""
        return TokenPlaces((MODULE,), (("SOFTHSM2_CONF", str(self.configuration)),))

    @property
    def settings(self) -> str:
        """The table of a settings file."""
        return (
            f'[pkcs11]\nmodules = ["{MODULE}"]\n'
            f'environment = {{ SOFTHSM2_CONF = "{self.configuration}" }}\n'
        )

    def token(self, label: str) -> None:
        """Initialise a token."""
        self._run(
            "softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", SO_PIN,
            "--pin", PIN,
        )  # fmt: skip

    def import_key(self, token: str, label: str, identifier: str, key: PrivateKeyTypes) -> None:
        """Bring a private key onto a token, with its public half."""
        path = self.root / "import.pem"
        path.touch(0o600)
        path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        self._run(
            "softhsm2-util", "--import", str(path), "--token", token, "--label", label,
            "--id", identifier, "--pin", PIN,
        )  # fmt: skip
        path.unlink()

    def write_certificate(self, token: str, identifier: str, der: bytes) -> None:
        """Put a certificate beside a key."""
        path = self.root / "certificate.der"
        path.write_bytes(der)
        self._run(
            "pkcs11-tool", "--module", str(MODULE), "--token-label", token, "--login",
            "--pin", PIN, "--write-object", str(path), "--type", "cert", "--id", identifier,
        )  # fmt: skip

    def close(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.root)

    def _run(self, *command: str) -> None:
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            sys.stderr.write(done.stdout + done.stderr)
            done.check_returncode()
