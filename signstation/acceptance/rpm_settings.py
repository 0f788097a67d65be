"""What dnf, yum and rpm give away: dnf.conf(5), and the macros of rpm's verification."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from signstation.acceptance.facts import MAX_EVIDENCE, FactFile, Finding, Risk
from signstation.acceptance.ini import Section, Value, sections

MAIN = ("/etc/yum.conf", "/etc/dnf/dnf.conf")
"""Settings for all repositories; the later one is dnf's own and overrules."""
REPOSITORIES = re.compile(r"/etc/(yum\.repos\.d|zypp/repos\.d)/[^/]+\.repo")
MACROS = re.compile(r"/usr/lib/rpm/macros(\.d/macros\.[^/]+)?|/etc/rpm/macros(\.[^/]+)?")
DROP_IN = "/etc/rpm/macros.signstation"
"""Read after rpm's own macros (rpm --showrc, "Macro path")."""
_MACRO = re.compile(r"%(_pkgverify_level|_pkgverify_flags)\s+(\S+)\s*")
_USUAL_FLAGS = frozenset({0, 0x20100})
"""No flags, and those of rpm 6 itself (macros.in): MD5 and legacy header digests are not needed."""
_LEVELS = {
    "none": (Risk.HIGH, "rpm installs packages without looking at digests or signatures."),
    "digest": (Risk.MEDIUM, "Plain rpm installs packages that nobody signed."),
}
_CHECKS = (
    ("gpgcheck", Risk.HIGH, "dnf installs packages that nobody signed."),
    ("sslverify", Risk.MEDIUM, "dnf takes any certificate of a server."),
)


def check_dnf(files: Sequence[FactFile]) -> Iterator[Finding]:
    """Yield what the settings of dnf, yum and zypper give away, for enabled repositories."""
    by_path = {each.path: each for each in files}
    main: dict[str, Value] = {}
    for file in (by_path[each] for each in MAIN if each in by_path):
        for section in sections(file):
            if section.name == "main":
                main |= section.values
                yield from _main(file, section)
    for file in files:
        if REPOSITORIES.fullmatch(file.path):
            for section in sections(file):
                if section.name != "main" and not _value(section, main, "enabled", "1").off:
                    yield from _repository(file, section, main)


def _main(file: FactFile, section: Section) -> Iterator[Finding]:
    local = section.values.get("localpkg_gpgcheck")
    if file.path == MAIN[-1] and (local is None or not local.on):
        yield Finding(
            "dnf.localpkg",
            Risk.NOTE,
            file.path,
            section.line if local is None else local.line,
            "localpkg_gpgcheck is not set" if local is None else f"localpkg_gpgcheck={local.text}",
            "dnf installs package files that are named by path without looking at signatures.",
            "Under [main] write: localpkg_gpgcheck=1",
        )


def _repository(file: FactFile, section: Section, main: Mapping[str, Value]) -> Iterator[Finding]:
    defaults = {"gpgcheck": "0", "sslverify": "1"}
    for name, risk, says in _CHECKS:
        value = _value(section, main, name, defaults[name])
        if value.off:
            yield _found(file, section, value, name, risk, says)
    value = _value(section, main, "repo_gpgcheck", "0")
    if not value.on:
        says = "The list of packages is not signed: old packages with known faults can be replayed."
        yield _found(file, section, value, "repo_gpgcheck", Risk.NOTE, says)


def _value(section: Section, main: Mapping[str, Value], name: str, default: str) -> Value:
    """Return what holds for a repository; line 0 where it is not its own setting."""
    if name in section.values:
        return section.values[name]
    return Value(main[name].text if name in main else default, 0)


def _found(
    file: FactFile, section: Section, value: Value, name: str, risk: Risk, says: str
) -> Finding:
    inherited = "" if value.line else " (from the settings for all)"
    return Finding(
        f"dnf.{name.replace('_', '-')}",
        risk,
        file.path,
        value.line or section.line,
        f"[{section.name}] {name}={value.text}{inherited}"[:MAX_EVIDENCE],
        says,
        f"Under [{section.name}] write: {name}=1"[:MAX_EVIDENCE],
    )


def check_rpm(files: Sequence[FactFile]) -> Iterator[Finding]:
    """Yield what rpm itself is set to; of each macro the last definition counts."""
    last: dict[str, tuple[FactFile, int, str]] = {}
    for file in sorted((each for each in files if MACROS.fullmatch(each.path)), key=_order):
        for number, line in enumerate(file.lines, 1):
            if found := _MACRO.fullmatch(line):
                last[found[1]] = (file, number, found[2])
    if "_pkgverify_level" in last:
        file, number, value = last["_pkgverify_level"]
        if value in _LEVELS:
            risk, says = _LEVELS[value]
            usual = file.path.startswith("/usr/lib/rpm/macros") and value == "digest"
            macro = _Macro("_pkgverify_level", file, number, value, "all")
            yield _finding(macro, Risk.NOTE if usual else risk, says)
    if "_pkgverify_flags" in last:
        file, number, value = last["_pkgverify_flags"]
        if _number(value) not in _USUAL_FLAGS:
            says = "rpm is told to leave out some of its checks."
            macro = _Macro("_pkgverify_flags", file, number, value, "0x0")
            yield _finding(macro, Risk.MEDIUM, says)


def _order(file: FactFile) -> tuple[bool, bool, str]:
    """Sort as rpm reads: its own, those of packages, /etc/rpm/macros.*, /etc/rpm/macros."""
    return file.path.startswith("/etc"), file.path == "/etc/rpm/macros", file.path


def _number(value: str) -> int | None:
    try:
        return int(value, 0)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class _Macro:
    """The definition of a macro that counts, and the value that would be safe."""

    name: str
    file: FactFile
    line: int
    value: str
    safe: str


def _finding(macro: _Macro, risk: Risk, says: str) -> Finding:
    return Finding(
        f"rpm.{macro.name.rsplit('_', 1)[-1]}",
        risk,
        macro.file.path,
        macro.line,
        f"%{macro.name} {macro.value}"[:MAX_EVIDENCE],
        says,
        f"%{macro.name} {macro.safe}",
        DROP_IN if macro.file.path != "/etc/rpm/macros" else "",
    )
