"""Helpers for the tests of plain files: artifacts out of bytes, signing to the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from signstation.formats.blob import FORMAT
from signstation.interfaces.artifact import Artifact
from signstation.model.asks import ToSign
from signstation.model.checks import SignatureState, Verified
from signstation.model.keys import SignatureType, Slot
from signstation.model.options import Options, resolve
from signstation.model.outputs import Sibling
from signstation.model.trust import Trust
from signstation.system.artifact import FileArtifact
from signstation.worker.context import StepContext
from tests.support import ssh, x509
from tests.support.openpgp import shared_certificate
from tests.support.tools import descriptor_of

CONTENT = b"a release\n" * 300
OWNER = x509.identity("p256", x509.Shape(not_before=1_600_000_000, not_after=4_000_000_000))
"""Whose CMS signatures these tests make; valid for long, since OpenPGP keys are made now."""


@contextmanager
def artifact(path: Path, content: bytes) -> Iterator[FileArtifact]:
    """Write a file and open it."""
    path.write_bytes(content)
    found = FileArtifact(descriptor_of(path), owned=True)
    try:
        yield found
    finally:
        found.close()


def answer(slot: Slot, ask: ToSign) -> bytes:
    """Sign with the throw-away key that a slot of these tests belongs to."""
    if slot.kind is SignatureType.CMS:
        return x509.answer(OWNER, ask)
    if slot.kind is SignatureType.SSHSIG:
        return ssh.answer(slot, ask)
    assert slot.signer.openpgp is not None
    for suite in ("Cv25519", "P256", "P384", "RSA2k"):
        key = shared_certificate(suite).signer
        if key.public.fingerprint == slot.signer.openpgp.fingerprint:
            return key.answer(ask)
    raise LookupError(slot.signer.openpgp.fingerprint)


def sign_blob(
    found: Artifact,
    slots: tuple[Slot, ...],
    options: Options,
    time: int,
    answers: Callable[[Slot, ToSign], bytes] = answer,
) -> tuple[Sibling, ...]:
    """Run the signing generator to its end and return its outputs."""
    generator = FORMAT.sign(found, slots, options, StepContext(time=time))
    try:
        batch = next(generator)
        while True:
            batch = generator.send(tuple(answers(slots[each.slot], each) for each in batch))
    except StopIteration as end:
        outputs: tuple[Sibling, ...] = end.value
        return outputs


def options(**given: str) -> Options:
    """Return the format's options, completed."""
    return resolve(FORMAT.options, given)


def openpgp_slot() -> Slot:
    """An Ed25519 slot."""
    return shared_certificate().slot


def both() -> Trust:
    """Trust the OpenPGP and the CMS signer."""
    return Trust((shared_certificate().trusted,), x509.trust(OWNER).x509)


def time() -> int:
    """Late enough for the certificate that Sequoia made in this process."""
    return shared_certificate().trusted.primary.created + 5


def verify(
    directory: Path, files: Sequence[bytes], trust: Trust | None = None, content: bytes = CONTENT
) -> Verified:
    """Verify CONTENT, or other content, with signature files."""
    with ExitStack() as opened:
        signatures = tuple(
            opened.enter_context(artifact(directory / f"{number}", each))
            for number, each in enumerate(files)
        )
        signed = opened.enter_context(artifact(directory / "content", content))
        chosen = both() if trust is None else trust
        return FORMAT.verify(signed, signatures, chosen, StepContext(time=time() + 60))


def states(verified: Verified) -> list[SignatureState]:
    """Return the state of each signature."""
    return [each.state for each in verified.signatures]


def made(
    directory: Path, slots: tuple[Slot, ...], chosen: Options | None = None
) -> tuple[Sibling, ...]:
    """Sign CONTENT."""
    with artifact(directory / "content", CONTENT) as found:
        return sign_blob(found, slots, chosen or options(), time())


# --- verification -----------------------------------------------------------------------------


SLOTS = (openpgp_slot, lambda: x509.slot(OWNER))
"""One of each kind, made when they are needed."""
