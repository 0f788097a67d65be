"""Tokens: devices with keys as a station sees them, and where PKCS#11 tokens are looked for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

PKCS11_STORE = "pkcs11"
"""The store of keys in HSMs and tokens behind a PKCS#11 module."""

ENVIRONMENT = (
    "CKNFAST_LOADSHARING",
    "CS_PKCS11_R3_CFG",
    "ChrystokiConfigurationPath",
    "OPENSC_CONF",
    "PCSCLITE_CSOCK_NAME",
    "SOFTHSM2_CONF",
    "YUBIHSM_PKCS11_CONF",
)
"""Variables that a module may be given: how nShield, Utimaco, Luna, OpenSC, pcscd's clients,
SoftHSM and YubiHSM find their configuration. Settings are as trusted as the modules they name."""


@dataclass(frozen=True, slots=True)
class TokenPlaces:
    """Absolute paths of PKCS#11 modules, and values of variables out of ENVIRONMENT."""

    modules: tuple[Path, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()


class PinState(Enum):
    """How far wrong PINs have gone."""

    GOOD = "good"
    LOW = "low"  # at least one was wrong
    LAST = "last"  # the next wrong one blocks it
    BLOCKED = "blocked"
    UNSAID = "unsaid"  # the device does not say


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """A device that is there now; reading this never prompts.

    ``device`` is its name with what is printed on it (untrusted text); ``tries`` are those of the
    PIN that signs, None where the device does not count aloud.
    """

    store: str
    device: str
    kind: str  # "OpenPGP card", "PKCS#11 token"
    pin: PinState
    tries: int | None = None
    pin_each: bool = False
    touch: bool = False
