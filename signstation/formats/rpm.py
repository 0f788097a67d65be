"""RPM packages: OpenPGP signatures in the signature header, in the room that rpm reserves for them.

The file keeps its size and nothing but the signature header changes; a package without room is
rewritten. Tags: 268 and 267 (what RPM 4 reads), 278 (RPM 6, several signatures); see ``rpm_place``.
"""

from __future__ import annotations

from signstation.formats import rpm_inspect, rpm_place, rpm_read, rpm_referee, rpm_sign, rpm_verify
from signstation.formats.rpm_place import STYLE_FIELD, Style
from signstation.interfaces.artifact import Artifact, Source
from signstation.interfaces.context import Context, ToolContext
from signstation.interfaces.format import Signing
from signstation.model.artifacts import Inspection
from signstation.model.checks import Opinion, Verified
from signstation.model.hashes import Digest, HashAlgorithm
from signstation.model.keys import SignatureType, Slot
from signstation.model.options import Existing, Options, existing_field
from signstation.model.text import Text
from signstation.model.trust import Purpose, Trust


class Rpm:
    """The format ``rpm``; see ``interfaces.format.Format``."""

    id = "rpm"
    title = Text("RPM package")
    rules = 1
    purpose = Purpose.PACKAGES
    signature_types = (SignatureType.OPENPGP,)
    default_hash = HashAlgorithm.SHA256
    options = (
        existing_field(Existing.REPLACE, Existing.KEEP, Existing.REPLACE, Existing.REFUSE),
        STYLE_FIELD,
    )

    def recognise(self, source: Source) -> int:
        """The lead's magic."""
        return rpm_read.recognise(source)

    def inspect(self, artifact: Artifact, ctx: Context) -> Inspection:
        """Show what the header says, scripts and files among it, and check its digests."""
        return rpm_inspect.inspect(artifact, ctx)

    def sign(
        self, artifact: Artifact, slots: tuple[Slot, ...], options: Options, ctx: Context
    ) -> Signing:
        """Check the package's digests, yield one round over the header, patch the signatures in."""
        return rpm_sign.sign(artifact, slots, options, ctx)

    def recheck(
        self,
        artifact: Artifact,
        outputs: tuple[Artifact, ...],
        slots: tuple[Slot, ...],
        options: Options,
        ctx: Context,
    ) -> tuple[Digest, ...]:
        """Check that the output is the artifact with exactly these signatures."""
        (output,) = outputs
        return (rpm_sign.recheck(artifact, output, slots, options, ctx),)

    def verify(
        self,
        artifact: Artifact,
        signatures: tuple[Artifact, ...],
        trust: Trust,
        ctx: Context,
    ) -> Verified:
        """Judge every signature, every digest, and what nothing protects."""
        del signatures  # a package has no files beside it
        return rpm_verify.verify(artifact, trust, ctx)

    def siblings(self) -> tuple[str, ...]:
        """None: the signatures are in the file."""
        return ()

    def referee(
        self,
        artifact: Artifact,
        signatures: tuple[Artifact, ...],
        trust: Trust,
        ctx: ToolContext,
    ) -> tuple[Opinion, ...]:
        """Ask rpmkeys."""
        del signatures
        return rpm_referee.referee(artifact, trust, ctx)

    def cautions(self, slots: tuple[Slot, ...], options: Options) -> tuple[Text, ...]:
        """Tell of ECDSA signatures that would go where RPM 4 looks."""
        return rpm_place.cautions(slots, options)

    def commands(self, slots: tuple[Slot, ...], options: Options) -> tuple[tuple[str, ...], ...]:
        """One call of rpmsign for each key; RPM 6's where several signatures are wanted.

        RPM 4 always replaces; with RPM 6 ``--addsign`` adds and ``--resign`` replaces.
        """
        chosen = dict(options)
        several = len(slots) > 1 or chosen["signatures"] == Style.RPM6.value
        commands: list[tuple[str, ...]] = []
        for slot in slots:
            profile = slot.signer.openpgp
            key = f"{profile.fingerprint}!" if profile else str(slot.signer.key)
            define: tuple[str, ...] = ("--define", f"_gpg_digest_algo {slot.hash.value}")
            first = not commands and chosen["existing"] == Existing.REPLACE.value
            if several:
                action = "--resign" if first else "--addsign"
                commands.append(("rpmsign", "--rpmv6", *define, "--key-id", key, action, "FILE"))
            else:
                define += ("--define", "__gpg /usr/bin/gpg", "--define", f"_gpg_name {key}")
                commands.append(("rpmsign", *define, "--addsign", "FILE"))
        return tuple(commands)


FORMAT = Rpm()
"""What the registry finds."""
