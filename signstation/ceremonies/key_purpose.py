"""What a key is for, and which algorithms its users accept: the words of key generation.

What verifiers take was measured (RPM on EL 8 to 10 and SUSE, apt 2 and 3, kernels 6.1 to 7.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import assert_never

from signstation.ceremonies.answers import Choice
from signstation.model.orders import KeyForm, X509Use
from signstation.model.text import Text


class Purpose(Enum):
    """What the key will sign; it decides the form of the key."""

    PACKAGES = "packages"
    MODULES = "modules"
    CODE = "code"
    SSH = "ssh"

    @property
    def form(self) -> KeyForm:
        """OpenPGP for packages and files, SSH for what developers sign, X.509 for the rest."""
        match self:
            case Purpose.PACKAGES:
                return KeyForm.OPENPGP
            case Purpose.MODULES | Purpose.CODE:
                return KeyForm.X509
            case Purpose.SSH:
                return KeyForm.SSH
        assert_never(self)

    @property
    def usage(self) -> X509Use:
        """The certificate profile, for keys that have a certificate."""
        return X509Use.MODULES if self is Purpose.MODULES else X509Use.CODE_SIGNING


PURPOSES = (
    Choice(
        Purpose.PACKAGES.value,
        Text("Packages and files"),
        Text(
            "RPM and Debian packages, APT repositories, and signatures beside any file. Makes an "
            "OpenPGP key: a primary key that only certifies, and a subkey that signs."
        ),
    ),
    Choice(
        Purpose.MODULES.value,
        Text("Kernel modules"),
        Text(
            "Modules for machines with Secure Boot. Makes a key with a certificate for modules "
            "only: shim refuses it for boot loaders, so a stolen key boots nothing."
        ),
    ),
    Choice(
        Purpose.CODE.value,
        Text("Code signing"),
        Text(
            "CMS signatures beside any file, as companies with X.509 certificates use them. "
            "Makes a key with a self-signed certificate."
        ),
    ),
    Choice(
        Purpose.SSH.value,
        Text("SSH signatures"),
        Text(
            "Signatures beside any file that ssh-keygen verifies, among people who have SSH keys "
            "already. Makes a key pair without a certificate; it has no end of its own."
        ),
    ),
)

ALGORITHMS: Mapping[Purpose, tuple[Choice, ...]] = {
    Purpose.PACKAGES: (
        Choice(
            "rsa4096",
            Text("RSA-4096"),
            Text(
                "Every RPM and APT that is in use accepts it. Signatures are larger, and a "
                "signature takes some milliseconds."
            ),
            recommended=True,
        ),
        Choice(
            "ed25519",
            Text("Ed25519"),
            Text(
                "Small and fast, accepted by APT. RPM on EL 8, SLE 15 and Leap 15 refuses it, and "
                "so does every machine in FIPS mode."
            ),
        ),
        Choice(
            "p256",
            Text("P-256 (ECDSA)"),
            Text(
                "Accepted by current APT and RPM, in FIPS mode too. RPM on EL 8, SLE 15 and "
                "Leap 15 refuses it."
            ),
        ),
    ),
    Purpose.MODULES: (
        Choice(
            "rsa4096",
            Text("RSA-4096"),
            Text("Every kernel and every shim accepts it, signed with SHA-256."),
            recommended=True,
        ),
        Choice(
            "rsa2048",
            Text("RSA-2048"),
            Text(
                "For firmware that is too old for larger keys. Accepted everywhere, but short of "
                "what is advised for new keys after 2030."
            ),
        ),
        Choice(
            "p384",
            Text("P-384 (ECDSA)"),
            Text(
                "For kernels from 6.12 on. Debian's 6.1 kernel knows no ECDSA, and has SHA-384 "
                "only as a module: it refuses what this key signs."
            ),
        ),
    ),
    Purpose.CODE: (
        Choice(
            "rsa4096",
            Text("RSA-4096"),
            Text("Accepted by everything that reads CMS."),
            recommended=True,
        ),
        Choice("rsa3072", Text("RSA-3072"), Text("As strong as P-256, and as widely accepted.")),
        Choice(
            "p256",
            Text("P-256 (ECDSA)"),
            Text("Small and fast; tools that know only RSA refuse it."),
        ),
        Choice(
            "p384",
            Text("P-384 (ECDSA)"),
            Text("Stronger than P-256; tools that know only RSA refuse it."),
        ),
    ),
    Purpose.SSH: (
        Choice(
            "ed25519",
            Text("Ed25519"),
            Text("What ssh-keygen makes by itself; every OpenSSH that verifies files accepts it."),
            recommended=True,
        ),
        Choice(
            "p256",
            Text("P-256 (ECDSA)"),
            Text("For machines in FIPS mode, which refuse Ed25519; as fast and as small."),
        ),
        Choice(
            "rsa4096",
            Text("RSA-4096"),
            Text("For other programs that read SSH keys and know only RSA. Larger and slower."),
        ),
    ),
}
"""Choices by purpose; the recommended one is the default."""

_ECDSA = frozenset({"p256", "p384"})
NARROW: Mapping[Purpose, frozenset[str]] = {
    Purpose.PACKAGES: _ECDSA | {"ed25519"},
    Purpose.MODULES: _ECDSA,
    Purpose.CODE: _ECDSA,
    Purpose.SSH: frozenset(),  # what verifies SSH signatures knows all three
}
"""Algorithms that systems in use refuse; the other choices are accepted by all of them."""
