"""Making X.509 keys and writing key files: durably, privately, and never over another key."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from signstation.codec.der import encode_pem
from signstation.errors import OutputExists, RecheckFailed, SignstationError, UsageError
from signstation.interfaces.context import KeyContext
from signstation.keystores.keyfile_material import read_material, unlock
from signstation.keystores.keyfile_pkcs8 import private_pem
from signstation.model.asks import ToSign
from signstation.model.keys import KeyRef
from signstation.model.orders import GenerateOrder, KeyForm, X509Use
from signstation.model.secret import Secret
from signstation.signatures.certificates import (
    CertificateOrder,
    key_type,
    read_certificate,
    self_signed,
    spki_of,
)
from signstation.signatures.remotekey import remote_key
from signstation.signatures.softwarekey import SoftwareKey, schemes_of
from signstation.signatures.softwarekey_file import (
    PRIVATE,
    PUBLIC,
    PUBLIC_EXPONENT,
    new_passphrase,
    stem_of,
)
from signstation.system.files_new import write

STORE = "file"

SUFFIXES = (".pem", ".crt", ".der")
"""Of the private key with its certificate, the certificate, and the certificate in DER."""
DEFAULT_ALGORITHM = "rsa4096"
"""Every kernel, shim and openssl takes it; Debian 12's kernel knows no ECDSA."""

SoftwarePrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def _rsa(bits: int) -> Callable[[], SoftwarePrivateKey]:
    return lambda: rsa.generate_private_key(PUBLIC_EXPONENT, bits)


ALGORITHMS: Mapping[str, Callable[[], SoftwarePrivateKey]] = {
    "rsa2048": _rsa(2048),
    "rsa3072": _rsa(3072),
    "rsa4096": _rsa(4096),
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
}
"""What ``key generate x509 --algorithm`` takes; ``nistp256`` and ``RSA-2048`` are understood."""


def key_directory(ctx: KeyContext) -> Path:
    """Return where the station keeps its own key files."""
    return ctx.state / "keys"


def generate(order: GenerateOrder, ctx: KeyContext) -> Path:
    """Make a key pair with a self-signed certificate; return the file of the private key.

    Three files of one name: ``.pem`` with key and certificate, ``.crt`` and ``.der`` (what mokutil
    takes) with the certificate. Asks for a new passphrase unless ``order.protect`` is False. Raises
    UsageError, OutputExists (before anything is asked), DiskFull, NotWritable and RecheckFailed.
    """
    make = _maker(order)
    directory = order.output or key_directory(ctx)
    stem = stem_of(order.name)
    private, certificate, binary = (directory / f"{stem}{each}" for each in SUFFIXES)
    for path in (private, certificate, binary):
        if not order.replace and os.path.lexists(path):
            raise OutputExists(path=str(path))
    passphrase = new_passphrase(KeyRef(STORE, str(private)), ctx.ask) if order.protect else None
    key = make()
    der = _certificate(order, key, ctx)
    pem = encode_pem("CERTIFICATE", der)
    try:
        write(private, private_pem(key, passphrase) + pem, PRIVATE, replace=order.replace)
        write(certificate, pem, PUBLIC, replace=order.replace)
        write(binary, der, PUBLIC, replace=order.replace)
        _read_back(private, der, passphrase)
    finally:
        if passphrase is not None:
            passphrase.wipe()
    return private


def _read_back(path: Path, der: bytes, passphrase: Secret | None) -> None:
    """A key that cannot be read again is found now, not when it is needed."""
    unlocked = unlock(read_material(path, str(path)), passphrase, str(path), to_sign=True)
    expected = read_certificate(der)
    if unlocked.certificates != (expected,) or spki_of(unlocked.key.public_key()) != expected.spki:
        raise RecheckFailed(path=str(path), reason="the key file is not what was written")


def _maker(order: GenerateOrder) -> Callable[[], SoftwarePrivateKey]:
    if order.form is not KeyForm.X509:
        raise UsageError(reason=f"key files are made for X.509, not for {order.form.value}")
    name = order.algorithm.lower().replace("-", "").replace("nist", "") or DEFAULT_ALGORITHM
    if name not in ALGORITHMS:
        known = ", ".join(ALGORITHMS)
        raise UsageError(reason=f"unknown algorithm {order.algorithm}; known are {known}")
    if name == "ed25519" and order.usage is X509Use.MODULES:
        raise UsageError(reason="no kernel checks Ed25519 signatures on modules")
    return ALGORITHMS[name]


def _certificate(order: GenerateOrder, key: SoftwarePrivateKey, ctx: KeyContext) -> bytes:
    public = key.public_key()
    signer = SoftwareKey(key, schemes_of(key_type(public)), "new key")

    def sign(ask: ToSign) -> bytes:
        (answer,) = signer.sign((ask,))
        if isinstance(answer, SignstationError):
            raise answer
        return answer

    wanted = CertificateOrder(
        name=order.name,
        use=order.usage,
        not_before=ctx.time,
        not_after=None if order.expires is None else ctx.time + order.expires,
        serial=x509.random_serial_number(),
    )
    return self_signed(wanted, remote_key(public, sign))
