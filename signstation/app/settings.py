"""Settings: TOML files of machine and user, read once, with the source of every value.

Trust and policy are not settings; secrets are never stored here. An unknown name is an error that
names file and line, so that a misspelt setting is never a silent default.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar, cast

from signstation.errors import ArtifactUnreadable, UsageError
from signstation.model.profiles import KindChoice, Profile
from signstation.model.tokens import ENVIRONMENT, TokenPlaces

T = TypeVar("T")

DEFAULT = "default"
"""Source of a value that no file sets."""
MAX_SETTINGS = 1024 * 1024
"""Largest settings file in bytes; a real one has a few dozen lines."""
_PROFILE = ("keys", "as", "hash", "certificates", "existing", "options", "output", "kinds")
MAX_CORES = 256
"""Most workers of a kind that are started at all."""


@dataclass(frozen=True, slots=True)
class Sourced(Generic[T]):
    """A value and where it comes from: a file's path or DEFAULT."""

    value: T
    source: str = DEFAULT


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. ``cores`` 0 means all of the machine's."""

    cores: Sourced[int] = Sourced(0)
    batch_unlock: Sourced[bool] = Sourced(True)  # noqa: FBT003 - the value of the setting
    tokens: Sourced[TokenPlaces] = Sourced(TokenPlaces())
    profiles: tuple[Profile, ...] = ()

    def profile(self, name: str) -> Profile:
        """Return a profile by name. Raises UsageError."""
        for each in self.profiles:
            if each.name == name:
                return each
        raise UsageError(reason=f"there is no profile {name} in the settings")


def load(files: Sequence[Path]) -> Settings:
    """Read the files in order; a later file wins, absent ones are left out.

    Raises UsageError (file, line and name) and ArtifactUnreadable.
    """
    settings = Settings()
    for file in files:
        try:
            with file.open("rb") as opened:
                content = opened.read(MAX_SETTINGS + 1)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise ArtifactUnreadable(path=str(file), reason=error.strerror or "") from error
        settings = _File(file, content).over(settings)
    return settings


class _File:
    """One settings file while it is read."""

    def __init__(self, path: Path, content: bytes) -> None:
        self._path = path
        try:
            if len(content) > MAX_SETTINGS:
                raise UsageError(reason=f"{path} is too large for settings")
            self._text = content.decode()
            self._data = tomllib.loads(self._text)
        except (ValueError, RecursionError) as error:
            raise UsageError(reason=f"{path}: {error}") from error

    def over(self, base: Settings) -> Settings:
        """Return ``base`` with what this file sets."""
        self._known(self._data, ("workers", "keys", "pkcs11", "profile"))
        workers = self._table(self._data, "workers")
        keys = self._table(self._data, "keys")
        self._known(workers, ("cores",))
        self._known(keys, ("batch_unlock",))
        cores, unlock = base.cores, base.batch_unlock
        if "cores" in workers:
            value = workers["cores"]
            if type(value) is not int or not 0 <= value <= MAX_CORES:
                raise self._wrong("cores", f"a number from 0 to {MAX_CORES}")
            cores = Sourced(value, str(self._path))
        if "batch_unlock" in keys:
            value = keys["batch_unlock"]
            if not isinstance(value, bool):
                raise self._wrong("batch_unlock", "true or false")
            unlock = Sourced(value, str(self._path))
        own = [self._profile(name) for name in self._table(self._data, "profile")]
        names = {each.name for each in own}
        kept = [each for each in base.profiles if each.name not in names]
        tokens = base.tokens
        if "pkcs11" in self._data:
            tokens = Sourced(self._tokens(self._table(self._data, "pkcs11")), str(self._path))
        return Settings(cores, unlock, tokens, (*kept, *own))

    def _tokens(self, table: Mapping[str, object]) -> TokenPlaces:
        self._known(table, ("modules", "environment"))
        modules = tuple(map(Path, self._texts(table, "modules")))
        if not all(each.is_absolute() for each in modules):
            raise self._wrong("modules", "a list of absolute paths")
        given = self._table(table, "environment")
        self._known(given, ENVIRONMENT)
        return TokenPlaces(modules, tuple((each, self._text_of(given, each)) for each in given))

    def _profile(self, name: str) -> Profile:
        table = self._table(self._table(self._data, "profile"), name)
        self._known(table, _PROFILE)
        options, kinds = self._table(table, "options"), self._table(table, "kinds")
        return Profile(
            name=name,
            source=str(self._path),
            keys=self._texts(table, "keys"),
            artifact_type=self._text_of(table, "as"),
            hash=self._text_of(table, "hash"),
            certificates=self._texts(table, "certificates"),
            existing=self._text_of(table, "existing"),
            options=tuple((each, self._text_of(options, each)) for each in sorted(options)),
            output=self._text_of(table, "output"),
            kinds=tuple(self._kind(each, self._table(kinds, each)) for each in sorted(kinds)),
        )

    def _kind(self, format_id: str, table: Mapping[str, object]) -> KindChoice:
        names = ("key", "signature", "hash")
        self._known(table, names)
        return KindChoice(format_id, *(self._text_of(table, each) for each in names))

    def _table(self, data: Mapping[str, object], name: str) -> Mapping[str, object]:
        value = data.get(name, {})
        if not isinstance(value, dict):
            raise self._wrong(name, "a table")
        return cast("dict[str, object]", value)

    def _text_of(self, data: Mapping[str, object], name: str) -> str:
        value = data.get(name, "")
        if not isinstance(value, str):
            raise self._wrong(name, "a text in quotes")
        return value

    def _texts(self, data: Mapping[str, object], name: str) -> tuple[str, ...]:
        value = data.get(name, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self._wrong(name, "a list of texts")
        return tuple(cast("list[str]", value))

    def _known(self, data: Mapping[str, object], names: Sequence[str]) -> None:
        for each in data:
            if each not in names:
                raise self._wrong(each, f"one of {', '.join(names)}")

    def _wrong(self, name: str, expected: str) -> UsageError:
        mention = re.compile(rf"^\s*\[*[\w.\"-]*\b{re.escape(name)}\b")
        for number, line in enumerate(self._text.splitlines(), 1):
            if mention.match(line):
                place = f"{self._path}, line {number}"
                break
        else:
            place = str(self._path)
        return UsageError(reason=f"{place}: “{name}” is not {expected}")
