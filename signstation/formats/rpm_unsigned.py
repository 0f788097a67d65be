"""What stands in an RPM package without any protection, and looks other than rpm writes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from signstation.codec.rpmfile import Package
from signstation.codec.rpmtags import SignatureTag
from signstation.formats.rpm_read import is_rpm6, is_source, nvr, words
from signstation.model.text import Text, text

LEAD_NAME = 65
"""Most bytes of the name in the lead: 66 with the zero byte (lib/rpmlead.c)."""
RPM4_LEAD, RPM6_LEAD = 3, 4
"""Versions in the lead (docs/manual/format_lead.md)."""
FIRST_LEGACY_TAG = 1000
"""From here on tags are not allowed in the signature header of version 6 (format_v6.md)."""


@dataclass(frozen=True, slots=True)
class Oddity:
    """One such thing; ``code`` is without the format's name."""

    code: str
    text: Text


def unprotected(package: Package) -> Iterator[Oddity]:
    """Yield what a reviewer and a verifier should hear of; rpm passes over all of it."""
    signature = package.signature
    yield from _lead(package)
    if any(package.padding):
        says = Text("The padding before the header is not zero, and no signature covers it.")
        yield Oddity("padding", says)
    for tag in (SignatureTag.RESERVED, SignatureTag.RESERVED_SPACE):
        if any(signature.binary(tag)):
            says = Text("The space reserved for signatures is not empty; nothing covers it.")
            yield Oddity("reserve", says)
    if signature.stray:
        says = text(
            "{count} bytes of the signature header belong to no tag, and nothing covers them.",
            count=signature.stray,
        )
        yield Oddity("stray", says)
    if not signature.whole:
        yield Oddity("region", Text("The signature header was not written by rpm as one region."))
    if is_rpm6(package):
        for each in signature.entries:
            if each.tag >= FIRST_LEGACY_TAG:
                says = text("Tag {tag} is not allowed in a package of version 6.", tag=each.tag)
                yield Oddity("legacy-tag", says)


def _lead(package: Package) -> Iterator[Oddity]:
    lead, main = package.lead, package.main
    name = nvr(main)
    if lead.name.rstrip(b"\0") != name[:LEAD_NAME]:
        says = "The lead, which nothing covers, calls the package {lead}, its header {name}."
        yield Oddity("lead", text(says, lead=words(lead.name.rstrip(b"\0")), name=words(name)))
    if lead.type != int(is_source(main)):
        says = "Lead and header do not agree whether it is a source package."
        yield Oddity("lead", Text(says))
    if lead.major != (RPM6_LEAD if is_rpm6(package) else RPM4_LEAD):
        says = "Lead and header do not agree on the version of the package's format."
        yield Oddity("lead", Text(says))
    if lead.minor or any(lead.spare):
        yield Oddity("lead", Text("Spare bytes of the lead are not zero; nothing covers them."))
