"""What a recorded station answers about media, copies, earlier versions, exports and profiles."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from signstation.model.copies import CopiedIn, CopyNews, CopyOrder, RefusedItem
from signstation.model.exports import Exported, ExportOrder
from signstation.model.lists import ListOrder, MadeList
from signstation.model.media import Medium
from signstation.model.profiles import Profile
from signstation.model.releases import Survey
from signstation.model.versions import Earlier, Subject

T = TypeVar("T")


@dataclass(slots=True)
class ReleaseScript:
    """What the station will say about a release; ``copy`` None signs in place of a copy."""

    media: tuple[Medium, ...] = ()
    copied: Path | None = None
    refused: tuple[RefusedItem, ...] = ()
    earlier: tuple[Earlier, ...] = ()
    profiles: tuple[Profile, ...] = ()
    survey: Survey = field(default_factory=Survey)


class _Recording(Protocol):
    release: ReleaseScript

    def _answer(self, name: str, argument: object, give: Callable[[], T]) -> Future[T]: ...


class RecordedRelease:
    """The part of ``RecordedStation`` that concerns a whole release."""

    def media(self: _Recording) -> Future[tuple[Medium, ...]]:
        """Answer with the script's media."""
        return self._answer("media", None, lambda: self.release.media)

    def copy_in(
        self: _Recording, order: CopyOrder, on_result: Callable[[CopyNews], None]
    ) -> Future[CopiedIn]:
        """Answer with the same paths, or as if they had been copied below ``copied``."""

        def give() -> CopiedIn:
            root = self.release.copied
            if root is None:
                return CopiedIn(order.paths, False, 0, 0, 0.0, (), 0, None)
            on_result(CopyNews(500_000, 1_000_000, 1, "half.rpm"))
            paths = tuple(root / each.name for each in order.paths)
            refused = self.release.refused
            return CopiedIn(paths, True, 3, 1_000_000, 0.5, refused, len(refused), root / "sums")

        return self._answer("copy_in", order, give)

    def survey(self: _Recording, paths: tuple[Path, ...]) -> Future[Survey]:
        """Answer with the script's survey."""
        return self._answer("survey", paths, lambda: self.release.survey)

    def make_list(self: _Recording, order: ListOrder) -> Future[MadeList]:
        """Answer as if the list had been written, with one link left out."""
        path = order.directory / f"{order.algorithm.value.upper()}SUMS"
        links = (order.directory / "latest",)
        return self._answer("make_list", order, lambda: MadeList(path, links))

    def earlier(self: _Recording, subjects: tuple[Subject, ...]) -> Future[tuple[Earlier, ...]]:
        """Answer with the script's earlier versions."""
        return self._answer("earlier", subjects, lambda: self.release.earlier)

    def export(
        self: _Recording, order: ExportOrder, on_result: Callable[[CopyNews], None]
    ) -> Future[Exported]:
        """Answer as if everything had been written."""

        def give() -> Exported:
            on_result(CopyNews(1, 2, 0, "x"))
            directory = order.place / order.name
            return Exported(directory, len(order.files), 1000, 1.0, directory / "report.html")

        return self._answer("export", order, give)

    def profiles(self: _Recording) -> Future[tuple[Profile, ...]]:
        """Answer with the script's profiles."""
        return self._answer("profiles", None, lambda: self.release.profiles)

    def save_profile(self: _Recording, profile: Profile) -> Future[Profile]:
        """Keep it."""

        def give() -> Profile:
            others = (each for each in self.release.profiles if each.name != profile.name)
            self.release.profiles = (*others, profile)
            return profile

        return self._answer("save_profile", profile, give)

    def delete_profile(self: _Recording, name: str) -> Future[Profile]:
        """Forget it."""

        def give() -> Profile:
            (gone,) = (each for each in self.release.profiles if each.name == name)
            self.release.profiles = tuple(
                each for each in self.release.profiles if each is not gone
            )
            return gone

        return self._answer("delete_profile", name, give)
