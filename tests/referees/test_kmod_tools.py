"""Second opinions on modules: what modinfo shows of ours, what openssl makes of the number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from signstation.errors import ToolMissing
from signstation.formats.kmod import FORMAT
from signstation.model.checks import Opinion, OpinionOutcome
from signstation.model.hashes import HashAlgorithm
from signstation.model.trust import Purpose, Trust
from tests.support.kmod import INFO, artifact_of, module, sign, sign_with_sign_file
from tests.support.tools import PlainToolContext, tool_context
from tests.support.x509 import DAY, NOW, Shape, identity, trust

OWNER = identity("rsa2048", Shape(name="Module key"))


@pytest.fixture
def tools() -> Iterator[PlainToolContext]:
    with tool_context(NOW) as context:
        yield context


def _opinions(
    content: bytes, anchors: Trust, directory: Path, tools: PlainToolContext
) -> dict[str, Opinion]:
    with artifact_of(directory / "any name; $(x).ko", content) as artifact:
        found = FORMAT.referee(artifact, (), anchors, tools)
    return {each.tool: each for each in found}


@pytest.mark.parametrize(
    ("kind", "hash_algorithm"),
    [
        ("rsa2048", HashAlgorithm.SHA256),
        ("rsa4096", HashAlgorithm.SHA512),
        ("p256", HashAlgorithm.SHA256),
        ("p384", HashAlgorithm.SHA384),
    ],
)
def test_modinfo_shows_and_openssl_accepts_what_we_sign(
    kind: str, hash_algorithm: HashAlgorithm, tmp_path: Path, tools: PlainToolContext
) -> None:
    owner = identity(kind, Shape(name="Module key", serial=0xABCDEF0123))
    signed = sign(module(), owner, tmp_path, hash_algorithm)
    opinions = _opinions(signed, trust(owner), tmp_path, tools)
    shown = opinions["modinfo"]
    assert shown.outcome is OpinionOutcome.CANNOT
    assert "signer: Module key" in shown.says
    assert "sig_key: AB:CD:EF:01:23" in shown.says
    assert f"sig_hashalgo: {hash_algorithm.value}" in shown.says
    assert float(shown.version) >= 30
    assert "any name" not in " ".join(shown.command)
    judged = opinions["openssl"]
    assert judged.outcome is OpinionOutcome.ACCEPTS
    assert judged.version[0].isdigit()
    assert judged.note is not None


def test_openssl_agrees_on_every_changed_byte(tmp_path: Path, tools: PlainToolContext) -> None:
    signed = sign(module(), OWNER, tmp_path)
    for at in (20, len(module()) - 1, len(signed) - 60):
        changed = bytearray(signed)
        changed[at] ^= 1
        opinion = _opinions(bytes(changed), trust(OWNER), tmp_path, tools)["openssl"]
        assert opinion.outcome is OpinionOutcome.REJECTS
        assert opinion.says


def test_openssl_does_not_know_a_stranger(tmp_path: Path, tools: PlainToolContext) -> None:
    signed = sign_with_sign_file(module(), OWNER, tmp_path, "sha256")
    stranger = identity("rsa2048-stranger", Shape(name="Stranger"))
    for anchors in (Trust(), trust(stranger), trust(OWNER, purposes=(Purpose.PACKAGES,))):
        opinion = _opinions(signed, anchors, tmp_path, tools)["openssl"]
        assert opinion.outcome is OpinionOutcome.UNKNOWN_KEY


AUTHORITY = identity("rsa2048-ca", Shape(name="CA", authority=True))


def test_openssl_follows_the_certificate_inside_to_an_authority(
    tmp_path: Path, tools: PlainToolContext
) -> None:
    leaf = identity("p256", Shape(name="Leaf"), AUTHORITY)
    signed = sign(module(), leaf, tmp_path)
    opinion = _opinions(signed, trust(AUTHORITY), tmp_path, tools)["openssl"]
    assert opinion.outcome is OpinionOutcome.ACCEPTS
    for anchors in (Trust(), trust(OWNER)):
        opinion = _opinions(signed, anchors, tmp_path, tools)["openssl"]
        assert opinion.outcome is OpinionOutcome.UNKNOWN_KEY


def test_openssl_takes_no_leaf_for_an_authority_and_old_certificates_as_the_kernel_does(
    tmp_path: Path, tools: PlainToolContext
) -> None:
    stolen = identity("p256-stolen", Shape(name="Stolen"), OWNER)
    opinion = _opinions(sign(module(), stolen, tmp_path), trust(OWNER), tmp_path, tools)["openssl"]
    assert opinion.outcome is not OpinionOutcome.ACCEPTS
    old = identity("rsa2048-old", Shape(name="Old", not_after=NOW - DAY))
    opinion = _opinions(sign(module(), old, tmp_path), trust(old), tmp_path, tools)["openssl"]
    assert opinion.outcome is OpinionOutcome.ACCEPTS


def test_an_unsigned_module_is_unsigned_for_modinfo(
    tmp_path: Path, tools: PlainToolContext
) -> None:
    opinions = _opinions(module(), trust(OWNER), tmp_path, tools)
    assert opinions["modinfo"].outcome is OpinionOutcome.UNSIGNED
    assert "openssl" not in opinions


def test_lines_that_a_module_fakes_do_not_hide_the_signers(
    tmp_path: Path, tools: PlainToolContext
) -> None:
    info = (*INFO, ("signer", "Somebody great"), ("sig_hashalgo", "sha512"))
    signed = sign(module(info), OWNER, tmp_path)
    says = _opinions(signed, trust(OWNER), tmp_path, tools)["modinfo"].says
    assert "signer: Module key" in says
    assert "sig_hashalgo: sha256" in says


def test_a_missing_tool_is_told_and_not_raised(tmp_path: Path, tools: PlainToolContext) -> None:
    signed = sign(module(), OWNER, tmp_path)
    nothing = replace(tools, programs=NoPrograms())  # type: ignore[arg-type]
    opinions = _opinions(signed, trust(OWNER), tmp_path, nothing)
    assert {each.outcome for each in opinions.values()} == {OpinionOutcome.MISSING}


class NoPrograms:
    """A machine on which nothing is installed."""

    def run(self, name: str, *_: object, **__: object) -> NoReturn:
        """Find nothing."""
        raise ToolMissing(program=name)
