"""X.509 anchors out of trust files."""

from __future__ import annotations

from signstation.codec import der
from signstation.codec.der import Reader
from signstation.errors import ArtifactMalformed, KeyUnreadable
from signstation.model.trust import Origin, X509Anchor
from signstation.signatures.certificates import read_certificate

MAX_ANCHORS = 1000
"""Most certificates of one file: a distribution's whole CA bundle has about 150."""


def anchor(certificate: bytes, origin: Origin) -> X509Anchor:
    """Make an anchor of one DER certificate: a root, or a leaf that is pinned by itself.

    Raises KeyUnreadable.
    """
    read_certificate(certificate)
    return X509Anchor(certificate, origin)


def prepare_x509(material: bytes, origin: Origin) -> tuple[X509Anchor, ...]:
    """Make anchors of DER certificates, one after another. Raises KeyUnreadable."""
    reader = Reader(material, name="x509")
    try:
        found = tuple(each.raw for each in reader.all(MAX_ANCHORS) if each.tag == der.SEQUENCE)
    except ArtifactMalformed as error:
        raise KeyUnreadable(reason=f"not a DER certificate: {error}") from error
    return tuple(anchor(each, origin) for each in found)
