"""What the GnuPG store lists, resolves and plans with, over real homes."""

from __future__ import annotations

import datetime
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key
from cryptography.x509.oid import NameOID

from signstation.codec.sexp import Sexp, build
from signstation.errors import (
    KeyAmbiguous,
    KeyNotFound,
    KeyUnreadable,
    KeyUnusable,
    ToolFailed,
    UsageError,
)
from signstation.keystores.gnupg import KEYSTORE
from signstation.model.keys import KeyFamily, KeyRef, KeyState, KeyType, Protection, Scheme
from signstation.signatures.certificates import read_certificate
from tests.support.gnupg import GnupgHome
from tests.support.gnupg_agent import context

DAY = 86400


@pytest.fixture
def home() -> Iterator[GnupgHome]:
    with GnupgHome() as made:
        yield made


def test_primary_and_signing_subkeys_are_listed(home: GnupgHome, tmp_path: Path) -> None:
    key = home.generate(subkey=True, name="Ünï: \\ <u@example.org>", passphrase="pw")
    home.gpg("--quick-add-key", key.primary, "cv25519", "encr", "never", passphrase="pw")
    ctx = context(home, tmp_path)
    primary, signing = KEYSTORE.list_keys(ctx)
    assert ctx.prompts == []
    assert primary.key == KeyRef("gpg", key.primary)
    assert primary.usages == ("certify",)
    assert primary.signature_types == ()
    assert primary.parent is None
    assert signing.key == KeyRef("gpg", key.signing)
    assert signing.parent == primary.key
    assert signing.usages == ("sign",)
    for each in (primary, signing):
        assert each.label == "Ünï: \\ <u@example.org>"
        assert each.state is KeyState.ACTIVE
        assert each.protection is Protection.SOFTWARE
        assert each.type == KeyType(KeyFamily.ED25519)
        assert each.expires is None
        assert abs((each.created or 0) - time.time()) < 100
        assert each.location == str(home.path)


def test_hostile_user_ids_stay_data(home: GnupgHome, tmp_path: Path) -> None:
    hostile = "fpr:::::::::AAAA: \u202eevil\u202c <x@example.org>"
    key = home.generate(name=hostile)
    (info,) = KEYSTORE.list_keys(context(home, tmp_path))
    assert info.label == hostile
    assert info.fingerprint == key.primary


def test_states(home: GnupgHome, tmp_path: Path) -> None:
    now = int(time.time())
    past = now - 30 * DAY
    expired = home.generate(time=past, expires="1d", name="expired <e@example.org>")
    revoked = home.generate(name="revoked <r@example.org>")
    home.revoke(revoked)
    disabled = home.generate(name="disabled <d@example.org>")
    home._interactive(("--edit-key", disabled.primary), ("disable", "save"), disabled, None)
    future = home.generate(time=now + DAY, name="future <f@example.org>")
    stripped = home.generate(subkey=True, name="offline <o@example.org>")
    home.kill_agent()
    (home.path / "private-keys-v1.d" / f"{_grip(home, stripped.primary)}.key").unlink()
    states = {e.fingerprint: e.state for e in KEYSTORE.list_keys(context(home, tmp_path))}
    assert states == {
        expired.primary: KeyState.EXPIRED,
        revoked.primary: KeyState.REVOKED,
        disabled.primary: KeyState.DISABLED,
        future.primary: KeyState.NOT_YET,
        stripped.primary: KeyState.PUBLIC_ONLY,
        stripped.signing: KeyState.ACTIVE,
    }


def _grip(home: GnupgHome, fingerprint: str) -> str:
    listing = home.gpg("--with-colons", "--with-keygrip", "--list-keys", fingerprint).stdout
    lines = listing.decode().splitlines()
    after = lines.index(f"fpr:::::::::{fingerprint}:")
    return next(line.split(":")[9] for line in lines[after:] if line.startswith("grp:"))


@pytest.mark.parametrize(
    ("reason", "spoil"),
    [
        ("It expired on", lambda h, k: h.set_expiry(k, "seconds=1", time=int(time.time()) - DAY)),
        ("It was revoked", lambda h, k: h.revoke_subkey(k)),
    ],
)
def test_a_spoilt_subkey_is_refused_with_its_reason(
    home: GnupgHome, tmp_path: Path, reason: str, spoil: object
) -> None:
    assert callable(spoil)
    key = home.generate(subkey=True, time=int(time.time()) - 2 * DAY)
    ctx = context(home, tmp_path)
    profile = KEYSTORE.profile(KeyRef("gpg", key.primary), (), ctx)
    spoil(home, key)
    for ref in (KeyRef("gpg", key.primary), KeyRef("gpg", key.signing)):
        with pytest.raises(KeyUnusable) as caught:
            KEYSTORE.profile(ref, (), ctx)
        assert caught.value.reason.startswith(reason)
        assert caught.value.key == str(ref)
    with pytest.raises(KeyUnusable), KEYSTORE.open(profile, 1, ctx):
        pytest.fail("a key that was spoilt since it was planned is not opened")


def test_a_primary_key_means_its_newest_good_subkey(home: GnupgHome, tmp_path: Path) -> None:
    now = int(time.time())
    key = home.generate(subkey=True, time=now - 9 * DAY)
    middle = home.add_subkey(key.primary, time=now - 5 * DAY)
    newest = home.add_subkey(key.primary, time=now - 2 * DAY, expires="1d")
    ctx = context(home, tmp_path)

    def signs(fingerprint: str) -> str:
        profile = KEYSTORE.profile(KeyRef("gpg", fingerprint), (), ctx)
        assert profile.key == KeyRef("gpg", fingerprint)
        assert profile.openpgp is not None
        assert profile.openpgp.primary == key.primary
        return profile.openpgp.fingerprint

    assert signs(key.primary) == middle
    assert signs(key.signing) == key.signing
    with pytest.raises(KeyUnusable):
        signs(newest)


def test_a_primary_key_that_signs_is_taken_where_no_subkey_can(
    home: GnupgHome, tmp_path: Path
) -> None:
    key = home.generate(passphrase="pw")
    home.gpg("--quick-add-key", key.primary, "cv25519", "encr", "never", passphrase="pw")
    profile = KEYSTORE.profile(KeyRef("gpg", key.primary), (), context(home, tmp_path))
    assert profile.openpgp is not None
    assert profile.openpgp.fingerprint == key.primary
    assert profile.openpgp.certificate == home.export(key.primary)
    assert profile.openpgp.algorithm == 22
    assert profile.prompts
    assert profile.message_schemes == profile.schemes == (Scheme.ED25519,)


def test_a_certify_only_key_does_not_sign(home: GnupgHome, tmp_path: Path) -> None:
    home.gpg("--quick-generate-key", "Only <c@example.org>", "ed25519", "cert", "never")
    (primary,) = home.fingerprints()[0]
    with pytest.raises(KeyUnusable, match="not meant for signing"):
        KEYSTORE.profile(KeyRef("gpg", primary), (), context(home, tmp_path))


@pytest.mark.parametrize("algorithm", ["brainpoolP256r1", "secp256k1", "dsa2048"])
def test_keys_that_we_cannot_sign_with_are_listed_and_refused(
    home: GnupgHome, tmp_path: Path, algorithm: str
) -> None:
    key = home.generate(algorithm)
    ctx = context(home, tmp_path)
    (info,) = KEYSTORE.list_keys(ctx)
    assert info.type.family is KeyFamily.OTHER
    with pytest.raises(KeyUnusable, match="cannot sign with"):
        KEYSTORE.profile(KeyRef("gpg", key.primary), (), ctx)


def test_names(home: GnupgHome, tmp_path: Path) -> None:
    key = home.generate(name="One <signer@example.org>", subkey=True)
    home.generate(name="<other-signer@example.org>")
    home.generate(name="bare@example.org")
    ctx = context(home, tmp_path)

    def resolve(locator: str) -> str:
        ref = KEYSTORE.resolve(locator, ctx)
        assert ref.store == "gpg"
        return ref.locator

    for locator in (
        key.primary,
        key.primary.lower(),
        f"0x{key.primary}",
        key.primary[-16:],
        key.primary[-8:].lower(),
        "<signer@example.org>",
        "<SIGNER@example.org>",
    ):
        assert resolve(locator) == key.primary
    assert resolve(key.signing) == resolve(key.signing[-16:]) == key.signing
    assert resolve("<bare@example.org>") not in {key.primary, key.signing}
    for locator in ("<igner@example.org>", "<signer@example>", "One", "", "0" * 40, "0" * 16, "<>"):
        with pytest.raises(KeyNotFound):
            resolve(locator)
    for locator in ("signer@example.org", "One <signer@example.org>", "@example.org"):
        with pytest.raises(UsageError, match="angle brackets"):
            resolve(locator)
    home.generate(name="Two <signer@example.org>")
    with pytest.raises(KeyAmbiguous) as caught:
        resolve("<signer@example.org>")
    assert caught.value.count == 2
    assert caught.value.key == "gpg:<signer@example.org>"


def test_a_mail_address_means_the_key_that_can_still_sign(home: GnupgHome, tmp_path: Path) -> None:
    ctx = context(home, tmp_path)
    old = home.generate(name="Old <s@example.org>", time=int(time.time()) - 9 * DAY, expires="1d")
    assert KEYSTORE.resolve("<s@example.org>", ctx).locator == old.primary
    new = home.generate(name="New <s@example.org>")
    assert KEYSTORE.resolve("<s@example.org>", ctx).locator == new.primary


def test_a_revoked_user_id_names_nobody(home: GnupgHome, tmp_path: Path) -> None:
    key = home.generate(name="First <first@example.org>")
    home.gpg("--quick-add-uid", key.primary, "Second <second@example.org>")
    home.gpg("--quick-revoke-uid", key.primary, "First <first@example.org>")
    ctx = context(home, tmp_path)
    assert KEYSTORE.resolve("<second@example.org>", ctx).locator == key.primary
    with pytest.raises(KeyNotFound):
        KEYSTORE.resolve("<first@example.org>", ctx)
    assert KEYSTORE.list_keys(ctx)[0].label == "Second <second@example.org>"


def test_public_keys_of_others_are_not_ours(home: GnupgHome, tmp_path: Path) -> None:
    with GnupgHome() as other:
        key = other.generate()
        home.import_key(other.export(key.primary))
    ctx = context(home, tmp_path)
    assert KEYSTORE.list_keys(ctx) == ()
    with pytest.raises(KeyNotFound):
        KEYSTORE.resolve(key.primary, ctx)
    with pytest.raises(KeyUnusable, match="private half"):
        KEYSTORE.profile(KeyRef("gpg", key.primary), (), ctx)


def test_a_home_that_is_not_there_or_empty_stays_so(tmp_path: Path) -> None:
    for directory in (tmp_path / "nowhere", tmp_path):
        before = sorted(tmp_path.iterdir())
        ctx = context(directory, tmp_path)
        assert KEYSTORE.list_keys(ctx) == ()
        with pytest.raises(KeyNotFound):
            KEYSTORE.resolve("0" * 40, ctx)
        with pytest.raises(KeyNotFound):
            KEYSTORE.profile(KeyRef("gpg", "0" * 40), (), ctx)
        with pytest.raises(KeyNotFound):
            KEYSTORE.export(KeyRef("gpg", "0" * 40), ctx)
        assert sorted(tmp_path.iterdir()) == before
        assert KEYSTORE.locations(ctx) == (directory,)


def test_looking_changes_nothing_in_the_home(home: GnupgHome, tmp_path: Path) -> None:
    key = home.generate()

    def state() -> dict[str, bytes]:
        found = (path for path in home.path.rglob("*") if path.is_file())
        return {str(path): path.read_bytes() for path in found}

    (home.path / "gpg.conf").write_text("this-option-does-not-exist\n")  # and is not read
    before = state()
    ctx = context(home, tmp_path)
    KEYSTORE.list_keys(ctx)
    profile = KEYSTORE.profile(KEYSTORE.resolve(key.primary, ctx), (), ctx)
    with KEYSTORE.open(profile, 1, ctx):
        pass
    assert state() == before


def test_a_damaged_keyring_is_an_error_with_gpgs_words(home: GnupgHome, tmp_path: Path) -> None:
    home.generate()
    (home.path / "pubring.kbx").write_bytes(b"\0" * 4000)
    with pytest.raises((ToolFailed, KeyUnreadable)):
        KEYSTORE.list_keys(context(home, tmp_path))


def test_a_keyring_of_old_is_listed(home: GnupgHome, tmp_path: Path) -> None:
    key = home.generate()
    certificate = home.export(key.primary)
    for path in home.path.glob("pubring.*"):
        path.unlink()
    (home.path / "pubring.gpg").write_bytes(certificate)
    ctx = context(home, tmp_path)
    assert [each.fingerprint for each in KEYSTORE.list_keys(ctx)] == [key.primary]
    assert KEYSTORE.profile(KEYSTORE.resolve(key.primary, ctx), (), ctx).key.locator == key.primary


def test_two_homes_at_once(home: GnupgHome, tmp_path: Path) -> None:
    with GnupgHome() as other:
        keys = [each.generate(name="Same <same@example.org>") for each in (home, other)]
        contexts = [context(each, tmp_path) for each in (home, other)]
        for key, ctx in zip(keys, contexts, strict=True):
            assert KEYSTORE.resolve("<same@example.org>", ctx).locator == key.primary
        with pytest.raises(KeyNotFound):
            KEYSTORE.resolve(keys[0].primary, contexts[1])


def test_the_default_home_is_below_home(
    home: GnupgHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = home.generate()
    monkeypatch.setenv("HOME", str(home.path))
    default = home.path / ".gnupg"
    home.kill_agent()
    default.mkdir(mode=0o700)
    for name in ("pubring.kbx", "private-keys-v1.d"):
        shutil.move(home.path / name, default / name)
    ctx = context(home, tmp_path)
    ctx.gnupg_home = None
    try:
        (info,) = KEYSTORE.list_keys(ctx)
        assert info.fingerprint == key.primary
        assert info.location == str(default)
    finally:
        ctx.programs.run("gpgconf", ("--homedir", str(default), "--kill", "all"))


def test_a_card_is_listed_as_a_token(home: GnupgHome, tmp_path: Path) -> None:
    key = home.generate(passphrase="pw")
    home.kill_agent()
    path = home.path / "private-keys-v1.d" / f"{_grip(home, key.primary)}.key"
    numbers: Sexp = (
        b"ecc",
        (b"curve", b"Ed25519"),
        (b"flags", b"eddsa"),
        (b"q", b"\x40" + _point(home, key.primary)),
        (b"shadowed", b"t1-v1", (bytes.fromhex("D2760001240103040006123456780000"), b"OPENPGP.1")),
    )
    path.write_bytes(build((b"shadowed-private-key", numbers)))
    ctx = context(home, tmp_path)
    (info,) = KEYSTORE.list_keys(ctx)
    assert info.protection is Protection.TOKEN
    assert info.state is KeyState.ACTIVE
    profile = KEYSTORE.profile(info.key, (), ctx)
    assert profile.protection is Protection.TOKEN
    assert profile.prompts


def _point(home: GnupgHome, fingerprint: str) -> bytes:
    ctx = context(home, home.path)
    return KEYSTORE.profile(KeyRef("gpg", fingerprint), (), ctx).spki[-32:]


def test_x509_certificates_of_the_key_are_taken_and_others_are_not(
    home: GnupgHome, tmp_path: Path
) -> None:
    key = home.generate("rsa2048")
    ctx = context(home, tmp_path)
    ref = KeyRef("gpg", key.primary)
    spki = KEYSTORE.profile(ref, (), ctx).spki
    issuer = generate_private_key(65537, 2048)
    own, other = (_certificate(public, issuer) for public in (spki, None))
    assert KEYSTORE.profile(ref, (other,), ctx).x509 is None
    for given in ([other, own], [other + own]):
        found = KEYSTORE.profile(ref, given, ctx).x509
        assert found is not None
        leaf, rest = (read_certificate(each) for each in found.chain)
        assert leaf.spki == spki
        assert rest.spki != spki
    for damaged in (b"\x30\x03", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        with pytest.raises(KeyUnreadable):
            KEYSTORE.profile(ref, (damaged,), ctx)


def _certificate(spki: bytes | None, issuer: RSAPrivateKey) -> bytes:
    public = issuer.public_key() if spki is None else load_der_public_key(spki)
    assert isinstance(public, RSAPublicKey)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    builder = x509.CertificateBuilder(name, name, public, x509.random_serial_number())
    builder = builder.not_valid_before(start).not_valid_after(start.replace(year=2036))
    return builder.sign(issuer, SHA256()).public_bytes(Encoding.PEM)
