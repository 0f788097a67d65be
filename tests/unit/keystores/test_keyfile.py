"""Key files: what they show, which certificate is theirs, what is refused, and making them."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, mldsa, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from hypothesis import given
from hypothesis import strategies as st

from signstation.errors import (
    Cancelled,
    CertificateMismatch,
    CertificateMissing,
    KeyChanged,
    KeyNotFound,
    KeyUnreadable,
    KeyUnusable,
    LimitReached,
    NotWritable,
    OutputExists,
    PassphraseWrong,
    UsageError,
)
from signstation.interfaces.keystore import KeyExporter, KeyGenerator, KeyImporter
from signstation.keystores import keyfile_material, keyfile_write
from signstation.keystores.keyfile import KEYSTORE
from signstation.model.asks import MAX_BATCH
from signstation.model.keys import KeyFamily, KeyRef, KeyState, Protection, Scheme, SignatureType
from signstation.model.orders import GenerateOrder, KeyForm, X509Use
from signstation.model.prompts import PromptKind
from signstation.signatures.certificates import CODE_SIGNING, MODULE_SIGNING, read_certificate
from signstation.system.programs import Programs
from tests.support.contract_keystores import CANCEL, KeyCase, ScriptedKeyContext, ask_for
from tests.support.x509 import DAY, NOW, Identity, Shape, identity

LOCK = BestAvailableEncryption(b"secret")
ROOT = identity("p256-ca", Shape(name="Root", authority=True))
LEAF = identity("p256", Shape(name="Leaf"), ROOT)


@pytest.fixture
def ctx(tmp_path: Path) -> ScriptedKeyContext:
    return ScriptedKeyContext(NOW, tmp_path / "state", None, Programs(tmp_path))


def _file(directory: Path, *parts: bytes, name: str = "key.pem") -> KeyRef:
    path = directory / name
    path.write_bytes(b"".join(parts))
    path.chmod(0o600)
    return KeyRef("file", str(path))


def _locked(owner: Identity) -> bytes:
    return owner.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, LOCK)


# --- profiles --------------------------------------------------------------------------------


def test_the_chain_is_sorted_leaf_first_wherever_its_parts_are(
    tmp_path: Path, ctx: ScriptedKeyContext
) -> None:
    root = ROOT.certificate_pem()
    leaf = LEAF.certificate_pem()
    beside = _file(tmp_path, root, LEAF.key_pem(), leaf)
    assert KEYSTORE.profile(beside, (), ctx).x509.chain == LEAF.chain  # type: ignore[union-attr]
    bare = _file(tmp_path, LEAF.key_pem(), name="bare.pem")
    for given_files in ((root + leaf,), (leaf, root), (ROOT.der, LEAF.der)):
        profile = KEYSTORE.profile(bare, given_files, ctx)
        assert profile.x509 is not None
        assert profile.x509.chain == LEAF.chain
        assert (profile.label, profile.signature_types) == ("Leaf", (SignatureType.CMS,))


def test_a_bare_key_has_a_profile_without_envelopes(
    tmp_path: Path, ctx: ScriptedKeyContext
) -> None:
    profile = KEYSTORE.profile(_file(tmp_path, LEAF.key_pem()), (), ctx)
    assert (profile.x509, profile.signature_types) == (None, ())
    assert profile.protection is Protection.UNPROTECTED
    assert not profile.prompts


def test_an_encrypted_key_beside_its_certificate_is_described_without_a_prompt(
    tmp_path: Path, ctx: ScriptedKeyContext
) -> None:
    for files in (
        (_locked(LEAF), LEAF.certificate_pem(), ROOT.certificate_pem()),
        (_locked(LEAF),),
    ):
        ref = _file(tmp_path, *files)
        given_files = () if len(files) > 1 else (LEAF.certificate_pem() + ROOT.certificate_pem(),)
        profile = KEYSTORE.profile(ref, given_files, ctx)
        assert ctx.prompts == []
        assert profile.prompts
        assert profile.protection is Protection.SOFTWARE
        assert profile.x509 is not None
        assert profile.x509.chain == LEAF.chain


def test_several_possible_certificates_of_an_encrypted_key_need_the_passphrase(
    tmp_path: Path, ctx: ScriptedKeyContext
) -> None:
    other = identity("p256-other", Shape(name="Other"))
    ref = _file(tmp_path, _locked(LEAF), other.certificate_pem(), LEAF.certificate_pem())
    ctx.answers[:] = [b"secret"]
    profile = KEYSTORE.profile(ref, (), ctx)
    assert profile.label == "Leaf"
    assert [prompt.kind for prompt in ctx.prompts] == [PromptKind.PASSPHRASE]


def test_a_certificate_of_another_key_is_refused(tmp_path: Path, ctx: ScriptedKeyContext) -> None:
    other = identity("p256-other", Shape(name="Other"))
    plain = _file(tmp_path, LEAF.key_pem())
    with pytest.raises(CertificateMismatch):
        KEYSTORE.profile(plain, (other.certificate_pem(),), ctx)


def test_a_certificate_that_stood_for_an_encrypted_key_is_found_out_when_it_is_opened(
    tmp_path: Path, ctx: ScriptedKeyContext
) -> None:
    other = identity("p256-other", Shape(name="Other"))
    ref = _file(tmp_path, _locked(LEAF))
    profile = KEYSTORE.profile(ref, (other.certificate_pem(),), ctx)
    ctx.answers[:] = [b"secret"]
    with pytest.raises(CertificateMismatch), KEYSTORE.open(profile, 1, ctx):
        pass


def test_a_replaced_key_file_is_noticed(tmp_path: Path, ctx: ScriptedKeyContext) -> None:
    ref = _file(tmp_path, LEAF.key_pem())
    profile = KEYSTORE.profile(ref, (), ctx)
    _file(tmp_path, identity("p256-other").key_pem())
    with pytest.raises(KeyChanged) as raised, KEYSTORE.open(profile, 1, ctx):
        pass
    assert raised.value.expected == profile.spki_sha256.hex()


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        (Shape(name="Old", not_after=NOW - DAY), "expired"),
        (Shape(name="New", not_before=NOW + DAY), "not valid yet"),
        (Shape(name="Encrypts", digital_signature=False), "key usage"),
    ],
)
def test_certificates_that_must_not_sign_are_refused(
    shape: Shape, reason: str, tmp_path: Path, ctx: ScriptedKeyContext
) -> None:
    owner = identity("p256", shape)
    ref = _file(tmp_path, owner.key_pem(), owner.certificate_pem())
    with pytest.raises(KeyUnusable) as raised:
        KEYSTORE.profile(ref, (), ctx)
    assert reason in raised.value.reason


def test_pkcs1_is_read_in_both_encodings(tmp_path: Path, ctx: ScriptedKeyContext) -> None:
    owner = identity("rsa2048")
    for encoding in (Encoding.PEM, Encoding.DER):
        form = PrivateFormat.TraditionalOpenSSL
        ref = _file(tmp_path, owner.key.private_bytes(encoding, form, NoEncryption()))
        assert KEYSTORE.profile(ref, (), ctx).type.title == "RSA-2048"


def test_weak_and_foreign_kinds_of_keys_are_refused(
    tmp_path: Path, ctx: ScriptedKeyContext
) -> None:
    keys = (
        rsa.generate_private_key(65537, 1024),  # noqa: S505 - it must be refused
        dsa.generate_private_key(1024),  # noqa: S505 - the same
        ec.generate_private_key(ec.SECP256K1()),
    )
    for key in keys:
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        with pytest.raises(KeyUnusable):
            KEYSTORE.profile(_file(tmp_path, pem), (), ctx)


def test_mldsa_signs_the_message_representative(tmp_path: Path, ctx: ScriptedKeyContext) -> None:
    """FIPS 204: mu is 64 bytes; anything else is refused."""
    owner = identity("mldsa65")
    assert isinstance(owner.key, mldsa.MLDSA65PrivateKey)
    profile = KEYSTORE.profile(_file(tmp_path, owner.key_pem()), (), ctx)
    assert profile.schemes == (Scheme.MLDSA65_MU,)
    template = ask_for(Scheme.RSA_PKCS1_SHA512, b"x")
    good = replace(template, scheme=Scheme.MLDSA65_MU, digest=b"m" * 64)
    bad = replace(good, digest=b"m" * 63)
    with KEYSTORE.open(profile, 2, ctx) as key:
        first, second = key.sign([good, bad])
    assert isinstance(first, bytes)
    owner.key.public_key().verify_mu(first, b"m" * 64)
    assert not isinstance(second, bytes)


def test_digests_of_a_wrong_length_are_refused_one_by_one(
    tmp_path: Path, ctx: ScriptedKeyContext
) -> None:
    profile = KEYSTORE.profile(_file(tmp_path, LEAF.key_pem()), (), ctx)
    good = ask_for(Scheme.ECDSA_SHA256, b"x")
    with KEYSTORE.open(profile, 2, ctx) as key:
        first, second = key.sign([replace(good, digest=b"short"), good])
        with pytest.raises(LimitReached):
            list(key.sign([good] * (MAX_BATCH + 1)))
    assert not isinstance(first, bytes)
    assert isinstance(second, bytes)
    assert "p256" not in repr(key)


# --- files -----------------------------------------------------------------------------------


def test_links_are_followed_once_when_a_name_is_resolved(
    tmp_path: Path, ctx: ScriptedKeyContext
) -> None:
    ref = _file(tmp_path, LEAF.key_pem())
    link = tmp_path / "link.pem"
    link.symlink_to("key.pem")
    assert KEYSTORE.resolve(str(link), ctx) == ref
    with pytest.raises(KeyUnreadable):
        KEYSTORE.profile(KeyRef("file", str(link)), (), ctx)
    loop = tmp_path / "loop"
    loop.symlink_to("loop")
    with pytest.raises(KeyUnreadable):
        KEYSTORE.resolve(str(loop), ctx)


def test_a_relative_name_is_below_the_stations_directory(
    tmp_path: Path, ctx: ScriptedKeyContext
) -> None:
    directory = ctx.state / "keys"
    directory.mkdir(parents=True)
    ref = _file(directory, LEAF.key_pem())
    assert KEYSTORE.resolve("key.pem", ctx) == ref
    with pytest.raises(KeyNotFound):
        KEYSTORE.resolve("other.pem", ctx)
    assert tmp_path in directory.parents


def test_what_is_no_regular_file_of_bounded_size_is_refused(
    tmp_path: Path, ctx: ScriptedKeyContext
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    large = tmp_path / "large"
    large.touch()
    os.truncate(large, keyfile_material.MAX_FILE + 1)
    for path in (pipe, large, tmp_path):
        with pytest.raises(KeyUnreadable):
            KEYSTORE.profile(KeyRef("file", str(path)), (), ctx)
    with pytest.raises(KeyNotFound):
        KEYSTORE.profile(KeyRef("file", str(tmp_path / "none")), (), ctx)


@pytest.mark.expects_log("open to others")
def test_a_file_that_others_can_read_is_logged(tmp_path: Path, ctx: ScriptedKeyContext) -> None:
    ref = _file(tmp_path, LEAF.key_pem())
    Path(ref.locator).chmod(0o644)
    KEYSTORE.profile(ref, (), ctx)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        LEAF.certificate_pem(),
        LEAF.der,
        LEAF.key_pem() + identity("p256-other").key_pem(),
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
        LEAF.key_pem()[:-20],
        LEAF.key_pem() + b"-----BEGIN CERTIFICATE-----\n???\n-----END CERTIFICATE-----\n",
        LEAF.key_pem() + b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"\x30\x03\x02\x01\x03",
        b"\x30\x06\x02\x01\x00\x02\x01\x00",
    ],
    ids=range(12),
)
def test_what_holds_no_single_readable_key_is_refused(
    content: bytes, tmp_path: Path, ctx: ScriptedKeyContext
) -> None:
    ctx.answers[:] = [b"x"] * 3
    with pytest.raises((KeyUnreadable, PassphraseWrong)):
        KEYSTORE.profile(_file(tmp_path, content), (), ctx)


@given(st.binary(max_size=200))
def test_any_bytes_end_in_material_or_a_typed_error(data: bytes) -> None:
    for content in (data, b"-----BEGIN " + data, b"\x30\x80\x02\x01\x03" + data):
        try:
            keyfile_material.parse_material(content, "file:x")
        except KeyUnreadable:
            continue


def test_pkcs12_without_a_passphrase_needs_none(tmp_path: Path, ctx: ScriptedKeyContext) -> None:
    content = serialize_key_and_certificates(
        None,
        LEAF.key,
        LEAF.certificate,
        [ROOT.certificate],
        NoEncryption(),  # type: ignore[arg-type]
    )
    profile = KEYSTORE.profile(_file(tmp_path, content, name="key.p12"), (), ctx)
    assert profile.x509 is not None
    assert profile.x509.chain == LEAF.chain
    assert (ctx.prompts, profile.prompts) == ([], False)


# --- listing, import, export -----------------------------------------------------------------


def test_the_stations_keys_are_listed_with_their_state(
    tmp_path: Path, ctx: ScriptedKeyContext
) -> None:
    directory = ctx.state / "keys"
    assert KEYSTORE.list_keys(ctx) == ()
    directory.mkdir(parents=True)
    expired = identity("p256", Shape(name="Old", not_after=NOW - DAY))
    _file(directory, LEAF.key_pem(), LEAF.certificate_pem(), name="a.pem")
    _file(directory, expired.key_pem(), expired.certificate_pem(), name="b.pem")
    _file(directory, _locked(LEAF), name="c.pem")
    _file(directory, LEAF.certificate_pem(), name="d.crt")
    _file(directory, LEAF.der, name="e.der")
    _file(directory, identity("ed25519").key_pem(), name="f.pem")
    (directory / "directory").mkdir()
    infos = KEYSTORE.list_keys(ctx)
    assert [(info.label, info.state) for info in infos] == [
        ("Leaf", KeyState.ACTIVE),
        ("Old", KeyState.EXPIRED),
        ("c", KeyState.LOCKED),
        ("f", KeyState.ACTIVE),
    ]
    assert [info.type.family for info in infos][2:] == [KeyFamily.OTHER, KeyFamily.ED25519]
    assert infos[0].expires == NOW + 100 * DAY
    assert (infos[0].protection, infos[2].protection) == (
        Protection.UNPROTECTED,
        Protection.SOFTWARE,
    )


def test_importing_copies_the_file_as_it_is_and_only_once(ctx: ScriptedKeyContext) -> None:
    assert isinstance(KEYSTORE, KeyImporter)
    content = _locked(LEAF) + LEAF.certificate_pem()
    (info,) = KEYSTORE.import_key(content, ctx)
    path = Path(info.key.locator)
    assert path.read_bytes() == content
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert KEYSTORE.import_key(content, ctx) == (info,)
    assert len(KEYSTORE.list_keys(ctx)) == 1
    other = serialize_key_and_certificates(None, LEAF.key, LEAF.certificate, None, LOCK)  # type: ignore[arg-type]
    (second,) = KEYSTORE.import_key(other, ctx)
    assert (second.state, second.key.locator.endswith(".p12")) == (KeyState.LOCKED, True)
    assert ctx.prompts == []
    with pytest.raises(KeyUnreadable):
        KEYSTORE.import_key(LEAF.certificate_pem(), ctx)


def test_exporting_gives_the_certificate_without_a_prompt(
    tmp_path: Path, ctx: ScriptedKeyContext
) -> None:
    assert isinstance(KEYSTORE, KeyExporter)
    ref = _file(tmp_path, _locked(LEAF), LEAF.certificate_pem(), ROOT.certificate_pem())
    exported = dict(KEYSTORE.export(ref, ctx))
    assert exported[".der"] == LEAF.der
    assert exported[".pem"] == LEAF.certificate_pem() + ROOT.certificate_pem()
    assert KEYSTORE.locations(ctx) == (ctx.state / "keys",)
    with pytest.raises(CertificateMissing):
        KEYSTORE.export(_file(tmp_path, LEAF.key_pem(), name="bare.pem"), ctx)


# --- making keys -----------------------------------------------------------------------------


def _order(directory: Path | None, **changes: object) -> GenerateOrder:
    order = GenerateOrder(
        KeyForm.X509, "My Modules", "p256", protect=False, output=directory, usage=X509Use.MODULES
    )
    return replace(order, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("algorithm", ["RSA-2048", "nistp384"])
def test_a_generated_key_signs_and_its_certificate_is_for_modules(
    algorithm: str, tmp_path: Path, ctx: ScriptedKeyContext
) -> None:
    assert isinstance(KEYSTORE, KeyGenerator)
    (info,) = KEYSTORE.generate(_order(tmp_path, algorithm=algorithm), ctx)
    assert (info.label, info.usages) == ("My Modules", ("kernel-modules",))
    assert info.protection is Protection.UNPROTECTED
    private, public, binary = (tmp_path / f"my-modules{each}" for each in (".pem", ".crt", ".der"))
    assert info.key == KeyRef("file", str(private))
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (private, public, binary)]
    assert modes == [0o600, 0o644, 0o644]
    certificate = read_certificate(binary.read_bytes())
    assert public.read_bytes() in private.read_bytes()
    assert (certificate.usages, certificate.authority) == ((MODULE_SIGNING,), False)
    assert certificate.signs_data
    assert (certificate.not_before, certificate.not_after) == (NOW, NOW + 2 * 365 * 86400)
    assert certificate.issuer == certificate.subject
    certificate.certificate.verify_directly_issued_by(certificate.certificate)
    case = KeyCase(KEYSTORE, ctx, str(private), certificate.key)
    scheme = case.profile().schemes[0]
    assert isinstance(case.sign([ask_for(scheme, b"x")])[0], bytes)


def test_code_signing_ed25519_without_an_end(tmp_path: Path, ctx: ScriptedKeyContext) -> None:
    order = _order(tmp_path, algorithm="ed25519", usage=X509Use.CODE_SIGNING, expires=None)
    (info,) = KEYSTORE.generate(order, ctx)
    certificate = read_certificate((tmp_path / "my-modules.der").read_bytes())
    assert certificate.usages == (CODE_SIGNING,)
    assert certificate.certificate.not_valid_after_utc.year == 9999
    assert info.expires is None


def test_a_protected_key_is_encrypted_with_many_rounds(
    tmp_path: Path, ctx: ScriptedKeyContext
) -> None:
    ctx.answers[:] = [b"new secret"]
    (info,) = KEYSTORE.generate(_order(tmp_path, protect=True), ctx)
    assert info.protection is Protection.SOFTWARE
    (prompt,) = ctx.prompts
    assert prompt.kind is PromptKind.NEW_PASSPHRASE
    content = Path(info.key.locator).read_bytes()
    assert b"-----BEGIN ENCRYPTED PRIVATE KEY-----" in content
    load_pem_private_key(content, b"new secret")
    with pytest.raises(ValueError, match="password"):
        load_pem_private_key(content, b"other")


def test_without_a_directory_the_station_keeps_the_key(ctx: ScriptedKeyContext) -> None:
    (info,) = KEYSTORE.generate(_order(None), ctx)
    assert KEYSTORE.list_keys(ctx) == (info,)


def test_nothing_is_overwritten_and_nobody_is_asked_in_vain(
    tmp_path: Path, ctx: ScriptedKeyContext
) -> None:
    for suffix in (".pem", ".crt", ".der"):
        taken = tmp_path / f"my-modules{suffix}"
        taken.write_text("mine")
        with pytest.raises(OutputExists):
            KEYSTORE.generate(_order(tmp_path, protect=True), ctx)
        assert taken.read_text() == "mine"
        taken.unlink()
    assert ctx.prompts == []
    assert list(tmp_path.iterdir()) == []
    (first,) = KEYSTORE.generate(_order(tmp_path), ctx)
    (second,) = KEYSTORE.generate(_order(tmp_path, replace=True), ctx)
    assert first.fingerprint != second.fingerprint
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "my-modules.crt",
        "my-modules.der",
        "my-modules.pem",
    ]


def test_a_cancelled_or_empty_passphrase_leaves_nothing(
    tmp_path: Path, ctx: ScriptedKeyContext
) -> None:
    ctx.answers[:] = [CANCEL, b""]
    with pytest.raises(Cancelled):
        KEYSTORE.generate(_order(tmp_path, protect=True), ctx)
    with pytest.raises(UsageError):
        KEYSTORE.generate(_order(tmp_path, protect=True), ctx)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"algorithm": "rsa1024"},
        {"algorithm": "ed25519"},  # for modules
        {"form": KeyForm.OPENPGP},
        {"name": "x" * 65},
        {"name": ""},
    ],
    ids=["weak", "ed25519", "openpgp", "long", "empty"],
)
def test_orders_that_cannot_be_met_are_usage_errors(
    changes: dict[str, object], tmp_path: Path, ctx: ScriptedKeyContext
) -> None:
    with pytest.raises(UsageError):
        KEYSTORE.generate(_order(tmp_path, **changes), ctx)
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path, ctx: ScriptedKeyContext) -> None:
    blocker = tmp_path / "file"
    blocker.touch()
    with pytest.raises(NotWritable) as raised:
        KEYSTORE.generate(_order(blocker / "below"), ctx)
    assert raised.value.path == str(blocker / "below")


@given(st.text(max_size=100))
def test_names_become_harmless_file_names(name: str) -> None:
    stem = keyfile_write.stem_of(name)
    assert 0 < len(stem) <= keyfile_write.MAX_STEM
    assert set(stem) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert not stem.startswith("-")
