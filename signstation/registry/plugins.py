"""Finds formats: modules of their package that end in FORMAT.

A format's module has its id for a name, and those that are parts of it begin with that and a ``_``.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache

import signstation.formats
from signstation.errors import FormatUnknown
from signstation.interfaces.artifact import Source
from signstation.interfaces.format import Format
from signstation.registry.modules import modules


def load_formats() -> Mapping[str, Format]:
    """Import every format; sorted by id. Modules without FORMAT are parts of a neighbour."""
    found: list[Format] = [
        module.FORMAT for module in modules(signstation.formats) if hasattr(module, "FORMAT")
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


def detect(formats: Mapping[str, Format], source: Source) -> Format:
    """Return the format that is surest about the content. Raises FormatUnknown."""
    best = max(formats.values(), key=lambda each: each.recognise(source), default=None)
    if best is None or best.recognise(source) == 0:
        raise FormatUnknown
    return best
