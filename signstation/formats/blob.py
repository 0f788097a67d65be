"""Plain files and signatures beside them: OpenPGP (.asc, .sig), CMS (.p7s) and SSH (.sshsig).

The file itself is never changed and carries no signature, so ``existing`` changes no byte: what
happens to a signature file that is already there is the stager's question (``--replace``).
"""

from __future__ import annotations

from collections.abc import Generator

from signstation.codec.armor import ArmorKind, armor, dearmor
from signstation.codec.cms import SIGNING_TIME, parse_signed_data
from signstation.codec.der import parse_time
from signstation.codec.openpgp import parse_signatures
from signstation.errors import ArtifactMalformed, LimitReached, RecheckFailed, UsageError
from signstation.formats import blob_referee, blob_verify
from signstation.formats.blob_kind import EMBEDDED, kind_of
from signstation.formats.blob_signatures import MAX_SIGNATURE_FILE
from signstation.interfaces.artifact import Artifact, Source
from signstation.interfaces.context import Context, ToolContext
from signstation.interfaces.format import Signing
from signstation.model.artifacts import Fact, FactSection, FactStyle, Finding, Inspection, Severity
from signstation.model.asks import Answer, Batch, Part, Range
from signstation.model.checks import Opinion, Verified
from signstation.model.hashes import Digest, Digests, HashAlgorithm, HashRequest, HashState, sha256
from signstation.model.keys import SignatureType, Slot
from signstation.model.options import (
    CONTENT,
    CONTENT_COPIED,
    CONTENT_LEFT,
    Choice,
    Existing,
    Field,
    FieldKind,
    Options,
    existing_field,
)
from signstation.model.outputs import Patched, Sibling
from signstation.model.text import Text, text
from signstation.model.trust import Purpose, Trust
from signstation.signatures.cms_sign import check_own_cms, sign_cms
from signstation.signatures.openpgp_sign import check_own_openpgp, sign_openpgp
from signstation.signatures.sshsig_sign import (
    check_own_sshsig,
    namespace_bytes,
    sign_sshsig,
)
from signstation.signatures.sshsig_trust import FILE_NAMESPACE
from signstation.signatures.together import together

ARMORED, BINARY, CMS, SSH = ".asc", ".sig", ".p7s", ".sshsig"
"""Suffixes of the signature files, as GnuPG and OpenSSL users name them.

ssh-keygen writes ``.sig``, which would be taken for a binary OpenPGP signature.
"""

ARMOR_FIELD = Field(
    "armor",
    Text("OpenPGP signature file"),
    FieldKind.CHOICE,
    "yes",
    (
        Choice("yes", Text("Text (.asc), to be pasted and mailed")),
        Choice("no", Text("Binary (.sig), a third smaller")),
    ),
)


CONTENT_FIELD = Field(
    CONTENT,
    Text("The file itself"),
    FieldKind.CHOICE,
    CONTENT_LEFT,
    (
        Choice(CONTENT_LEFT, Text("Write the signature alone")),
        Choice(CONTENT_COPIED, Text("Put a copy beside its signature")),
    ),
)


NAMESPACE_FIELD = Field(
    "namespace", Text("Namespace of the SSH signature"), FieldKind.TEXT, FILE_NAMESPACE
)


class Blob:
    """The format ``blob``; see ``interfaces.format.Format``."""

    id = "blob"
    title = Text("File with a signature beside it")
    rules = 1
    purpose = Purpose.FILES
    signature_types = (SignatureType.OPENPGP, SignatureType.CMS, SignatureType.SSHSIG)
    default_hash = HashAlgorithm.SHA256
    options = (
        ARMOR_FIELD,
        CONTENT_FIELD,
        NAMESPACE_FIELD,
        existing_field(Existing.REPLACE, Existing.REPLACE, Existing.KEEP, Existing.REFUSE),
    )

    def recognise(self, source: Source) -> int:
        """Anything is a plain file; every other format is surer of its own."""
        del source
        return 1

    def inspect(self, artifact: Artifact, ctx: Context) -> Inspection:
        """Show size, digests, kind of content and the start of a text. Reads the file once."""
        digests = ctx.digests(artifact, (HashRequest(HashAlgorithm.SHA512),))
        kind = kind_of(artifact)
        facts = [
            Fact(Text("Content"), kind.title.english()),
            Fact(Text("Size"), str(artifact.size), FactStyle.SIZE),
            Fact(Text("SHA-256"), digests.sha256.hex, FactStyle.HEX),
            Fact(Text("SHA-512"), digests.states[0].digest().hex(), FactStyle.HEX),
        ]
        sections = [FactSection("identity", Text("File"), tuple(facts))]
        if kind.excerpt:
            start = Fact(Text("Start of the text"), kind.excerpt, FactStyle.CODE)
            sections.append(FactSection("excerpt", Text("Text"), (start,)))
        return Inspection(
            format=self.id,
            title=kind.title.english(),
            size=artifact.size,
            sha256=digests.sha256.value,
            sections=tuple(sections),
            findings=tuple(_findings(kind.title, reordered=kind.reordered)),
            signatures=(),
        )

    def sign(
        self, artifact: Artifact, slots: tuple[Slot, ...], options: Options, ctx: Context
    ) -> Signing:
        """Yield one round with one ask per slot; return the signature files. Reads once."""
        _refuse(slots)
        namespace_bytes(_namespace(options))
        digests = ctx.digests(artifact, [HashRequest(each.hash) for each in slots])
        covers = (Range(0, artifact.size),)
        envelopes = yield from together(
            *(
                _envelope(number, slot, state, covers, ctx.time, _namespace(options))
                for number, (slot, state) in enumerate(zip(slots, digests.states, strict=True))
            )
        )
        copies = (Patched(()),) if _copied(options) else ()
        return (*copies, *_files(slots, envelopes, options))

    def recheck(
        self,
        artifact: Artifact,
        outputs: tuple[Artifact, ...],
        slots: tuple[Slot, ...],
        options: Options,
        ctx: Context,
    ) -> tuple[Digest, ...]:
        """Read the signature files back and check every number against the content's bytes.

        A copy that comes along is read in place of the artifact: that the numbers fit it too, and
        that it is as long, shows that it is the same.
        """
        copies = outputs[:1] if _copied(options) else ()
        content = copies[0] if copies else artifact
        if content.size != artifact.size:
            raise RecheckFailed(reason="the copy has another size")
        contents = [each.read(0, MAX_SIGNATURE_FILE + 1) for each in outputs[len(copies) :]]
        digests = ctx.digests(content, [HashRequest(each.hash) for each in slots])
        files = iter(contents)
        if any(each.kind is SignatureType.OPENPGP for each in slots):
            _recheck_openpgp(next(files, b""), slots, digests, options, ctx.time)
        for slot, state in zip(slots, digests.states, strict=True):
            if slot.kind is SignatureType.CMS:
                _recheck_cms(next(files, b""), slot, state, ctx.time)
        for slot, state in zip(slots, digests.states, strict=True):
            if slot.kind is SignatureType.SSHSIG:
                check_own_sshsig(next(files, b""), slot, state, namespace=_namespace(options))
        if next(files, None) is not None:
            raise RecheckFailed(reason="there are more signature files than were made")
        written = tuple(sha256(each) for each in contents)
        return (digests.sha256, *written) if copies else written

    def verify(
        self,
        artifact: Artifact,
        signatures: tuple[Artifact, ...],
        trust: Trust,
        ctx: Context,
    ) -> Verified:
        """Judge every signature in the files beside it, or given."""
        return blob_verify.verify(artifact, signatures, trust, ctx)

    def siblings(self) -> tuple[str, ...]:
        """Suffixes of signature files beside an artifact."""
        return (ARMORED, BINARY, CMS, SSH)

    def referee(
        self,
        artifact: Artifact,
        signatures: tuple[Artifact, ...],
        trust: Trust,
        ctx: ToolContext,
    ) -> tuple[Opinion, ...]:
        """Ask gpgv, openssl and ssh-keygen, each about the files that it can read."""
        return blob_referee.referee(artifact, signatures, trust, ctx)

    def commands(self, slots: tuple[Slot, ...], options: Options) -> tuple[tuple[str, ...], ...]:
        """The calls of gpg, openssl and ssh-keygen that make the same files."""
        return tuple(_command(each, options) for each in slots)


def _refuse(slots: tuple[Slot, ...]) -> None:
    cms = [each for each in slots if each.kind is SignatureType.CMS]
    openpgp = [each for each in slots if each.kind is SignatureType.OPENPGP]
    ssh = [each for each in slots if each.kind is SignatureType.SSHSIG]
    if not slots or len(cms) + len(openpgp) + len(ssh) != len(slots):
        raise UsageError(reason="a plain file takes OpenPGP, CMS and SSH signatures")
    for suffix, signers in ((CMS, cms), (SSH, ssh)):
        if len(signers) > 1:
            raise UsageError(reason=f"a {suffix} file has one signer, not {len(signers)}")


def _findings(kind: Text, *, reordered: bool) -> Generator[Finding, None, None]:
    if kind.english() in EMBEDDED:
        words = text(
            "This is an {kind}: its own tools look for a signature inside, not beside it.",
            kind=kind.english(),
        )
        yield Finding("blob.embedded", Severity.WARNING, words)
    if reordered:
        words = Text("The text has invisible characters that reorder what is shown.")
        yield Finding("blob.reordered-text", Severity.WARNING, words)


def _envelope(
    number: int,
    slot: Slot,
    state: HashState,
    covers: tuple[Range, ...],
    time: int,
    namespace: str,
) -> Generator[Batch, tuple[Answer, ...], bytes]:
    if slot.kind is SignatureType.CMS:
        return sign_cms(
            number,
            slot,
            state,
            part=Part.FILE,
            covers=covers,
            attributes=True,
            certificates=True,
            time=time,
        )
    if slot.kind is SignatureType.SSHSIG:
        return sign_sshsig(number, slot, state, covers=covers, namespace=namespace)
    return sign_openpgp(number, slot, state, part=Part.FILE, covers=covers, time=time)


def _files(
    slots: tuple[Slot, ...], envelopes: tuple[bytes, ...], options: Options
) -> tuple[Sibling, ...]:
    """One OpenPGP file with all packets in the order of the slots, then the CMS and SSH files."""
    pairs = tuple(zip(slots, envelopes, strict=True))
    packets = b"".join(each for slot, each in pairs if slot.kind is SignatureType.OPENPGP)
    cms = tuple(Sibling(CMS, each) for slot, each in pairs if slot.kind is SignatureType.CMS)
    ssh = tuple(Sibling(SSH, each) for slot, each in pairs if slot.kind is SignatureType.SSHSIG)
    if not packets:
        return (*cms, *ssh)
    if _armored(options):
        return (Sibling(ARMORED, armor(ArmorKind.SIGNATURE, packets)), *cms, *ssh)
    return (Sibling(BINARY, packets), *cms, *ssh)


def _namespace(options: Options) -> str:
    return dict(options).get(NAMESPACE_FIELD.name, NAMESPACE_FIELD.default)


def _copied(options: Options) -> bool:
    return dict(options).get(CONTENT) == CONTENT_COPIED


def _armored(options: Options) -> bool:
    return dict(options).get(ARMOR_FIELD.name, ARMOR_FIELD.default) == "yes"


def _recheck_openpgp(
    content: bytes, slots: tuple[Slot, ...], digests: Digests, options: Options, time: int
) -> None:
    try:
        packets = content
        if _armored(options):
            (block,) = dearmor(content)
            packets = block.data
        found = parse_signatures(packets)
    except (ArtifactMalformed, LimitReached, ValueError) as error:
        raise RecheckFailed(reason=f"the signature file cannot be read: {error}") from error
    pairs = tuple(zip(slots, digests.states, strict=True))
    wanted = [pair for pair in pairs if pair[0].kind is SignatureType.OPENPGP]
    if len(found) != len(wanted):
        raise RecheckFailed(reason=f"{len(found)} signatures instead of {len(wanted)}")
    for packet, (slot, state) in zip(found, wanted, strict=True):
        check_own_openpgp(packet.raw, slot, state, time=time)
    written = b"".join(each.raw for each in found)
    if content != (armor(ArmorKind.SIGNATURE, written) if _armored(options) else written):
        raise RecheckFailed(reason="the signature file holds more than the signatures")


def _recheck_cms(content: bytes, slot: Slot, state: HashState, time: int) -> None:
    check_own_cms(content, slot, state)
    (signer,) = parse_signed_data(content).signers
    moment = None if signer.attributes is None else signer.attributes.single(SIGNING_TIME)
    if moment is None or parse_time(moment) != time:
        raise RecheckFailed(reason="the signature names another signing time")


def _command(slot: Slot, options: Options) -> tuple[str, ...]:
    if slot.kind is SignatureType.CMS:
        key = slot.signer.key.locator if slot.signer.key.store == "file" else str(slot.signer.key)
        digest = ("-md", slot.hash.value)
        inputs = ("-in", "FILE", "-signer", "CERTIFICATE", "-inkey", key)
        outputs = ("-outform", "DER", "-out", f"FILE{CMS}")
        return ("openssl", "cms", "-sign", "-binary", *digest, *inputs, *outputs)
    if slot.kind is SignatureType.SSHSIG:
        key = slot.signer.key.locator
        made = ("-O", f"hashalg={slot.hash.value}", "-n", _namespace(options), "-f", key)
        return ("ssh-keygen", "-Y", "sign", *made, "FILE")
    openpgp = slot.signer.openpgp
    fingerprint = f"{openpgp.fingerprint}!" if openpgp else "FINGERPRINT!"
    form = ("--armor",) if _armored(options) else ()
    digest = ("--digest-algo", slot.hash.value.upper())
    return ("gpg", *form, *digest, "--local-user", fingerprint, "--detach-sign", "--", "FILE")


FORMAT = Blob()
