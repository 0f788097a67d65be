"""Finds formats and key stores: modules of the two packages that end in FORMAT or KEYSTORE.

A format's module has its id for a name, and those that are parts of it begin with that and a ``_``.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
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


class FormatsOnDemand(Mapping[str, Format]):
    """Every format by id, imported when it is first asked for.

    For processes that need what one or two of them declare; a worker in a sandbox can import
    nothing any more and takes ``load_formats``.
    """

    def __getitem__(self, id_: str) -> Format:
        """Import a format. Raises KeyError."""
        if id_ not in _format_names():
            raise KeyError(id_)
        found: Format = importlib.import_module(f"{signstation.formats.__name__}.{id_}").FORMAT
        return found

    def __iter__(self) -> Iterator[str]:
        """Iterate over the ids, sorted."""
        return iter(_format_names())

    def __len__(self) -> int:
        """Return how many there are."""
        return len(_format_names())


@cache
def _format_names() -> tuple[str, ...]:
    found = pkgutil.iter_modules(signstation.formats.__path__)
    return tuple(sorted(each.name for each in found if "_" not in each.name))


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
