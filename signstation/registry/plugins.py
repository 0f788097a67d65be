"""Finds formats and key stores: modules of the two packages that end in FORMAT or KEYSTORE."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from types import ModuleType

import signstation.formats
import signstation.keystores
from signstation.errors import FormatUnknown, KeyStoreUnknown
from signstation.interfaces.artifact import Source
from signstation.interfaces.format import Format
from signstation.interfaces.keystore import KeyStore


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.iter_modules(package.__path__):
        yield importlib.import_module(f"{package.__name__}.{found.name}")


def load_formats() -> Mapping[str, Format]:
    """Import every format; sorted by id. Modules without FORMAT are parts of a neighbour."""
    found: list[Format] = [
        module.FORMAT for module in _modules(signstation.formats) if hasattr(module, "FORMAT")
    ]
    return {each.id: each for each in sorted(found, key=lambda each: each.id)}


def load_keystores() -> Mapping[str, KeyStore]:
    """Import every key store; sorted by id."""
    found: list[KeyStore] = [
        module.KEYSTORE for module in _modules(signstation.keystores) if hasattr(module, "KEYSTORE")
    ]
    return {each.id: each for each in sorted(found, key=lambda each: each.id)}


def detect(formats: Mapping[str, Format], source: Source) -> Format:
    """Return the format that is surest about the content. Raises FormatUnknown."""
    best = max(formats.values(), key=lambda each: each.recognise(source), default=None)
    if best is None or best.recognise(source) == 0:
        raise FormatUnknown
    return best


def keystore(stores: Mapping[str, KeyStore], prefix: str) -> KeyStore:
    """Return the store of a key reference's prefix. Raises KeyStoreUnknown."""
    if prefix not in stores:
        raise KeyStoreUnknown(key=prefix)
    return stores[prefix]
