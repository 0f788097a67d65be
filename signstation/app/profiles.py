"""Saved profiles: named choices of keys, signature types, hash and output, kept in the settings.

They are tables of the settings file, so that ``--profile NAME`` and the Sign page know the same
ones. Only the profile's own table is rewritten: comments and all else in the file stay.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from signstation.app.durable import write_file
from signstation.app.reading import read_file
from signstation.app.settings import MAX_SETTINGS, load
from signstation.errors import PathMissing, UsageError
from signstation.model.profiles import Profile
from signstation.system.files import shown, writing

MAX_NAME = 64
"""Most characters of a profile's name: it is typed on command lines."""
_NAME = re.compile(r"[^\W_][\w .+-]*")


def list_profiles(files: Sequence[Path]) -> tuple[Profile, ...]:
    """Return all profiles by name. Raises UsageError (file and line) and ArtifactUnreadable."""
    return tuple(sorted(load(files).profiles, key=lambda each: each.name))


def save_profile(files: Sequence[Path], profile: Profile) -> Profile:
    """Write a profile to the last file, in place of one of the same name there. Blocks.

    Raises UsageError for a name or value that cannot be written, or where the file holds the
    profile in a way that only a person should change; NotWritable and DiskFull.
    """
    if len(profile.name) > MAX_NAME or not _NAME.fullmatch(profile.name):
        raise UsageError(reason=f"{shown(profile.name)} cannot be a profile's name")
    return _rewrite(files[-1], profile.name, _table(profile))


def remove_profile(files: Sequence[Path], name: str) -> Profile:
    """Take a profile out of the last file and return it. Blocks.

    Raises UsageError where it is not there, or only a person should change it; NotWritable.
    """
    for each in load(files).profiles:
        if each.name == name and each.source == str(files[-1]):
            _rewrite(files[-1], name, "")
            return each
    raise UsageError(reason=f"there is no profile {shown(name)} in {files[-1]}")


def _rewrite(file: Path, name: str, table: str) -> Profile:
    try:
        before = read_file(file, MAX_SETTINGS).decode()
    except PathMissing:
        before = ""
    except ValueError as error:
        raise UsageError(reason=f"{file}: {error}") from error
    kept = "".join(_without(before, name)).rstrip("\n")
    after = f"{kept}\n\n{table}" if kept and table else f"{kept}\n" if kept else table
    if _others(before, name, file) != _others(after, name, file):
        raise UsageError(reason=f"the profile stands in {file} in a form that must be edited there")
    with writing(file):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_file(file, after.encode())
    saved = [each for each in load([file]).profiles if each.name == name]
    return saved[0] if saved else Profile(name, "")


def _others(text: str, name: str, file: Path) -> object:
    """Return what a settings file says besides the profile."""
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(reason=f"{file}: {error}") from error
    profiles = data.get("profile", {})
    others = {key: profiles[key] for key in profiles if key != name}
    return {key: data[key] for key in data if key != "profile"}, others


def _without(text: str, name: str) -> Iterator[str]:
    """Yield the lines of a file but those of ``[profile.NAME]`` and the tables in it."""
    inside = False
    for line in text.splitlines(keepends=True):
        if line.lstrip().startswith("["):
            inside = _header(line)[:2] == ["profile", name]
        if not inside:
            yield line


def _header(line: str) -> list[str]:
    """Return the path of a table's header; empty where the line is not one."""
    path: list[str] = []
    try:
        found: object = tomllib.loads(line)
    except ValueError:
        return path
    while isinstance(found, dict) and len(found) == 1:
        ((key, found),) = found.items()
        path.append(key)
    return path


def _table(profile: Profile) -> str:
    lines = [f"[profile.{_quoted(profile.name)}]"]
    for name, value in (
        ("as", profile.artifact_type),
        ("hash", profile.hash),
        ("existing", profile.existing),
        ("output", profile.output),
    ):
        if value:
            lines.append(f"{name} = {_quoted(value)}")
    for name, values in (("keys", profile.keys), ("certificates", profile.certificates)):
        if values:
            lines.append(f"{name} = [{', '.join(_quoted(each) for each in values)}]")
    if profile.options:
        inner = ", ".join(f"{_quoted(key)} = {_quoted(value)}" for key, value in profile.options)
        lines.append(f"options = {{{inner}}}")
    for each in profile.kinds:
        lines.append(f"\n[profile.{_quoted(profile.name)}.kinds.{_quoted(each.format)}]")
        lines.append(f"key = {_quoted(each.key)}")
        lines.append(f"signature = {_quoted(each.signature)}")
        if each.hash:
            lines.append(f"hash = {_quoted(each.hash)}")
    return "\n".join(lines) + "\n"


def _quoted(value: str) -> str:
    """Return a TOML basic string; JSON's escapes are a subset of TOML's (toml.io v1.0.0)."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise UsageError(reason=f"{shown(value)} cannot be written to the settings") from error
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
