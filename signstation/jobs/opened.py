"""Opening the artifact of a step: beneath its root, once; copied where others could change it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from signstation.errors import ArtifactChanged, HardLinked
from signstation.jobs.sealed import StepPlan
from signstation.system.files import (
    components,
    open_directory,
    open_regular,
    open_root,
    shown,
    writing,
)
from signstation.system.files_copy import copy_whole, keep_metadata, unnamed_file
from signstation.system.files_mounts import changeable_by_others, foreign_place


@dataclass(frozen=True, slots=True)
class Opened:
    """An open artifact. ``status`` is the file's own also where ``descriptor`` is a private copy.

    ``changeable``: others could change the bytes while we work; ``private``: it is a copy of such a
    file. The descriptor is read-only and whoever opened it closes it.
    """

    descriptor: int
    status: os.stat_result
    changeable: bool
    private: bool = False


@dataclass(slots=True)
class Opener:
    """Opens artifacts. Used by one thread at a time; remembers file systems, not files."""

    _foreign: dict[int, bool] = field(default_factory=dict)

    def open(self, plan: StepPlan) -> Opened:
        """Open a step's artifact. Blocks.

        Raises the errors of ``open_regular``, ArtifactChanged for another size than planned and
        HardLinked in place.
        """
        root = open_root(plan.root)
        try:
            descriptor = open_regular(root, plan.name, plan.path)
            try:
                return self._checked(root, descriptor, plan)
            except BaseException:
                os.close(descriptor)
                raise
        finally:
            os.close(root)

    def _checked(self, root: int, descriptor: int, plan: StepPlan) -> Opened:
        status = os.fstat(descriptor)
        if status.st_size != plan.size:
            raise ArtifactChanged(path=shown(plan.path))
        if plan.in_place and status.st_nlink > 1:
            raise HardLinked(path=shown(plan.path), links=status.st_nlink)
        directory = open_directory(root, components(plan.name, plan.path)[:-1], plan.path)
        try:
            place = os.fstat(directory)
        finally:
            os.close(directory)
        changeable = self._is_foreign(status.st_dev) or changeable_by_others(status, place)
        return Opened(descriptor, status, changeable)

    def _is_foreign(self, device: int) -> bool:
        if device not in self._foreign:
            self._foreign[device] = foreign_place(device)
        return self._foreign[device]


def close_opened(opened: Opened) -> None:
    """Close the descriptor."""
    os.close(opened.descriptor)


def private_copy(opened: Opened, private: Path, checkpoint: Callable[[], None]) -> Opened:
    """Return a copy in a file without a name, gone when we are; the original is closed.

    ``private`` is the directory; ``checkpoint`` may raise. Raises DiskFull, NotWritable and
    ArtifactUnreadable. Blocks for the length of the file.
    """
    try:
        with writing(private):
            copy = unnamed_file(private)
            try:
                size = opened.status.st_size
                copy_whole(opened.descriptor, copy, size, lambda _: checkpoint())
                keep_metadata(opened.status, opened.descriptor, copy)
                descriptor = os.open(f"/proc/self/fd/{copy}", os.O_RDONLY | os.O_CLOEXEC)
            finally:
                os.close(copy)
    finally:
        os.close(opened.descriptor)
    return Opened(descriptor, opened.status, changeable=False, private=True)
