"""Kernel modules: a CMS signature behind the ELF file, as the kernel's sign-file appends it.

An existing signature is replaced, never nested. The kernel checks what it has decompressed: a
compressed module (.ko.xz, .ko.zst, .ko.gz) is signed inside and compressed again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from signstation.codec import kmod
from signstation.codec.cms import self_issued
from signstation.errors import (
    AlreadySigned,
    ArtifactMalformed,
    CompressedModule,
    RecheckFailed,
    SchemeUnsupported,
    UsageError,
)
from signstation.formats import kmod_inspect, kmod_read, kmod_referee, kmod_verify
from signstation.formats.kmod_open import AnyOpened, OpenedStream, open_module
from signstation.formats.kmod_read import read_module
from signstation.interfaces.artifact import Artifact, Source
from signstation.interfaces.context import Context, ToolContext
from signstation.interfaces.format import Signing
from signstation.model.artifacts import Inspection
from signstation.model.asks import Compression, Part
from signstation.model.checks import Opinion, Verified
from signstation.model.hashes import Digest, HashAlgorithm, HashState, sha256
from signstation.model.keys import Mechanism, SignatureType, Slot
from signstation.model.options import Choice, Existing, Field, FieldKind, Options, existing_field
from signstation.model.text import Text
from signstation.model.trust import Purpose, Trust
from signstation.signatures.cms_sign import check_own_cms, sign_cms

MECHANISMS = frozenset({Mechanism.RSA_PKCS1, Mechanism.ECDSA})
"""What a released kernel can check (crypto/asymmetric_keys; ECDSA needs CONFIG_CRYPTO_ECDSA)."""
CHUNK = 8 * 1024 * 1024
"""Bytes compared at a time."""
_BY_HAND: Mapping[Compression, tuple[tuple[str, ...], tuple[str, ...]]] = {
    Compression.XZ: (
        ("xz", "--decompress", "FILE.xz"),
        ("xz", "--check=crc32", "--lzma2=dict=1MiB", "FILE"),
    ),
    Compression.ZSTD: (
        ("zstd", "--decompress", "--rm", "FILE.zst"),
        ("zstd", "-T0", "--rm", "FILE"),
    ),
    Compression.GZIP: (("gzip", "--decompress", "FILE.gz"), ("gzip", "-n", "FILE")),
}
"""What opens a module, and what compresses it as scripts/Makefile.modinst of the kernel does."""
CERTIFICATE_FIELD = Field(
    "certificate",
    Text("Certificate inside the signature"),
    FieldKind.CHOICE,
    "auto",
    (
        Choice("auto", Text("When an authority issued it, so that only the authority is enrolled")),
        Choice("no", Text("Never, as sign-file does")),
        Choice("yes", Text("Always, with the issuers that are known")),
    ),
)


class Kmod:
    """The format ``kmod``; see ``interfaces.format.Format``."""

    id = "kmod"
    title = Text("Kernel module")
    rules = 1
    purpose = Purpose.KERNEL_MODULES
    signature_types = (SignatureType.CMS,)
    default_hash = HashAlgorithm.SHA256
    options = (
        CERTIFICATE_FIELD,
        existing_field(Existing.REPLACE, Existing.REPLACE, Existing.REFUSE),
    )

    def recognise(self, source: Source) -> int:
        """ELF relocatable files with .modinfo, plain or compressed."""
        return kmod_read.recognise(source)

    def inspect(self, artifact: Artifact, ctx: Context) -> Inspection:
        """Show what is in .modinfo, and the signature. Raises CompressedModule too."""
        return kmod_inspect.inspect(artifact, ctx)

    def sign(
        self, artifact: Artifact, slots: tuple[Slot, ...], options: Options, ctx: Context
    ) -> Signing:
        """Yield one ask over the module without its signatures; patch the end of the file.

        A compressed module is opened again to be written: nothing is held while a key is awaited.
        """
        slot = _only(slots)
        chosen = dict(options)
        opened = open_module(artifact)
        module = read_module(opened.module)
        if module.signatures and chosen["existing"] == Existing.REFUSE.value:
            raise AlreadySigned
        content = module.content
        digests = opened.digests((slot.hash,), content, ctx)
        covers = opened.covers(content)
        del opened, module
        signature = yield from sign_cms(
            0,
            slot,
            digests.states[0],
            part=Part.MODULE,
            covers=covers,
            attributes=False,
            certificates=_carried(slot, chosen["certificate"]),
            time=ctx.time,
        )
        return (open_module(artifact).output(content, kmod.append(signature), ctx),)

    def recheck(
        self,
        artifact: Artifact,
        outputs: tuple[Artifact, ...],
        slots: tuple[Slot, ...],
        options: Options,
        ctx: Context,
    ) -> tuple[Digest, ...]:
        """Check the form, the trailer, the bytes before it against the artifact's, and the number.

        A compressed output must have the form in which it is written.
        """
        del options
        slot = _only(slots)
        (output,) = outputs
        before = open_module(artifact)
        nested = kmod.signatures(before.module.read, before.module.size)
        content = nested[-1].content if nested else before.module.size
        after = _reopened(output, before, ctx)
        try:
            found = kmod.signatures(after.module.read, after.module.size)
        except ArtifactMalformed as error:
            raise RecheckFailed(reason=str(error)) from error
        if len(found) != 1 or not found[0].exact or found[0].id_type != kmod.IdType.PKCS7:
            raise RecheckFailed(reason="not exactly one PKCS#7 signature")
        if found[0].content != content:
            raise RecheckFailed(reason="the signature does not start behind the module")
        state, whole = _compare(before.module, after.module, content, slot.hash, ctx)
        check_own_cms(found[0].signature, slot, state)
        return (sha256(after.packed) if isinstance(after, OpenedStream) else whole,)

    def verify(
        self,
        artifact: Artifact,
        signatures: tuple[Artifact, ...],
        trust: Trust,
        ctx: Context,
    ) -> Verified:
        """Judge the outermost signature, as the kernel does, by the rules of ``cms_rules``."""
        del signatures  # a module has no files beside it
        return kmod_verify.verify(artifact, trust, ctx)

    def siblings(self) -> tuple[str, ...]:
        """None: the signature is in the file."""
        return ()

    def referee(
        self,
        artifact: Artifact,
        signatures: tuple[Artifact, ...],
        trust: Trust,
        ctx: ToolContext,
    ) -> tuple[Opinion, ...]:
        """Ask modinfo for the structure and openssl for the number."""
        del signatures
        return kmod_referee.referee(artifact, trust, ctx)

    def commands(self, slots: tuple[Slot, ...], options: Options) -> tuple[tuple[str, ...], ...]:
        """The call of sign-file; it nests instead of replacing, so strip an old signature first."""
        del options
        slot = _only(slots)
        key = slot.signer.key.locator if slot.signer.key.store == "file" else str(slot.signer.key)
        return (("sign-file", slot.hash.value, key, "CERTIFICATE", "FILE"),)

    def commands_inside(
        self, compression: Compression, slots: tuple[Slot, ...], options: Options
    ) -> tuple[tuple[str, ...], ...]:
        """The same between the program that opens and the one that compresses again."""
        unpack, pack = _BY_HAND[compression]
        return (unpack, *self.commands(slots, options), pack)


def _only(slots: tuple[Slot, ...]) -> Slot:
    if len(slots) != 1:
        raise UsageError(reason=f"a kernel module carries one signature, not {len(slots)}")
    slot = slots[0]
    if slot.kind is not SignatureType.CMS or slot.scheme.mechanism not in MECHANISMS:
        raise SchemeUnsupported(key=str(slot.signer.key), scheme=slot.scheme.value)
    return slot


def _reopened(output: Artifact, before: AnyOpened, ctx: Context) -> AnyOpened:
    """Open an output, which must have the form of what was signed."""
    try:
        after = open_module(output)
    except (ArtifactMalformed, CompressedModule) as error:
        raise RecheckFailed(reason=str(error)) from error
    if isinstance(before, OpenedStream) is not isinstance(after, OpenedStream):
        raise RecheckFailed(reason="only one of artifact and output is compressed")
    if isinstance(before, OpenedStream) and not before.written_like(after, ctx):
        raise RecheckFailed(reason="it is compressed in another way than it was written")
    return after


def _compare(
    artifact: Artifact, output: Artifact, content: int, named: HashAlgorithm, ctx: Context
) -> tuple[HashState, Digest]:
    """Compare the modules' bytes; return their hash, and the SHA-256 of all of ``output``.

    One pass, and one hash where the two are the same: this runs for each of thousands of modules.
    """
    state = hashlib.new(named.value)
    whole = state if named is HashAlgorithm.SHA256 else hashlib.sha256()
    for offset in range(0, content, CHUNK):
        piece = output.read(offset, min(CHUNK, content - offset))
        if piece != artifact.read(offset, len(piece)):
            raise RecheckFailed(reason=f"bytes differ behind offset {offset}")
        state.update(piece)
        if whole is not state:
            whole.update(piece)
        ctx.checkpoint(offset)
    end = whole.copy()
    end.update(output.read(content, output.size - content))
    return state, Digest(HashAlgorithm.SHA256, end.digest())


def _carried(slot: Slot, chosen: str) -> bool:
    """Whether the chain goes into the CMS: the kernel follows it to an enrolled authority."""
    if chosen != "auto" or slot.signer.x509 is None or not slot.signer.x509.chain:
        return chosen == "yes"
    return not self_issued(slot.signer.x509.chain[0])


FORMAT = Kmod()
