"""The files inside a package as a reviewer sees them: the list, and those with special rights."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass, field

from signstation.model.artifacts import Fact, FactSection, FactStyle, Finding, Severity
from signstation.model.text import Text

MAX_LISTED = 500
"""Most files shown one by one; their number is always shown."""
MAX_NAMED = 5
"""Most files named in one finding."""


@dataclass(frozen=True, slots=True)
class PackagedFile:
    """One file: path, mode as stat(2) gives it, owner, size in bytes and capabilities."""

    path: str
    mode: int
    user: str
    group: str
    size: int
    capabilities: str = ""

    def line(self) -> str:
        """One line as ``ls -l`` would show it."""
        rights = f" {self.capabilities}" if self.capabilities else ""
        owner = f"{self.user} {self.group}"
        return f"{stat.filemode(self.mode)} {owner} {self.size:>10} {self.path}{rights}"


@dataclass(slots=True)
class _Group:
    """Files that share a special right."""

    code: str
    words: str
    count: int = 0
    names: list[str] = field(default_factory=list)

    def add(self, file: PackagedFile) -> None:
        self.count += 1
        if len(self.names) < MAX_NAMED:
            self.names.append(file.path)

    def finding(self) -> Iterator[Finding]:
        if self.count:
            more = f" … ({self.count})" if self.count > len(self.names) else ""
            said = Text(self.words, (("files", ", ".join(self.names) + more),))
            yield Finding(self.code, Severity.WARNING, said)


class FileList:
    """Takes files one after the other (a package may have a million) and keeps what is shown."""

    def __init__(self, format_id: str) -> None:
        """``format_id`` begins the codes of the findings."""
        self.count = 0
        self._setuid = _Group(
            f"{format_id}.setuid", "Runs with the rights of its owner (setuid or setgid): {files}"
        )
        self._capable = _Group(
            f"{format_id}.capabilities", "Has capabilities of the superuser: {files}"
        )
        self._writable = _Group(f"{format_id}.world-writable", "Everybody may write to it: {files}")
        self._devices = _Group(f"{format_id}.device", "Is a device: {files}")
        self._lines: list[str] = []
        self._special: list[str] = []

    def add(self, file: PackagedFile) -> None:
        """Count a file, and keep its line where it is one of the first or a special one."""
        self.count += 1
        groups = [
            group
            for group, fits in (
                (self._setuid, bool(file.mode & 0o6000) and stat.S_ISREG(file.mode)),
                (self._capable, bool(file.capabilities)),
                (self._writable, _everybody_writes(file.mode)),
                (self._devices, stat.S_ISCHR(file.mode) or stat.S_ISBLK(file.mode)),
            )
            if fits
        ]
        for group in groups:
            group.add(file)
        if groups and len(self._special) < MAX_LISTED:
            self._special.append(file.line())
        if len(self._lines) < MAX_LISTED:
            self._lines.append(file.line())

    def section(self) -> FactSection:
        """Return number, special files and list."""
        facts = [Fact(Text("Files"), str(self.count))]
        if self._special:
            special = "\n".join(self._special)
            facts.append(Fact(Text("With special rights"), special, FactStyle.CODE))
        if self._lines:
            more = self.count - len(self._lines)
            left = [f"… {more} more"] if more else []
            facts.append(Fact(Text("List"), "\n".join(self._lines + left), FactStyle.CODE))
        return FactSection("files", Text("Files"), tuple(facts))

    def findings(self) -> Iterator[Finding]:
        """Yield a finding for each kind of special right that occurs."""
        for each in (self._setuid, self._capable, self._writable, self._devices):
            yield from each.finding()


def _everybody_writes(mode: int) -> bool:
    shared_directory = stat.S_ISDIR(mode) and mode & stat.S_ISVTX
    return bool(mode & stat.S_IWOTH) and not stat.S_ISLNK(mode) and not shared_directory
