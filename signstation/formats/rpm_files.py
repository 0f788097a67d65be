"""The files of an RPM package as its header lists them, and those with special rights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice, repeat

from signstation.codec.filelist import FileList, PackagedFile
from signstation.codec.rpmfile import Header
from signstation.codec.rpmtags import Tag
from signstation.formats.rpm_read import words
from signstation.model.artifacts import FactSection, Finding, Severity
from signstation.model.text import text

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


def inspect_files(main: Header) -> tuple[FactSection, tuple[Finding, ...]]:
    """Return the list of files and what is special about some."""
    found = FileList("rpm")
    for file in files(main):
        found.add(file)
    return found.section(), (*found.findings(), *_disagree(main))


def _disagree(main: Header) -> Iterable[Finding]:
    """The lists must be of one length, and each directory must be there."""
    counts = {main.count(each) for each in _PER_FILE if each in main}
    directories = main.count(Tag.DIR_NAMES)
    lost = any(each >= directories for each in main.numbers(Tag.DIR_INDEXES))
    if len(counts) > 1 or lost:
        said = text("The lists of files contradict each other: rpm will refuse the package.")
        yield Finding("rpm.file-list", Severity.WARNING, said)
