"""X.509 certificates for keys of a GnuPG home, so that they can make CMS signatures too."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from signstation.errors import KeyUnreadable
from signstation.model.keys import X509Profile
from signstation.signatures.certificates import read_certificate

_PEM = b"-----BEGIN "


def x509_profile(certificates: Sequence[bytes], spki: bytes, key: str) -> X509Profile | None:
    """Return the chain, leaf first, if one of the certificates is for the key ``spki``.

    None where they are for other keys of the same order. Raises KeyUnreadable, naming ``key``.
    """
    try:
        facts = [read_certificate(der) for content in certificates for der in _ders(content)]
    except KeyUnreadable as error:
        raise KeyUnreadable(key=key, reason=error.reason) from error
    leaf = next((each for each in facts if each.spki == spki), None)
    if leaf is None:
        return None
    return X509Profile((leaf.der, *(each.der for each in facts if each.der != leaf.der)))


def _ders(content: bytes) -> list[bytes]:
    if _PEM not in content:
        return [content]
    try:
        found = x509.load_pem_x509_certificates(content)
    except ValueError as error:
        raise KeyUnreadable(reason="PEM without a certificate that can be read") from error
    return [each.public_bytes(Encoding.DER) for each in found]
