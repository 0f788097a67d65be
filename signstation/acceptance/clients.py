"""Judges a client machine by its files: everything that lets in what nobody signed."""

from __future__ import annotations

from collections.abc import Sequence

from signstation.acceptance.apt_settings import check_apt_settings
from signstation.acceptance.apt_sources import check_apt_sources
from signstation.acceptance.facts import FactFile, Finding, Risk
from signstation.acceptance.other_settings import check_containers, check_flatpak
from signstation.acceptance.rpm_settings import check_dnf, check_rpm
from signstation.acceptance.weak_keys import check_keys

CHECKS = (
    check_apt_settings,
    check_apt_sources,
    check_dnf,
    check_rpm,
    check_flatpak,
    check_containers,
    check_keys,
)
_ORDER = tuple(Risk)


def check_client(files: Sequence[FactFile]) -> tuple[Finding, ...]:
    """Return all findings, the worst first. A pure function of the files."""
    found = [finding for check in CHECKS for finding in check(files)]
    return tuple(sorted(found, key=lambda each: _ORDER.index(each.risk)))


def worth_mending(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return the findings that are more than notes, in their order."""
    return tuple(each for each in findings if each.risk is not Risk.NOTE)


def is_good(findings: Sequence[Finding]) -> bool:
    """Whether nothing was found that needs to be mended."""
    return not worth_mending(findings)
