"""The files of an RPM package as its header lists them, and those with special rights."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice, repeat

from signstation.codec.rpmfile import Header
from signstation.codec.rpmtags import Tag
from signstation.formats.rpm_read import words
from signstation.model.artifacts import Fact, FactSection, FactStyle, Finding, Severity
from signstation.model.text import Text, text

MAX_LISTED = 500
"""Most files shown one by one; their number is always shown."""
MAX_NAMED = 5
"""Most files named in one finding."""

_PER_FILE = (
    Tag.BASE_NAMES,
    Tag.DIR_INDEXES,
    Tag.FILE_MODES,
    Tag.FILE_USERS,
    Tag.FILE_GROUPS,
    Tag.FILE_SIZES,
    Tag.LONG_FILE_SIZES,
    Tag.FILE_FLAGS,
    Tag.FILE_DIGESTS,
    Tag.FILE_CAPABILITIES,
)
"""Tags with one element for each file."""


@dataclass(frozen=True, slots=True)
class PackagedFile:
    """One file: path, mode as stat(2) gives it, owner, size in bytes and capabilities."""

    path: str
    mode: int
    user: str
    group: str
    size: int
    capabilities: str

    def line(self) -> str:
        """One line as ``ls -l`` would show it."""
        rights = f" {self.capabilities}" if self.capabilities else ""
        owner = f"{self.user} {self.group}"
        return f"{stat.filemode(self.mode)} {owner} {self.size:>10} {self.path}{rights}"


def one_line(value: bytes) -> str:
    """Turn a string into text without line ends, so that it cannot pass for two."""
    return words(value).replace("\r", "\\r").replace("\n", "\\n")


def _padded(values: Iterator[bytes], count: int) -> Iterator[bytes]:
    return islice(chain(values, repeat(b"")), count)


def files(main: Header) -> Iterator[PackagedFile]:
    """Yield the files, one at a time: a package may have a million."""
    count = main.count(Tag.BASE_NAMES) or main.count(Tag.OLD_FILE_NAMES)
    zeros = repeat(0)
    sizes = Tag.LONG_FILE_SIZES if Tag.LONG_FILE_SIZES in main else Tag.FILE_SIZES
    for path, mode, user, group, size, capabilities in zip(
        islice(_paths(main), count),
        chain(main.numbers(Tag.FILE_MODES), zeros),
        _padded(main.strings(Tag.FILE_USERS), count),
        _padded(main.strings(Tag.FILE_GROUPS), count),
        chain(main.numbers(sizes), zeros),
        _padded(main.strings(Tag.FILE_CAPABILITIES), count),
        strict=False,
    ):
        yield PackagedFile(
            one_line(path), mode, one_line(user), one_line(group), size, one_line(capabilities)
        )


def _paths(main: Header) -> Iterator[bytes]:
    if Tag.BASE_NAMES not in main:
        yield from main.strings(Tag.OLD_FILE_NAMES)
        return
    directories = tuple(main.strings(Tag.DIR_NAMES))
    indexes = chain(main.numbers(Tag.DIR_INDEXES), repeat(-1))
    for name, index in zip(main.strings(Tag.BASE_NAMES), indexes, strict=False):
        known = 0 <= index < len(directories)
        yield (directories[index] if known else b"?/") + name


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
            yield Finding(f"rpm.{self.code}", Severity.WARNING, said)


def inspect_files(main: Header) -> tuple[FactSection, tuple[Finding, ...]]:
    """Return the list of files and what is special about some."""
    setuid = _Group("setuid", "Runs with the rights of its owner (setuid or setgid): {files}")
    capable = _Group("capabilities", "Has capabilities of the superuser: {files}")
    writable = _Group("world-writable", "Everybody may write to it: {files}")
    devices = _Group("device", "Is a device: {files}")
    lines: list[str] = []
    special: list[str] = []
    count = 0
    for file in files(main):
        count += 1
        groups = [
            group
            for group, fits in (
                (setuid, bool(file.mode & 0o6000) and stat.S_ISREG(file.mode)),
                (capable, bool(file.capabilities)),
                (writable, _everybody_writes(file.mode)),
                (devices, stat.S_ISCHR(file.mode) or stat.S_ISBLK(file.mode)),
            )
            if fits
        ]
        for group in groups:
            group.add(file)
        if groups and len(special) < MAX_LISTED:
            special.append(file.line())
        if len(lines) < MAX_LISTED:
            lines.append(file.line())
    facts = [Fact(Text("Files"), str(count))]
    if special:
        facts.append(Fact(Text("With special rights"), "\n".join(special), FactStyle.CODE))
    if lines:
        left = [f"… {count - len(lines)} more"] if count > len(lines) else []
        facts.append(Fact(Text("List"), "\n".join(lines + left), FactStyle.CODE))
    findings = tuple(
        chain(*(each.finding() for each in (setuid, capable, writable, devices)), _disagree(main))
    )
    return FactSection("files", Text("Files"), tuple(facts)), findings


def _everybody_writes(mode: int) -> bool:
    shared_directory = stat.S_ISDIR(mode) and mode & stat.S_ISVTX
    return bool(mode & stat.S_IWOTH) and not stat.S_ISLNK(mode) and not shared_directory


def _disagree(main: Header) -> Iterable[Finding]:
    """The lists must be of one length, and each directory must be there."""
    counts = {main.count(each) for each in _PER_FILE if each in main}
    directories = main.count(Tag.DIR_NAMES)
    lost = any(each >= directories for each in main.numbers(Tag.DIR_INDEXES))
    if len(counts) > 1 or lost:
        said = text("The lists of files contradict each other: rpm will refuse the package.")
        yield Finding("rpm.file-list", Severity.WARNING, said)
