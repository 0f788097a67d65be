"""Detached CMS against openssl, both ways: what we sign it verifies, what it signs we judge."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from signstation.codec.cms import parse_signed_data
from signstation.model.asks import Part, Range
from signstation.model.checks import SignatureState
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import Scheme, SignatureType, Slot
from signstation.model.text import Text
from signstation.model.trust import Purpose, Trust
from signstation.signatures.cms_rules import FILE_RULES
from signstation.signatures.cms_sign import check_own_cms, sign_cms
from signstation.signatures.cms_verify import digest_algorithm, judge_cms
from tests.realtools.tree import RefereeTree
from tests.support.x509 import DAY, NOW, Identity, Shape, answer, identity, profile, trust

CONTENT = b"line one\nline two\r\nbinary \x00\xff" * 1000
SHA256, SHA384, SHA512 = HashAlgorithm.SHA256, HashAlgorithm.SHA384, HashAlgorithm.SHA512
FOREVER = NOW + 100 * 365 * DAY
ROOT = identity("rsa2048-ca", Shape(name="Root", authority=True, not_after=FOREVER))


def _owner(kind: str, issuer: Identity | None = ROOT) -> Identity:
    """The host's openssl judges at its own clock, so these certificates last."""
    return identity(kind, Shape(name="Signer", not_after=FOREVER), issuer)


def _sign(owner: Identity, scheme: Scheme, digest: HashAlgorithm, *, attributes: bool) -> bytes:
    slot = Slot(profile(owner), SignatureType.CMS, scheme, digest)
    signing = sign_cms(
        0,
        slot,
        hashlib.new(digest.value, CONTENT),
        part=Part.FILE,
        covers=(Range(0, len(CONTENT)),),
        attributes=attributes,
        certificates=True,
        time=NOW,
    )
    (ask,) = next(signing)
    with pytest.raises(StopIteration) as stopped:
        signing.send((answer(owner, ask),))
    signature: bytes = stopped.value.value
    check_own_cms(signature, slot, hashlib.new(digest.value, CONTENT))
    return signature


@dataclass(frozen=True)
class Openssl:
    """Runs ``openssl cms`` of the host, or of the referee tree, in a directory of its own."""

    directory: Path
    program: tuple[str, ...] = ("openssl",)
    environment: Mapping[str, str] | None = None

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [*self.program, "cms", "-binary", *arguments],
            cwd=self.directory,
            env=self.environment,
            capture_output=True,
            check=False,
        )

    def verify(self, signature: bytes, anchor: Identity, content: bytes = CONTENT) -> bool:
        """Say whether openssl's words are those of a success."""
        (self.directory / "s.p7s").write_bytes(signature)
        (self.directory / "content").write_bytes(content)
        (self.directory / "root.pem").write_bytes(anchor.certificate_pem())
        arguments = ["-verify", "-inform", "DER", "-in", "s.p7s", "-content", "content"]
        arguments += ["-CAfile", "root.pem", "-purpose", "any", "-out", "out"]
        return b"erification successful" in self._run(*arguments).stderr

    def sign(self, owner: Identity, *options: str) -> bytes:
        """Make a detached signature."""
        (self.directory / "key.pem").write_bytes(owner.key_pem())
        (self.directory / "cert.pem").write_bytes(owner.certificate_pem())
        (self.directory / "content").write_bytes(CONTENT)
        arguments = ["-sign", "-in", "content", "-signer", "cert.pem", "-inkey", "key.pem"]
        done = self._run(*arguments, "-outform", "DER", "-out", "made.p7s", *options)
        assert done.returncode == 0, done.stderr
        return (self.directory / "made.p7s").read_bytes()


@pytest.fixture
def openssl(tmp_path: Path) -> Openssl:
    return Openssl(tmp_path)


@pytest.fixture
def newer(tmp_path: Path, referees: RefereeTree) -> Openssl:
    """OpenSSL 3.5 or newer: 3.0 knows no EdDSA and no ML-DSA in CMS."""
    return Openssl(tmp_path, referees.program("openssl"), referees.environment())


@pytest.mark.parametrize(
    ("kind", "scheme", "digest"),
    [
        ("rsa2048", Scheme.RSA_PKCS1_SHA256, SHA256),
        ("rsa4096", Scheme.RSA_PKCS1_SHA512, SHA512),
        ("rsa2048", Scheme.RSA_PSS_SHA256, SHA256),
        ("rsa2048", Scheme.RSA_PSS_SHA512, SHA512),
        ("p256", Scheme.ECDSA_SHA256, SHA256),
        ("p384", Scheme.ECDSA_SHA384, SHA384),
        ("p521", Scheme.ECDSA_SHA512, SHA512),
    ],
    ids=lambda each: each if isinstance(each, str) else each.value,
)
@pytest.mark.parametrize("attributes", [False, True], ids=["plain", "attributes"])
def test_openssl_accepts_what_we_sign_and_refuses_it_changed(
    kind: str, scheme: Scheme, digest: HashAlgorithm, openssl: Openssl, *, attributes: bool
) -> None:
    signature = _sign(_owner(kind), scheme, digest, attributes=attributes)
    assert openssl.verify(signature, ROOT)
    assert not openssl.verify(signature, ROOT, CONTENT + b"x")
    changed = bytearray(signature)
    changed[-5] ^= 1
    assert not openssl.verify(bytes(changed), ROOT)


def test_openssl_accepts_our_ed25519_with_attributes(newer: Openssl) -> None:
    signature = _sign(_owner("ed25519"), Scheme.ED25519, SHA512, attributes=True)
    assert newer.verify(signature, ROOT)
    assert not newer.verify(signature, ROOT, CONTENT + b"x")


def _state(signature: bytes, anchors: Trust, content: bytes = CONTENT) -> SignatureState:
    signed = parse_signed_data(signature)
    (signer,) = signed.signers
    named = digest_algorithm(signer)
    assert named is not None
    return judge_cms(
        signed,
        signer,
        index=0,
        place=Text("beside the file"),
        state=hashlib.new(named.value, content),
        content=content,
        trust=anchors,
        purpose=Purpose.FILES,
        at=FOREVER - DAY,
        sufficient=True,
        covers=(Range(0, len(content)),),
        code="blob.signature",
        rules=FILE_RULES,
    ).facts.state


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("-noattr",),
        ("-keyid",),
        ("-nosmimecap", "-md", "sha384"),
        ("-md", "sha512", "-noattr"),
    ],
    ids=lambda each: " ".join(each) or "default",
)
@pytest.mark.parametrize("kind", ["rsa2048", "p256", "p384"])
def test_what_openssl_signs_is_trusted_and_not_when_it_is_changed(
    kind: str, options: tuple[str, ...], openssl: Openssl
) -> None:
    signature = openssl.sign(_owner(kind), *options)
    assert _state(signature, trust(ROOT)) is SignatureState.GOOD_TRUSTED
    assert _state(signature, Trust()) is SignatureState.GOOD_UNKNOWN_KEY
    assert _state(signature, trust(ROOT), CONTENT + b"x") is SignatureState.BAD


def test_pss_of_openssl_is_read(openssl: Openssl) -> None:
    pss = ("-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:digest", "-md", "sha256")
    signature = openssl.sign(_owner("rsa2048"), *pss)
    assert _state(signature, trust(ROOT)) is SignatureState.GOOD_TRUSTED


@pytest.mark.parametrize("kind", ["ed25519", "mldsa65"])
def test_newer_algorithms_of_openssl_are_read(kind: str, newer: Openssl) -> None:
    signature = newer.sign(_owner(kind), "-md", "sha512")
    assert _state(signature, trust(ROOT)) is SignatureState.GOOD_TRUSTED
    assert _state(signature, trust(ROOT), CONTENT + b"x") is SignatureState.BAD


def test_both_refuse_an_issuer_that_is_no_authority(openssl: Openssl) -> None:
    plain = identity("rsa2048-plain", Shape(name="Plain", not_after=FOREVER))
    leaf = identity("p256-leaf", Shape(name="Leaf", not_after=FOREVER), plain)
    signature = _sign(leaf, Scheme.ECDSA_SHA256, SHA256, attributes=True)
    assert not openssl.verify(signature, plain)
    assert _state(signature, trust(plain)) is SignatureState.GOOD_UNKNOWN_KEY


def test_without_its_certificate_openssl_signature_needs_the_anchor(openssl: Openssl) -> None:
    owner = _owner("rsa2048", None)
    signature = openssl.sign(owner, "-nocerts")
    assert _state(signature, trust(owner)) is SignatureState.GOOD_TRUSTED
    assert _state(signature, Trust()) is SignatureState.UNKNOWN_KEY
