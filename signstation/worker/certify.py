"""Certificates that a key signs for itself, in the key worker that can use the key."""

from __future__ import annotations

import os
from collections.abc import Callable

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_der_public_key

from signstation.codec.armor import ArmorKind, armor
from signstation.codec.der import encode_pem
from signstation.errors import (
    KeyUnreadable,
    OutputExists,
    SignstationError,
    UsageError,
)
from signstation.interfaces.context import KeyContext
from signstation.interfaces.keystore import CertificatesBeside, KeyStore
from signstation.model.asks import ToSign
from signstation.model.keys import SignerProfile
from signstation.model.orders import CertificateForm, CertifyOrder
from signstation.signatures.certificates import (
    CertificateOrder,
    certificate_request,
    self_signed,
)
from signstation.signatures.keycertificates import OPENPGP, X509, keep_certificate, kept_path
from signstation.signatures.openpgp_certificate import OpenPgpOrder, openpgp_certificate
from signstation.signatures.remotekey import remote_key

Parts = tuple[tuple[str, bytes], ...]
"""(suffix, content) of what is handed out."""
_KEPT = {CertificateForm.OPENPGP: OPENPGP, CertificateForm.X509: X509}


def certify(store: KeyStore, order: CertifyOrder, ctx: KeyContext) -> Parts:
    """Open the key, have it sign its certificate or request, and keep the certificate.

    Raises UsageError for a store that keeps its own certificates, OutputExists (before anything is
    asked) where there is one already, and what opening and signing raise.
    """
    if not isinstance(store, CertificatesBeside):
        raise UsageError(reason=f"keys of the store {store.id} come with their certificates")
    directory = store.certificate_directory(ctx)
    profile = store.profile(order.key, (), ctx)
    suffix = _KEPT.get(order.form)
    if suffix is not None:
        path = kept_path(directory, profile.spki, suffix)
        if not order.replace and os.path.lexists(path):
            raise OutputExists(path=str(path))
    with store.open(profile, 1, ctx) as key:

        def sign(ask: ToSign) -> bytes:
            (answer,) = key.sign((ask,))
            if isinstance(answer, SignstationError):
                raise answer
            return answer

        parts = _made(order, profile, sign, ctx.time)
    if suffix is not None:
        kept = dict(parts)[".gpg" if suffix is OPENPGP else ".pem"]
        keep_certificate(directory, profile.spki, suffix, kept, replace=order.replace)
    return parts


def _made(
    order: CertifyOrder, profile: SignerProfile, sign: Callable[[ToSign], bytes], now: int
) -> Parts:
    match order.form:
        case CertificateForm.OPENPGP:
            wanted = OpenPgpOrder(order.name, now, order.expires)
            binary = openpgp_certificate(wanted, profile, sign).certificate
            return ((".asc", armor(ArmorKind.PUBLIC_KEY, binary)), (".gpg", binary))
        case CertificateForm.X509:
            der = self_signed(
                CertificateOrder(
                    name=order.name,
                    use=order.usage,
                    not_before=now,
                    not_after=None if order.expires is None else now + order.expires,
                    serial=x509.random_serial_number(),
                ),
                _key(profile, sign),
            )
            return ((".pem", encode_pem("CERTIFICATE", der)), (".der", der))
        case CertificateForm.REQUEST:
            request = certificate_request(order.name, _key(profile, sign))
            return ((".csr", encode_pem("CERTIFICATE REQUEST", request)),)


def _key(
    profile: SignerProfile, sign: Callable[[ToSign], bytes]
) -> CertificateIssuerPrivateKeyTypes:
    try:
        return remote_key(load_der_public_key(profile.spki), sign)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyUnreadable(key=str(profile.key), reason=str(error)[:200]) from error
