"""What a person must see of a kernel module before signing it."""

from __future__ import annotations

from collections.abc import Iterator

from signstation.codec import cms, compression, kmod
from signstation.codec.elf import Elf, Section
from signstation.codec.kmod import Appended
from signstation.errors import ArtifactMalformed
from signstation.formats.kmod_open import AnyOpened, OpenedStream, open_module
from signstation.formats.kmod_read import Module, read_module
from signstation.formats.kmod_words import GZIP, refused_form
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
from signstation.model.asks import Compression
from signstation.model.text import Text, text
from signstation.signatures.cms_verify import algorithm_title, digest_algorithm, signer_title

MAX_SHOWN = 12
"""Most aliases and parameters shown one by one; their number is always shown."""
MAX_VALUE = 2000
"""Most characters of one value shown: descriptions have under 100."""

_MACHINES = {
    3: "x86",
    8: "MIPS",
    20: "PowerPC",
    21: "PowerPC 64",
    22: "S/390",
    40: "ARM",
    62: "x86-64",
    183: "AArch64",
    243: "RISC-V",
    258: "LoongArch",
}
"""e_machine (gABI and elf.h) of the architectures that distributions build."""


def inspect(artifact: Artifact, ctx: Context) -> Inspection:
    """Read the module's own words about itself. Raises ArtifactMalformed and CompressedModule."""
    opened = open_module(artifact)
    module = read_module(opened.module)
    digests = opened.digests((), 0, ctx)
    return Inspection(
        format=kmod.NAME,
        title=_cut(module.value("name")) or "kernel module",
        size=artifact.size,
        sha256=digests.sha256.value,
        sections=tuple(_sections(module, opened)),
        findings=(*_findings(module), *_about_compression(opened)),
        signatures=tuple(existing for each in module.signatures for existing in _existing(each)),
        compression=opened.compression if isinstance(opened, OpenedStream) else None,
    )


def _cut(value: str) -> str:
    return value if len(value) <= MAX_VALUE else value[:MAX_VALUE] + "…"


def _facts(module: Module, rows: tuple[tuple[Text, str, FactStyle], ...]) -> Iterator[Fact]:
    """Facts of .modinfo keys that are there, one for each value."""
    for label, key, style in rows:
        for value in module.values(key)[:MAX_SHOWN]:
            if value:
                yield Fact(label, _cut(value), style)


def _sections(module: Module, opened: AnyOpened) -> Iterator[FactSection]:
    identity = (
        (Text("Name"), "name", FactStyle.MONO),
        (Text("Version"), "version", FactStyle.MONO),
        (Text("Built for kernel"), "vermagic", FactStyle.MONO),
        (Text("Licence"), "license", FactStyle.TEXT),
        (Text("Description"), "description", FactStyle.TEXT),
        (Text("Author"), "author", FactStyle.TEXT),
        (Text("Source version"), "srcversion", FactStyle.HEX),
        (Text("Part of the kernel tree"), "intree", FactStyle.TEXT),
    )
    machine = _MACHINES.get(module.elf.machine, f"ELF machine {module.elf.machine}")
    bits = "64-bit" if module.elf.wide else "32-bit"
    order = "little-endian" if module.elf.little else "big-endian"
    facts = (
        *_facts(module, identity),
        Fact(Text("Architecture"), f"{machine}, {bits}, {order}"),
    )
    yield FactSection("identity", Text("Identity"), facts)
    yield FactSection("interface", Text("Interface"), tuple(_interface(module)))
    yield FactSection("file", Text("File"), tuple(_file(module, opened)))


def _interface(module: Module) -> Iterator[Fact]:
    depends = [each for each in module.value("depends").split(",") if each]
    yield Fact(Text("Depends on"), _cut(", ".join(depends)) or "nothing", FactStyle.MONO)
    rows = (
        (Text("Soft dependency"), "softdep", FactStyle.MONO),
        (Text("Loads firmware"), "firmware", FactStyle.MONO),
        (Text("Imports namespace"), "import_ns", FactStyle.MONO),
    )
    yield from _facts(module, rows)
    aliases = module.values("alias")
    yield Fact(Text("Aliases"), str(len(aliases)))
    yield from (Fact(Text("Alias"), _cut(each), FactStyle.MONO) for each in aliases[:MAX_SHOWN])
    parameters = module.values("parm")
    yield Fact(Text("Parameters"), str(len(parameters)))
    yield from (Fact(Text("Parameter"), _cut(each)) for each in parameters[:MAX_SHOWN])


def _file(module: Module, opened: AnyOpened) -> Iterator[Fact]:
    if isinstance(opened, OpenedStream):
        yield Fact(Text("Compression"), opened.compression.value)
        yield Fact(Text("Compressed"), str(opened.file.size), FactStyle.SIZE)
        yield Fact(Text("Decompressed"), str(opened.module.size), FactStyle.SIZE)
    yield Fact(Text("Module without signature"), str(module.content), FactStyle.SIZE)
    yield Fact(Text("Sections"), str(len(module.elf.sections)))
    debug = sum(each.size for each in _debug(module.elf))
    yield Fact(Text("Debugging information"), str(debug), FactStyle.SIZE)


def _debug(elf: Elf) -> list[Section]:
    return [each for each in elf.sections if each.name.startswith((b".debug_", b".zdebug_"))]


def _findings(module: Module) -> Iterator[Finding]:
    def finding(name: str, severity: Severity, words: Text) -> Finding:
        return Finding(f"kmod.{name}", severity, words)

    if not module.value("vermagic"):
        words = Text("It does not say for which kernel it was built: no kernel will load it.")
        yield finding("vermagic", Severity.WARNING, words)
    if module.value("intree") != "Y":
        words = Text("It is not part of the kernel tree: it taints the kernel that loads it.")
        yield finding("out-of-tree", Severity.NOTE, words)
    if "GPL" not in module.value("license") and "MIT" not in module.value("license"):
        words = text("Its licence is {licence}.", licence=_cut(module.value("license")) or "absent")
        yield finding("licence", Severity.NOTE, words)
    if _debug(module.elf):
        words = Text(
            "It holds debugging information. Strip it before signing: stripping afterwards "
            "removes the signature."
        )
        yield finding("debug", Severity.NOTE, words)
    if module.elf.end < module.content:
        extra = module.content - module.elf.end
        words = text("{count} bytes follow the ELF file and will be signed with it.", count=extra)
        yield finding("trailing", Severity.WARNING, words)
    yield from _about_signatures(module.signatures)


def _about_compression(opened: AnyOpened) -> Iterator[Finding]:
    if not isinstance(opened, OpenedStream):
        return
    words = text(
        "It is compressed with {compression}. The module inside is signed, and compressed again "
        "as the kernel's own build does it.",
        compression=opened.compression.value,
    )
    yield Finding("kmod.compressed", Severity.NOTE, words)
    found = compression.obstacle(opened.packed, opened.compression)
    if found is not None:
        yield Finding("kmod.compressed-form", Severity.WARNING, refused_form(found))
    if opened.compression is Compression.GZIP:
        yield Finding("kmod.gzip", Severity.NOTE, GZIP)


def _about_signatures(signatures: tuple[Appended, ...]) -> Iterator[Finding]:
    if len(signatures) > 1:
        words = text(
            "It carries {count} signatures on top of one another; the kernel sees only the last. "
            "All of them are taken away when it is signed.",
            count=len(signatures),
        )
        yield Finding("kmod.nested", Severity.WARNING, words)
    elif signatures:
        words = Text("It is signed already; that signature is replaced.")
        yield Finding("kmod.signed", Severity.NOTE, words)


def _existing(appended: Appended) -> Iterator[ExistingSignature]:
    kind = Text("Appended module signature (CMS)")
    try:
        signed = cms.parse_signed_data(appended.signature)
    except ArtifactMalformed:
        yield ExistingSignature(Text("Appended module signature, unreadable"), "", "", "")
        return
    for signer in signed.signers:
        digest = digest_algorithm(signer)
        yield ExistingSignature(
            kind=kind,
            signer=signer_title(signer),
            algorithm=algorithm_title(signer),
            hash=signer.digest.oid if digest is None else digest.title,
        )
