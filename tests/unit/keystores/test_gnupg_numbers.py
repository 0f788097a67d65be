"""Keys from s-expressions and octets from asks, without an agent."""

from __future__ import annotations

import contextlib
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import example, given
from hypothesis import strategies as st

from signstation.codec.sexp import Sexp, build, parse
from signstation.errors import ArtifactMalformed, SchemeUnsupported
from signstation.interfaces.keystore import InMemory
from signstation.keystores.gnupg_agent import CURVES, public_spki
from signstation.keystores.gnupg_asks import octets, schemes
from signstation.keystores.gnupg_unlock import UnlockedKey, private_key
from signstation.model.asks import Literal, Part, ToSign
from signstation.model.keys import (
    KeyFamily,
    KeyRef,
    KeyType,
    Protection,
    Scheme,
    SignerProfile,
)

RSA = rsa.generate_private_key(65537, 2048)


def number(value: int) -> bytes:
    """Write as libgcrypt does: big-endian, with a zero before a set sign bit."""
    return value.to_bytes(value.bit_length() // 8 + 1, "big")


def rsa_numbers(change: int = 0) -> Sexp:
    private = RSA.private_numbers()
    values = (private.public_numbers.n, 65537, private.d + change, private.p, private.q)
    return (b"rsa", *((name, number(value)) for name, value in zip(NUMBERS, values, strict=True)))


def spki(public: rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey) -> bytes:
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def test_an_rsa_key_is_built_and_checked() -> None:
    found = private_key((b"private-key", rsa_numbers()))
    assert isinstance(found, rsa.RSAPrivateKey)
    assert found.private_numbers().d == RSA.private_numbers().d
    assert public_spki((b"private-key", rsa_numbers())) == spki(RSA.public_key())
    with pytest.raises(ValueError, match="do not fit"):
        private_key((b"private-key", rsa_numbers(change=2)))


@given(st.binary(min_size=32, max_size=32))
@example(bytes(31) + b"\1")
@example(b"\0\0\xff" + bytes(29))
def test_ed25519_seeds_with_and_without_leading_zeros(seed: bytes) -> None:
    expected = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
    for stored in (seed, seed.lstrip(b"\0"), b"\0" + seed):
        numbers = (b"ecc", (b"curve", b"Ed25519"), (b"flags", b"eddsa"), (b"d", stored))
        found = private_key((b"private-key", numbers))
        assert isinstance(found, ed25519.Ed25519PrivateKey)
        assert found.private_bytes_raw() == seed
    point = b"\x40" + expected.public_key().public_bytes_raw()
    public = (b"public-key", (b"ecc", (b"curve", b"Ed25519"), (b"q", point)))
    assert public_spki(public) == spki(expected.public_key())


@pytest.mark.parametrize("name", CURVES)
def test_curve_keys(name: bytes) -> None:
    made = ec.generate_private_key(CURVES[name])
    point = made.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    secret = number(made.private_numbers().private_value)
    expression = (b"private-key", (b"ecc", (b"curve", name), (b"q", point), (b"d", secret)))
    assert public_spki(expression) == spki(made.public_key())
    found = private_key(parse(build(expression)))
    assert isinstance(found, ec.EllipticCurvePrivateKey)
    assert found.private_numbers() == made.private_numbers()


NUMBERS = (b"n", b"e", b"d", b"p", b"q")
NAMES = (b"private-key", b"rsa", b"ecc", b"curve", b"Ed25519", b"NIST P-256", *NUMBERS)
EXPRESSIONS = st.recursive(
    st.sampled_from(NAMES) | st.binary(max_size=40),
    lambda inner: st.lists(inner, max_size=6).map(tuple),
    max_leaves=20,
)


def all_numbers(value: bytes) -> Sexp:
    return (b"private-key", (b"rsa", *((name, value) for name in NUMBERS)))


@given(EXPRESSIONS | EXPRESSIONS.map(lambda each: (b"private-key", (b"rsa", each))))
@example((b"private-key", (b"ecc", (b"curve", b"NIST P-256"), (b"d", bytes(32)))))
@example((b"private-key", (b"ecc", (b"curve", b"NIST P-256"), (b"d", b"\xff" * 32))))
@example((b"private-key", (b"ecc", (b"curve", b"Ed25519"), (b"d", b"\xff" * 33))))
@example(all_numbers(b""))
@example(all_numbers(b"\1"))
@example(all_numbers(b"\2"))
@example(all_numbers(b"\5"))
@example(all_numbers(b"\xff" * 300))
@example(all_numbers(b"\xff" * 9000))
def test_any_expression_gives_a_key_or_a_typed_error(expression: Sexp) -> None:
    for read in (private_key, public_spki):
        with contextlib.suppress(ArtifactMalformed, ValueError):
            read(expression)


def profile(family: KeyFamily, public: bytes = b"") -> SignerProfile:
    kind = KeyType(family)
    key = KeyRef("gpg", "A" * 40)
    return SignerProfile(key, "Test", kind, public, Protection.SOFTWARE, schemes(kind))


def ask(scheme: Scheme, *, digest: bytes | None = None, message: bytes | None = None) -> ToSign:
    return ToSign(0, scheme, Part.FILE, (Literal(b""),), digest=digest, message=message)


def test_the_octets_of_an_ask() -> None:
    curve, edwards = profile(KeyFamily.P256), profile(KeyFamily.ED25519)
    digest = hashlib.sha384(b"content").digest()
    assert octets(ask(Scheme.ECDSA_SHA384, digest=digest), curve) == digest
    assert octets(ask(Scheme.ECDSA_SHA384, message=b"content"), curve) == digest
    assert octets(ask(Scheme.ED25519, message=digest), edwards) == digest


@pytest.mark.parametrize(
    ("family", "refused"),
    [
        (KeyFamily.P256, ask(Scheme.ECDSA_SHA256, digest=bytes(31))),
        (KeyFamily.P256, ask(Scheme.ECDSA_SHA256, digest=bytes(48))),
        (KeyFamily.P384, ask(Scheme.ECDSA_SHA256, digest=bytes(32))),
        (KeyFamily.P521, ask(Scheme.ECDSA_SHA384, digest=bytes(48))),
        (KeyFamily.RSA, ask(Scheme.RSA_PSS_SHA256, digest=bytes(32))),
        (KeyFamily.RSA, ask(Scheme.ED25519, message=bytes(32))),
        (KeyFamily.ED25519, ask(Scheme.RSA_PKCS1_SHA256, digest=bytes(32))),
        (KeyFamily.ED25519, ask(Scheme.ED25519, message=bytes(33))),
        (KeyFamily.ED25519, ask(Scheme.ED25519, digest=bytes(32))),
        (KeyFamily.ED448, ask(Scheme.ED448, message=bytes(64))),
        (KeyFamily.OTHER, ask(Scheme.ECDSA_SHA256, digest=bytes(32))),
    ],
)
def test_an_ask_that_the_agent_would_not_sign_is_refused(
    family: KeyFamily, refused: ToSign
) -> None:
    with pytest.raises(SchemeUnsupported) as caught:
        octets(refused, profile(family))
    assert caught.value.scheme == refused.scheme.value


def test_a_refused_ask_does_not_end_the_batch() -> None:
    private = ed25519.Ed25519PrivateKey.generate()
    good, bad = ask(Scheme.ED25519, message=bytes(32)), ask(Scheme.ED25519, message=b"x")
    key = UnlockedKey(private, profile(KeyFamily.ED25519))
    assert isinstance(key, InMemory)
    assert key.in_memory
    first, error, last = key.sign([good, bad, good])
    assert first == last == private.sign(bytes(32))
    assert isinstance(error, SchemeUnsupported)
