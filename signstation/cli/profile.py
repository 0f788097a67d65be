"""Orders from a saved profile that has a key for each kind of artifact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from signstation.cli.conversation import Conversation
from signstation.errors import UsageError
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import KeyRef
from signstation.model.options import Existing
from signstation.model.orders import SignOrder, signing_format
from signstation.model.profiles import KindChoice
from signstation.model.station import Inspected

E = TypeVar("E", HashAlgorithm, Existing)


def by_kind(
    talk: Conversation, base: SignOrder, kinds: Sequence[KindChoice], keys: Sequence[KeyRef]
) -> tuple[SignOrder, ...]:
    """Split an order: one per kind of the profile and directory, each with its own key.

    ``keys`` are those of ``kinds``, resolved; a kind without a hash has that of ``base``. Files
    that cannot be read go to the first order, so that its plan names them; those of other kinds
    are left out. Raises UsageError where nothing is left, and for a hash that is none.
    """
    found: list[Inspected] = []
    talk.wait(talk.api.inspect(base.paths, None, talk.each(found.append)))
    groups: dict[tuple[str, Path | None], list[Path]] = {}
    unreadable: list[Path] = []
    for each in found:
        if base.output is not None and each.path.is_relative_to(base.output):
            continue
        if each.inspection is None:
            unreadable.append(each.path)
        else:
            key = (each.inspection.format, _root(base.paths, each.path))
            groups.setdefault(key, []).append(each.path)
    orders = [
        replace(
            base,
            paths=tuple(paths),
            keys=(key,),
            format=signing_format(kind.format, kind.signature),
            signature=kind.signature or None,
            hash=one_of(HashAlgorithm, kind.hash) if kind.hash else base.hash,
            root=root,
            output=base.output or base.paths[0].parent / "signed",
        )
        for kind, key in zip(kinds, keys, strict=True)
        for (format_id, root), paths in groups.items()
        if format_id == kind.format
    ]
    if not orders:
        raise UsageError(reason="nothing here is of a kind that the profile signs")
    orders[0] = replace(orders[0], paths=(*orders[0].paths, *unreadable))
    return tuple(orders)


def one_of(kind: type[E], value: str) -> E:
    """Return the member of an enum that has this value. Raises UsageError."""
    try:
        return kind(value)
    except ValueError as error:
        raise UsageError(reason=f"{value} is not a value of {kind.__name__}") from error


def _root(paths: Sequence[Path], path: Path) -> Path | None:
    above = (each for each in paths if each != path and path.is_relative_to(each))
    return next(above, None)
