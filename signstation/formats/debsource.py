"""Debian's source packages and uploads: .dsc, .buildinfo and .changes, signed in the clear.

Each names files beside itself with sizes and digests. What it states is read again from the disk
before it is signed, and whenever it is verified.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from signstation.formats import (
    debsource_inspect,
    debsource_read,
    debsource_renew,
    debsource_sign,
    debsource_verify,
)
from signstation.formats.debsource_read import read_description
from signstation.interfaces.artifact import Artifact, Source
from signstation.interfaces.context import Context, ToolContext
from signstation.interfaces.format import Signing
from signstation.model.artifacts import Inspection
from signstation.model.checks import Opinion, OpinionOutcome, Verified
from signstation.model.hashes import Digest, HashAlgorithm
from signstation.model.keys import SignatureType, Slot
from signstation.model.members import NamedMember, OpenedMember
from signstation.model.options import Existing, Field, FieldKind, Options, existing_field
from signstation.model.programs import Completed
from signstation.model.text import Text
from signstation.model.trust import Purpose, Trust
from signstation.signatures.openpgp_gpgv import GPGV, ask_gpgv

_LONE = Text("gpgv looks at the signature of the file, not at the files that it names.")


_RENEWED = Field(
    debsource_renew.RENEWED,
    Text("Files that were signed since: the plan sets it"),
    FieldKind.TEXT,
    "",
)


class DebianSource:
    """The format ``debsource``; see ``interfaces.format``: Format, Nested."""

    id = "debsource"
    title = Text("Debian source or upload")
    rules = 1
    purpose = Purpose.PACKAGES
    signature_types = (SignatureType.CLEARTEXT,)
    default_hash = HashAlgorithm.SHA512
    options = (existing_field(Existing.REFUSE, Existing.REFUSE, Existing.REPLACE), _RENEWED)
    directory = "/"  # no directory has this name: members lie beside the artifact
    inner = "deb"

    def recognise(self, source: Source) -> int:
        """Fields and lists of files of a description, plain or signed in the clear."""
        return debsource_read.recognise(source)

    def inspect(self, artifact: Artifact, ctx: Context) -> Inspection:
        """Show fields, changes, and how the files beside it compare."""
        return debsource_inspect.inspect(self.id, artifact, ctx)

    def members(self, artifact: Artifact) -> tuple[NamedMember, ...]:
        """Return each file once for each of its digests; not those said to lie outside."""
        return tuple(debsource_renew.members(read_description(artifact).description))

    def open_member(
        self, artifact: Artifact, place: str, member: Artifact, ctx: Context
    ) -> OpenedMember:
        """Tell whether the file at ``place`` is the named one, but for a signature that it got."""
        del ctx
        return debsource_renew.open_member(artifact, place, member)

    def sign(
        self, artifact: Artifact, slots: tuple[Slot, ...], options: Options, ctx: Context
    ) -> Signing:
        """Yield one round with one ask per slot; return the signed file."""
        return debsource_sign.sign(artifact, slots, options, ctx)

    def recheck(
        self,
        artifact: Artifact,
        outputs: tuple[Artifact, ...],
        slots: tuple[Slot, ...],
        options: Options,
        ctx: Context,
    ) -> tuple[Digest, ...]:
        """Read the signed file back and check every number."""
        return debsource_sign.recheck(artifact, outputs, slots, options, ctx)

    def verify(
        self, artifact: Artifact, signatures: tuple[Artifact, ...], trust: Trust, ctx: Context
    ) -> Verified:
        """Judge signatures and named files."""
        del signatures
        return debsource_verify.verify(artifact, trust, ctx)

    def siblings(self) -> tuple[str, ...]:
        """None: the signature is in the file."""
        return ()

    def referee(
        self, artifact: Artifact, signatures: tuple[Artifact, ...], trust: Trust, ctx: ToolContext
    ) -> tuple[Opinion, ...]:
        """Ask gpgv about the signature; it knows nothing of the named files."""
        del signatures
        if read_description(artifact).clear is None:
            return ()

        def run(arguments: Sequence[str]) -> Completed:
            return ctx.programs.run(GPGV, arguments, descriptors=(artifact.fileno(),))

        paths = [str(ctx.path_of(artifact, "description"))]
        said = ask_gpgv(run, ctx.directory, trust, Purpose.PACKAGES, paths)
        return (replace(said, note=_LONE) if said.outcome is OpinionOutcome.ACCEPTS else said,)

    def commands(self, slots: tuple[Slot, ...], options: Options) -> tuple[tuple[str, ...], ...]:
        """One call of gpg with all keys; debsign ends the fields with an empty line first."""
        del options
        debsource_sign.refuse(slots)
        users = [word for each in slots for word in ("--local-user", _fingerprint(each))]
        digest = ("--digest-algo", slots[0].hash.value)
        return (("gpg", "--clearsign", *digest, *users, "--output", "SIGNED", "FILE"),)


def _fingerprint(slot: Slot) -> str:
    profile = slot.signer.openpgp
    return str(slot.signer.key) if profile is None else f"{profile.fingerprint}!"


FORMAT = DebianSource()
"""What the registry finds."""
