"""Where new keys of this caller would lie: what the guided procedures have to say beforehand."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from signstation.app.connect import GNUPG_VARIABLE
from signstation.app.home import state_directory
from signstation.ceremonies.key_fields import Places, known_files
from signstation.model.keys import KeyInfo

_KEYS = "keys"
"""Name of the station's own key directory (``keyfile_write.key_directory``)."""


def places(environment: Mapping[str, str], keys: tuple[KeyInfo, ...]) -> Places:
    """Return the places of the station and GnuPG home that the environment names."""
    named = environment.get(GNUPG_VARIABLE)
    return Places(
        gnupg_home=Path(named).absolute() if named else Path.home() / ".gnupg",
        key_directory=state_directory(environment) / _KEYS,
        taken=known_files(keys),
        now=int(time.time()),
    )
