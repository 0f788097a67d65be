"""What the Sign page foretells of hashes is what the engine does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from signstation.errors import SchemeUnsupported
from signstation.formats.blob import FORMAT
from signstation.gui.sign_flow import Choice
from signstation.gui.sign_hashes import HASHES, hash_of, refusal
from signstation.jobs.slots import choose_slots
from signstation.keystores.gnupg_asks import schemes as gnupg_schemes
from signstation.keystores.ssh_sign import ssh_schemes
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import (
    KeyFamily,
    KeyRef,
    KeyType,
    OpenPgpProfile,
    Scheme,
    SignatureType,
    SignerProfile,
)
from signstation.model.options import resolve
from signstation.registry.plugins import load_formats
from signstation.signatures.softwarekey import schemes_of
from tests.support import windowdata, x509

STORES = {
    "gpg": (SignatureType.OPENPGP, gnupg_schemes),
    "file": (SignatureType.CMS, schemes_of),
    "ssh": (SignatureType.SSHSIG, ssh_schemes),
}
FAMILIES = (
    KeyFamily.RSA,
    KeyFamily.P256,
    KeyFamily.P384,
    KeyFamily.P521,
    KeyFamily.ED25519,
)


def _planned(
    store: str, family: KeyFamily, wanted: HashAlgorithm | None
) -> tuple[Choice, HashAlgorithm | None]:
    """Return a choice of the window, and the hash that the engine plans for it."""
    signature, schemes = STORES[store]
    kind = KeyType(family, 4096 if family is KeyFamily.RSA else 0)
    key = KeyRef(store, "x")
    usable: tuple[Scheme, ...] = schemes(kind)
    signer = SignerProfile(
        key,
        "x",
        kind,
        b"",
        windowdata.key_list()[0].protection,
        usable,
        openpgp=OpenPgpProfile("", "", 1, 0, "", b"") if store == "gpg" else None,
        x509=x509.profile(x509.identity("p256")).x509 if store == "file" else None,
    )
    info = replace(windowdata.key_list()[0], key=key, type=kind)
    try:
        (slot,) = choose_slots(FORMAT, [signer], signature, wanted, resolve(FORMAT.options, {}))
    except SchemeUnsupported:
        return Choice(info, signature), None
    return Choice(info, signature), slot.hash


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("family", FAMILIES, ids=lambda each: each.value)
def test_the_window_foretells_what_the_engine_does(store: str, family: KeyFamily) -> None:
    for wanted in (None, *HASHES):
        choice, planned = _planned(store, family, wanted)
        assert hash_of("blob", choice, wanted) is planned, wanted
        assert (refusal("blob", choice, wanted) is None) is (planned is not None), wanted


def test_each_kind_has_the_usual_hash_of_its_format() -> None:
    choice, _ = _planned("gpg", KeyFamily.RSA, None)
    for each in load_formats().values():
        assert hash_of(each.id, choice, None) is each.default_hash


def test_what_has_no_key_has_no_hash_and_no_reason() -> None:
    nothing = Choice(None, SignatureType.CMS)
    assert hash_of("blob", nothing, HashAlgorithm.SHA512) is None
    assert refusal("blob", nothing, HashAlgorithm.SHA512) is None


@pytest.mark.parametrize(
    ("store", "family", "wanted", "words"),
    [
        ("ssh", KeyFamily.ED25519, HashAlgorithm.SHA384, "SHA-256 and SHA-512 only"),
        ("file", KeyFamily.ED25519, HashAlgorithm.SHA256, "RFC 8419"),
        ("gpg", KeyFamily.P384, HashAlgorithm.SHA256, "shorter than the curve of P-384"),
    ],
    ids=["ssh", "cms", "gnupg"],
)
def test_a_refusal_says_why(
    store: str, family: KeyFamily, wanted: HashAlgorithm, words: str
) -> None:
    choice, _ = _planned(store, family, wanted)
    found = refusal("blob", choice, wanted)
    assert found is not None
    assert words in found.english()
