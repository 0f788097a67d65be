"""Signing a large file in place: old bytes journalled, result rechecked, then patched or put back.

Small files, and all on file systems that share blocks, are staged and renamed instead: that is
simpler, and no moment of it is half done.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from signstation.effects import Effect
from signstation.errors import ArtifactChanged, NotWritable, SignstationError
from signstation.jobs.checkpoints import Checkpoints, Point
from signstation.jobs.opened import Opened
from signstation.jobs.original import Original
from signstation.jobs.sealed import StepPlan
from signstation.model.outputs import Output, Patch, Patched
from signstation.system.files import open_regular, open_root, shown, writing_error
from signstation.system.files_copy import in_place
from signstation.system.files_patch import (
    apply_patches,
    can_clone,
    is_between,
    put_back,
    read_ranges,
)

MIN_IN_PLACE = 64 * 1024 * 1024
"""Bytes from which on a file is patched and not copied; a copy below takes a tenth of a second."""


def patches_in_place(
    plan: StepPlan, opened: Opened, outputs: Sequence[Output]
) -> tuple[Patch, ...]:
    """Return what to write into the artifact itself; empty where it is better staged. Blocks."""
    if not plan.in_place or plan.size < MIN_IN_PLACE or opened.private or len(outputs) != 1:
        return ()
    (output,) = outputs
    if not isinstance(output, Patched) or not in_place(output.patches, plan.size):
        return ()
    directory = open_root(plan.root)
    try:
        return () if can_clone(opened.descriptor, directory) else output.patches
    finally:
        os.close(directory)


def original_of(opened: Opened, patches: tuple[Patch, ...]) -> Original:
    """Return what the patches replace. Raises ArtifactUnreadable. Blocks."""
    old = read_ranges(opened.descriptor, patches)
    return Original(opened.status.st_ino, opened.status.st_size, patches, old)


def patch_file(
    plan: StepPlan, source: os.stat_result, original: Original, checkpoints: Checkpoints
) -> None:
    """Write the patches and read them back; whatever fails, the old bytes are put back. Blocks.

    ``source`` is the file's status as it was opened. Raises ArtifactChanged, DiskFull, NotWritable;
    an error with effect UNKNOWN says that the file could not be put back.
    """
    descriptor = _open(plan)
    try:
        status = os.fstat(descriptor)
        facts = ("st_dev", "st_ino", "st_size", "st_mtime_ns")
        if any(getattr(status, fact) != getattr(source, fact) for fact in facts):
            raise ArtifactChanged(path=shown(plan.path))
        try:
            _patch(descriptor, original, checkpoints)
        except (OSError, SignstationError) as error:
            known = writing_error(error, plan.path) if isinstance(error, OSError) else error
            raise _put_back(descriptor, original, known) from error
    finally:
        os.close(descriptor)


def _patch(descriptor: int, original: Original, checkpoints: Checkpoints) -> None:
    patches = original.patches
    size = original.size + sum(len(patch.new) - patch.old_length for patch in patches)
    apply_patches(descriptor, patches, size, lambda: checkpoints.reached(Point.BETWEEN_PATCHES))
    written = tuple(Patch(patch.offset, len(patch.new), b"") for patch in patches)
    if read_ranges(descriptor, written) != tuple(patch.new for patch in patches):
        raise NotWritable(reason="it does not read back as it was written")
    checkpoints.reached(Point.AFTER_PATCHES)


def _put_back(descriptor: int, original: Original, error: SignstationError) -> SignstationError:
    try:
        put_back(descriptor, original.patches, original.old, original.size)
    except (OSError, SignstationError):
        error.with_effect(Effect.UNKNOWN)
    return error


def restore(plan: StepPlan, original: Original) -> None:
    """After a crash: put the old bytes back, however far the patching came. Blocks.

    Raises ArtifactChanged, with nothing written, for a file that somebody changed since, and
    NotWritable or DiskFull where it has to be tried again.
    """
    descriptor = _open(plan)
    try:
        same = os.fstat(descriptor).st_ino == original.inode
        if not same or not is_between(descriptor, original.patches, original.old, original.size):
            raise ArtifactChanged(path=shown(plan.path), effect=Effect.UNKNOWN)
        try:
            put_back(descriptor, original.patches, original.old, original.size)
        except OSError as error:
            raise writing_error(error, plan.path).with_effect(Effect.UNKNOWN) from error
    finally:
        os.close(descriptor)


def _open(plan: StepPlan) -> int:
    root = open_root(plan.root)
    try:
        return open_regular(root, plan.name, plan.path, flags=os.O_RDWR)
    finally:
        os.close(root)
