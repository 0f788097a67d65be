"""Key files against openssl and sign-file: what they write we read, what we write they read."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from signstation.formats.kmod import FORMAT
from signstation.keystores.keyfile import KEYSTORE
from signstation.model.checks import SignatureState
from signstation.model.keys import Protection
from signstation.model.orders import GenerateOrder, KeyForm, X509Use
from signstation.model.trust import Origin, Trust
from signstation.system.programs import Programs
from signstation.trust.x509 import prepare_x509
from signstation.worker.context import StepContext
from tests.support.contract_keystores import KeyCase, ScriptedKeyContext, ask_for, check_answer
from tests.support.kmod import artifact_of, module, sign_file
from tests.support.x509 import NOW

PASSPHRASE = "correct horse"


def _openssl(directory: Path, *arguments: str, secret: str = "") -> str:
    done = subprocess.run(
        ["openssl", *arguments],
        cwd=directory,
        input=secret,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def _make(directory: Path, *options: str) -> None:
    """Make key.pem and the public half by openssl."""
    _openssl(directory, "genpkey", *options, "-out", "key.pem")
    _openssl(directory, "pkey", "-in", "key.pem", "-pubout", "-out", "public.pem")


def _case(directory: Path, name: str, passphrase: str = "") -> KeyCase:
    path = directory / name
    path.chmod(0o600)
    return KeyCase(
        store=KEYSTORE,
        ctx=ScriptedKeyContext(NOW, directory / "state", None, Programs(directory)),
        typed=str(path),
        public=load_pem_public_key((directory / "public.pem").read_bytes()),
        passphrase=passphrase.encode() or None,
    )


def _use(case: KeyCase) -> None:
    profile = case.profile()
    asks = [ask_for(scheme, b"content") for scheme in profile.schemes]
    for ask, answer in zip(asks, case.sign(asks, profile), strict=True):
        check_answer(case.public, ask, answer)


@pytest.mark.parametrize(
    "options",
    [
        ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
        ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
        ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"),
        ("-algorithm", "ED25519"),
        ("-algorithm", "ED448"),
    ],
    ids=["rsa", "p256", "p384", "ed25519", "ed448"],
)
def test_keys_of_openssl_sign(options: tuple[str, ...], tmp_path: Path) -> None:
    _make(tmp_path, *options)
    _use(_case(tmp_path, "key.pem"))


@pytest.mark.parametrize(
    "options",
    [
        ("-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512", "-iter", "10000"),
        ("-v2", "des3"),
        ("-scrypt",),
        ("-v2", "aes-128-cbc", "-outform", "DER"),
    ],
    ids=["pbkdf2", "des3", "scrypt", "der"],
)
def test_encrypted_pkcs8_of_openssl_is_unlocked(options: tuple[str, ...], tmp_path: Path) -> None:
    _make(tmp_path, "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
    arguments = ["pkcs8", "-topk8", "-in", "key.pem", "-out", "locked", "-passout", "stdin"]
    _openssl(tmp_path, *arguments, *options, secret=PASSPHRASE)
    _use(_case(tmp_path, "locked", PASSPHRASE))


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_traditional_pem_of_openssl_is_unlocked(kind: str, tmp_path: Path) -> None:
    """The layouts with Proc-Type, and the EC PARAMETERS block that ecparam puts first."""
    if kind == "rsa":
        _make(tmp_path, "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
    else:
        _openssl(tmp_path, "ecparam", "-name", "prime256v1", "-genkey", "-out", "key.pem")
        _openssl(tmp_path, "pkey", "-in", "key.pem", "-pubout", "-out", "public.pem")
        assert "EC PARAMETERS" in (tmp_path / "key.pem").read_text()
        _use(_case(tmp_path, "key.pem"))
    arguments = [kind, "-in", "key.pem", "-aes128", "-out", "locked.pem", "-passout", "stdin"]
    traditional = ["-traditional"] if kind == "rsa" else []
    _openssl(tmp_path, *arguments, *traditional, secret=PASSPHRASE)
    assert "Proc-Type" in (tmp_path / "locked.pem").read_text()
    _use(_case(tmp_path, "locked.pem", PASSPHRASE))


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1"),
        ("-nomac",),
    ],
    ids=["new", "3des", "nomac"],
)
def test_pkcs12_of_openssl_is_unlocked_with_its_certificate(
    options: tuple[str, ...], tmp_path: Path
) -> None:
    _make(tmp_path, "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
    request = [
        "req",
        "-x509",
        "-new",
        "-key",
        "key.pem",
        "-subj",
        "/CN=By openssl",
        "-days",
        "36500",
    ]
    _openssl(tmp_path, *request, "-out", "cert.pem")
    arguments = ["pkcs12", "-export", "-inkey", "key.pem", "-in", "cert.pem", "-out", "key.p12"]
    _openssl(tmp_path, *arguments, "-passout", "stdin", *options, secret=PASSPHRASE)
    case = _case(tmp_path, "key.p12", PASSPHRASE)
    case.ctx.time = 2_000_000_000
    _use(case)
    assert case.profile().label == "By openssl"


@pytest.mark.parametrize("algorithm", ["rsa2048", "p256", "p384"])
def test_our_protected_key_signs_modules_with_sign_file_and_with_us(
    algorithm: str, tmp_path: Path
) -> None:
    """KBUILD_SIGN_PIN is how sign-file takes a passphrase."""
    ctx = ScriptedKeyContext(NOW, tmp_path / "state", None, Programs(tmp_path))
    ctx.answers[:] = [PASSPHRASE.encode()]
    order = GenerateOrder(
        KeyForm.X509, "Ours", algorithm, usage=X509Use.MODULES, protect=True, output=tmp_path
    )
    (info,) = KEYSTORE.generate(order, ctx)
    assert info.protection is Protection.SOFTWARE
    _openssl(tmp_path, "pkey", "-in", "ours.pem", "-passin", "stdin", "-noout", secret=PASSPHRASE)
    _openssl(tmp_path, "x509", "-in", "ours.pem", "-pubkey", "-noout", "-out", "public.pem")
    (tmp_path / "module.ko").write_bytes(module())
    command = [str(sign_file()), "sha256", "ours.pem", "ours.der", "module.ko"]
    subprocess.run(
        command, cwd=tmp_path, env={"KBUILD_SIGN_PIN": PASSPHRASE}, check=True, capture_output=True
    )
    trust = Trust(x509=prepare_x509((tmp_path / "ours.der").read_bytes(), Origin("a test")))
    with artifact_of(tmp_path / "module.ko") as artifact:
        verified = FORMAT.verify(artifact, (), trust, StepContext(time=NOW))
    assert [each.state for each in verified.signatures] == [SignatureState.GOOD_TRUSTED]
    (tmp_path / "public.pem").write_text(
        _openssl(tmp_path, "x509", "-in", "ours.crt", "-pubkey", "-noout")
    )
    _use(_case(tmp_path, "ours.pem", PASSPHRASE))


@pytest.mark.parametrize(
    ("use", "usage"),
    [(X509Use.MODULES, "1.3.6.1.4.1.2312.16.1.2"), (X509Use.CODE_SIGNING, "Code Signing")],
)
def test_openssl_reads_our_certificate_as_it_is_meant(
    use: X509Use, usage: str, tmp_path: Path
) -> None:
    ctx = ScriptedKeyContext(NOW, tmp_path / "state", None, Programs(tmp_path))
    order = GenerateOrder(KeyForm.X509, "Ours", usage=use, protect=False, output=tmp_path)
    (info,) = KEYSTORE.generate(order, ctx)
    shown = _openssl(tmp_path, "x509", "-inform", "DER", "-in", "ours.der", "-noout", "-text")
    shown = shown.replace(" = ", "=")  # OpenSSL before 3.2
    for line in (
        "Public-Key: (4096 bit)",
        "Signature Algorithm: sha256WithRSAEncryption",
        "Issuer: CN=Ours",
        "X509v3 Basic Constraints: critical",
        "CA:FALSE",
        "X509v3 Key Usage: critical",
        "Digital Signature",
        "X509v3 Subject Key Identifier",
        "X509v3 Authority Key Identifier",
        usage,
    ):
        assert line in shown
    fingerprint = hashlib.sha256((tmp_path / "ours.der").read_bytes()).hexdigest()
    assert info.fingerprint == fingerprint
    _openssl(
        tmp_path, "verify", "-check_ss_sig", "-no_check_time", "-CAfile", "ours.crt", "ours.crt"
    )
