"""Where PKCS#11 tokens are looked for: the modules that speak for them, and what these read."""

from __future__ import annotations

from dataclasses import dataclass
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
SoftHSM and YubiHSM find their configuration. None of them names code to run."""


@dataclass(frozen=True, slots=True)
class TokenPlaces:
    """Absolute paths of PKCS#11 modules, and values of variables out of ENVIRONMENT."""

    modules: tuple[Path, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
