"""Lists of checksums (SHA256SUMS and the like): signed beside or in the clear, every file checked.

The list itself is never changed. A detached signature covers its bytes (``.asc``, ``.sig``); a list
signed in the clear is a document of its own (``.asc``) that holds the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from signstation.codec.cleartext import is_cleartext
from signstation.formats import (
    checksums_inspect,
    checksums_read,
    checksums_sign,
    checksums_verify,
)
from signstation.formats.checksums_read import read_list
from signstation.formats.checksums_sign import ARMOR, ARMORED, BINARY
from signstation.interfaces.artifact import Artifact, Source
from signstation.interfaces.context import Context, ToolContext
from signstation.interfaces.format import Signing
from signstation.model.artifacts import Inspection
from signstation.model.checks import Opinion, OpinionOutcome, Verified
from signstation.model.hashes import Digest, HashAlgorithm
from signstation.model.keys import SignatureType, Slot
from signstation.model.members import NamedMember
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
from signstation.model.programs import Completed
from signstation.model.text import Text
from signstation.model.trust import Purpose, Trust
from signstation.signatures.openpgp_gpgv import GPGV, ask_gpgv

KEYRING = ".gpg"
"""What some publishers call a detached signature."""

_LIST = Text("gpgv looks at the signature of the list, not at the files.")
_ARMOR = Field(
    ARMOR,
    Text("OpenPGP signature file"),
    FieldKind.CHOICE,
    "yes",
    (
        Choice("yes", Text("Text (.asc), to be pasted and mailed")),
        Choice("no", Text("Binary (.sig), a third smaller")),
    ),
)
_CONTENT = Field(
    CONTENT,
    Text("The file itself"),
    FieldKind.CHOICE,
    CONTENT_LEFT,
    (
        Choice(CONTENT_LEFT, Text("Write the signature alone")),
        Choice(CONTENT_COPIED, Text("Put a copy beside its signature")),
    ),
)


class Checksums:
    """The format ``checksums``; see ``interfaces.format.Format`` and ``Surrounded``."""

    id = "checksums"
    title = Text("List of checksums")
    rules = 1
    purpose = Purpose.FILES
    signature_types = (SignatureType.OPENPGP, SignatureType.CLEARTEXT)
    default_hash = HashAlgorithm.SHA512
    options = (
        _ARMOR,
        _CONTENT,
        existing_field(Existing.REPLACE, Existing.REPLACE, Existing.REFUSE),
    )

    def recognise(self, source: Source) -> int:
        """A text of nothing but digests and names, plain or signed in the clear."""
        return checksums_read.recognise(source)

    def inspect(self, artifact: Artifact, ctx: Context) -> Inspection:
        """Show every file with its digest."""
        return checksums_inspect.inspect(self.id, artifact, ctx)

    def members(self, artifact: Artifact) -> tuple[NamedMember, ...]:
        """Return the files that are listed, each once; not those that are said to lie outside."""
        wanted = (NamedMember(each.place, each.algorithm) for each in read_list(artifact).entries)
        return tuple(dict.fromkeys(each for each in wanted if each.place))

    def sign(
        self, artifact: Artifact, slots: tuple[Slot, ...], options: Options, ctx: Context
    ) -> Signing:
        """Yield one round; return the signature file. Reads once."""
        return checksums_sign.sign(artifact, slots, options, ctx)

    def recheck(
        self,
        artifact: Artifact,
        outputs: tuple[Artifact, ...],
        slots: tuple[Slot, ...],
        options: Options,
        ctx: Context,
    ) -> tuple[Digest, ...]:
        """Read the signature file back and check every number against the list."""
        return checksums_sign.recheck(artifact, outputs, slots, options, ctx)

    def verify(
        self, artifact: Artifact, signatures: tuple[Artifact, ...], trust: Trust, ctx: Context
    ) -> Verified:
        """Judge the signatures, and compare every file that ``ctx.surroundings`` tells of."""
        return checksums_verify.verify(artifact, signatures, trust, ctx)

    def siblings(self) -> tuple[str, ...]:
        """Suffixes of signature files beside a list."""
        return (ARMORED, BINARY, KEYRING)

    def referee(
        self, artifact: Artifact, signatures: tuple[Artifact, ...], trust: Trust, ctx: ToolContext
    ) -> tuple[Opinion, ...]:
        """Ask gpgv about every signature; it knows nothing of the listed files."""
        documents = tuple(each for each in (artifact, *signatures) if _is_clear(each))
        detached = tuple(each for each in signatures if not _is_clear(each))
        pairs = [(each,) for each in documents] + [(each, artifact) for each in detached]
        return tuple(_ask(each, trust, ctx) for each in pairs)

    def commands(self, slots: tuple[Slot, ...], options: Options) -> tuple[tuple[str, ...], ...]:
        """The call of gpg that makes the same file."""
        checksums_sign.refuse(slots)
        how: tuple[str, ...] = ("--clearsign",)
        suffix = ARMORED
        if not checksums_sign.clear(slots):
            text_form = checksums_sign.armored(options)
            how = ("--detach-sign", "--armor") if text_form else ("--detach-sign",)
            suffix = ARMORED if text_form else BINARY
        users = [word for each in slots for word in ("--local-user", f"{_fingerprint(each)}!")]
        digest = ("--digest-algo", slots[0].hash.value)
        return (("gpg", *how, *digest, *users, "--output", f"FILE{suffix}", "FILE"),)


def _is_clear(artifact: Artifact) -> bool:
    return is_cleartext(artifact.read(0, checksums_read.HEAD))


def _ask(files: Sequence[Artifact], trust: Trust, ctx: ToolContext) -> Opinion:
    descriptors = tuple(each.fileno() for each in files)

    def run(arguments: Sequence[str]) -> Completed:
        return ctx.programs.run(GPGV, arguments, descriptors=descriptors)

    names = [str(ctx.path_of(each, f"file-{number}")) for number, each in enumerate(files)]
    opinion = ask_gpgv(run, ctx.directory, trust, Purpose.FILES, names)
    return replace(opinion, note=_LIST) if opinion.outcome is OpinionOutcome.ACCEPTS else opinion


def _fingerprint(slot: Slot) -> str:
    profile = slot.signer.openpgp
    return str(slot.signer.key) if profile is None else profile.fingerprint


FORMAT = Checksums()
