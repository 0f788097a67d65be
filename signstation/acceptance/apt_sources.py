"""What apt's lists of repositories give away: sources.list(5), both forms, and keys for all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from signstation.acceptance.facts import MAX_EVIDENCE, FactFile, Finding, Risk

LISTS = re.compile(r"/etc/apt/sources\.list(\.d/[A-Za-z0-9._-]+\.list)?")
STANZAS = re.compile(r"/etc/apt/sources\.list\.d/[A-Za-z0-9._-]+\.sources")
KEYS_FOR_ALL = re.compile(r"/etc/apt/trusted\.gpg(\.d/[A-Za-z0-9._-]+\.(gpg|asc))?")
"""Keys that may sign for every repository (apt-key(8))."""
_OWN = re.compile(r"/etc/apt/trusted\.gpg\.d/(debian|ubuntu)-[A-Za-z0-9._-]+")
"""Keys of the distribution itself, which put them there."""
_LINE = re.compile(r"\s*deb(?:-src)?\s+(?:\[(?P<options>[^\]]*)\]\s*)?(?P<uri>\S+)\s.*")
_UNSIGNED = {
    "trusted": "apt takes this repository as signed whatever it gets.",
    "allow-insecure": "apt takes this repository without a signature.",
    "allow-weak": "apt takes this repository with weak hashes only.",
    "allow-downgrade-to-insecure": "This repository may come back unsigned.",
}
_DATES = {
    "check-valid-until": "apt takes lists of this repository that have run out.",
    "check-date": "apt takes lists of this repository that are dated in the future.",
}


@dataclass(frozen=True, slots=True)
class _Source:
    """One source: options in small letters, the addresses, and where it stands."""

    file: FactFile
    line: int
    options: Mapping[str, str]
    uris: tuple[str, ...]
    evidence: str


def check_apt_sources(files: Sequence[FactFile]) -> Iterator[Finding]:
    """Yield what each source gives away, in the order of the files."""
    for file in files:
        if LISTS.fullmatch(file.path):
            for source in _lines(file):
                yield from _check(source)
        elif STANZAS.fullmatch(file.path):
            for source in _stanzas(file):
                yield from _check(source)
        elif KEYS_FOR_ALL.fullmatch(file.path) and file.content and not _OWN.match(file.path):
            yield Finding(
                "apt.key-for-all",
                Risk.MEDIUM,
                file.path,
                0,
                f"{len(file.content)} bytes",
                "The keys in this file may sign for every repository of this machine.",
                "Move the file to /etc/apt/keyrings and name it as Signed-By of its repository.",
            )


def _lines(file: FactFile) -> Iterator[_Source]:
    for number, line in enumerate(file.lines, 1):
        found = _LINE.fullmatch(line.partition("#")[0] + " ")
        if found:
            words = (each.partition("=") for each in (found["options"] or "").split())
            options = {name.lower().rstrip("+-"): value for name, _, value in words}
            yield _Source(file, number, options, (found["uri"],), line.strip())


def _stanzas(file: FactFile) -> Iterator[_Source]:
    fields: dict[str, list[str]] = {}
    current: list[str] = []
    start = 0
    for number, line in enumerate([*file.lines, ""], 1):
        if line.startswith("#"):
            continue
        if not line.strip():
            if fields:
                options = {name: " ".join(lines).strip() for name, lines in fields.items()}
                uris = options.get("uris", "")
                yield _Source(file, start, options, tuple(uris.split()), f"URIs: {uris}")
            fields, current, start = {}, [], 0
        elif line[0] in " \t":
            current.append(line.strip())
        else:
            name, _, value = line.partition(":")
            start = start or number
            current = [value.strip()]
            fields[name.strip().lower()] = current


def _check(source: _Source) -> Iterator[Finding]:
    if source.options.get("enabled", "yes").lower() in {"no", "false", "0", "off"}:
        return
    for name, says in _UNSIGNED.items():
        if source.options.get(name, "").lower() in {"yes", "true", "1", "on"}:
            yield _found(source, f"apt.{name}", Risk.HIGH, says, f"Take {name} out of the source.")
    for name, says in _DATES.items():
        if source.options.get(name, "").lower() in {"no", "false", "0", "off"}:
            yield _found(
                source, f"apt.{name}", Risk.MEDIUM, says, f"Take {name} out of the source."
            )
    if not source.options.get("signed-by"):
        plain = [each for each in source.uris if each.startswith(("http:", "ftp:"))]
        yield _found(
            source,
            "apt.no-signed-by",
            Risk.MEDIUM if plain else Risk.NOTE,
            "Any key that this machine trusts may sign this repository"
            + (", and it comes over a connection that others can change." if plain else "."),
            "Name its keyring: Signed-By in a .sources file, [signed-by=…] in a line.",
        )


def _found(source: _Source, code: str, risk: Risk, says: str, mend: str) -> Finding:
    evidence = source.evidence[:MAX_EVIDENCE]
    return Finding(code, risk, source.file.path, source.line, evidence, says, mend)
