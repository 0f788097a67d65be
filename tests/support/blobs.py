"""Helpers for the tests of plain files: artifacts out of bytes, signing to the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from signstation.formats.blob import FORMAT
from signstation.interfaces.artifact import Artifact
from signstation.model.asks import ToSign
from signstation.model.keys import SignatureType, Slot
from signstation.model.options import Options
from signstation.model.outputs import Sibling
from signstation.system.artifact import FileArtifact
from signstation.worker.context import StepContext
from tests.support import x509
from tests.support.openpgp import shared_certificate
from tests.support.tools import descriptor_of

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
