"""RPM repositories: repomd.xml, signed beside itself as repomd.xml.asc.

repomd.xml states digests of the indexes, and one of those states digests of the packages: one
signature covers all. What they state is read again from the disk before it is signed.
"""

from __future__ import annotations

from collections.abc import Sequence

from signstation.formats import rpmrepo_inspect, rpmrepo_read, rpmrepo_sign, rpmrepo_verify
from signstation.interfaces.artifact import Artifact, Source
from signstation.interfaces.context import Context, ToolContext
from signstation.interfaces.format import Signing
from signstation.model.artifacts import Inspection
from signstation.model.checks import Opinion, Verified
from signstation.model.hashes import Digest, HashAlgorithm
from signstation.model.keys import SignatureType, Slot
from signstation.model.members import NamedMember, OpenedMember
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
_KEYS = Field(
    rpmrepo_sign.KEYS,
    Text("Public keys"),
    FieldKind.CHOICE,
    "yes",
    (
        Choice("yes", Text("Write the signers' keys for clients (repomd.xml.key)")),
        Choice("no", Text("Do not write them")),
    ),
)


class RpmRepository:
    """The format ``rpmrepo``; see ``interfaces.format``: Format, Nested, Naming."""

    id = "rpmrepo"
    title = Text("RPM repository")
    rules = 1
    purpose = Purpose.PACKAGES
    signature_types = (SignatureType.OPENPGP,)
    default_hash = HashAlgorithm.SHA256
    directory = rpmrepo_read.DIRECTORY
    inner = "rpm"
    options = (
        _CONTENT,
        _KEYS,
        existing_field(Existing.REPLACE, Existing.REPLACE, Existing.REFUSE),
    )

    def recognise(self, source: Source) -> int:
        """By the first element."""
        return rpmrepo_read.recognise(source)

    def inspect(self, artifact: Artifact, ctx: Context) -> Inspection:
        """Show indexes and packages, and how what lies around it compares."""
        return rpmrepo_inspect.inspect(self.id, artifact, ctx)

    def members(self, artifact: Artifact) -> tuple[NamedMember, ...]:
        """Return the indexes; not those said to lie outside, or without a digest that counts."""
        return tuple(rpmrepo_read.members(artifact))

    def open_member(
        self, artifact: Artifact, place: str, member: Artifact, ctx: Context
    ) -> OpenedMember:
        """Compare what is inside an index, and return the packages that it lists."""
        return rpmrepo_read.open_member(artifact, place, member, ctx)

    def names(
        self, name: str, slots: tuple[Slot, ...], options: Options
    ) -> tuple[tuple[str, str], ...]:
        """repomd.xml.asc and repomd.xml.key, and a copy of the file where wanted."""
        del slots
        return rpmrepo_sign.names(name, options)

    def sign(
        self, artifact: Artifact, slots: tuple[Slot, ...], options: Options, ctx: Context
    ) -> Signing:
        """Yield one round with one ask per slot; return the signature file and the keys."""
        return rpmrepo_sign.sign(artifact, slots, options, ctx)

    def recheck(
        self,
        artifact: Artifact,
        outputs: tuple[Artifact, ...],
        slots: tuple[Slot, ...],
        options: Options,
        ctx: Context,
    ) -> tuple[Digest, ...]:
        """Read the signature file back and check every number."""
        return rpmrepo_sign.recheck(artifact, outputs, slots, options, ctx)

    def verify(
        self, artifact: Artifact, signatures: tuple[Artifact, ...], trust: Trust, ctx: Context
    ) -> Verified:
        """Judge signatures, indexes and packages."""
        return rpmrepo_verify.verify(artifact, signatures, trust, ctx)

    def siblings(self) -> tuple[str, ...]:
        """The signature, and the key beside it."""
        return (rpmrepo_sign.SIGNATURE, rpmrepo_sign.KEY)

    def referee(
        self, artifact: Artifact, signatures: tuple[Artifact, ...], trust: Trust, ctx: ToolContext
    ) -> tuple[Opinion, ...]:
        """Ask gpgv about every signature; it knows nothing of indexes and packages."""
        wanted = (each for each in signatures if not rpmrepo_verify.is_key(each))
        return tuple(_ask((each, artifact), trust, ctx) for each in wanted)

    def commands(self, slots: tuple[Slot, ...], options: Options) -> tuple[tuple[str, ...], ...]:
        """The calls of gpg that make the same files."""
        rpmrepo_sign.refuse(slots)
        users = tuple(word for each in slots for word in ("--local-user", _fingerprint(each)))
        digest = ("--digest-algo", slots[0].hash.value)
        output = ("--output", f"FILE{rpmrepo_sign.SIGNATURE}")
        found = [("gpg", "--detach-sign", "--armor", *digest, *users, *output, "FILE")]
        if rpmrepo_sign.with_keys(options):
            keys = tuple(_fingerprint(each).rstrip("!") for each in slots)
            output = ("--output", f"FILE{rpmrepo_sign.KEY}")
            found.append(("gpg", *output, "--armor", "--export", *keys))
        return tuple(found)


def _ask(files: Sequence[Artifact], trust: Trust, ctx: ToolContext) -> Opinion:
    descriptors = tuple(each.fileno() for each in files)

    def run(arguments: Sequence[str]) -> Completed:
        return ctx.programs.run(GPGV, arguments, descriptors=descriptors)

    paths = [str(ctx.path_of(each, f"file-{number}")) for number, each in enumerate(files)]
    return ask_gpgv(run, ctx.directory, trust, Purpose.PACKAGES, paths)


def _fingerprint(slot: Slot) -> str:
    profile = slot.signer.openpgp
    return str(slot.signer.key) if profile is None else f"{profile.fingerprint}!"


FORMAT = RpmRepository()
"""What the registry finds."""
