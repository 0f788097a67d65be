"""What a person must see of a Debian package before signing it."""

from __future__ import annotations

import lzma
import tarfile
import unicodedata
import zlib
from collections.abc import Iterator
from typing import IO, cast

import zstandard

from signstation.codec.filelist import FileList, PackagedFile
from signstation.errors import LimitReached
from signstation.formats.deb_control import SCRIPTS, Control, control_archive
from signstation.formats.deb_dpkgsig import WEAK
from signstation.formats.deb_read import Package, read, signatures
from signstation.formats.deb_unpack import Bounded, flowing
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

MAX_FILES = 1_000_000
"""Most entries of data.tar that are looked at: the largest package of Debian has 200,000."""
MAX_VALUE = 4000
"""Most characters of one value shown."""
MAX_SCRIPT = 64 * 1024
"""Most characters of one script that are shown."""
_NAME = ("package", "version", "architecture")
"""Fields that make the usual file name, joined by underscores."""
_SPOOFING = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
"""Unicode categories of characters that cannot be seen or that move others about."""
_IDENTITY = (
    (Text("Name"), "package", FactStyle.MONO),
    (Text("Version"), "version", FactStyle.MONO),
    (Text("Architecture"), "architecture", FactStyle.MONO),
    (Text("Section"), "section", FactStyle.TEXT),
    (Text("Priority"), "priority", FactStyle.TEXT),
    (Text("Description"), "description", FactStyle.TEXT),
    (Text("Homepage"), "homepage", FactStyle.MONO),
    (Text("Essential"), "essential", FactStyle.TEXT),
)
_ORIGIN = (
    (Text("Maintainer"), "maintainer", FactStyle.TEXT),
    (Text("Source package"), "source", FactStyle.MONO),
    (Text("Origin"), "origin", FactStyle.TEXT),
    (Text("Built with"), "built-using", FactStyle.MONO),
)
_DEPENDENCIES = (
    (Text("Pre-depends"), "pre-depends"),
    (Text("Depends"), "depends"),
    (Text("Recommends"), "recommends"),
    (Text("Suggests"), "suggests"),
    (Text("Provides"), "provides"),
    (Text("Conflicts"), "conflicts"),
    (Text("Breaks"), "breaks"),
    (Text("Replaces"), "replaces"),
    (Text("Enhances"), "enhances"),
)


def inspect(artifact: Artifact, ctx: Context) -> Inspection:
    """Read control archive and list of files. Raises ArtifactMalformed and LimitReached."""
    package = read(artifact)
    control = control_archive(artifact, package.control)
    digests = ctx.digests(artifact)
    files, about_files = _files(artifact, package, ctx)
    scripts = tuple(_scripts(control))
    sections = (
        FactSection("identity", Text("Identity"), tuple(_facts(control, _IDENTITY))),
        FactSection("origin", Text("Origin"), tuple(_facts(control, _ORIGIN))),
        FactSection("scripts", Text("Scripts run as root"), scripts or (_NO_SCRIPTS,)),
        files,
        FactSection("dependencies", Text("Dependencies"), tuple(_dependencies(control))),
        FactSection("payload", Text("Members"), tuple(_payload(package, control))),
    )
    return Inspection(
        format="deb",
        title=_cut("_".join(control.field(each) for each in _NAME)),
        size=artifact.size,
        sha256=digests.sha256.value,
        sections=tuple(each for each in sections if each.facts),
        findings=(
            *_damage(package),
            *_findings(package, control),
            *_legacy(artifact, package),
            *about_files,
        ),
        signatures=tuple(_existing(artifact, package)),
    )


_NO_SCRIPTS = Fact(Text("Scripts"), "none")


def _cut(value: str) -> str:
    return value if len(value) <= MAX_VALUE else value[:MAX_VALUE] + "…"


def _facts(control: Control, rows: tuple[tuple[Text, str, FactStyle], ...]) -> Iterator[Fact]:
    for label, name, style in rows:
        if value := control.field(name):
            yield Fact(label, _cut(value), style)


def _scripts(control: Control) -> Iterator[Fact]:
    for name in (*SCRIPTS, "triggers"):
        if name in control.files:
            script = control.files[name].content.decode(errors="backslashreplace")
            missing = len(script) - MAX_SCRIPT
            more = f"\n… {missing} more characters" if missing > 0 else ""
            yield Fact(text("{name}", name=name), script[:MAX_SCRIPT] + more, FactStyle.CODE)


def _dependencies(control: Control) -> Iterator[Fact]:
    for label, name in _DEPENDENCIES:
        if value := control.field(name):
            lines = "\n".join(each.strip() for each in value.replace("\n", " ").split(","))
            yield Fact(label, _cut(lines), FactStyle.CODE)


def _payload(package: Package, control: Control) -> Iterator[Fact]:
    yield Fact(Text("Compression"), package.data.compression.title)
    yield Fact(Text("Control archive"), str(package.control.member.size), FactStyle.SIZE)
    yield Fact(Text("Payload"), str(package.data.member.size), FactStyle.SIZE)
    installed = control.field("installed-size")
    if installed.isascii() and installed.isdigit() and len(installed) < 16:  # noqa: PLR2004 - KiB of 64 bits
        yield Fact(Text("Installed"), str(int(installed) * 1024), FactStyle.SIZE)


def _files(
    artifact: Artifact, package: Package, ctx: Context
) -> tuple[FactSection, tuple[Finding, ...]]:
    """List data.tar as it flows by; nothing is ever written anywhere."""
    found = FileList("deb")
    findings: list[Finding] = []
    try:
        with (
            flowing(artifact, package.data, ctx.checkpoint) as stream,
            tarfile.open(
                fileobj=cast("IO[bytes]", Bounded(stream)), mode="r|", errorlevel=2
            ) as archive,
        ):
            for entry in archive:
                if found.count == MAX_FILES:
                    said = text("Only the first {count} files were looked at.", count=MAX_FILES)
                    findings.append(Finding("deb.files-hidden", Severity.WARNING, said))
                    break
                archive.members = []  # type: ignore[attr-defined] # else every entry is kept in memory
                found.add(_file(entry))
                findings.extend(_escape(entry, len(findings)))
    except (
        tarfile.TarError,
        lzma.LZMAError,
        zlib.error,
        zstandard.ZstdError,
        EOFError,
        LimitReached,
        MemoryError,
        OSError,
        ValueError,
        OverflowError,
    ) as error:
        said = text("The list of files cannot be read: {reason}", reason=str(error))
        findings.append(Finding("deb.files-unreadable", Severity.BLOCKER, said))
    return found.section(), (*found.findings(), *findings)


def _file(entry: tarfile.TarInfo) -> PackagedFile:
    kinds = (
        (entry.isdir(), 0o040000),
        (entry.issym(), 0o120000),
        (entry.ischr(), 0o020000),
        (entry.isblk(), 0o060000),
        (entry.isfifo(), 0o010000),
    )
    kind = next((mode for fits, mode in kinds if fits), 0o100000)
    path = entry.name.removeprefix(".") or "/"
    if entry.issym() or entry.islnk():
        path += f" -> {entry.linkname}"
    owner = entry.uname or str(entry.uid), entry.gname or str(entry.gid)
    capabilities = "security.capability" if _capable(entry) else ""
    return PackagedFile(
        _line(path), kind | (entry.mode & 0o7777), _line(owner[0]), _line(owner[1]), entry.size,
        capabilities,
    )  # fmt: skip


def _capable(entry: tarfile.TarInfo) -> bool:
    return any("security.capability" in name for name in entry.pax_headers)


def _line(value: str) -> str:
    """Without line ends, so that one path cannot pass for two."""
    plain = value.encode("utf-8", "surrogateescape").decode(errors="backslashreplace")
    return plain.replace("\r", "\\r").replace("\n", "\\n")


def _escape(entry: tarfile.TarInfo, so_far: int) -> Iterator[Finding]:
    """A path that leaves the root is no accident."""
    parts = entry.name.split("/")
    if ".." in parts and so_far < 5:  # noqa: PLR2004 - a few are enough to be warned
        said = text("A path leads out of the root: {path}", path=_line(entry.name))
        yield Finding("deb.path", Severity.BLOCKER, said)


def _damage(package: Package) -> Iterator[Finding]:
    """What keeps it from being signed."""
    for name in package.repeated:
        said = text("The member {name} stands there twice.", name=name)
        yield Finding("deb.duplicate-members", Severity.BLOCKER, said)
    for each in package.unknown:
        said = text("The member {name} belongs to no Debian package.", name=each.name)
        yield Finding("deb.unknown-member", Severity.BLOCKER, said)


def _findings(package: Package, control: Control) -> Iterator[Finding]:
    if package.signatures:
        said = Text("It is signed already; those signatures are replaced unless you keep them.")
        yield Finding("deb.signed", Severity.NOTE, said)
    for each in package.ignored:
        said = text(
            "No tool looks at the member {name}, and no signature covers it.", name=each.name
        )
        yield Finding("deb.ignored-member", Severity.WARNING, said)
    if names := [each for each in SCRIPTS if each in control.files]:
        said = text("Runs scripts as root: {names}.", names=", ".join(names))
        yield Finding("deb.scriptlets", Severity.WARNING, said)
    for name in control.paragraph.repeated:
        said = text("The field {name} stands there twice: dpkg refuses it.", name=name)
        yield Finding("deb.repeated-field", Severity.WARNING, said)
    for name in ("package", "version", "architecture", "maintainer"):
        if not control.field(name):
            said = text("The field {name} is missing: dpkg refuses it.", name=name.capitalize())
            yield Finding("deb.missing-field", Severity.WARNING, said)
    if spoofed := _spoofed(control):
        said = text("Invisible or misleading characters in: {labels}.", labels=", ".join(spoofed))
        yield Finding("deb.characters", Severity.WARNING, said)


def _spoofed(control: Control) -> list[str]:
    found: list[str] = []
    for label, name, _ in (*_IDENTITY, *_ORIGIN):
        shown = control.field(name)[:MAX_VALUE].translate({ord("\n"): None, ord("\t"): None})
        if any(unicodedata.category(each) in _SPOOFING for each in shown):
            found.append(label.english())
    return found


def _legacy(artifact: Artifact, package: Package) -> Iterator[Finding]:
    if any(each.packet is None for each in signatures(artifact, package)):
        yield Finding("deb.dpkg-sig", Severity.WARNING, WEAK)


def _existing(artifact: Artifact, package: Package) -> Iterator[ExistingSignature]:
    for each in signatures(artifact, package):
        packet = each.packet
        if packet is None:
            yield ExistingSignature(each.place, "", "dpkg-sig", "")
            continue
        yield ExistingSignature(
            kind=each.place,
            signer=claimed(packet),
            algorithm=algorithm_title(packet) if packet.algorithm else "",
            hash=hash_title(packet) if packet.hash_id else "",
            made_at=packet.created,
        )
