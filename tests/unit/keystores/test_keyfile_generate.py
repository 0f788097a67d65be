"""Making X.509 keys in files: profiles, protection, and never over another key."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given
from hypothesis import strategies as st

from signstation.errors import Cancelled, NotWritable, OutputExists, UsageError
from signstation.interfaces.keystore import KeyGenerator
from signstation.keystores.keyfile import KEYSTORE
from signstation.model.keys import KeyRef, Protection
from signstation.model.orders import GenerateOrder, KeyForm, X509Use
from signstation.model.prompts import PromptKind
from signstation.signatures.certificates import CODE_SIGNING, MODULE_SIGNING, read_certificate
from signstation.signatures.softwarekey_file import MAX_STEM, stem_of
from tests.support.contract_keystores import CANCEL, KeyCase, ScriptedKeyContext, ask_for
from tests.support.keyfiles import key_context
from tests.support.x509 import NOW


@pytest.fixture
def ctx(tmp_path: Path) -> ScriptedKeyContext:
    return key_context(tmp_path)


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
    stem = stem_of(name)
    assert 0 < len(stem) <= MAX_STEM
    assert set(stem) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert not stem.startswith("-")
