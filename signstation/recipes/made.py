"""What a recipe makes: files with the places that they belong to, and the commands equal to it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RecipeFile:
    """A file: ``name`` is its path below the output directory, ``place`` where consumers have it.

    ``place`` is an absolute path on the consumer's machine or, for what is fetched, an address
    below a server's root; ``says`` is a sentence about it.
    """

    name: str
    place: str
    content: bytes
    says: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """Files, sentences that a consumer should know, and commands that make or use the same."""

    files: tuple[RecipeFile, ...]
    notes: tuple[str, ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()
