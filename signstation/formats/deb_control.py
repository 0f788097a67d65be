"""The control archive of a Debian package: opened within bounds, its fields and scripts read.

A debsigs signature is over the bytes of three members without their lengths. That both archives
end where their members do is therefore part of what has to be checked.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass

from signstation.codec.ar import NAME, fail
from signstation.codec.deb822 import Paragraph, paragraph
from signstation.errors import LimitReached
from signstation.formats.deb_read import MAX_CONTROL, Tar
from signstation.formats.deb_unpack import unpacked
from signstation.interfaces.artifact import Artifact

MAX_UNPACKED = 16 * 1024 * 1024
"""Most bytes of the control archive: the largest of Debian has 6 MB (lists of MD5 sums)."""
MAX_FILES = 256
"""Most files in it: dpkg knows a dozen names, debconf adds a few."""
SCRIPTS = ("preinst", "postinst", "prerm", "postrm", "config")
"""What runs as root, in the order of deb-control(5) and debconf-devel(7)."""


@dataclass(frozen=True, slots=True)
class ControlFile:
    """One file of the control archive."""

    content: bytes
    mode: int


@dataclass(frozen=True, slots=True)
class Control:
    """Files by name without directory, and the paragraph of the control file."""

    files: Mapping[str, ControlFile]
    paragraph: Paragraph

    def field(self, name: str) -> str:
        """Return a field's value, empty where it is missing."""
        return self.paragraph.field(name)


def control_archive(artifact: Artifact, tar: Tar) -> Control:
    """Unpack and read. Raises ArtifactMalformed and LimitReached."""
    member = tar.member
    if member.size > MAX_CONTROL:
        raise LimitReached(what="bytes of the control member", limit=MAX_CONTROL)
    content = unpacked(artifact.read(member.start, member.size), tar, MAX_UNPACKED)
    files = _files(content, member.start)
    if "control" not in files:
        fail(member.start, "a file named control", "none")
    control = paragraph(files["control"].content, format_id=NAME, offset=member.start)
    return Control(files, control)


def _files(content: bytes, offset: int) -> dict[str, ControlFile]:
    found: dict[str, ControlFile] = {}
    end = 0
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
            for entry in archive:
                end = entry.offset_data + -(-entry.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
                name = entry.name.removeprefix("./").rstrip("/")
                if entry.isdir() and name in {"", "."}:
                    continue
                if not entry.isreg() or "/" in name:
                    fail(offset, "plain files in the control archive", repr(entry.name))
                if name in found or len(found) == MAX_FILES:
                    fail(offset, "each name once", repr(name))
                start = entry.offset_data
                found[name] = ControlFile(content[start : start + entry.size], entry.mode)
    except (tarfile.TarError, ValueError, OverflowError) as error:
        fail(offset, "a tar archive", str(error) or type(error).__name__)
    rest = content[end:]
    if end > len(content) or len(rest) < tarfile.BLOCKSIZE or rest.strip(b"\0"):
        fail(offset, "the end of the control archive", "something else")
    return found
