"""Kernel modules against the kernel's own sign-file and the corpus: the same bytes, both ways."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from signstation.formats.kmod import FORMAT
from signstation.model.checks import SignatureState, Verified
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import KeyFamily
from signstation.model.trust import Trust
from signstation.worker.context import StepContext
from tests.support.kmod import artifact_of, module, sign, sign_with_sign_file
from tests.support.x509 import NOW, Identity, Shape, identity, trust

HASHES = (HashAlgorithm.SHA256, HashAlgorithm.SHA384, HashAlgorithm.SHA512)
RSA = ("rsa2048", "rsa3072", "rsa4096")
CORPUS = Path(os.environ.get("SIGNSTATION_CORPUS", Path(__file__).parents[3] / "shared" / "corpus"))


def _verify(content: bytes, anchors: Trust, directory: Path) -> Verified:
    with artifact_of(directory / "verify.ko", content) as artifact:
        return FORMAT.verify(artifact, (), anchors, StepContext(time=NOW))


def _state(content: bytes, anchors: Trust, directory: Path) -> SignatureState:
    (facts,) = _verify(content, anchors, directory).signatures
    return facts.state


@pytest.mark.parametrize("hash_algorithm", HASHES, ids=lambda each: each.value)
@pytest.mark.parametrize("kind", RSA)
def test_rsa_is_byte_identical_to_sign_file(
    kind: str, hash_algorithm: HashAlgorithm, tmp_path: Path
) -> None:
    """cmp(1) in Python: the whole file."""
    owner = identity(kind)
    ours = sign(module(), owner, tmp_path, hash_algorithm)
    assert ours == sign_with_sign_file(module(), owner, tmp_path, hash_algorithm.value)


@pytest.mark.parametrize("hash_algorithm", HASHES, ids=lambda each: each.value)
@pytest.mark.parametrize("kind", ["p256", "p384"])
def test_ecdsa_has_the_shape_of_sign_file(
    kind: str, hash_algorithm: HashAlgorithm, tmp_path: Path
) -> None:
    """The number has a nonce; everything else is the same, as are lengths but for its integers."""
    owner = identity(kind)
    ours = sign(module(), owner, tmp_path, hash_algorithm)
    theirs = sign_with_sign_file(module(), owner, tmp_path, hash_algorithm.value)
    assert abs(len(ours) - len(theirs)) <= 4
    for content in (ours, theirs):
        assert _state(content, trust(owner), tmp_path) is SignatureState.GOOD_TRUSTED


@pytest.mark.parametrize("name", ["x" * 64, "Ünïcode £", "a, b = c"])
def test_names_and_serial_numbers_of_every_shape_go_in_byte_for_byte(
    name: str, tmp_path: Path
) -> None:
    for serial in (1, 127, 128, 2**159 - 1):
        owner = identity("rsa2048", Shape(name=name, serial=serial))
        ours = sign(module(), owner, tmp_path)
        assert ours == sign_with_sign_file(module(), owner, tmp_path, "sha256")


@pytest.mark.parametrize("options", [(), ("-k",)], ids=["serial", "key-id"])
def test_what_sign_file_signs_is_trusted_and_one_changed_byte_is_not(
    options: tuple[str, ...], tmp_path: Path
) -> None:
    owner = identity("rsa2048")
    signed = sign_with_sign_file(module(), owner, tmp_path, "sha256", *options)
    assert _state(signed, trust(owner), tmp_path) is SignatureState.GOOD_TRUSTED
    for offset in (100, len(module()) - 1, len(signed) - 60):
        changed = bytearray(signed)
        changed[offset] ^= 1
        verified = _verify(bytes(changed), trust(owner), tmp_path)
        assert [each.state for each in verified.signatures] == [SignatureState.BAD]


def test_a_nested_signature_of_sign_file_is_replaced_by_one(tmp_path: Path) -> None:
    """sign-file on a signed module stacks; ours takes both away."""
    stranger, owner = identity("rsa2048-stranger"), identity("rsa2048")
    once = sign_with_sign_file(module(), stranger, tmp_path, "sha256")
    twice = sign_with_sign_file(once, stranger, tmp_path, "sha256")
    assert len(twice) > len(once)
    assert sign(twice, owner, tmp_path) == sign_with_sign_file(module(), owner, tmp_path, "sha256")


def test_the_outermost_of_two_signatures_counts_as_for_the_kernel(tmp_path: Path) -> None:
    stranger, owner = identity("rsa2048-stranger"), identity("rsa2048")
    good_outside = sign_with_sign_file(
        sign_with_sign_file(module(), stranger, tmp_path, "sha256"), owner, tmp_path, "sha256"
    )
    stranger_outside = sign_with_sign_file(
        sign_with_sign_file(module(), owner, tmp_path, "sha256"), stranger, tmp_path, "sha256"
    )
    assert _state(good_outside, trust(owner), tmp_path) is SignatureState.GOOD_TRUSTED
    assert _state(stranger_outside, trust(owner), tmp_path) is SignatureState.UNKNOWN_KEY


@pytest.fixture(params=["crc7.ko", "dummy.ko"])
def real_module(request: pytest.FixtureRequest) -> bytes:
    path = CORPUS / "ko" / request.param
    if not path.is_file():
        pytest.skip(f"the corpus is not here: {path}")
    return path.read_bytes()


def test_real_modules_are_inspected_and_their_signer_is_unknown(
    real_module: bytes, tmp_path: Path
) -> None:
    with artifact_of(tmp_path / "real.ko", real_module) as artifact:
        inspection = FORMAT.inspect(artifact, StepContext(time=NOW))
    assert inspection.title in {"crc7", "dummy"}
    (existing,) = inspection.signatures
    assert existing.signer.startswith("Build time autogenerated kernel key, serial 66f54e")
    assert existing.hash == "SHA-256"
    identity_section = next(each for each in inspection.sections if each.id == "identity")
    values = {each.label.template: each.value for each in identity_section.facts}
    assert values["Built for kernel"].startswith("6.1.0-56-amd64 ")
    assert values["Architecture"] == "x86-64, 64-bit, little-endian"
    state = _state(real_module, trust(identity("rsa2048")), tmp_path)
    assert state is SignatureState.UNKNOWN_KEY


def test_real_modules_are_signed_again_as_sign_file_would(
    real_module: bytes, tmp_path: Path
) -> None:
    """The distribution's signature is cut off by the documented layout, not by our parser."""
    owner: Identity = identity("rsa2048")
    length = int.from_bytes(real_module[-32:-28])
    bare = real_module[: -40 - length]
    assert owner.type.family is KeyFamily.RSA
    ours = sign(real_module, owner, tmp_path)
    assert ours == sign_with_sign_file(bare, owner, tmp_path, "sha256")
