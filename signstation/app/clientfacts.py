"""Gathers the files of a client machine that decide what it accepts, and carries them as JSON."""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from signstation.acceptance.facts import FactFile
from signstation.app.reading import read_file
from signstation.errors import ArtifactMalformed, LimitReached, PathMissing, SignstationError
from signstation.system.files import shown

PATTERNS = (
    "etc/apt/apt.conf",
    "etc/apt/apt.conf.d/*",
    "etc/apt/sources.list",
    "etc/apt/sources.list.d/*",
    "etc/apt/trusted.gpg",
    "etc/apt/trusted.gpg.d/*",
    "etc/apt/keyrings/*",
    "usr/share/keyrings/*",
    "etc/yum.conf",
    "etc/dnf/dnf.conf",
    "etc/yum.repos.d/*.repo",
    "etc/zypp/repos.d/*.repo",
    "etc/pki/rpm-gpg/*",
    "usr/lib/rpm/macros",
    "usr/lib/rpm/macros.d/macros.*",
    "etc/rpm/macros",
    "etc/rpm/macros.*",
    "var/lib/flatpak/repo/config",
    "etc/containers/policy.json",
)
"""What is read, and nothing else: no passwords (apt's are in auth.conf.d), no logs, no data."""
MAX_FILE = 1024 * 1024
"""Most bytes of one file: a configuration has a few kilobytes, an archive's keyring 60."""
MAX_FILES = 2000
"""Most files of one machine: a desktop has about a hundred."""
MAX_FACTS = 64 * 1024 * 1024
"""Most bytes of facts from another machine."""
MAX_PATH = 4096
"""Most characters of a path (PATH_MAX, include/uapi/linux/limits.h)."""
NAME = "client-facts"
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class ClientFacts:
    """The files that were read, and those that were not, each with the reason."""

    files: tuple[FactFile, ...]
    left_out: tuple[tuple[str, str], ...] = ()


def collect(root: Path) -> ClientFacts:
    """Read the files below ``root``; links that lead out of it are left out. Blocks.

    Raises PathMissing where ``root`` is no directory, and LimitReached.
    """
    if not root.is_dir():
        raise PathMissing(path=shown(root))
    real = root.resolve()
    files: list[FactFile] = []
    left_out: list[tuple[str, str]] = []
    for path in _paths(real):
        name = "/" + shown(path.relative_to(real))
        if len(files) + len(left_out) == MAX_FILES:
            raise LimitReached(what="files of a client", limit=MAX_FILES)
        try:
            target = path.resolve()
            if not target.is_relative_to(real):
                left_out.append((name, "a link leads out of the directory"))
            elif not target.is_dir():
                files.append(FactFile(name, read_file(target, MAX_FILE)))
        except (OSError, RuntimeError) as error:  # a loop of links
            left_out.append((name, type(error).__name__))
        except SignstationError as error:
            left_out.append((name, error.code))
    return ClientFacts(tuple(files), tuple(left_out))


def _paths(root: Path) -> Iterator[Path]:
    for pattern in PATTERNS:
        directory, _, name = pattern.rpartition("/")
        if "*" in name:
            yield from sorted((root / directory).glob(name))
        elif os.path.lexists(root / pattern):
            yield root / pattern


def to_json(facts: ClientFacts) -> Mapping[str, object]:
    """Return the facts as the object that ``from_json`` reads."""
    return {
        "schema": SCHEMA,
        "type": NAME,
        "files": [
            {"path": each.path, "content": base64.b64encode(each.content).decode("ascii")}
            for each in facts.files
        ],
        "left_out": [{"path": path, "why": why} for path, why in facts.left_out],
    }


def from_json(content: bytes) -> ClientFacts:
    """Read facts of another machine, strictly: they are untrusted. Raises ArtifactMalformed."""
    try:
        found = json.loads(content)
        if (found["schema"], found["type"]) != (SCHEMA, NAME):
            raise _malformed("facts of schema 1")
        files = tuple(_file(each["path"], each["content"]) for each in found["files"])
        left_out = tuple((_text(each["path"]), _text(each["why"])) for each in found["left_out"])
    except (ValueError, TypeError, KeyError, RecursionError, binascii.Error) as error:
        raise _malformed("what `client collect` writes") from error
    if len(files) + len(left_out) > MAX_FILES:
        raise LimitReached(what="files of a client", limit=MAX_FILES)
    if len({each.path for each in files}) != len(files):
        raise _malformed("each file once")
    return ClientFacts(files, left_out)


def _file(path: object, content: object) -> FactFile:
    name = _text(path)
    data = base64.b64decode(_text(content, 2 * MAX_FILE), validate=True)
    if not name.startswith("/") or len(data) > MAX_FILE:
        raise _malformed(f"absolute paths, and at most {MAX_FILE} bytes of each file")
    return FactFile(name, data)


def _text(value: object, limit: int = MAX_PATH) -> str:
    if not isinstance(value, str) or len(value) > limit:
        raise _malformed("texts of a usual length")
    return value


def _malformed(expected: str) -> ArtifactMalformed:
    return ArtifactMalformed(format=NAME, offset=0, expected=expected, found="something else")
