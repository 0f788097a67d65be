"""The key store contract over OpenSSH's key files, with and without a passphrase."""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from signstation.codec.sshkeys import fingerprint, read_key
from signstation.codec.sshwire import string, uint32
from signstation.errors import KeyNotFound, KeyUnreadable, KeyUnusable, OutputExists, UsageError
from signstation.keystores.ssh import KEYSTORE
from signstation.model.asks import Literal, Part, ToSign
from signstation.model.keys import Protection, SignatureType
from signstation.model.orders import GenerateOrder, KeyForm
from signstation.model.trust import Origin
from signstation.signatures.sshsig_number import check_ssh_number
from signstation.system.programs import Programs
from signstation.trust.ssh import prepare_ssh
from tests.support import ssh
from tests.support.contract_keystores import (
    KeyCase,
    KeyStoreContract,
    LockedKeyContract,
    ScriptedKeyContext,
)

PASSPHRASE = "päss phrase".encode()


@cache
def _content(family: str, encryption: KeySerializationEncryption) -> bytes:
    return ssh.private(family).private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, encryption)


def _case(directory: Path, content: bytes, family: str, passphrase: bytes | None) -> KeyCase:
    path = directory / "id"
    path.touch(0o600)
    path.write_bytes(content)
    return KeyCase(
        store=KEYSTORE,
        ctx=ScriptedKeyContext(0, directory / "state", None, Programs(directory)),
        typed=str(path),
        public=ssh.private(family).public_key(),
        passphrase=passphrase,
    )


class TestPlain(KeyStoreContract):
    """Every kind of key, without a passphrase."""

    @pytest.fixture(params=ssh.FAMILIES)
    def case(self, request: pytest.FixtureRequest, tmp_path: Path) -> KeyCase:
        content = _content(request.param, NoEncryption())
        return _case(tmp_path, content, request.param, None)


class TestLocked(LockedKeyContract):
    """Under a passphrase; one round of derivation, for the tests' sake."""

    @pytest.fixture
    def case(self, tmp_path: Path) -> KeyCase:
        return _case(tmp_path, _locked(), "p256", PASSPHRASE)


@cache
def _locked() -> bytes:
    encryption = PrivateFormat.OpenSSH.encryption_builder().kdf_rounds(1).build(PASSPHRASE)
    return _content("p256", encryption)


def test_a_key_file_tells_what_it_makes_without_its_passphrase(tmp_path: Path) -> None:
    case = _case(tmp_path, _locked(), "p256", PASSPHRASE)
    profile = KEYSTORE.profile(case.ref(), (), case.ctx)
    assert case.ctx.prompts == []
    assert profile.prompts
    assert profile.protection is Protection.SOFTWARE
    assert profile.signature_types == (SignatureType.SSHSIG,)


def test_weak_and_foreign_keys_are_refused_at_planning_time(tmp_path: Path) -> None:
    content = _content("rsa1024", NoEncryption())
    case = _case(tmp_path, content, "rsa1024", None)
    with pytest.raises(KeyUnusable, match="RSA-1024 is too weak"):
        KEYSTORE.profile(case.ref(), (), case.ctx)
    (tmp_path / "id").write_bytes(b"no key at all")
    with pytest.raises(KeyUnreadable):
        KEYSTORE.profile(case.ref(), (), case.ctx)
    (tmp_path / "id").unlink()
    (tmp_path / "id").symlink_to("/nowhere")
    with pytest.raises(KeyNotFound):
        case.ref()


def test_without_an_agent_nothing_is_listed(tmp_path: Path) -> None:
    ctx = ScriptedKeyContext(0, tmp_path, None, Programs(tmp_path))
    assert KEYSTORE.list_keys(ctx) == ()


@pytest.mark.parametrize("algorithm", ["", "RSA-3072", "nistp384"])
@pytest.mark.parametrize("protect", [True, False])
def test_a_key_that_was_made_is_listed_signs_and_is_never_overwritten(
    tmp_path: Path, algorithm: str, *, protect: bool
) -> None:
    ctx = ScriptedKeyContext(0, tmp_path, None, Programs(tmp_path))
    order = GenerateOrder(KeyForm.SSH, "Me <me@example.org>", algorithm, protect=protect)
    ctx.answers[:] = [PASSPHRASE, PASSPHRASE]  # to make it, and to open it
    (made,) = KEYSTORE.generate(order, ctx)
    assert [each.key for each in KEYSTORE.list_keys(ctx)] == [made.key]
    path = Path(made.key.locator)
    assert path.stat().st_mode & 0o777 == 0o600
    public = path.with_name(path.name + ".pub").read_text()
    assert public.endswith(" Me <me@example.org>\n")
    exported = dict(KEYSTORE.export(made.key, ctx))
    (anchor,) = prepare_ssh(exported[".allowed_signers"], Origin("test"))
    assert fingerprint(anchor.key) == made.fingerprint
    profile = KEYSTORE.profile(made.key, (), ctx)
    assert profile.prompts is protect
    ask = ToSign(0, profile.schemes[0], Part.FILE, (Literal(b"m"),), message=b"m")
    with KEYSTORE.open(profile, 1, ctx) as key:
        (answer,) = key.sign((ask,))
    assert isinstance(answer, bytes)
    check_ssh_number(read_key(anchor.key), ask.scheme, answer, b"m")
    with pytest.raises(OutputExists):
        KEYSTORE.generate(order, ctx)


@pytest.mark.parametrize(
    ("name", "algorithm"), [("me", "dsa"), ("a\nb", ""), (" ", ""), ("me", "rsa1024")]
)
def test_keys_that_would_be_no_good_are_not_made(tmp_path: Path, name: str, algorithm: str) -> None:
    ctx = ScriptedKeyContext(0, tmp_path, None, Programs(tmp_path))
    with pytest.raises(UsageError):
        KEYSTORE.generate(GenerateOrder(KeyForm.SSH, name, algorithm, protect=False), ctx)
    assert list(tmp_path.iterdir()) == []


def test_the_file_of_a_security_key_is_refused_with_the_reason(tmp_path: Path) -> None:
    point, application = string(b"\x04" + b"p" * 64), string(b"ssh:")
    public = string(b"sk-ecdsa-sha2-nistp256@openssh.com") + string(b"nistp256") + point
    head = b"openssh-key-v1\0" + string(b"none") + string(b"none") + string(b"") + uint32(1)
    text = base64.b64encode(head + string(public + application) + string(b"private"))
    begin, end = b"-----BEGIN OPENSSH PRIVATE KEY-----\n", b"\n-----END OPENSSH PRIVATE KEY-----\n"
    case = _case(tmp_path, begin + text + end, "p256", None)
    with pytest.raises(KeyUnusable, match="security key"):
        KEYSTORE.profile(case.ref(), (), case.ctx)
