"""Compressed kernel modules: signed inside, compressed again, shown, rechecked and judged."""

from __future__ import annotations

import gzip
import lzma
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard

from signstation.codec.compression import MAX_PACKED, MAX_UNPACKED, Obstacle, obstacle, pack, unpack
from signstation.errors import (
    ArtifactChanged,
    ArtifactMalformed,
    ArtifactUnreadable,
    CompressedModule,
    LimitReached,
    RecheckFailed,
)
from signstation.formats.kmod import FORMAT
from signstation.formats.kmod_open import Inside, open_module
from signstation.interfaces.artifact import MAX_READ
from signstation.model.artifacts import Inspection
from signstation.model.asks import Compression, Unpacked
from signstation.model.checks import Outcome, SignatureState, Verdict
from signstation.system.artifact import FileArtifact
from signstation.verification.verdict import verdict
from signstation.worker.context import StepContext
from tests.support.contract_formats import FormatCase, artifacts
from tests.support.kmod import artifact_of, module, sign
from tests.support.samples_kmod import sample
from tests.support.x509 import NOW, answer, identity, slot, trust

OWNER = identity("rsa2048")
EACH = pytest.mark.parametrize("compression", Compression)
FOREIGN: dict[Compression, Callable[[bytes], bytes]] = {
    Compression.XZ: lzma.compress,  # with CRC64, as xz(1) without options
    Compression.ZSTD: lambda data: zstandard.compress(data, 19),
    Compression.GZIP: gzip.compress,
}
"""Other ways to compress than ours."""


def _unpack(packed: bytes, compression: Compression) -> bytes:
    return b"".join(unpack((packed,), compression))


def _case(content: bytes) -> FormatCase:
    return FormatCase(FORMAT, replace(sample(OWNER), content=content))


def _inspect(content: bytes, directory: Path) -> Inspection:
    with artifact_of(directory / "inspect", content) as artifact:
        return FORMAT.inspect(artifact, StepContext(time=NOW))


@EACH
def test_the_module_inside_is_signed_and_packed_as_the_kernel_takes_it(
    compression: Compression, tmp_path: Path
) -> None:
    """Inside are the bytes that signing the plain module gives."""
    plain = sign(module(), OWNER, tmp_path)
    signed = sign(FOREIGN[compression](module()), OWNER, tmp_path)
    assert _unpack(signed, compression) == plain
    assert obstacle(signed, compression) is None
    assert sign(signed, OWNER, tmp_path) == signed
    stranger = sign(module(), identity("rsa2048-stranger"), tmp_path)
    replaced = sign(FOREIGN[compression](stranger), OWNER, tmp_path)
    assert replaced == signed, "an old signature is taken away"


@EACH
def test_the_ask_covers_what_is_inside(compression: Compression) -> None:
    held = FOREIGN[compression](module())
    ((ask,),) = _case(held).sign().rounds
    size = len(module())
    assert ask.covers == (Unpacked(compression, 0, size, size),)


@EACH
def test_the_inside_is_judged(compression: Compression, tmp_path: Path) -> None:
    signed = sign(module(), OWNER, tmp_path)
    case = _case(FOREIGN[compression](signed))
    verified = case.verify(case.sample.content)
    assert verdict(verified.checks) is Verdict.TRUSTED
    (facts,) = verified.signatures
    assert facts.covers == (Unpacked(compression, 0, len(module()), len(signed)),)
    (note,) = (each for each in verified.checks if each.code == "kmod.compressed")
    assert compression.value in note.summary.english()
    changed = bytearray(signed)
    changed[70] ^= 1
    assert case.verdict(FOREIGN[compression](bytes(changed))) is Verdict.TAMPERED
    assert case.verdict(FOREIGN[compression](module())) is Verdict.UNSIGNED
    outside = FOREIGN[compression](module()) + signed[len(module()) :]
    assert case.verdict(outside) is Verdict.INDETERMINATE, "a signature behind the stream"


def test_a_form_that_the_kernel_refuses_is_told_and_changes_no_verdict(tmp_path: Path) -> None:
    signed = lzma.compress(sign(module(), OWNER, tmp_path))
    assert obstacle(signed, Compression.XZ) is Obstacle.XZ_CHECK
    verified = _case(signed).verify(signed)
    assert verdict(verified.checks) is Verdict.TRUSTED
    warned = [each for each in verified.checks if each.outcome is Outcome.WARNING]
    assert [each.code for each in warned] == ["kmod.compressed-form"]
    found = {each.code for each in _inspect(signed, tmp_path).findings}
    assert {"kmod.compressed", "kmod.compressed-form", "kmod.signed"} <= found


@EACH
def test_compression_sizes_and_the_module_are_shown(
    compression: Compression, tmp_path: Path
) -> None:
    held = pack(module(), compression)
    shown = _inspect(held, tmp_path)
    assert shown.title == "nothing"
    facts = {each.label.template: each.value for each in shown.sections[-1].facts}
    assert facts["Compression"] == compression.value
    assert facts["Compressed"] == str(len(held))
    assert facts["Decompressed"] == facts["Module without signature"] == str(len(module()))
    found = {each.code for each in shown.findings}
    assert "kmod.compressed" in found
    assert "kmod.compressed-form" not in found
    assert ("kmod.gzip" in found) is (compression is Compression.GZIP)


@EACH
def test_what_is_not_one_sound_stream_of_one_module_is_refused(compression: Compression) -> None:
    once = pack(module(), compression)
    for content, error in (
        (gzip.compress(once), CompressedModule),
        (pack(once, compression), CompressedModule),
        (once + b"\0", ArtifactMalformed),
        (once + once, ArtifactMalformed),
        (once[:-1], ArtifactMalformed),
    ):
        case = _case(content)
        for act in (case.inspect, case.sign, lambda case=case: case.verify(case.sample.content)):
            with pytest.raises(error):
                act()


def test_too_many_bytes_are_refused_unread(tmp_path: Path) -> None:
    """A sparse file: nothing of it is decompressed."""
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.write(pack(module(), Compression.XZ))
        file.truncate(MAX_PACKED + 1)
    with artifact_of(path) as artifact, pytest.raises(ArtifactMalformed) as raised:
        FORMAT.inspect(artifact, StepContext(time=NOW))
    assert raised.value.offset == MAX_PACKED


@EACH
def test_recheck_wants_the_very_form_that_is_written(compression: Compression) -> None:
    """The same module compressed otherwise, or not, or by another program, is refused."""
    case = _case(FOREIGN[compression](module()))
    (signed,), (_, *others) = case.signed()[:1], [compression, *set(Compression) - {compression}]
    inside = _unpack(signed, compression)
    assert case.recheck((signed,))
    for output in (inside, FOREIGN[compression](inside), *(pack(inside, each) for each in others)):
        with pytest.raises(RecheckFailed):
            case.recheck((output,))
    with pytest.raises(RecheckFailed):
        _case(module()).recheck((signed,))


def test_recheck_finds_a_changed_module_of_the_same_form() -> None:
    case = _case(pack(module(), Compression.ZSTD))
    inside = bytearray(_unpack(case.signed()[0], Compression.ZSTD))
    inside[70] ^= 1
    with pytest.raises(RecheckFailed, match="bytes differ"):
        case.recheck((pack(inside, Compression.ZSTD),))


def test_a_file_that_changes_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    """What was decompressed and what was hashed are compared."""
    path = tmp_path / "module.ko.xz"
    first, second = (pack(module(code=each * 64), Compression.XZ) for each in (b"\xc3", b"\x90"))

    class Meddling(StepContext):
        def digests(self, artifact, wanted=()):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            path.write_bytes(second)
            return super().digests(artifact, wanted)

    assert len(first) == len(second)
    with artifact_of(path, first) as artifact:
        signing = FORMAT.sign(
            artifact,
            (slot(OWNER),),
            (("certificate", "auto"), ("existing", "replace")),
            Meddling(time=NOW),
        )
        with pytest.raises(ArtifactChanged):
            next(signing)


def test_a_file_that_changes_while_a_key_is_awaited_is_noticed_by_the_recheck(
    tmp_path: Path,
) -> None:
    path = tmp_path / "module.ko.zst"
    options = (("certificate", "auto"), ("existing", "replace"))
    with artifact_of(path, pack(module(), Compression.ZSTD)) as artifact:
        signing = FORMAT.sign(artifact, (slot(OWNER),), options, StepContext(time=NOW))
        (ask,) = next(signing)
        other = pack(module(code=b"\x90" * 64), Compression.ZSTD)
        assert len(other) == artifact.size
        path.write_bytes(other)
        with pytest.raises(StopIteration) as ended:
            signing.send((answer(OWNER, ask),))
    (output,) = ended.value.value
    with artifacts(other, output.patches[0].new) as (now, staged), pytest.raises(RecheckFailed):
        FORMAT.recheck(now, (staged,), (slot(OWNER),), options, StepContext(time=NOW))


def test_a_module_that_its_signature_makes_too_large_is_not_written(tmp_path: Path) -> None:
    with artifact_of(tmp_path / "m", pack(module(), Compression.ZSTD)) as artifact:
        opened = open_module(artifact)
        with pytest.raises(LimitReached):
            opened.output(len(module()), bytes(MAX_UNPACKED), StepContext(time=NOW))


def test_trust_decides_of_the_inside_too(tmp_path: Path) -> None:
    signed = sign(pack(module(), Compression.XZ), OWNER, tmp_path)
    stranger = trust(identity("p256-stranger"))
    with artifact_of(tmp_path / "v", signed) as artifact:
        verified = FORMAT.verify(artifact, (), stranger, StepContext(time=NOW))
    assert [each.state for each in verified.signatures] == [SignatureState.UNKNOWN_KEY]


def test_what_is_in_memory_is_read_as_a_file_is(tmp_path: Path) -> None:
    inside = Inside(bytearray(b"0123456789"))
    path = tmp_path / "file"
    with artifact_of(path, b"0123456789") as file:
        assert isinstance(file, FileArtifact)
        for offset, length in ((0, 4), (8, 9), (10, 1), (99, 1), (0, 0), (-1, 3), (3, -1)):
            assert inside.read(offset, length) == file.read(offset, length)
        for each in (file, inside):
            with pytest.raises(LimitReached):
                each.read(0, MAX_READ + 1)
    with pytest.raises(ArtifactUnreadable):
        inside.fileno()
