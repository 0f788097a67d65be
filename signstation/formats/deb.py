"""Debian packages: OpenPGP signatures in members of their own, as debsigs makes them.

The members ``debian-binary``, ``control.tar`` and ``data.tar`` stay as they are; a member
``_gpgorigin``, ``_gpgmaint`` or ``_gpgarchive`` is added behind them. dpkg itself looks at none of
these; debsig-verify does, by a policy for each signer.
"""

from __future__ import annotations

from signstation.formats import deb_inspect, deb_read, deb_referee, deb_sign, deb_verify
from signstation.formats.deb_sign import ROLE_FIELD
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


class Deb:
    """The format ``deb``; see ``interfaces.format.Format``."""

    id = "deb"
    title = Text("Debian package")
    rules = 1
    purpose = Purpose.PACKAGES
    signature_types = (SignatureType.OPENPGP,)
    default_hash = HashAlgorithm.SHA256
    options = (
        existing_field(Existing.REPLACE, Existing.KEEP, Existing.REPLACE, Existing.REFUSE),
        ROLE_FIELD,
    )

    def recognise(self, source: Source) -> int:
        """An ar archive that begins with ``debian-binary``."""
        return deb_read.recognise(source)

    def inspect(self, artifact: Artifact, ctx: Context) -> Inspection:
        """Show the control file, scripts, the list of files and what nobody would look at."""
        return deb_inspect.inspect(artifact, ctx)

    def sign(
        self, artifact: Artifact, slots: tuple[Slot, ...], options: Options, ctx: Context
    ) -> Signing:
        """Yield one ask over the three members; add the member with the signature."""
        return deb_sign.sign(artifact, slots, options, ctx)

    def recheck(
        self,
        artifact: Artifact,
        outputs: tuple[Artifact, ...],
        slots: tuple[Slot, ...],
        options: Options,
        ctx: Context,
    ) -> tuple[Digest, ...]:
        """Check that the output is the artifact with exactly this signature."""
        (output,) = outputs
        return (deb_sign.recheck(artifact, output, slots, options, ctx),)

    def verify(
        self,
        artifact: Artifact,
        signatures: tuple[Artifact, ...],
        trust: Trust,
        ctx: Context,
    ) -> Verified:
        """Judge every signature, and what none of them covers."""
        del signatures  # a package has no files beside it
        return deb_verify.verify(artifact, trust, ctx)

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
        """Ask debsig-verify."""
        del signatures
        return deb_referee.referee(artifact, trust, ctx)

    def cautions(self, slots: tuple[Slot, ...], options: Options) -> tuple[Text, ...]:
        """Tell of signatures by subkeys, which debsig-verify does not take."""
        del options
        return deb_sign.cautions(slots)

    def commands(self, slots: tuple[Slot, ...], options: Options) -> tuple[tuple[str, ...], ...]:
        """The call of debsigs; it leaves the hash to the configuration of gpg."""
        role = dict(options)["role"]
        found: list[tuple[str, ...]] = []
        for slot in slots:
            profile = slot.signer.openpgp
            key = f"{profile.fingerprint}!" if profile else str(slot.signer.key)
            found.append(("debsigs", f"--sign={role}", "--default-key", key, "FILE"))
        return tuple(found)


FORMAT = Deb()
"""What the registry finds."""
