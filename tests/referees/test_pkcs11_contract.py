"""The key store contract over SoftHSM: every family of key, behind a real PKCS#11 module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from signstation.errors import (
    CertificateMismatch,
    CertificateMissing,
    KeyAmbiguous,
    KeyNotFound,
    KeyStoreFailed,
    TokenMissing,
    UsageError,
)
from signstation.keystores.pkcs11 import KEYSTORE
from signstation.model.keys import KeyState, Protection, SignatureType
from signstation.model.prompts import PromptKind
from signstation.model.tokens import PinState
from signstation.system.programs import Programs
from tests.support import x509
from tests.support.contract_keystores import KeyCase, LockedKeyContract, ScriptedKeyContext
from tests.support.softhsm import MODULE, PIN, SoftHsm

KEYS = {
    "rsa": "rsa2048-hsm",
    "p256": "p256-hsm",
    "p384": "p384-hsm",
    "p521": "p521-hsm",
    "ed25519": "ed25519-hsm",
}
TIME = x509.NOW


@pytest.fixture(scope="session")
def hsm() -> Iterator[SoftHsm]:
    """For the whole process: it reads one configuration, once."""
    found = SoftHsm()
    for label in ("Release", "Certified", "Empty"):
        found.token(label)
    yield found
    found.close()


@pytest.fixture(scope="session")
def publics(hsm: SoftHsm) -> dict[str, PublicKeyTypes]:
    for number, (label, kind) in enumerate(KEYS.items(), 1):
        hsm.import_key("Release", label, f"{number:02x}", x509.private_key(kind))
    hsm.import_key("Certified", "certified", "0a", x509.identity("p256-cert").key)
    hsm.write_certificate("Certified", "0a", x509.identity("p256-cert").der)
    return {label: x509.private_key(kind).public_key() for label, kind in KEYS.items()}


def _context(hsm: SoftHsm, directory: Path) -> ScriptedKeyContext:
    ctx = ScriptedKeyContext(TIME, directory, None, Programs(directory))
    ctx.tokens = hsm.places
    return ctx


class TestSoftHsm(LockedKeyContract):
    """The contract, once for each family."""

    @pytest.fixture(params=sorted(KEYS))
    def case(
        self,
        request: pytest.FixtureRequest,
        hsm: SoftHsm,
        publics: dict[str, PublicKeyTypes],
        tmp_path: Path,
    ) -> KeyCase:
        return KeyCase(
            store=KEYSTORE,
            ctx=_context(hsm, tmp_path),
            typed=f"token=Release;object={request.param}",
            public=publics[request.param],
            passphrase=PIN.encode(),
            missing="token=Release;object=nothing",
        )


def test_keys_and_locked_tokens_are_listed_without_a_prompt(
    hsm: SoftHsm, publics: dict[str, PublicKeyTypes], tmp_path: Path
) -> None:
    ctx = _context(hsm, tmp_path)
    found = {each.label: each for each in KEYSTORE.list_keys(ctx)}
    assert ctx.prompts == []
    assert found.keys() == {*publics, "certified", "Empty"}
    assert found["Empty"].state is KeyState.LOCKED
    assert found["rsa"].state is KeyState.ACTIVE
    assert {each.protection for each in found.values()} == {Protection.HSM}
    assert "SoftHSM" in found["rsa"].location
    for name in publics:  # what is listed is what --key takes
        assert KEYSTORE.resolve(found[name].key.locator, ctx) == found[name].key


@pytest.mark.usefixtures("publics")
def test_tokens_are_listed_as_devices_without_a_prompt(hsm: SoftHsm, tmp_path: Path) -> None:
    ctx = _context(hsm, tmp_path)
    found = {each.device: each for each in KEYSTORE.list_tokens(ctx)}
    assert found.keys() == {"Release", "Certified", "Empty"}
    assert found["Empty"].pin is PinState.GOOD  # nobody ever logs in to it with a wrong PIN
    assert {each.tries for each in found.values()} == {None}
    assert ctx.prompts == []


@pytest.mark.usefixtures("publics")
def test_what_cannot_be_found_says_why(hsm: SoftHsm, tmp_path: Path) -> None:
    ctx = _context(hsm, tmp_path)
    with pytest.raises(KeyAmbiguous):
        KEYSTORE.resolve("token=Release", ctx)
    with pytest.raises(TokenMissing) as missing:
        KEYSTORE.resolve("token=Gone;object=rsa", ctx)
    assert missing.value.token == "Gone"
    with pytest.raises(KeyStoreFailed):
        KEYSTORE.resolve("token=Release;object=rsa?module-path=/nowhere.so", ctx)


def test_a_module_that_others_may_write_is_never_loaded(hsm: SoftHsm, tmp_path: Path) -> None:
    module = tmp_path / "module.so"
    module.write_bytes(MODULE.read_bytes())
    module.chmod(0o666)
    ctx = _context(hsm, tmp_path)
    with pytest.raises(UsageError, match="others may write it"):
        KEYSTORE.resolve(f"token=Release;object=rsa?module-path={module}", ctx)


@pytest.mark.usefixtures("publics")
def test_a_key_that_only_a_login_shows_is_found_with_the_pin(hsm: SoftHsm, tmp_path: Path) -> None:
    ctx = _context(hsm, tmp_path)
    ref = KEYSTORE.resolve("token=Empty;id=%01", ctx)  # believed: nothing shows there
    assert ctx.prompts == []
    ctx.answers[:] = [PIN.encode()]
    with pytest.raises(KeyNotFound):
        KEYSTORE.profile(ref, (), ctx)
    (prompt,) = ctx.prompts
    assert prompt.kind is PromptKind.PIN
    assert prompt.title.english() == "PIN of the token Empty"


@pytest.mark.usefixtures("publics")
def test_a_certificate_makes_it_a_signer_of_cms(hsm: SoftHsm, tmp_path: Path) -> None:
    ctx = _context(hsm, tmp_path)
    plain = KEYSTORE.resolve("token=Release;object=rsa", ctx)
    assert KEYSTORE.profile(plain, (), ctx).signature_types == ()
    with pytest.raises(CertificateMismatch):
        KEYSTORE.profile(plain, (x509.identity("p256-cert").der,), ctx)
    given = KEYSTORE.profile(plain, (x509.identity("rsa2048-hsm").certificate_pem(),), ctx)
    assert given.signature_types == (SignatureType.CMS,)
    on_token = KEYSTORE.resolve("object=certified", ctx)
    profile = KEYSTORE.profile(on_token, (), ctx)
    assert profile.x509 is not None
    assert profile.x509.chain == (x509.identity("p256-cert").der,)
    assert dict(KEYSTORE.export(on_token, ctx))[".der"] == x509.identity("p256-cert").der
    with pytest.raises(CertificateMissing):
        KEYSTORE.export(plain, ctx)
