"""Grammars of the values in generated configuration: what does not fit is refused with the reason.

What is written here is read by root's tools on other machines, so nothing is quoted or mended: a
value is one that every reader takes as it stands, or there is no file.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from signstation.errors import UsageError

MAX_VALUE = 512
"""Most characters of one value: no address or name of a real repository is nearly as long."""
SCHEMES = frozenset({"https", "http", "file", "copy"})
"""Ways to a repository that apt and dnf know without a helper (sources.list(5), dnf.conf(5))."""
_URI = re.compile(r"[A-Za-z0-9:/._~%+@=,-]+")
"""What RFC 3986 allows, without what a shell, apt's or dnf's parser gives a meaning of its own."""
_SUITE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_~-]*(/[A-Za-z0-9.+_~-]+)*/?")
_FLAT = frozenset({"/", "./"})
"""Suites of a flat repository whose lists lie in its root."""
_COMPONENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9._-]+)*")
_ARCHITECTURE = re.compile(r"[a-z0-9][a-z0-9-]*")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_PACKAGE = re.compile(r"[a-z0-9][a-z0-9.-]{1,63}")
_VERSION = re.compile(r"[0-9][A-Za-z0-9.~]{0,63}")
_MAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")


def uri(value: str) -> str:
    """Return the address of a repository. Raises UsageError; a password in it is refused too."""
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError as error:
        raise _refused("an address", value, str(error)) from error
    if not _URI.fullmatch(value) or len(value) > MAX_VALUE:
        raise _refused(
            "an address", value, "it has characters that apt or dnf would read otherwise"
        )
    if parts.scheme not in SCHEMES:
        raise _refused("an address", value, f"it begins with none of {', '.join(sorted(SCHEMES))}")
    if "@" in parts.netloc:
        raise _refused(
            "an address", value, "it holds a user's name, and everybody can read the file"
        )
    remote = parts.scheme in {"http", "https"}
    if remote and not parts.hostname:
        raise _refused("an address", value, "it names no host")
    if not remote and (port is not None or not parts.path.startswith("/")):
        raise _refused("an address", value, "it names no absolute path")
    if ".." in parts.path.split("/"):
        raise _refused("an address", value, 'it has ".." in its path')
    return value


def suite(value: str) -> str:
    """Return a suite of an APT repository; with a slash at its end it is a flat one."""
    if value in _FLAT:
        return value
    if ".." in value.split("/") or not _fits(_SUITE, value):
        raise _refused(
            "a suite", value, "letters, digits and . + _ ~ - are allowed, / between them"
        )
    return value


def components(values: tuple[str, ...], suite_: str) -> tuple[str, ...]:
    """Return the components that belong to a suite: none for a flat one (sources.list(5))."""
    flat = suite_.endswith("/")
    if flat and values:
        raise _refused("components", " ".join(values), "a suite that ends in / has none")
    if not flat and not values:
        raise _refused("components", "", "a suite needs at least one, as main")
    for each in values:
        if ".." in each.split("/") or not _fits(_COMPONENT, each):
            raise _refused("a component", each, "letters, digits and . _ - are allowed, / between")
    return values


def architectures(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return names of Debian architectures; none means all that a machine has."""
    for each in values:
        if not _fits(_ARCHITECTURE, each):
            raise _refused("an architecture", each, "small letters, digits and - are allowed")
    return values


def name(value: str) -> str:
    """Return what files and sections are named after: apt passes over others (sources.list(5))."""
    if not _fits(_NAME, value):
        raise _refused("a name", value, "small letters, digits and . _ - are allowed, 64 at most")
    return value


def package(value: str) -> str:
    """Return a package name that dpkg and rpm both take (deb-control(5))."""
    if not _fits(_PACKAGE, value):
        raise _refused("a package name", value, "small letters, digits and . - are allowed")
    return value


def version(value: str) -> str:
    """Return a version without epoch and revision that dpkg and rpm both take."""
    if not _fits(_VERSION, value):
        raise _refused(
            "a version", value, "a digit first, then letters, digits and . ~ are allowed"
        )
    return value


def title(value: str) -> str:
    """Return one line of text for people. Raises UsageError for what is not printable."""
    good = value.isprintable() and value == value.strip() and 0 < len(value) <= MAX_VALUE
    if not good or any(each in value for each in '%${}[]"\\'):
        raise _refused("a title", value, 'one line without % $ { } [ ] " and \\ is allowed')
    return value


def maintainer(value: str) -> str:
    """Return ``Name <mail>`` as packages have it (deb-control(5))."""
    words, bracket, rest = title(value).partition(" <")
    if not bracket or not rest.endswith(">") or not _fits(_MAIL, rest[:-1]) or "<" in words:
        raise _refused("a maintainer", value, "it is not like 'Name <name@example.org>'")
    return value


def mail(value: str) -> str:
    """Return a mail address of plain ASCII, without comments or quotes (RFC 5322 dot-atom)."""
    if not _fits(_MAIL, value):
        raise _refused("a mail address", value, "it is not like name@example.org")
    return value


def moment(value: int, latest: int) -> int:
    """Return a time in Unix seconds between 1970 and ``latest``."""
    if not 0 <= value <= latest:
        raise _refused("a build time", str(value), f"it is not between 0 and {latest}")
    return value


def _fits(grammar: re.Pattern[str], value: str) -> bool:
    return len(value) <= MAX_VALUE and grammar.fullmatch(value) is not None


def _refused(what: str, value: str, why: str) -> UsageError:
    return UsageError(reason=f"{value[:80]!r} cannot be {what}: {why}")
