"""Where results go: names of signed files and of their siblings, clashes, staging directories."""

from __future__ import annotations

import stat
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from signstation.errors import NotARegularFile, OutputExists
from signstation.interfaces.format import Format, Naming
from signstation.jobs.sealed import STAGING_PREFIX, StepPlan, Target
from signstation.model.keys import SignatureType, Slot
from signstation.model.options import CONTENT, CONTENT_COPIED, CONTENT_LEFT, Options
from signstation.model.orders import Destination, SignOrder
from signstation.system.files import shown

DEFAULT_OUTPUT = "signed"
"""Directory beside the first path where no other was named (DESIGN.md section 8)."""

_SUFFIXES = {
    SignatureType.OPENPGP: ".asc",
    SignatureType.CLEARTEXT: ".asc",
    SignatureType.CMS: ".p7s",
    SignatureType.SSHSIG: ".sshsig",
}


def suffix_of(kind: SignatureType, options: Options) -> str:
    """Return the suffix of a detached signature (DESIGN.md section 8)."""
    if kind is SignatureType.OPENPGP and dict(options).get("armor") == "no":
        return ".sig"
    return _SUFFIXES[kind]


def output_root(order: SignOrder, root: Path) -> Path:
    """Return the directory below which the results of an artifact under ``root`` go."""
    if order.destination is Destination.IN_PLACE:
        return root
    return order.output or order.paths[0].parent / DEFAULT_OUTPUT


def targets_of(
    format_: Format, slots: Sequence[Slot], options: Options, name: str
) -> tuple[Target, ...]:
    """Return what will be written for an artifact called ``name`` below its root."""
    if isinstance(format_, Naming):
        return tuple(Target(*each) for each in format_.names(name, tuple(slots), options))
    if not format_.siblings():
        return (Target("", name),)
    suffixes = dict.fromkeys(suffix_of(slot.kind, options) for slot in slots)
    siblings = tuple(Target(suffix, name + suffix) for suffix in suffixes)
    copied = dict(options).get(CONTENT) == CONTENT_COPIED
    return (Target("", name), *siblings) if copied else siblings


def content_of(order: SignOrder, target: Path, source: Path) -> str:
    """Return whether the file comes along with its detached signature.

    A release directory is complete; in place, or where the output is beside the file, it is there.
    """
    if order.destination is Destination.IN_PLACE or target == source:
        return CONTENT_LEFT
    return dict(order.options).get(CONTENT, CONTENT_COPIED)


def check_free(plan: StepPlan, outputs: Sequence[Path], *, replace: bool) -> None:
    """Raise OutputExists or NotARegularFile where the name of an output is taken."""
    for path in outputs:
        if plan.in_place and path == plan.path:
            continue  # that it is there is the point
        try:
            mode = path.lstat().st_mode
        except OSError:
            continue  # free, or so broken that publishing will say it better
        if stat.S_ISDIR(mode):
            raise NotARegularFile(path=shown(path), kind="directory")
        if not replace:
            raise OutputExists(path=shown(path))


def clashes(outputs: Iterable[Sequence[Path]]) -> frozenset[Path]:
    """Return the paths that more than one artifact would be written to."""
    counts = Counter(path for each in outputs for path in each)
    return frozenset(path for path, count in counts.items() if count > 1)


class StagingPlaces:
    """Chooses staging directories: few, and on the file system of the targets."""

    def __init__(self, token: str) -> None:
        """``token`` makes the directories' names those of one job."""
        self._name = STAGING_PREFIX + token
        self._devices: dict[Path, int] = {}

    def place(self, target_root: Path, target: str) -> Path:
        """Return the staging directory for a target below ``target_root``."""
        directory = (target_root / target).parent
        if self._device(directory) == self._device(target_root):
            return target_root / self._name
        return directory / self._name

    def _device(self, directory: Path) -> int:
        known = self._devices.get(directory)
        if known is None:
            try:
                known = directory.stat().st_dev
            except OSError:
                # not made yet: it will be on the file system of what is there
                above = directory.parent
                known = self._device(above) if above != directory else 0
            self._devices[directory] = known
        return known
