"""Writes a signed release to a directory of its own, often on a stick, and reads every byte back.

The new directory is made without following a link below the chosen place; names are checked for
the file system that they go to before anything is written.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from signstation.app.copyin import MAX_FILES, NEWS_SECONDS, PIECE, folded
from signstation.audit.checkpoint import CHECKPOINT
from signstation.errors import (
    ContentDamaged,
    DiskFull,
    LimitReached,
    NameRefused,
    OutputClash,
    UsageError,
)
from signstation.jobs.candidates import open_candidate
from signstation.model.copies import CopyNews
from signstation.model.exports import ExportOrder
from signstation.system.files import (
    check_name,
    components,
    make_directories,
    open_regular,
    open_root,
    reading_error,
    shown,
    writing,
)
from signstation.system.files_mounts import file_system_of
from signstation.system.files_publish import sync_directory

MAX_FAT_FILE = 4 * 1024**3 - 1
"""Largest file of FAT32 in bytes (Microsoft FAT specification 1.03: 32-bit size)."""
MAX_NAME = 255
"""Longest component: bytes on Linux, UTF-16 units on FAT, exFAT and NTFS."""
SHEET = "SHA256SUMS"
"""Digests of the exported files in the form that sha256sum --check reads."""
_FAT = frozenset({"vfat", "msdos"})
_WINDOWS = _FAT | {"exfat", "ntfs", "ntfs3", "fuseblk"}
_FORBIDDEN = re.compile(r'[<>:"|?*\\\x00-\x1f]|[. ]$')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
"""Names of devices on systems that read such media (Win32: Naming Files)."""
_RESERVE = 4 * 1024 * 1024
"""Bytes left for directories, the sheet and the reports."""


@dataclass(frozen=True, slots=True)
class _Item:
    source: Path
    name: str
    size: int


@dataclass(slots=True)
class Export:
    """One export; ``write`` and ``finish`` block: call them in a thread."""

    order: ExportOrder
    tell: Callable[[CopyNews], None]
    stop: Callable[[], None]  # raises Cancelled when it shall end
    _told: float = 0.0
    _done: int = 0

    @property
    def directory(self) -> Path:
        """The new directory."""
        return self.order.place / self.order.name

    def write(self) -> tuple[int, int]:
        """Check, write, sync and read back; returns files and bytes.

        Raises OutputExists, NameRefused, OutputClash, LimitReached, DiskFull, NotWritable,
        ContentDamaged (read back differs), Cancelled and the errors of reading. Where something is
        raised the new directory is removed again.
        """
        items = self._items()
        place = open_root(self.order.place)
        try:
            self._check(items, file_system_of(os.fstat(place).st_dev))
            size = sum(each.size for each in items)
            space = os.fstatvfs(place)
            if size + _RESERVE > space.f_bavail * space.f_frsize:
                raise DiskFull(path=shown(self.order.place))
            with writing(self.directory):
                os.mkdir(self.order.name, 0o755, dir_fd=place)
            with self._removed_on_failure(), self._opened(place) as root:
                lines = [f"{self._copy(root, each, 2 * size)}  {each.name}\n" for each in items]
                self._sheet(root, "".join(lines))
                sync_directory(root, self.directory)
                for each, line in zip(items, lines, strict=True):
                    self._read_back(root, each, line[:64], 2 * size)
        finally:
            os.close(place)
        return len(items), size

    def finish(self, reports: dict[str, bytes]) -> None:
        """Write the reports beside the files and sync the medium: then it may be taken away."""
        place = open_root(self.order.place)
        try:
            with self._opened(place) as root:
                for name, content in reports.items():
                    with self._new(root, name) as target:
                        write_whole(target, content)
                sync_directory(root, self.directory)
            with writing(self.directory):
                os.fsync(place)
        finally:
            os.close(place)
        os.sync()  # what the file system itself still holds back

    def _items(self) -> list[_Item]:
        items = []
        for path in self.order.files:
            if not path.is_relative_to(self.order.root):
                raise UsageError(reason=f"{shown(path)} is not below {shown(self.order.root)}")
            try:
                size = path.lstat().st_size
            except OSError as error:
                raise reading_error(error, path) from error
            items.append(_Item(path, path.relative_to(self.order.root).as_posix(), size))
        if not items:
            raise UsageError(reason="there is nothing to export")
        if len(items) > MAX_FILES:
            raise LimitReached(what="files of one export", limit=MAX_FILES)
        return items

    def _check(self, items: Sequence[_Item], file_system: str) -> None:
        if components(self.order.name, self.directory) != (self.order.name,):
            raise NameRefused(path=shown(self.order.name))
        check_names([self.order.name], file_system)
        names = [each.name for each in items]
        if taken := {SHEET, CHECKPOINT, "report.html", "report.json"} & set(names):
            raise OutputClash(path=min(taken))
        check_names(names, file_system)
        largest = max(items, key=lambda each: each.size)
        if file_system in _FAT and largest.size > MAX_FAT_FILE:
            raise LimitReached(what=f"bytes of {shown(largest.name)} on FAT", limit=MAX_FAT_FILE)

    def _copy(self, root: int, item: _Item, total: int) -> str:
        """Write one file and return the SHA-256 of what was read, in hex."""
        digest = hashlib.sha256()
        source, _ = open_candidate(self.order.root, item.name)
        try:
            with self._new(root, item.name) as target:
                while piece := os.read(source, PIECE):
                    digest.update(piece)
                    with writing(self.directory / item.name):
                        write_whole(target, piece)
                    self._advance(len(piece), total, item.name)
        finally:
            os.close(source)
        return digest.hexdigest()

    def _read_back(self, root: int, item: _Item, expected: str, total: int) -> None:
        path = self.directory / item.name
        digest = hashlib.sha256()
        written = open_regular(root, item.name, path)
        try:
            # synced before, so the kernel may drop its copy and must ask the medium
            os.posix_fadvise(written, 0, 0, os.POSIX_FADV_DONTNEED)
            try:
                while piece := os.read(written, PIECE):
                    digest.update(piece)
                    self._advance(len(piece), total, item.name)
            except OSError as error:
                raise reading_error(error, path) from error
        finally:
            os.close(written)
        if digest.hexdigest() != expected:
            raise ContentDamaged(path=shown(path), what="what was read back from the medium")

    def _advance(self, count: int, total: int, name: str) -> None:
        self.stop()
        self._done += count
        now = time.monotonic()
        if now - self._told >= NEWS_SECONDS:
            self._told = now
            self.tell(CopyNews(self._done, max(total, self._done), 0, shown(name)))

    def _sheet(self, root: int, content: str) -> None:
        with self._new(root, SHEET) as target:
            write_whole(target, content.encode("utf-8", "surrogateescape"))

    @contextmanager
    def _new(self, root: int, name: str) -> Iterator[int]:
        """Make a new file below the new directory; synced at the end."""
        path = self.directory / name
        *above, last = components(name, path)
        directory = make_directories(root, tuple(above), path)
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            with writing(path):
                target = os.open(last, flags, 0o644, dir_fd=directory)
            try:
                yield target
                with writing(path):
                    with suppress(PermissionError):  # file systems without permissions
                        os.fchmod(target, 0o644)
                    os.fsync(target)
            finally:
                os.close(target)
            sync_directory(directory, path.parent)
        finally:
            os.close(directory)

    @contextmanager
    def _opened(self, place: int) -> Iterator[int]:
        root = make_directories(place, (self.order.name,), self.directory)
        try:
            yield root
        finally:
            os.close(root)

    @contextmanager
    def _removed_on_failure(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.remove()
            raise

    def remove(self) -> None:
        """Remove the new directory with all that was written into it. Blocks."""
        shutil.rmtree(self.directory, ignore_errors=True)


def check_names(names: Sequence[str], file_system: str) -> None:
    """Raise NameRefused or OutputClash for names that the file system cannot hold apart. Pure."""
    for name in names:
        for part in name.split("/"):
            check_name(part, name)
            too_long = len(os.fsencode(part)) > MAX_NAME
            if file_system in _WINDOWS:
                too_long = len(part.encode("utf-16-le")) // 2 > MAX_NAME
                if _FORBIDDEN.search(part) or _RESERVED.fullmatch(part):
                    raise NameRefused(path=shown(name))
            if too_long:
                raise LimitReached(what=f"characters of the name {shown(name)}", limit=MAX_NAME)
    if file_system in _WINDOWS:
        counts = Counter(folded(name) for name in names)
        for name in names:
            if counts[folded(name)] > 1:
                raise OutputClash(path=shown(name))


def write_whole(target: int, content: bytes) -> None:
    """Write all of ``content``; OSError as the system gives it."""
    view = memoryview(content)
    while view:
        view = view[os.write(target, view) :]
