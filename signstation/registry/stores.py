"""Finds key stores: modules of their package that end in KEYSTORE.

Apart from the formats, since a key worker has none of them in memory.
"""

from __future__ import annotations

from collections.abc import Mapping

import signstation.keystores
from signstation.errors import KeyStoreUnknown
from signstation.interfaces.keystore import KeyStore
from signstation.registry.modules import modules


def load_keystores() -> Mapping[str, KeyStore]:
    """Import every key store; sorted by id. Modules without KEYSTORE are parts of a neighbour."""
    found: list[KeyStore] = [
        module.KEYSTORE for module in modules(signstation.keystores) if hasattr(module, "KEYSTORE")
    ]
    return {each.id: each for each in sorted(found, key=lambda each: each.id)}


def keystore(stores: Mapping[str, KeyStore], prefix: str) -> KeyStore:
    """Return the store of a key reference's prefix. Raises KeyStoreUnknown."""
    if prefix not in stores:
        raise KeyStoreUnknown(key=prefix)
    return stores[prefix]
