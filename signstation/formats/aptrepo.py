"""APT repositories: a Release file, signed as InRelease and beside it as Release.gpg.

The Release file states a digest of every index of the repository, and those state digests of the
packages: one signature covers all. What it states is read again from the disk before it is signed.
"""

from __future__ import annotations

from collections.abc import Sequence

from signstation.formats import (
    aptrepo_change,
    aptrepo_dates,
    aptrepo_inspect,
    aptrepo_packages,
    aptrepo_read,
    aptrepo_sign,
    aptrepo_verify,
)
from signstation.formats.aptrepo_read import read_release
from signstation.interfaces.artifact import Artifact, Source
from signstation.interfaces.context import Context, ToolContext
from signstation.interfaces.format import Signing
from signstation.model.artifacts import Finding, Inspection
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


class AptRepository:
    """The format ``aptrepo``: Format, Naming, EveryType, Archive and Succeeding."""

    id = "aptrepo"
    title = Text("APT repository")
    rules = 1
    purpose = Purpose.PACKAGES
    signature_types = (SignatureType.CLEARTEXT, SignatureType.OPENPGP)
    every_type = (SignatureType.CLEARTEXT, SignatureType.OPENPGP)
    default_hash = HashAlgorithm.SHA512
    options = (
        _CONTENT,
        existing_field(Existing.REPLACE, Existing.REPLACE, Existing.REFUSE),
        *aptrepo_dates.FIELDS,
    )
    inner = "deb"

    def recognise(self, source: Source) -> int:
        """Fields and lists of digests of a Release file, plain or signed in the clear."""
        return aptrepo_read.recognise(source)

    def inspect(self, artifact: Artifact, ctx: Context) -> Inspection:
        """Show fields, dates, and how the indexes beside it compare."""
        return aptrepo_inspect.inspect(self.id, artifact, ctx)

    def members(self, artifact: Artifact) -> tuple[NamedMember, ...]:
        """Return the indexes by their strongest digest; not those said to lie outside."""
        indexes = read_release(artifact).release.indexes
        opened = aptrepo_packages.opened(indexes)
        return tuple(
            NamedMember(each.place, algorithm, opened=each.path in opened)
            for each in indexes
            if each.place and (algorithm := each.strongest) is not None
        )

    def packages_root(self, name: str) -> str:
        """Above ``dists``, else the Release file's own directory."""
        return aptrepo_packages.packages_root(name)

    def rebuild(self, directory: str) -> tuple[str, ...]:
        """What reprepro does; apt-ftparchive is called with the archive's own configuration."""
        return ("reprepro", "--basedir", directory, "export")

    def open_member(
        self, artifact: Artifact, place: str, member: Artifact, ctx: Context
    ) -> OpenedMember:
        """Read a Packages index, compressed or not."""
        del artifact
        return aptrepo_packages.open_member(place, member, ctx)

    def foresee(
        self, current: Inspection, previous: Inspection | None, options: Options, time: int
    ) -> tuple[Finding, ...]:
        """Compare dates, identity and indexes with the signed state that is replaced."""
        return aptrepo_change.foresee(current, previous, options, time)

    def names(
        self, name: str, slots: tuple[Slot, ...], options: Options
    ) -> tuple[tuple[str, str], ...]:
        """InRelease and Release.gpg beside the file, and a copy of it where wanted."""
        return aptrepo_sign.names(name, slots, options)

    def sign(
        self, artifact: Artifact, slots: tuple[Slot, ...], options: Options, ctx: Context
    ) -> Signing:
        """Yield one round with one ask per slot; return the signature files."""
        return aptrepo_sign.sign(artifact, slots, options, ctx)

    def recheck(
        self,
        artifact: Artifact,
        outputs: tuple[Artifact, ...],
        slots: tuple[Slot, ...],
        options: Options,
        ctx: Context,
    ) -> tuple[Digest, ...]:
        """Read the signature files back and check every number."""
        return aptrepo_sign.recheck(artifact, outputs, slots, options, ctx)

    def verify(
        self, artifact: Artifact, signatures: tuple[Artifact, ...], trust: Trust, ctx: Context
    ) -> Verified:
        """Judge signatures, indexes and dates."""
        return aptrepo_verify.verify(artifact, signatures, trust, ctx)

    def siblings(self) -> tuple[str, ...]:
        """Release.gpg; InRelease is an artifact of its own."""
        return (aptrepo_sign.DETACHED,)

    def referee(
        self, artifact: Artifact, signatures: tuple[Artifact, ...], trust: Trust, ctx: ToolContext
    ) -> tuple[Opinion, ...]:
        """Ask gpgv about every signature; it knows nothing of indexes and dates."""
        pairs: list[Sequence[Artifact]] = [(each, artifact) for each in signatures]
        if read_release(artifact).clear is not None:
            pairs.insert(0, (artifact,))
        return tuple(_ask(each, trust, ctx) for each in pairs)

    def commands(self, slots: tuple[Slot, ...], options: Options) -> tuple[tuple[str, ...], ...]:
        """The calls of gpg that make the same files."""
        aptrepo_dates.check(options)
        aptrepo_sign.refuse(slots)
        found: list[tuple[str, ...]] = []
        for numbered, how, output in zip(
            aptrepo_sign.split(slots),
            (("--clearsign",), ("--detach-sign", "--armor")),
            (aptrepo_read.IN_RELEASE, f"FILE{aptrepo_sign.DETACHED}"),
            strict=True,
        ):
            users = [word for _, each in numbered for word in ("--local-user", _fingerprint(each))]
            if numbered:
                digest = ("--digest-algo", numbered[0][1].hash.value)
                found.append(("gpg", *how, *digest, *users, "--output", output, "FILE"))
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


FORMAT = AptRepository()
"""What the registry finds."""
