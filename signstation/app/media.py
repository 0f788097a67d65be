"""Which removable media are mounted, and what a person should know of each before copying."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from signstation.errors import SignstationError
from signstation.model.media import MOUNTS, Medium
from signstation.system.files import shown
from signstation.system.files_mounts import removable
from signstation.system.programs import Programs

MAX_TABLE = 4 * 1024 * 1024
"""Bytes of the mount table that are read: thousands of mounts."""
MAX_MEDIA = 32
"""Most media that are offered at once."""
MAX_LOOKED_AT = 1000
"""Entries at the top of a medium whose time is looked at."""
PLACES = (Path("/media"), Path("/run/media"))
"""Where desktops mount media (FHS 3.0 section 3.11, udisks(8))."""
_LSBLK = ("-J", "-o", "NAME,MAJ:MIN,HOTPLUG,LABEL,TRAN,MODEL,SERIAL")
_LSBLK_SECONDS = 10.0
_ESCAPE = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """A line of the mount table."""

    number: str  # "major:minor"
    place: Path
    options: frozenset[str]
    file_system: str
    source: str


def parse_mounts(table: str) -> Iterator[Mount]:
    """Yield the lines of a mountinfo table; lines that are not as documented are left out."""
    for line in table.splitlines():
        fields, _, rest = line.partition(" - ")
        front, back = fields.split(" "), rest.split(" ")
        if len(front) >= 6 and len(back) >= 3:  # noqa: PLR2004 - fields of proc_pid_mountinfo(5)
            options = frozenset((*front[5].split(","), *back[2].split(",")))
            yield Mount(front[2], Path(_plain(front[4])), options, back[0], _plain(back[1]))


def _plain(field: str) -> str:
    """Undo the octal escapes of blanks, tabs, newlines and backslashes (getmntent(3))."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 8)), field)


def parse_devices(listing: bytes) -> dict[str, Mapping[str, str]]:
    """Return what lsblk tells of each device by "major:minor"; a partition knows of its disk.

    Anything unexpected gives nothing: the facts are for show, the mount table decides.
    """
    found: dict[str, Mapping[str, str]] = {}

    def take(entries: object, above: Mapping[str, str]) -> None:
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict):
                own = {key: str(entry[key]).strip() for key in entry if entry[key] is not None}
                facts = {**above, **own}
                found[facts.get("maj:min", "")] = facts
                kept = {key: facts[key] for key in ("hotplug", "tran", "model", "serial")
                        if key in facts}  # fmt: skip
                take(entry.get("children"), kept)

    with suppress(ValueError, RecursionError):
        data = json.loads(listing)
        take(data.get("blockdevices") if isinstance(data, dict) else None, {})
    return found


def mounted_media(programs: Programs) -> tuple[Medium, ...]:
    """Return the media that are mounted now, each once. Blocks; starts lsblk where it is there."""
    with MOUNTS.open("rb") as opened:
        table = opened.read(MAX_TABLE).decode("utf-8", "surrogateescape")
    mounts = [each for each in parse_mounts(table) if not each.number.startswith("0:")]
    devices = _devices(programs) if mounts else {}
    media: dict[str, Medium] = {}
    for mount in mounts:
        facts = devices.get(mount.number, {})
        if mount.number not in media and _carried(mount, facts) and len(media) < MAX_MEDIA:
            with suppress(OSError):  # taken away this moment
                media[mount.number] = _medium(mount, facts)
    return tuple(media.values())


def _devices(programs: Programs) -> dict[str, Mapping[str, str]]:
    try:
        return parse_devices(programs.run("lsblk", _LSBLK, timeout=_LSBLK_SECONDS).stdout)
    except SignstationError:
        return {}


def _carried(mount: Mount, facts: Mapping[str, str]) -> bool:
    """Say whether people carry it about: the kernel says so, or the desktop mounted it."""
    major, _, minor = mount.number.partition(":")
    device = os.makedev(int(major), int(minor))
    return (
        removable(device)
        or facts.get("hotplug", "").lower() in {"true", "1"}
        or any(mount.place.is_relative_to(each) for each in PLACES)
    )


def _medium(mount: Mount, facts: Mapping[str, str]) -> Medium:
    space = os.statvfs(mount.place)
    return Medium(
        mount=Path(shown(mount.place)),
        device=shown(mount.source),
        label=facts.get("label", ""),
        model=facts.get("model", ""),
        serial=facts.get("serial", ""),
        file_system=mount.file_system,
        read_only="ro" in mount.options,
        guards=tuple(each for each in ("nosuid", "nodev", "noexec") if each in mount.options),
        size=space.f_blocks * space.f_frsize,
        free=space.f_bavail * space.f_frsize,
        newest=_newest(mount.place),
    )


def _newest(place: Path) -> int | None:
    times: list[int] = []
    with os.scandir(place) as listing:
        for entry in listing:
            with suppress(OSError):
                times.append(int(entry.stat(follow_symlinks=False).st_mtime))
            if len(times) >= MAX_LOOKED_AT:
                break
    return max(times, default=None)
