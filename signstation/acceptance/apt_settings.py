"""What apt's own settings give away: apt.conf(5), apt-secure(8), apt-transport-https(1)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from signstation.acceptance.aptconf import Setting, settings
from signstation.acceptance.facts import MAX_EVIDENCE, FactFile, Finding, Risk, unreadable
from signstation.errors import ArtifactMalformed

CONF = re.compile(r"/etc/apt/apt\.conf(\.d/(?:[A-Za-z0-9_-]+|[A-Za-z0-9._-]+\.conf))?")
"""The main file, and those of the directory that apt reads: no suffix, or .conf (apt.conf(5))."""
DROP_IN = "/etc/apt/apt.conf.d/zz-signstation.conf"
"""Read after the others of the directory, by its name."""
_TRUE = frozenset({"true", "yes", "on", "enable", "with", "1"})
_FALSE = frozenset({"false", "no", "off", "disable", "without", "0"})
"""StringToBool of apt-pkg/contrib/strutl.cc."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """An option, the value that is safe, and what the other one means."""

    name: str
    safe: bool
    risk: Risk
    says: str


RULES = (
    _Rule(
        "APT::Get::AllowUnauthenticated",
        safe=False,
        risk=Risk.HIGH,
        says="apt-get installs packages that no signature covers.",
    ),
    _Rule(
        "Acquire::AllowInsecureRepositories",
        safe=False,
        risk=Risk.HIGH,
        says="apt takes lists of repositories without any signature.",
    ),
    _Rule(
        "Acquire::AllowWeakRepositories",
        safe=False,
        risk=Risk.HIGH,
        says="apt takes repositories whose lists have only weak hashes.",
    ),
    _Rule(
        "Acquire::AllowDowngradeToInsecureRepositories",
        safe=False,
        risk=Risk.HIGH,
        says="A repository that was signed may come back unsigned.",
    ),
    _Rule(
        "Acquire::Check-Valid-Until",
        safe=True,
        risk=Risk.MEDIUM,
        says="apt takes lists that have run out: old packages with known faults can be replayed.",
    ),
    _Rule(
        "Acquire::Check-Date",
        safe=True,
        risk=Risk.MEDIUM,
        says="apt takes lists that are dated in the future.",
    ),
    _Rule(
        "Acquire::https::Verify-Peer",
        safe=True,
        risk=Risk.MEDIUM,
        says="apt takes any certificate of a server.",
    ),
    _Rule(
        "Acquire::https::Verify-Host",
        safe=True,
        risk=Risk.MEDIUM,
        says="apt takes a server's certificate for another name.",
    ),
)


def check_apt_settings(files: Sequence[FactFile]) -> Iterator[Finding]:
    """Yield what the last value of each option gives away: a later file overrules earlier ones."""
    last: dict[str, Setting] = {}
    parts = sorted(
        (each for each in files if CONF.fullmatch(each.path)),
        # The directory first, then the main file (apt-pkg/init.cc).
        key=lambda each: (each.path.endswith("/apt.conf"), each.path),
    )
    for file in parts:
        try:
            found = tuple(settings(file))
        except ArtifactMalformed as error:
            yield unreadable(file, f"{error.expected}: found {error.found}")
            continue
        last |= {_plain(each.name): each for each in found}
    for rule in RULES:
        setting = last.get(rule.name.lower())
        wrong = _FALSE if rule.safe else _TRUE
        if setting is not None and setting.value.lower() in wrong:
            yield _finding(rule, setting)


def _plain(name: str) -> str:
    """Return the option of a host's own setting: Acquire::https::HOST::Verify-Peer."""
    found = re.fullmatch(r"acquire::https::.+::(verify-peer|verify-host)", name)
    return f"acquire::https::{found[1]}" if found else name


def _finding(rule: _Rule, setting: Setting) -> Finding:
    safe = "true" if rule.safe else "false"
    overruled = not setting.file.path.endswith("/apt.conf")
    name = rule.name if _plain(setting.name) == setting.name else setting.name
    return Finding(
        f"apt.{rule.name.rsplit('::', 1)[-1].lower()}",
        rule.risk,
        setting.file.path,
        setting.line,
        setting.file.lines[setting.line - 1].strip()[:MAX_EVIDENCE],
        rule.says,
        f'{name} "{safe}";' if overruled else "Take the option out: this file is read last.",
        DROP_IN if overruled else "",
    )
