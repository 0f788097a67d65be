"""Signers for certificates: a software key where an HSM would be."""

from __future__ import annotations

from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

from signstation.errors import SignstationError
from signstation.model.asks import ToSign
from signstation.model.keys import KeyRef, Protection, SignerProfile
from signstation.signatures.certificates import key_type, spki_of
from signstation.signatures.softwarekey import SoftwareKey, schemes_of


def signer(
    key: CertificateIssuerPrivateKeyTypes,
) -> tuple[SignerProfile, Callable[[ToSign], bytes]]:
    """Return the profile of a key without certificates, and what signs for it."""
    public = key.public_key()
    kind = key_type(public)
    profile = SignerProfile(
        key=KeyRef("file", "/k"),
        label="k",
        type=kind,
        spki=spki_of(public),
        protection=Protection.HSM,
        schemes=schemes_of(kind),
    )
    software = SoftwareKey(key, schemes_of(kind), "k")

    def sign(ask: ToSign) -> bytes:
        (answer,) = software.sign((ask,))
        if isinstance(answer, SignstationError):
            raise answer
        return answer

    return profile, sign
