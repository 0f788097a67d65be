"""The key store contract over key files of every kind, with and without a passphrase."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates

from signstation.keystores.keyfile import KEYSTORE
from signstation.system.programs import Programs
from tests.support.contract_keystores import (
    KeyCase,
    KeyStoreContract,
    LockedKeyContract,
    ScriptedKeyContext,
)
from tests.support.x509 import NOW, Identity, identity

PASSPHRASE = "päss phrase".encode()


def _case(directory: Path, name: str, content: bytes, owner: Identity, *, locked: bool) -> KeyCase:
    path = directory / name
    path.write_bytes(content)
    path.chmod(0o600)
    return KeyCase(
        store=KEYSTORE,
        ctx=ScriptedKeyContext(NOW, directory / "state", None, Programs(directory)),
        typed=str(path),
        public=owner.key.public_key(),
        passphrase=PASSPHRASE if locked else None,
    )


class TestPlain(KeyStoreContract):
    """PKCS#8 PEM with its certificate, every kind of key.

    RSA only here: loading such a key checks its primes, which takes a while.
    """

    @pytest.fixture(params=["rsa2048", "p256", "p521", "ed25519", "ed448"])
    def case(self, request: pytest.FixtureRequest, tmp_path: Path) -> KeyCase:
        owner = identity(request.param)
        content = owner.key_pem() + owner.certificate_pem()
        return _case(tmp_path, "key.pem", content, owner, locked=False)


class TestPlainWithoutCertificate(KeyStoreContract):
    """The older layouts, as openssl still writes them, PEM and DER."""

    @pytest.fixture(
        params=[
            (Encoding.DER, PrivateFormat.PKCS8),
            (Encoding.PEM, PrivateFormat.TraditionalOpenSSL),
        ],
        ids=["pkcs8-der", "sec1-pem"],
    )
    def case(self, request: pytest.FixtureRequest, tmp_path: Path) -> KeyCase:
        encoding, form = request.param
        owner = identity("p256")
        content = owner.key.private_bytes(encoding, form, NoEncryption())
        return _case(tmp_path, "key", content, owner, locked=False)


class TestLocked(LockedKeyContract):
    """Encrypted PKCS#8 (with and without a certificate beside it), old PEM, DER and PKCS#12."""

    @pytest.fixture(params=["certificate", "bare", "traditional", "der", "pkcs12"])
    def case(self, request: pytest.FixtureRequest, tmp_path: Path) -> KeyCase:
        return _case(tmp_path, "key", _locked(request.param), identity("p256"), locked=True)


@cache
def _locked(layout: str) -> bytes:
    owner, encryption = identity("p256"), BestAvailableEncryption(PASSPHRASE)
    if layout == "pkcs12":
        assert isinstance(owner.key, ec.EllipticCurvePrivateKey)
        return serialize_key_and_certificates(
            b"name", owner.key, owner.certificate, None, encryption
        )
    encoding = Encoding.DER if layout == "der" else Encoding.PEM
    traditional = layout == "traditional"
    form = PrivateFormat.TraditionalOpenSSL if traditional else PrivateFormat.PKCS8
    content = owner.key.private_bytes(encoding, form, encryption)
    return content + owner.certificate_pem() if layout == "certificate" else content
