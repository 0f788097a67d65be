"""A private copy of what shall be signed: a change on the stick afterwards cannot matter.

Regular files only are taken, each opened beneath the chosen place without following a link, hashed
while it is copied, and put into a directory that only we can enter. What is refused is listed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import threading
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from signstation.errors import (
    ArtifactUnreadable,
    Cancelled,
    DiskFull,
    InputError,
    LimitReached,
    OutputClash,
    SignstationError,
    UsageError,
)
from signstation.jobs.candidates import Candidate, Skipped, candidates, open_candidate
from signstation.model.copies import CopiedIn, CopyNews, RefusedItem
from signstation.system.files import components, make_directories, open_root, shown, writing
from signstation.system.files_mounts import changeable_by_others, foreign_place

MAX_FILES = 100_000
"""Most files of one copy: the items of one request (codec/request.MAX_ITEMS) and their sheets."""
MAX_REFUSED = 1000
"""Most refused items that are listed."""
PIECE = 1024 * 1024
"""Bytes read at once; a cancelled copy stops after one."""
NEWS_SECONDS = 0.1
"""Least time between two messages about progress."""
KEEP_SECONDS = 86400
"""Age from which a copy that no unfinished job needs is removed."""
_RESERVE = 64 * 1024 * 1024
"""Bytes that stay free on the station's own disk."""


def needs_copy(paths: Iterable[Path]) -> bool:
    """Say whether somebody else could change one of the paths while we work. Blocks."""
    for path in paths:
        with suppress(OSError):  # a missing path is told by whoever opens it
            status = path.stat()
            if foreign_place(status.st_dev) or changeable_by_others(status, path.parent.stat()):
                return True
    return False


def unchanged(paths: tuple[Path, ...]) -> CopiedIn:
    """Return the answer where no copy is needed."""
    return CopiedIn(paths, copied=False, files=0, size=0, seconds=0.0, refused=(), refusals=0,
                    sums=None)  # fmt: skip


def remove_old(work: Path, needed: Iterable[Path], now: float) -> None:
    """Remove copies that are old and hold no path of ``needed``. Blocks."""
    kept = tuple(needed)
    with suppress(FileNotFoundError):
        for area in work.iterdir():
            used = any(each.is_relative_to(area) for each in kept)
            if not used and now - area.lstat().st_mtime > KEEP_SECONDS:
                shutil.rmtree(area, ignore_errors=True)


@dataclass(slots=True)
class CopyIn:
    """One copy. ``run`` blocks: call it in a thread; ``stop`` ends it from any other."""

    area: Path  # made by ``run``, mode 0700
    tell: Callable[[CopyNews], None]
    stop: threading.Event = field(default_factory=threading.Event)
    _refused: list[RefusedItem] = field(default_factory=list)
    _refusals: int = 0
    _done: int = 0
    _total: int = 0
    _files: int = 0
    _told: float = 0.0

    def run(self, paths: tuple[Path, ...]) -> CopiedIn:
        """Copy everything; raises Cancelled, DiskFull, LimitReached, UsageError, NotWritable.

        Whatever is raised, nothing of the copy is left behind.
        """
        started = time.monotonic()
        try:
            with writing(self.area):
                self.area.mkdir(mode=0o700, parents=True)
            sums = self._copy_all(paths)
        except BaseException:
            shutil.rmtree(self.area, ignore_errors=True)
            raise
        return CopiedIn(
            paths=tuple(self._place(number, path) for number, path in enumerate(paths)),
            copied=True,
            files=self._files,
            size=self._done,
            seconds=round(time.monotonic() - started, 3),
            refused=tuple(self._refused),
            refusals=self._refusals,
            sums=sums,
        )

    def _place(self, number: int, path: Path) -> Path:
        """Where a chosen path comes to lie: under its own name, apart from all others."""
        return self.area / str(number) / path.name

    def _copy_all(self, paths: tuple[Path, ...]) -> Path:
        wanted: list[tuple[Candidate, str]] = []
        for number, path in enumerate(paths):
            wanted += [(each, self._name(number, path, each)) for each in self._found(path)]
            if len(wanted) > MAX_FILES:
                raise LimitReached(what="files of one copy", limit=MAX_FILES)
        self._total = sum(_size(each) for each, _ in wanted)
        if self._total + _RESERVE > shutil.disk_usage(self.area).free:
            raise DiskFull(path=str(self.area))
        lines = []
        root = open_root(self.area)
        try:
            for each, name in wanted:
                try:
                    digest = self._copy(root, each, name)
                except (InputError, OSError) as error:
                    self._refuse(each.path, _typed(error, each.path))
                else:
                    lines.append(f"{digest}  {name}\n")
        finally:
            os.close(root)
        if not lines:
            raise UsageError(reason="there is no file in what was named that can be copied")
        sums = self.area / "SHA256SUMS"
        with writing(sums):
            sums.write_text("".join(lines), encoding="utf-8")
        return sums

    def _name(self, number: int, path: Path, each: Candidate) -> str:
        below = "" if each.path == path else f"/{each.name}"
        return f"{number}/{path.name}{below}"

    def _found(self, path: Path) -> Iterator[Candidate]:
        """Give the files below one chosen path; names that fold to the same one are refused."""
        files: list[Candidate] = []
        for each in candidates((path,), None):
            if isinstance(each, Skipped):
                if each.error is not None:
                    self._refuse(each.path, each.error)
            else:
                files.append(each)
            if len(files) > MAX_FILES:
                raise LimitReached(what="files of one copy", limit=MAX_FILES)
        counts = Counter(folded(each.name) for each in files)
        for each in files:
            if counts[folded(each.name)] > 1:
                self._refuse(each.path, OutputClash(path=folded(each.name)))
            else:
                yield each

    def _refuse(self, path: Path, error: SignstationError) -> None:
        self._refusals += 1
        if len(self._refused) < MAX_REFUSED:
            self._refused.append(RefusedItem(shown(path), json.dumps(error.to_wire())))

    def _copy(self, root: int, each: Candidate, name: str) -> str:
        """Copy one file and return its SHA-256 in hex."""
        source, status = open_candidate(each.root, each.name)
        try:
            *above, last = components(name, each.path)
            directory = make_directories(root, tuple(above), each.path)
            try:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
                with writing(self.area / name):
                    target = os.open(last, flags, 0o600, dir_fd=directory)
                try:
                    return self._pour(source, target, status, each)
                except BaseException:
                    os.unlink(last, dir_fd=directory)
                    raise
                finally:
                    os.close(target)
            finally:
                os.close(directory)
        finally:
            os.close(source)

    def _pour(self, source: int, target: int, status: os.stat_result, each: Candidate) -> str:
        digest = hashlib.sha256()
        copied = 0
        try:
            while piece := os.read(source, PIECE):
                if self.stop.is_set():
                    raise Cancelled
                digest.update(piece)
                copied += len(piece)
                with writing(self.area):
                    _write(target, piece)
                self._done += len(piece)
                self._say(each.name)
        except OSError as error:
            self._done -= copied
            raise ArtifactUnreadable(
                path=shown(each.path), reason=error.strerror or "I/O error"
            ) from error
        if copied != status.st_size or os.fstat(source).st_mtime_ns != status.st_mtime_ns:
            self._done -= copied
            raise ArtifactUnreadable(
                path=shown(each.path), reason="it was changed while it was copied"
            )
        with writing(self.area):
            # set-id bits do not travel; the copy is as readable and executable as the original
            os.fchmod(target, stat.S_IMODE(status.st_mode) & 0o777)
            os.utime(target, ns=(status.st_mtime_ns, status.st_mtime_ns))
            os.fdatasync(target)
        self._files += 1
        return digest.hexdigest()

    def _say(self, name: str) -> None:
        now = time.monotonic()
        if now - self._told >= NEWS_SECONDS:
            self._told = now
            self.tell(CopyNews(self._done, max(self._total, self._done), self._files, shown(name)))


def folded(name: str) -> str:
    """Return a name as file systems compare it that know no case (Unicode TR 21: NFC, folded)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _size(each: Candidate) -> int:
    try:
        return each.path.lstat().st_size
    except OSError:
        return 0  # the copy itself will say what is wrong


def _typed(error: InputError | OSError, path: Path) -> SignstationError:
    if isinstance(error, OSError):
        return ArtifactUnreadable(path=shown(path), reason=error.strerror or "")
    if not error.path:
        error.path = shown(path)
    return error


def _write(target: int, piece: bytes) -> None:
    view = memoryview(piece)
    while view:
        view = view[os.write(target, view) :]
