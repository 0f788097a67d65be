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
)
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from hypothesis import given
from hypothesis import strategies as st

from signstation.errors import (
    CertificateMismatch,
    CertificateMissing,
    KeyChanged,
    KeyNotFound,
    KeyUnreadable,
    KeyUnusable,
    LimitReached,
    PassphraseWrong,
)
from signstation.interfaces.keystore import KeyExporter, KeyImporter
from signstation.keystores import keyfile_material
from signstation.keystores.keyfile import KEYSTORE
from signstation.model.asks import MAX_BATCH
from signstation.model.keys import KeyFamily, KeyRef, KeyState, Protection, Scheme, SignatureType
from signstation.model.prompts import PromptKind
from tests.support.contract_keystores import ScriptedKeyContext, ask_for
from tests.support.keyfiles import LEAF, ROOT, key_context, key_file
from tests.support.x509 import DAY, NOW, Identity, Shape, identity

LOCK = BestAvailableEncryption(b"secret")


@pytest.fixture
def ctx(tmp_path: Path) -> ScriptedKeyContext:
    return key_context(tmp_path)


def _locked(owner: Identity) -> bytes:
    return owner.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, LOCK)


# --- profiles --------------------------------------------------------------------------------


def test_the_chain_is_sorted_leaf_first_wherever_its_parts_are(
    tmp_path: Path, ctx: ScriptedKeyContext
) -> None:
    root = ROOT.certificate_pem()
    leaf = LEAF.certificate_pem()
    beside = key_file(tmp_path, root, LEAF.key_pem(), leaf)
    assert KEYSTORE.profile(beside, (), ctx).x509.chain == LEAF.chain  # type: ignore[union-attr]
    bare = key_file(tmp_path, LEAF.key_pem(), name="bare.pem")
    for given_files in ((root + leaf,), (leaf, root), (ROOT.der, LEAF.der)):
        profile = KEYSTORE.profile(bare, given_files, ctx)
        assert profile.x509 is not None
        assert profile.x509.chain == LEAF.chain
        assert (profile.label, profile.signature_types) == ("Leaf", (SignatureType.CMS,))


def test_a_bare_key_has_a_profile_without_envelopes(
    tmp_path: Path, ctx: ScriptedKeyContext
) -> None:
    profile = KEYSTORE.profile(key_file(tmp_path, LEAF.key_pem()), (), ctx)
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
        ref = key_file(tmp_path, *files)
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
    ref = key_file(tmp_path, _locked(LEAF), other.certificate_pem(), LEAF.certificate_pem())
    ctx.answers[:] = [b"secret"]
    profile = KEYSTORE.profile(ref, (), ctx)
    assert profile.label == "Leaf"
    assert [prompt.kind for prompt in ctx.prompts] == [PromptKind.PASSPHRASE]


def test_a_certificate_of_another_key_is_refused(tmp_path: Path, ctx: ScriptedKeyContext) -> None:
    other = identity("p256-other", Shape(name="Other"))
    plain = key_file(tmp_path, LEAF.key_pem())
    with pytest.raises(CertificateMismatch):
        KEYSTORE.profile(plain, (other.certificate_pem(),), ctx)


def test_a_certificate_that_stood_for_an_encrypted_key_is_found_out_when_it_is_opened(
    tmp_path: Path, ctx: ScriptedKeyContext
) -> None:
    other = identity("p256-other", Shape(name="Other"))
    ref = key_file(tmp_path, _locked(LEAF))
    profile = KEYSTORE.profile(ref, (other.certificate_pem(),), ctx)
    ctx.answers[:] = [b"secret"]
    with pytest.raises(CertificateMismatch), KEYSTORE.open(profile, 1, ctx):
        pass


def test_a_replaced_key_file_is_noticed(tmp_path: Path, ctx: ScriptedKeyContext) -> None:
    ref = key_file(tmp_path, LEAF.key_pem())
    profile = KEYSTORE.profile(ref, (), ctx)
    key_file(tmp_path, identity("p256-other").key_pem())
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
    ref = key_file(tmp_path, owner.key_pem(), owner.certificate_pem())
    with pytest.raises(KeyUnusable) as raised:
        KEYSTORE.profile(ref, (), ctx)
    assert reason in raised.value.reason


def test_pkcs1_is_read_in_both_encodings(tmp_path: Path, ctx: ScriptedKeyContext) -> None:
    owner = identity("rsa2048")
    for encoding in (Encoding.PEM, Encoding.DER):
        form = PrivateFormat.TraditionalOpenSSL
        ref = key_file(tmp_path, owner.key.private_bytes(encoding, form, NoEncryption()))
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
            KEYSTORE.profile(key_file(tmp_path, pem), (), ctx)


def test_mldsa_signs_the_message_representative(tmp_path: Path, ctx: ScriptedKeyContext) -> None:
    """FIPS 204: mu is 64 bytes; anything else is refused."""
    owner = identity("mldsa65")
    assert isinstance(owner.key, mldsa.MLDSA65PrivateKey)
    profile = KEYSTORE.profile(key_file(tmp_path, owner.key_pem()), (), ctx)
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
    profile = KEYSTORE.profile(key_file(tmp_path, LEAF.key_pem()), (), ctx)
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
    ref = key_file(tmp_path, LEAF.key_pem())
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
    ref = key_file(directory, LEAF.key_pem())
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
    ref = key_file(tmp_path, LEAF.key_pem())
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
        KEYSTORE.profile(key_file(tmp_path, content), (), ctx)


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
        LEAF.key,  # type: ignore[arg-type]
        LEAF.certificate,
        [ROOT.certificate],
        NoEncryption(),
    )
    profile = KEYSTORE.profile(key_file(tmp_path, content, name="key.p12"), (), ctx)
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
    key_file(directory, LEAF.key_pem(), LEAF.certificate_pem(), name="a.pem")
    key_file(directory, expired.key_pem(), expired.certificate_pem(), name="b.pem")
    key_file(directory, _locked(LEAF), name="c.pem")
    key_file(directory, LEAF.certificate_pem(), name="d.crt")
    key_file(directory, LEAF.der, name="e.der")
    key_file(directory, identity("ed25519").key_pem(), name="f.pem")
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
    ref = key_file(tmp_path, _locked(LEAF), LEAF.certificate_pem(), ROOT.certificate_pem())
    exported = dict(KEYSTORE.export(ref, ctx))
    assert exported[".der"] == LEAF.der
    assert exported[".pem"] == LEAF.certificate_pem() + ROOT.certificate_pem()
    assert KEYSTORE.locations(ctx) == (ctx.state / "keys",)
    with pytest.raises(CertificateMissing):
        KEYSTORE.export(key_file(tmp_path, LEAF.key_pem(), name="bare.pem"), ctx)
