"""Key files among each other: who issued whose certificate; and what damaged ones are good for."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from signstation.errors import CertificateMismatch, KeyUnreadable
from signstation.keystores.keyfile import KEYSTORE
from tests.support.contract_keystores import ScriptedKeyContext
from tests.support.keyfiles import LEAF, ROOT, key_context, key_file
from tests.support.x509 import Shape, identity


@pytest.fixture
def ctx(tmp_path: Path) -> ScriptedKeyContext:
    return key_context(tmp_path)


def test_a_listed_key_names_the_listed_key_that_issued_its_certificate(
    tmp_path: Path, ctx: ScriptedKeyContext
) -> None:
    """A certificate of the same name that did not sign is no parent."""
    impostor = identity("p384", Shape(name="Root", authority=True))
    directory = tmp_path / "state" / "keys"
    directory.mkdir(parents=True)
    for owner, name in ((impostor, "a.pem"), (ROOT, "b.pem"), (LEAF, "c.pem")):
        key_file(directory, owner.key_pem(), owner.certificate_pem(), name=name)
    parents = {
        Path(each.key.locator).name: each.parent and Path(each.parent.locator).name
        for each in KEYSTORE.list_keys(ctx)
    }
    assert parents == {"a.pem": None, "b.pem": None, "c.pem": "b.pem"}


def test_a_certificate_of_ssh_among_the_given_ones_is_another_keys(
    tmp_path: Path, ctx: ScriptedKeyContext
) -> None:
    ref = key_file(tmp_path, LEAF.key_pem())
    ssh = b"ssh-ed25519-cert-v01@openssh.com AAAA me\n"
    profile = KEYSTORE.profile(ref, (ssh, LEAF.certificate_pem()), ctx)
    assert profile.label == "Leaf"
    with pytest.raises(CertificateMismatch):
        KEYSTORE.profile(ref, (ssh,), ctx)


def test_a_damaged_rsa_key_is_refused_before_it_signs(
    tmp_path: Path, ctx: ScriptedKeyContext
) -> None:
    """Planning needs its public half alone; the primes are tested when it is opened."""
    numbers = rsa.generate_private_key(65537, 2048).private_numbers()
    damaged = rsa.RSAPrivateNumbers(
        numbers.p,
        numbers.q,
        numbers.d + 2,
        numbers.dmp1 + 2,
        numbers.dmq1,
        numbers.iqmp,
        numbers.public_numbers,
    ).private_key(unsafe_skip_rsa_key_validation=True)
    pem = damaged.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    profile = KEYSTORE.profile(key_file(tmp_path, pem), (), ctx)
    with pytest.raises(KeyUnreadable), KEYSTORE.open(profile, 1, ctx):
        pass
