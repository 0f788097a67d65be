"""What a format of repositories may know besides: where packages are, and what came before."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from signstation.interfaces.artifact import Artifact
from signstation.interfaces.context import Context
from signstation.interfaces.format import Surrounded
from signstation.model.artifacts import Finding, Inspection
from signstation.model.members import OpenedMember
from signstation.model.options import Options


@runtime_checkable
class Archive(Surrounded, Protocol):
    """A format whose signature covers packages by way of indexes: they need none of their own."""

    @property
    def id(self) -> str:
        """The format's id."""
        ...

    @property
    def inner(self) -> str:
        """Id of the packages' format."""
        ...

    def packages_root(self, name: str) -> str:
        """Return the directory that indexes name packages from: "" or "a/b/", as ``name`` is."""
        ...

    def rebuild(self, directory: str) -> tuple[str, ...]:
        """Return a command that makes the indexes of a packages' root anew."""
        ...

    def open_member(
        self, artifact: Artifact, place: str, member: Artifact, ctx: Context
    ) -> OpenedMember:
        """Read the packages that an index names; what cannot be read is told, not raised.

        Bounded by the format. Raises Cancelled.
        """
        ...


@runtime_checkable
class Succeeding(Protocol):
    """A format whose artifacts take the place of an earlier state at their consumers."""

    def foresee(
        self, current: Inspection, previous: Inspection | None, options: Options, time: int
    ) -> tuple[Finding, ...]:
        """Say what consumers will make of the artifact as it will be signed at ``time``.

        ``previous`` is the state that it replaces, None where there is none.
        """
        ...
