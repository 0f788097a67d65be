"""Making, importing and exporting keys with the real gpg."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from signstation.codec.armor import dearmor
from signstation.errors import (
    Cancelled,
    KeyUnreadable,
    LimitReached,
    NotWritable,
    SecretMissing,
    ToolFailed,
    UsageError,
)
from signstation.interfaces.keystore import KeyExporter, KeyGenerator, KeyImporter
from signstation.keystores import gnupg_lifecycle
from signstation.keystores.gnupg import KEYSTORE
from signstation.model.keys import KeyRef, KeyState, Protection
from signstation.model.orders import GenerateOrder, KeyForm
from signstation.model.prompts import PromptKind
from signstation.model.secret import Secret
from signstation.system.assuan import Accepted, Assuan
from tests.support.contract_keystores import CANCEL, ask_for
from tests.support.gnupg import GnupgHome
from tests.support.gnupg_agent import RecordingPrograms, context

YEAR = 365 * 86400


@pytest.fixture
def home() -> Iterator[GnupgHome]:
    with GnupgHome() as made:
        yield made


def order(
    algorithm: str = "",
    *,
    name: str = "Release Team (signs) Ünï <release@example.org>",
    expires: int | None = YEAR,
    protect: bool = False,
) -> GenerateOrder:
    return GenerateOrder(KeyForm.OPENPGP, name, algorithm, expires=expires, protect=protect)


def test_the_store_can_do_all_three() -> None:
    assert isinstance(KEYSTORE, KeyGenerator)
    assert isinstance(KEYSTORE, KeyImporter)
    assert isinstance(KEYSTORE, KeyExporter)


@pytest.mark.parametrize(
    ("algorithm", "title"),
    [
        ("", "Ed25519"),
        ("ed25519", "Ed25519"),
        ("RSA-3072", "RSA-3072"),
        ("p256", "P-256"),
        ("nistp384", "P-384"),
        ("P-521", "P-521"),
    ],
)
def test_a_certify_only_primary_with_a_signing_subkey(
    home: GnupgHome, tmp_path: Path, algorithm: str, title: str
) -> None:
    ctx = context(home, tmp_path)
    before = int(time.time())
    primary, signing = KEYSTORE.generate(order(algorithm), ctx)
    assert ctx.prompts == []
    assert (primary.usages, signing.usages) == (("certify",), ("sign",))
    assert signing.parent == primary.key
    for each in (primary, signing):
        assert each.label == "Release Team (signs) Ünï <release@example.org>"
        assert each.type.title == title
        assert each.state is KeyState.ACTIVE
        assert each.protection is Protection.UNPROTECTED
        assert each.created is not None
        assert before <= each.created <= time.time()
        assert each.expires == each.created + YEAR
    profile = KEYSTORE.profile(KEYSTORE.resolve("<release@example.org>", ctx), (), ctx)
    assert profile.openpgp is not None
    assert profile.openpgp.fingerprint == signing.fingerprint


def test_a_key_under_a_passphrase(home: GnupgHome, tmp_path: Path) -> None:
    secret = "a new pässphrase % 'x' \\"
    ctx = context(home, tmp_path, secret.encode(), secret.encode())
    primary, signing = KEYSTORE.generate(order(expires=None, protect=True), ctx)
    (prompt,) = ctx.prompts
    assert prompt.kind is PromptKind.NEW_PASSPHRASE
    assert prompt.name == "new passphrase gpg"
    for each in (primary, signing):
        assert each.protection is Protection.SOFTWARE
        assert each.expires is None
    programs = ctx.programs
    assert isinstance(programs, RecordingPrograms)
    assert "pässphrase" not in repr(programs.commands)
    home.kill_agent()
    profile = KEYSTORE.profile(primary.key, (), ctx)
    with KEYSTORE.open(profile, 1, ctx) as key:
        (answer,) = key.sign([ask_for(profile.schemes[0], b"x")])
    assert isinstance(answer, bytes)
    assert [each.previous_wrong for each in ctx.prompts] == [False, False]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (order("rsa1024"), "no OpenPGP algorithm rsa1024"),
        (order("dsa"), "no OpenPGP algorithm dsa"),
        (order(name=""), "one line"),
        (order(name="  "), "one line"),
        (order(name="x\n%no-protection"), "one line"),
        (order(name="x\u2028y"), "one line"),
        (order(name="\ud800"), "one line"),
        (order(name="ä" * 128), "one line"),
        (order(expires=0), "expired"),
        (order(expires=-5), "expired"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_done(
    tmp_path: Path, wrong: GenerateOrder, words: str
) -> None:
    ctx = context(tmp_path / "home", tmp_path)
    with pytest.raises(UsageError) as caught:
        KEYSTORE.generate(wrong, ctx)
    assert words in caught.value.reason
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("answer", [b"", b"two\nlines", b"x" * 256])
def test_a_passphrase_that_gpg_would_cut_is_refused(
    home: GnupgHome, tmp_path: Path, answer: bytes
) -> None:
    with pytest.raises(UsageError) as caught:
        KEYSTORE.generate(order(protect=True), context(home, tmp_path, answer))
    assert "passphrase" in caught.value.reason
    assert home.fingerprints() == []


def test_nobody_or_cancel_makes_no_key(home: GnupgHome, tmp_path: Path) -> None:
    with pytest.raises(SecretMissing) as caught:
        KEYSTORE.generate(order(protect=True), context(home, tmp_path))
    assert caught.value.prompt == "new passphrase gpg"
    with pytest.raises(Cancelled):
        KEYSTORE.generate(order(protect=True), context(home, tmp_path, CANCEL))
    assert home.fingerprints() == []


def test_a_home_is_made_for_the_first_key(home: GnupgHome, tmp_path: Path) -> None:
    directory = home.path / "a" / "new"
    ctx = context(directory, tmp_path)
    try:
        KEYSTORE.generate(order(), ctx)
        assert directory.stat().st_mode & 0o777 == 0o700
        assert len(KEYSTORE.list_keys(ctx)) == 2
    finally:
        ctx.programs.run("gpgconf", ("--homedir", str(directory), "--kill", "all"))


def test_a_home_that_cannot_be_is_not_writable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotWritable):
        KEYSTORE.generate(order(), context(tmp_path / "file" / "home", tmp_path))


def test_what_gpg_says_when_it_fails_is_kept(home: GnupgHome, tmp_path: Path) -> None:
    (home.path / "pubring.kbx").mkdir()
    with pytest.raises(ToolFailed) as caught:
        KEYSTORE.generate(order(), context(home, tmp_path))
    assert caught.value.program == "gpg"
    assert "pubring.kbx" in caught.value.output


def test_import_and_export_of_a_certificate(home: GnupgHome, tmp_path: Path) -> None:
    key = home.generate(subkey=True)
    ref = KeyRef("gpg", key.primary)
    armored, binary = KEYSTORE.export(ref, context(home, tmp_path))
    assert (armored[0], binary[0]) == (".asc", ".gpg")
    assert binary[1] == home.export(key.primary)
    assert armored[1] == home.export(key.primary, armor=True)
    assert dearmor(armored[1])[0].data == binary[1]
    assert KEYSTORE.export(KeyRef("gpg", key.signing), context(home, tmp_path)) == (armored, binary)
    with GnupgHome() as other:
        ctx = context(other, tmp_path)
        for content in (armored[1], binary[1]):
            primary, signing = KEYSTORE.import_key(content, ctx)
            assert (primary.fingerprint, signing.fingerprint) == (key.primary, key.signing)
            assert primary.state is KeyState.PUBLIC_ONLY
        assert KEYSTORE.export(ref, ctx)[1] == binary


def test_a_private_key_is_imported_with_its_passphrase(home: GnupgHome, tmp_path: Path) -> None:
    key = home.generate("rsa2048", subkey=True, passphrase="pw")
    material = home.export_secret(key.primary, "pw")
    with GnupgHome() as other:
        ctx = context(other, tmp_path)
        infos = KEYSTORE.import_key(material, ctx)
        assert ctx.prompts == []
        assert {each.fingerprint for each in infos} == {key.primary, key.signing}
        for each in infos:
            assert each.state is KeyState.ACTIVE
            assert each.protection is Protection.SOFTWARE
        profile = KEYSTORE.profile(infos[0].key, (), ctx)
        ask = ask_for(profile.schemes[0], b"x")
        ctx.answers += [b"wrong", b"pw"]
        with KEYSTORE.open(profile, 1, ctx) as opened:
            (answer,) = opened.sign([ask])
        packet = KEYSTORE.profile(infos[0].key, (), context(home, tmp_path))
        assert packet.spki == profile.spki
        assert isinstance(answer, bytes)


def test_a_private_key_is_never_overwritten(home: GnupgHome, tmp_path: Path) -> None:
    """The same key comes under another passphrase: what is here keeps its own."""
    key = home.generate(passphrase="theirs")
    material = home.export_secret(key.primary, "theirs")
    with GnupgHome() as other:
        ctx = context(other, tmp_path)
        (info,) = KEYSTORE.import_key(material, ctx)
        (path,) = (other.path / "private-keys-v1.d").iterdir()
        change_passphrase(other, path.stem, {"PASSPHRASE": b"theirs", "NEW_PASSPHRASE": b"ours"})
        before = path.read_bytes()
        assert KEYSTORE.import_key(material, ctx) == (info,)
        assert path.read_bytes() == before
        other.kill_agent()
        profile = KEYSTORE.profile(info.key, (), ctx)
        ctx.answers[:] = [b"theirs", b"ours"]
        with KEYSTORE.open(profile, 1, ctx) as opened:
            (answer,) = opened.sign([ask_for(profile.schemes[0], b"x")])
        assert isinstance(answer, bytes)
        assert len(ctx.prompts) == 2


def change_passphrase(home: GnupgHome, grip: str, answers: dict[str, bytes]) -> None:
    with Assuan.connect(home.socket(), frozenset({os.geteuid()})) as agent:
        agent.call("OPTION pinentry-mode=loopback")
        reply = agent.call(f"PASSWD {grip}", lambda asked: Secret(answers[asked.split()[0]]))
        assert isinstance(reply, Accepted), reply


@pytest.mark.parametrize(
    "material", [b"", b"\0" * 100, b"no key at all\n", b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n"]
)
def test_what_is_no_key_is_refused(home: GnupgHome, tmp_path: Path, material: bytes) -> None:
    with pytest.raises(KeyUnreadable):
        KEYSTORE.import_key(material, context(home, tmp_path))


def test_material_is_bounded(
    home: GnupgHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gnupg_lifecycle, "MAX_MATERIAL", 100)
    with pytest.raises(LimitReached):
        KEYSTORE.import_key(b"x" * 101, context(home, tmp_path))


def test_many_certificates_at_once(home: GnupgHome, tmp_path: Path) -> None:
    keys = {home.generate(name=f"Key {n} <k{n}@example.org>").primary for n in range(5)}
    with GnupgHome() as other:
        infos = KEYSTORE.import_key(home.export(), context(other, tmp_path))
    assert {each.fingerprint for each in infos} == keys
