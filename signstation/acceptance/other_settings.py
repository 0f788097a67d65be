"""What flatpak and the container tools give away: flatpak-remote(5), containers-policy.json(5)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from signstation.acceptance.facts import MAX_EVIDENCE, FactFile, Finding, Risk, unreadable
from signstation.acceptance.ini import sections

REMOTES = "/var/lib/flatpak/repo/config"
POLICY = "/etc/containers/policy.json"
_REMOTE = re.compile(r'remote "(.+)"')
_ANYTHING = "insecureAcceptAnything"
_LOCAL = frozenset({"docker-daemon", "containers-storage", "dir", "oci", "docker-archive"})
"""Transports of images that are on this machine already."""


def check_flatpak(files: Sequence[FactFile]) -> Iterator[Finding]:
    """Yield the remotes whose signatures are not looked at; the defaults of flatpak are good."""
    for file in files:
        if file.path != REMOTES:
            continue
        for section in sections(file):
            remote = _REMOTE.fullmatch(section.name)
            for name in ("gpg-verify", "gpg-verify-summary") if remote else ():
                value = section.values.get(name)
                if remote and value is not None and value.off:
                    yield Finding(
                        f"flatpak.{name}",
                        Risk.HIGH,
                        file.path,
                        value.line,
                        f"{remote[1]}: {name}={value.text}"[:MAX_EVIDENCE],
                        "flatpak installs from this remote what nobody signed.",
                        f"flatpak remote-modify --gpg-verify {remote[1]}"[:MAX_EVIDENCE],
                    )


def check_containers(files: Sequence[FactFile]) -> Iterator[Finding]:
    """Yield the scopes of policy.json from which any image is taken."""
    for file in files:
        if file.path != POLICY:
            continue
        try:
            policy = json.loads(file.content)
        except (ValueError, RecursionError) as error:
            yield unreadable(file, str(error))
            continue
        if not isinstance(policy, dict):
            yield unreadable(file, "it is not an object")
            continue
        yield from _policy(file, policy)


def _policy(file: FactFile, policy: dict[str, object]) -> Iterator[Finding]:
    if _accepts(policy.get("default")):
        yield _scope(file, "default", Risk.HIGH, "Any image of any place is taken unsigned.")
    transports = policy.get("transports")
    for transport, scopes in transports.items() if isinstance(transports, dict) else ():
        for scope, wanted in scopes.items() if isinstance(scopes, dict) else ():
            if _accepts(wanted) and transport not in _LOCAL:
                says = "Images of this place are taken unsigned."
                yield _scope(file, scope or transport, Risk.MEDIUM, says)


def _accepts(requirements: object) -> bool:
    """Whether a list of requirements asks for nothing."""
    return isinstance(requirements, list) and any(
        isinstance(each, dict) and each.get("type") == _ANYTHING for each in requirements
    )


def _scope(file: FactFile, scope: str, risk: Risk, says: str) -> Finding:
    at = file.content.find(json.dumps(scope).encode())
    line = file.content.count(b"\n", 0, at) + 1 if at >= 0 else 0
    return Finding(
        "containers.anything",
        risk,
        file.path,
        line,
        f"{scope}: {_ANYTHING}"[:MAX_EVIDENCE],
        says,
        'Write {"type": "sigstoreSigned", "keyPath": …} there, or {"type": "reject"}.',
    )
