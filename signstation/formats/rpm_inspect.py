"""What a person must see of an RPM package before signing it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from signstation.codec.openpgp_packets import HASHES
from signstation.codec.rpmfile import NAME, Header, Package
from signstation.codec.rpmtags import SignatureTag, Tag
from signstation.errors import LimitReached
from signstation.formats.rpm_files import inspect_files
from signstation.formats.rpm_place import is_signed
from signstation.formats.rpm_read import (
    Claim,
    claims,
    is_rpm6,
    is_source,
    nevra,
    payload_is_signed,
    read,
    requests,
    settle,
    signatures,
    words,
)
from signstation.formats.rpm_scripts import inspect_dependencies, inspect_scripts
from signstation.formats.rpm_unsigned import unprotected
from signstation.interfaces.artifact import Artifact
from signstation.interfaces.context import Context
from signstation.model.artifacts import (
    ExistingSignature,
    Fact,
    FactSection,
    FactStyle,
    Finding,
    Inspection,
    Severity,
)
from signstation.model.text import Text, text
from signstation.signatures.openpgp_facts import algorithm_title, claimed, hash_title

MAX_VALUE = 4000
"""Most characters of one value shown: long descriptions have about 2,000."""
MD5_ID = 1
"""OpenPGP's number of MD5, the default of FILE_DIGEST_ALGORITHM."""
GOOD_ID = 8
"""Smallest number of a hash of SHA-2 or SHA-3."""

_IDENTITY = (
    (Text("Name"), Tag.NAME, FactStyle.MONO),
    (Text("Version"), Tag.VERSION, FactStyle.MONO),
    (Text("Release"), Tag.RELEASE, FactStyle.MONO),
    (Text("Summary"), Tag.SUMMARY, FactStyle.TEXT),
    (Text("Description"), Tag.DESCRIPTION, FactStyle.TEXT),
    (Text("Licence"), Tag.LICENCE, FactStyle.TEXT),
    (Text("Homepage"), Tag.URL, FactStyle.MONO),
    (Text("Module"), Tag.MODULARITY_LABEL, FactStyle.MONO),
)
_ORIGIN = (
    (Text("Build host"), Tag.BUILD_HOST, FactStyle.MONO),
    (Text("Source package"), Tag.SOURCE_RPM, FactStyle.MONO),
    (Text("Source version"), Tag.SOURCE_NEVR, FactStyle.MONO),
    (Text("Vendor"), Tag.VENDOR, FactStyle.TEXT),
    (Text("Packager"), Tag.PACKAGER, FactStyle.TEXT),
    (Text("Distribution"), Tag.DISTRIBUTION, FactStyle.TEXT),
    (Text("Repository of the source"), Tag.VCS, FactStyle.MONO),
    (Text("Built with RPM"), Tag.RPM_VERSION, FactStyle.MONO),
    (Text("Platform"), Tag.PLATFORM, FactStyle.MONO),
)
_PAYLOAD = (
    (Text("Compression"), Tag.PAYLOAD_COMPRESSOR, FactStyle.TEXT),
    (Text("Compression level"), Tag.PAYLOAD_FLAGS, FactStyle.MONO),
    (Text("Archive format"), Tag.PAYLOAD_FORMAT, FactStyle.TEXT),
)
_SPOOFING = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
"""Unicode categories of characters that cannot be seen or that move others about."""


def inspect(artifact: Artifact, ctx: Context) -> Inspection:
    """Read the header's words and compare the digests. Raises ArtifactMalformed."""
    package = read(artifact)
    stated = claims(package, everything=False)
    digests = ctx.digests(artifact, requests(stated))
    settled = settle(stated, digests.states)
    main = package.main
    scripts, about_scripts = inspect_scripts(main)
    files, about_files = inspect_files(main)
    findings = (
        *_damage(package, settled),
        *(
            Finding(f"rpm.{each.code}", Severity.WARNING, each.text)
            for each in unprotected(package)
        ),
        *_findings(package, ctx.time),
        *about_scripts,
        *about_files,
    )
    sections = (
        FactSection("identity", Text("Identity"), tuple(_identity(package))),
        FactSection("origin", Text("Origin"), tuple(_origin(main))),
        scripts,
        files,
        inspect_dependencies(main),
        FactSection("payload", Text("Payload and digests"), tuple(_payload(package, settled))),
    )
    return Inspection(
        format=NAME,
        title=_cut(nevra(main)),
        size=artifact.size,
        sha256=digests.sha256.value,
        sections=tuple(each for each in sections if each.facts),
        findings=findings,
        signatures=tuple(_existing(package)),
    )


def _cut(value: str) -> str:
    return value if len(value) <= MAX_VALUE else value[:MAX_VALUE] + "…"


def _facts(main: Header, rows: Iterable[tuple[Text, Tag, FactStyle]]) -> Iterator[Fact]:
    for label, tag, style in rows:
        if tag in main:
            yield Fact(label, _cut(words(main.string(tag))), style)


def _identity(package: Package) -> Iterator[Fact]:
    main = package.main
    yield Fact(Text("Package"), _cut(nevra(main)), FactStyle.MONO)
    kind = "source package" if is_source(main) else "binary package"
    yield Fact(Text("Kind"), f"{kind}, format {6 if is_rpm6(package) else 4}")
    if Tag.EPOCH in main:
        yield Fact(Text("Epoch"), str(main.number(Tag.EPOCH)), FactStyle.MONO)
    yield from _facts(main, _IDENTITY)
    platform = f"{words(main.string(Tag.ARCH))}, {words(main.string(Tag.OS))}"
    yield Fact(Text("Architecture"), _cut(platform), FactStyle.MONO)


def _origin(main: Header) -> Iterator[Fact]:
    if Tag.BUILD_TIME in main:
        yield Fact(Text("Build time"), str(main.number(Tag.BUILD_TIME)), FactStyle.TIME)
    yield from _facts(main, _ORIGIN)


def _payload(package: Package, settled: tuple[Claim, ...]) -> Iterator[Fact]:
    main = package.main
    yield from _facts(main, _PAYLOAD)
    yield Fact(Text("Payload"), str(package.size - main.end), FactStyle.SIZE)
    installed = main.number(Tag.LONG_SIZE if Tag.LONG_SIZE in main else Tag.SIZE)
    yield Fact(Text("Installed"), str(installed), FactStyle.SIZE)
    number = main.number(Tag.FILE_DIGEST_ALGORITHM, MD5_ID)
    named = HASHES.get(number)
    yield Fact(Text("Digests of files"), named.title if named else f"hash {number}")
    for each in settled:
        style = FactStyle.SIZE if each.algorithm is None and each.known else FactStyle.HEX
        yield Fact(each.what, _cut(each.stated[0]), style)
    reserved = sum(
        package.signature.count(each)
        for each in (SignatureTag.RESERVED, SignatureTag.RESERVED_SPACE)
    )
    yield Fact(Text("Room for signatures"), str(reserved), FactStyle.SIZE)


def _damage(package: Package, settled: tuple[Claim, ...]) -> Iterator[Finding]:
    """What keeps it from being signed."""
    for each in settled:
        if each.known and not each.agrees:
            said = text("{what}: not as stated. The package is damaged.", what=each.what.english())
            yield Finding("rpm.damaged", Severity.BLOCKER, said)
    for header in (package.signature, package.main):
        for tag in header.duplicates:
            said = text("Tag {tag} stands there twice.", tag=tag)
            yield Finding("rpm.duplicate-tags", Severity.BLOCKER, said)


def _findings(package: Package, time: int) -> Iterator[Finding]:
    main = package.main
    if is_signed(package):
        said = Text("It is signed already; those signatures are replaced unless you keep them.")
        yield Finding("rpm.signed", Severity.NOTE, said)
    if not payload_is_signed(package):
        said = Text("The header states no good digest of the payload, as RPM does since 4.14.")
        yield Finding("rpm.no-payload-digest", Severity.WARNING, said)
    if not {SignatureTag.SHA256, SignatureTag.SHA3_256} & {
        each.tag for each in package.signature.entries
    }:
        said = Text("There is no SHA-256 digest of the header, as RPM writes it since 4.14.")
        yield Finding("rpm.no-header-digest", Severity.WARNING, said)
    algorithm = main.number(Tag.FILE_DIGEST_ALGORITHM, MD5_ID)
    if Tag.FILE_DIGESTS in main and algorithm < GOOD_ID:
        said = Text("The digests of its files are MD5 or SHA-1: files can be exchanged unnoticed.")
        yield Finding("rpm.weak-file-digests", Severity.WARNING, said)
    if 0 < time < main.number(Tag.BUILD_TIME):  # 0: no time was given
        said = Text("It says that it was built later than the time at which it is looked at.")
        yield Finding("rpm.build-time", Severity.WARNING, said)
    if {SignatureTag.FILE_SIGNATURES, SignatureTag.VERITY_SIGNATURES} & {
        each.tag for each in package.signature.entries
    }:
        said = Text("It carries signatures of single files (IMA or fs-verity); they are kept.")
        yield Finding("rpm.file-signatures", Severity.NOTE, said)
    if spoofed := _spoofed(main):
        said = text("Invisible or misleading characters in: {labels}.", labels=", ".join(spoofed))
        yield Finding("rpm.characters", Severity.WARNING, said)


def _spoofed(main: Header) -> list[str]:
    """Labels of values with characters that hide or move others, or that are not UTF-8."""
    found: list[str] = []
    for label, tag, _ in (*_IDENTITY, *_ORIGIN, *_PAYLOAD):
        value = main.string(tag)[:MAX_VALUE]
        shown = value.decode(errors="replace").translate({ord("\n"): None, ord("\t"): None})
        if "\ufffd" in shown or any(unicodedata.category(each) in _SPOOFING for each in shown):
            found.append(label.english())
    return found


def _existing(package: Package) -> Iterator[ExistingSignature]:
    try:
        found = signatures(package)
    except LimitReached as error:
        yield ExistingSignature(text("more than {limit}", limit=error.limit), "", "", "")
        return
    for each in found:
        packet = each.packet
        yield ExistingSignature(
            kind=each.place,
            signer=claimed(packet),
            algorithm=algorithm_title(packet) if packet.algorithm else "",
            hash=hash_title(packet) if packet.hash_id else "",
            made_at=packet.created,
        )
