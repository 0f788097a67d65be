"""Saved profiles: named defaults for signing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KindChoice:
    """Which key signs the artifacts of a format, as which signature type and with which hash.

    An empty ``hash`` leaves it to the profile, and to what is usual for the format.
    """

    format: str
    key: str
    signature: str
    hash: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """Named defaults of ``sign --profile NAME``; what the command line gives wins.

    ``artifact_type`` is what ``--as`` takes; empty strings and tuples mean "not set". With
    ``kinds`` each format has a key of its own, and formats that are not there are left unsigned.
    """

    name: str
    source: str
    keys: tuple[str, ...] = ()
    artifact_type: str = ""
    hash: str = ""
    certificates: tuple[str, ...] = ()
    existing: str = ""
    options: tuple[tuple[str, str], ...] = ()
    output: str = ""
    kinds: tuple[KindChoice, ...] = ()
