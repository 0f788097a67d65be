"""The format kmod: recognised by content, shown, signed, rechecked and judged."""

from __future__ import annotations

import gzip
import lzma
import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signstation.codec import kmod
from signstation.codec.cms import parse_signed_data
from signstation.codec.compression import pack
from signstation.errors import (
    AlreadySigned,
    ArtifactMalformed,
    CertificateMissing,
    RecheckFailed,
    SchemeUnsupported,
    UsageError,
)
from signstation.formats.kmod import FORMAT
from signstation.formats.kmod_read import PEEK
from signstation.model.artifacts import Inspection, Severity
from signstation.model.asks import Batch, Compression, Range
from signstation.model.checks import Verified
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import Slot
from signstation.model.options import resolve
from signstation.model.outputs import Patched
from signstation.model.trust import Trust
from signstation.worker.context import StepContext
from tests.support.kmod import INFO, Layout, apply, artifact_of, module, sign
from tests.support.x509 import NOW, Identity, Shape, answer, identity, slot

OWNER = identity("rsa2048")
DEFAULTS = resolve(FORMAT.options, {})
ZSTD = bytes.fromhex("28b52ffd") + b"\0" * 100


def _inspect(content: bytes, directory: Path) -> Inspection:
    with artifact_of(directory / "inspect.ko", content) as artifact:
        return FORMAT.inspect(artifact, StepContext(time=NOW))


def _judge(content: bytes, directory: Path) -> Verified:
    with artifact_of(directory / "verify.ko", content) as artifact:
        return FORMAT.verify(artifact, (), Trust(), StepContext(time=NOW))


def _start(content: bytes, directory: Path, slots: tuple[Slot, ...], **options: str) -> Batch:
    """Run the generator to its first yield."""
    chosen = resolve(FORMAT.options, options)
    with artifact_of(directory / "sign.ko", content) as artifact:
        signing = FORMAT.sign(artifact, slots, chosen, StepContext(time=NOW))
        batch = next(signing)
        signing.close()
        return batch


def _recognise(content: bytes, directory: Path) -> int:
    with artifact_of(directory / "recognise", content) as artifact:
        return FORMAT.recognise(artifact)


# --- recognising -----------------------------------------------------------------------------


def test_modules_are_recognised_by_content_signed_or_not(tmp_path: Path) -> None:
    signed = sign(module(), OWNER, tmp_path)
    for content in (module(), signed, module(layout=Layout(wide=False, little=False))):
        assert _recognise(content, tmp_path) > 90


def test_compressed_modules_are_recognised(tmp_path: Path) -> None:
    large = module(code=b"\xc3" * (PEEK + 100))
    dense = module(code=random.Random(1).randbytes(PEEK))  # noqa: S311
    for content in (module(), large, dense):
        for compression in Compression:
            packed = pack(content, compression)
            assert _recognise(packed, tmp_path) > 1
            assert _recognise(gzip.compress(packed), tmp_path) > 1, "to be refused with words"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x7fELF",
        module(layout=Layout(type=3)),
        module().replace(b".modinfo", b".xodinfo"),
        module()[:-1],
        lzma.compress(b"hello"),
        gzip.compress(module(layout=Layout(type=2))),
        lzma.compress(module())[:20],
        gzip.compress(b"x")[:5],
        ZSTD,
        b"\xfd7zXZ\x00 broken",
    ],
    ids=range(11),
)
def test_everything_else_is_left_to_others(content: bytes, tmp_path: Path) -> None:
    assert _recognise(content, tmp_path) == 0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    data=st.binary(max_size=200),
    magic=st.sampled_from([b"", b"\x7fELF\2\1\1", b"\xfd7zXZ\0", b"\x1f\x8b"]),
)
def test_recognising_never_raises(data: bytes, magic: bytes, tmp_path: Path) -> None:
    assert 0 <= _recognise(magic + data, tmp_path) <= 100


# --- inspecting ------------------------------------------------------------------------------


def test_inspection_shows_what_the_module_says_of_itself(tmp_path: Path) -> None:
    inspection = _inspect(module(), tmp_path)
    assert (inspection.format, inspection.title) == ("kmod", "nothing")
    assert inspection.size == len(module())
    facts = {
        fact.label.template: fact.value for section in inspection.sections for fact in section.facts
    }
    assert facts["Built for kernel"] == dict(INFO)["vermagic"]
    assert facts["Licence"] == "GPL"
    assert facts["Depends on"] == "crc7, led-class"
    assert (facts["Aliases"], facts["Alias"]) == ("1", "pci:v00001234d*")
    assert facts["Architecture"] == "x86-64, 64-bit, little-endian"
    assert inspection.findings == ()
    assert inspection.signatures == ()


def test_many_aliases_are_counted_and_the_first_shown(tmp_path: Path) -> None:
    info = (*INFO, *(("alias", f"usb:v{number:04x}") for number in range(500)))
    inspection = _inspect(module(info), tmp_path)
    facts = [fact for section in inspection.sections for fact in section.facts]
    assert "501" in [fact.value for fact in facts if fact.label.template == "Aliases"]
    assert len([fact for fact in facts if fact.label.template == "Alias"]) == 12


def test_overlong_values_are_cut(tmp_path: Path) -> None:
    inspection = _inspect(module((("name", "n"), ("description", "x" * 100_000))), tmp_path)
    facts = [fact for section in inspection.sections for fact in section.facts]
    assert max(len(fact.value) for fact in facts) < 3000


@pytest.mark.parametrize(
    ("content", "code", "severity"),
    [
        (
            module((("name", "x"), ("license", "GPL"), ("intree", "Y"))),
            "vermagic",
            Severity.WARNING,
        ),
        (module([each for each in INFO if each[0] != "intree"]), "out-of-tree", Severity.NOTE),
        (
            module([("license", "Proprietary") if k == "license" else (k, v) for k, v in INFO]),
            "licence",
            Severity.NOTE,
        ),
        (module(layout=Layout(extra=((".debug_info", b"x" * 50),))), "debug", Severity.NOTE),
        (module() + b"more", "trailing", Severity.WARNING),
        (module() + kmod.append(b"x"), "signed", Severity.NOTE),
        (module() + kmod.append(b"x") * 2, "nested", Severity.WARNING),
    ],
    ids=["vermagic", "out-of-tree", "licence", "debug", "trailing", "signed", "nested"],
)
def test_findings_hold_a_reviewer_up(
    content: bytes, code: str, severity: Severity, tmp_path: Path
) -> None:
    (finding,) = _inspect(content, tmp_path).findings
    assert (finding.code, finding.severity) == (f"kmod.{code}", severity)
    assert finding.text.english()


def test_an_existing_signature_is_shown_as_it_claims_to_be(tmp_path: Path) -> None:
    inspection = _inspect(sign(module(), OWNER, tmp_path), tmp_path)
    (existing,) = inspection.signatures
    assert existing.signer.startswith("Test key, serial ")
    assert (existing.algorithm, existing.hash) == ("RSA", "SHA-256")
    (unreadable,) = _inspect(module() + kmod.append(b"junk"), tmp_path).signatures
    assert "unreadable" in unreadable.kind.english()


# --- signing ---------------------------------------------------------------------------------


def test_the_ask_covers_the_module_without_its_signatures(tmp_path: Path) -> None:
    once = sign(module(), OWNER, tmp_path)
    for content in (module(), once, once + kmod.append(b"x")):
        (ask,) = _start(content, tmp_path, (slot(OWNER),))
        assert ask.covers == (Range(0, len(module())),)


def test_signing_again_gives_the_same_bytes(tmp_path: Path) -> None:
    once = sign(module(), OWNER, tmp_path)
    assert sign(once, OWNER, tmp_path) == once
    assert sign(once + kmod.append(b"junk"), OWNER, tmp_path) == once


def test_a_signed_module_is_refused_where_that_was_chosen(tmp_path: Path) -> None:
    once = sign(module(), OWNER, tmp_path)
    with pytest.raises(AlreadySigned):
        _start(once, tmp_path, (slot(OWNER),), existing="refuse")


def test_bytes_behind_the_elf_file_are_signed_with_it(tmp_path: Path) -> None:
    content = module() + b"more"
    assert sign(content, OWNER, tmp_path).startswith(content)


def test_a_broken_module_is_not_signed(tmp_path: Path) -> None:
    for content in (module()[:-8], b"\x7fELF", module(layout=Layout(type=2))):
        with pytest.raises(ArtifactMalformed):
            _start(content, tmp_path, (slot(OWNER),))


def test_one_slot_that_a_kernel_can_check_is_needed(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        _start(module(), tmp_path, (slot(OWNER), slot(OWNER)))
    with pytest.raises(SchemeUnsupported):
        _start(module(), tmp_path, (slot(identity("ed25519"), HashAlgorithm.SHA512),))
    bare = replace(slot(OWNER), signer=replace(slot(OWNER).signer, x509=None))
    with pytest.raises(CertificateMissing):
        _start(module(), tmp_path, (bare,))


AUTHORITY = identity("p256-ca", Shape(name="CA", authority=True))
ISSUED = identity("p256", Shape(name="Issued"), AUTHORITY)


@pytest.mark.parametrize(
    ("owner", "choice", "inside"),
    [
        (OWNER, "auto", 0),
        (OWNER, "yes", 1),
        (OWNER, "no", 0),
        (ISSUED, "auto", 2),
        (ISSUED, "yes", 2),
        (ISSUED, "no", 0),
    ],
)
def test_the_certificate_goes_in_when_an_authority_issued_it(
    owner: Identity, choice: str, inside: int, tmp_path: Path
) -> None:
    signed = sign(module(), owner, tmp_path, options={"certificate": choice})
    appended = kmod.signatures(lambda at, count: signed[at : at + count], len(signed))
    assert len(parse_signed_data(appended[0].signature).certificates) == inside


def test_the_command_names_sign_file() -> None:
    (command,) = FORMAT.commands((slot(OWNER, HashAlgorithm.SHA512),), DEFAULTS)
    assert command == ("sign-file", "sha512", "/keys/test.pem", "CERTIFICATE", "FILE")


# --- rechecking ------------------------------------------------------------------------------


def _recheck(staged: bytes, directory: Path, chosen: Slot | None = None) -> None:
    with (
        artifact_of(directory / "original.ko", module()) as artifact,
        artifact_of(directory / "staged.ko", staged) as output,
    ):
        (digest,) = FORMAT.recheck(
            artifact, (output,), (chosen or slot(OWNER),), DEFAULTS, StepContext(time=NOW)
        )
    assert digest.algorithm is HashAlgorithm.SHA256


def test_the_recheck_sees_each_changed_byte(tmp_path: Path) -> None:
    signed = sign(module(), OWNER, tmp_path)
    _recheck(signed, tmp_path)
    for at in range(0, len(signed), 31):
        changed = bytearray(signed)
        changed[at] ^= 0x20
        with pytest.raises(RecheckFailed):
            _recheck(bytes(changed), tmp_path)


def test_the_recheck_sees_wrong_layouts_and_wrong_keys(tmp_path: Path) -> None:
    signed = sign(module(), OWNER, tmp_path)
    stranger = sign(module(), identity("p256-stranger"), tmp_path)
    longer = sign(module() + b"x", OWNER, tmp_path)
    for staged in (module(), signed + kmod.append(b"x"), stranger, longer, signed[:-1], b""):
        with pytest.raises(RecheckFailed):
            _recheck(staged, tmp_path)


def test_the_patch_is_one_at_the_end(tmp_path: Path) -> None:
    """So it can be applied in place."""
    signed = sign(module(), OWNER, tmp_path)
    with artifact_of(tmp_path / "patch.ko", signed) as artifact:
        signing = FORMAT.sign(artifact, (slot(OWNER),), DEFAULTS, StepContext(time=NOW))
        batch = next(signing)
        with pytest.raises(StopIteration) as stopped:
            signing.send(tuple(answer(OWNER, ask) for ask in batch))
    (output,) = stopped.value.value
    assert isinstance(output, Patched)
    (patch,) = output.patches
    assert patch.offset + patch.old_length == len(signed)
    assert apply(signed, output) == signed
