"""Versions of one thing: what is signed now, and what this station signed before."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_VERSIONED = re.compile(r"[-_.]v?[0-9].*$")
_ARTIFACT_NAME = {"rpm": 2}
"""Formats whose title ends in so many dash-separated parts that name the version (NEVRA)."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is to be signed, as its inspection names it."""

    path: Path
    format: str
    title: str

    @property
    def name(self) -> str:
        """The name that all its versions share."""
        return subject(self.format, self.title, self.path.name)


@dataclass(frozen=True, slots=True)
class Earlier:
    """The last signed version of ``subject``: where it is now, and when it was signed.

    ``sha256`` is what was published there, None where the signature is in a file of its own.
    """

    subject: Path
    path: Path
    sha256: bytes | None
    signed_at: int


def subject(format_id: str, title: str, file_name: str) -> str:
    """Return the name that versions of one thing share: RPM name, module name, file stem."""
    if format_id == "kmod" and title:
        return title
    parts = title.rsplit("-", _ARTIFACT_NAME.get(format_id, 0))
    if format_id in _ARTIFACT_NAME and len(parts) == _ARTIFACT_NAME[format_id] + 1:
        architecture = parts[-1].rpartition(".")[2]
        return f"{parts[0]}.{architecture}"
    stem = _VERSIONED.sub("", file_name)
    suffix = "".join(re.findall(r"\.[A-Za-z][A-Za-z0-9]{0,9}", file_name)[-2:])
    return f"{stem}*{suffix}" if stem and stem != file_name else file_name
