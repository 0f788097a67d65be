"""Names, digits and times of the small release that the window's tests share."""

from __future__ import annotations

import hashlib
from pathlib import Path

NOW = 1_795_530_600
"""2026-11-24 14:30 UTC."""
YEAR = 365 * 86400
RELEASE = Path("/srv/builds/acme-4.2.0")
HOSTILE_NAME = "<img src=x>&a\u202egnp.rpm"
PRIMARY = "9A1C77E00B3DF5A2C4D0118B5E207A31A9D4E0C7"
SUBKEY = "6F02D94C81AA3E1755C0B2E904D79C3A610F2B48"
STRANGER = "41F7A90233CD5E8800D2C6B1E7715AF09B3C4D8E"
MODULE_KEY = hashlib.sha256(b"acme module key").hexdigest()
ROOT_KEY = hashlib.sha256(b"acme root").hexdigest()


def digest(name: str) -> bytes:
    """Return some SHA-256 that belongs to a name."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
