"""Compressed modules against xz, zstd, gzip, sign-file, modinfo and what the kernel reads of them.

The three programs are called as scripts/Makefile.modinst calls them.
"""

from __future__ import annotations

import os
import random
import struct
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from signstation.errors import ArtifactMalformed
from signstation.formats.kmod import FORMAT
from signstation.model.asks import Compression
from signstation.model.checks import Opinion, OpinionOutcome, SignatureState
from signstation.worker.context import StepContext
from tests.support.kmod import artifact_of, module, sign, sign_with_sign_file
from tests.support.tools import PlainToolContext, tool_context
from tests.support.x509 import NOW, Shape, identity, trust

OWNER = identity("rsa2048", Shape(name="Module key"))
EACH = pytest.mark.parametrize("compression", Compression)
COMPRESS = {
    Compression.XZ: ("xz", "--check=crc32", "--lzma2=dict=1MiB", "-c"),
    Compression.ZSTD: ("zstd", "-T0", "-q", "-c"),
    Compression.GZIP: ("gzip", "-n", "-c"),
}
CORPUS = Path(os.environ.get("SIGNSTATION_CORPUS", Path(__file__).parents[3] / "shared" / "corpus"))


def _through(command: tuple[str, ...], content: bytes) -> bytes:
    return subprocess.run(command, input=content, capture_output=True, check=True).stdout


def _open(compression: Compression, content: bytes) -> bytes:
    return _through((compression.value, "-dc"), content)


def _large() -> bytes:
    """More than one window of zstd and one dictionary of xz."""
    return module(code=random.Random(3).randbytes(1 << 14) * 200)  # noqa: S311


@pytest.fixture
def tools() -> Iterator[PlainToolContext]:
    with tool_context(NOW) as context:
        yield context


@EACH
def test_inside_is_what_sign_file_makes(compression: Compression, tmp_path: Path) -> None:
    for content in (module(), _large()):
        signed = sign(_through(COMPRESS[compression], content), OWNER, tmp_path)
        expected = sign_with_sign_file(content, OWNER, tmp_path, "sha256")
        assert _open(compression, signed) == expected


@EACH
def test_what_sign_file_and_the_programs_made_is_trusted_and_signed_again(
    compression: Compression, tmp_path: Path
) -> None:
    by_hand = _through(
        COMPRESS[compression], sign_with_sign_file(module(), OWNER, tmp_path, "sha256")
    )
    with artifact_of(tmp_path / "by-hand", by_hand) as artifact:
        verified = FORMAT.verify(artifact, (), trust(OWNER), StepContext(time=NOW))
    assert [each.state for each in verified.signatures] == [SignatureState.GOOD_TRUSTED]
    assert not [each for each in verified.checks if each.code == "kmod.compressed-form"]
    other = identity("rsa2048-stranger")
    again = sign(by_hand, other, tmp_path)
    assert _open(compression, again) == sign_with_sign_file(module(), other, tmp_path, "sha256")


@EACH
def test_modinfo_reads_it_and_openssl_accepts_it(
    compression: Compression, tmp_path: Path, tools: PlainToolContext
) -> None:
    signed = sign(_through(COMPRESS[compression], module()), OWNER, tmp_path)
    opinions = _opinions(signed, tmp_path, tools)
    assert opinions["openssl"].outcome is OpinionOutcome.ACCEPTS
    features = subprocess.run(("modinfo", "--version"), capture_output=True, check=True).stdout
    reads = {Compression.XZ: b"+XZ", Compression.ZSTD: b"+ZSTD", Compression.GZIP: b"+ZLIB"}
    assert compression is Compression.GZIP or reads[compression] in features
    shown = opinions["modinfo"]
    assert shown.outcome is OpinionOutcome.CANNOT, "it judges nothing"
    assert ("signer: Module key" in shown.says) is (reads[compression] in features), shown.says
    assert shown.note is not None
    assert ("zlib" in shown.note.english()) is (reads[compression] not in features)
    unsigned = _opinions(_through(COMPRESS[compression], module()), tmp_path, tools)
    expected = OpinionOutcome.UNSIGNED if reads[compression] in features else OpinionOutcome.CANNOT
    assert [each.outcome for each in unsigned.values()] == [expected]


def _depmod(base: Path, content: bytes) -> tuple[str, str]:
    """Let busybox read one module as it makes its index: what it found, and what it complains of.

    Its decompressor of gzip is its own; Debian's kmod is built without one.
    """
    directory = base / "lib/modules/1.0.0"
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "nothing.ko.gz").write_bytes(content)
    command = ("busybox", "depmod", "-n", "-b", str(base), "1.0.0")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout, done.stderr


def test_busybox_reads_a_gzip_module_to_its_end(tmp_path: Path) -> None:
    """And says so where one is damaged or cut: it does not look at the beginning alone."""
    signed = sign(_through(COMPRESS[Compression.GZIP], module()), OWNER, tmp_path)
    assert _depmod(tmp_path, signed) == ("nothing.ko.gz:\nalias pci:v00001234d* nothing\n", "")
    damaged = bytearray(signed)
    damaged[-8] ^= 1  # the CRC of what is inside
    assert "crc error" in _depmod(tmp_path, bytes(damaged))[1]
    found, complaint = _depmod(tmp_path, signed[:-30])
    assert "unexpected end of file" in complaint
    assert "alias" not in found


@EACH
def test_one_changed_byte_inside_is_rejected_by_both(
    compression: Compression, tmp_path: Path, tools: PlainToolContext
) -> None:
    inside = bytearray(sign(module(), OWNER, tmp_path))
    inside[100] ^= 1
    changed = _through(COMPRESS[compression], bytes(inside))
    with artifact_of(tmp_path / "changed", changed) as artifact:
        verified = FORMAT.verify(artifact, (), trust(OWNER), StepContext(time=NOW))
    assert [each.state for each in verified.signatures] == [SignatureState.BAD]
    assert _opinions(changed, tmp_path, tools)["openssl"].outcome is OpinionOutcome.REJECTS


@EACH
def test_a_stream_that_its_own_program_refuses_is_refused(
    compression: Compression, tmp_path: Path
) -> None:
    signed = bytearray(sign(_through(COMPRESS[compression], module()), OWNER, tmp_path))
    signed[-5] ^= 1
    for damaged in (bytes(signed), bytes(signed[:-9])):
        done = subprocess.run((compression.value, "-dc"), input=damaged, capture_output=True)  # noqa: PLW1510
        assert done.returncode != 0
        with artifact_of(tmp_path / "damaged", damaged) as artifact:
            for act in (FORMAT.inspect, lambda a, ctx: FORMAT.verify(a, (), trust(OWNER), ctx)):
                with pytest.raises(ArtifactMalformed):
                    act(artifact, StepContext(time=NOW))


def _opinions(content: bytes, directory: Path, tools: PlainToolContext) -> dict[str, Opinion]:
    with artifact_of(directory / "any name", content) as artifact:
        return {each.tool: each for each in FORMAT.referee(artifact, (), trust(OWNER), tools)}


# --- what lib/xz, lib/zstd and kernel/module/decompress.c read, field by field -----------------


def test_xz_is_one_stream_with_crc32_and_lzma2_alone(tmp_path: Path) -> None:
    """xz-file-format 1.1.0; the kernel: XZ_DYNALLOC, CRC32 only, nothing behind the stream."""
    for content in (module(), _large()):
        signed = sign(_through(COMPRESS[Compression.XZ], content), OWNER, tmp_path)
        assert signed[:6] == b"\xfd7zXZ\0"
        assert signed[6:8] == b"\x00\x01", "stream flags: CRC32"
        assert signed[8:12] == struct.pack("<I", zlib.crc32(signed[6:8]))
        size = (signed[12] + 1) * 4
        header = signed[12 : 12 + size]
        assert header[-4:] == struct.pack("<I", zlib.crc32(header[:-4]))
        assert header[1] & 0x3F == 0, "one filter, no reserved bits"
        assert header[1] & 0xC0 == 0, "no sizes"
        assert header[2:4] == b"\x21\x01", "LZMA2, one byte of properties"
        assert header[4] == 16, "a dictionary of 1 MiB"
        backward, flags, magic = struct.unpack("<I2s2s", signed[-8:])
        assert (flags, magic) == (b"\x00\x01", b"YZ")
        index = signed[-12 - (backward + 1) * 4 : -12]
        assert index[:2] == b"\x00\x01", "one block"
        path = tmp_path / "module.ko.xz"
        path.write_bytes(signed)
        listed = _through(("xz", "--robot", "--list", str(path)), b"").decode().splitlines()
        (summary,) = (each.split("\t") for each in listed if each.startswith("file"))
        assert summary[1:3] == ["1", "1"]
        assert summary[6] == "CRC32"


def test_zstd_is_one_frame_with_a_small_window(tmp_path: Path) -> None:
    """RFC 8878 section 3.1.1.1; the kernel allocates the window before it reads on."""
    for content in (module(), _large()):
        signed = sign(_through(COMPRESS[Compression.ZSTD], content), OWNER, tmp_path)
        assert signed[:4] == b"\x28\xb5\x2f\xfd"
        descriptor = signed[4]
        assert descriptor & 0b00011000 == 0, "unused and reserved bits"
        assert descriptor & 0b100, "a content checksum"
        assert descriptor & 0b11 == 0, "no dictionary"
        single = bool(descriptor & 0b100000)
        form = {0: "<B", 1: "<H", 2: "<I", 3: "<Q"}[descriptor >> 6]
        (size,) = struct.unpack_from(form, signed, 5 if single else 6)
        size += 256 if form == "<H" else 0
        assert size == len(_open(Compression.ZSTD, signed))
        exponent, mantissa = signed[5] >> 3, signed[5] & 7
        window = size if single else (1 << 10 + exponent) // 8 * (8 + mantissa)
        assert window <= 2 << 20


def test_gzip_has_the_plain_header(tmp_path: Path) -> None:
    """RFC 1952; module_gzip_header_len() skips ten bytes and a name, nothing else."""
    signed = sign(_through(COMPRESS[Compression.GZIP], module()), OWNER, tmp_path)
    assert signed[:10] == bytes.fromhex("1f8b0800000000000003")
    inside = zlib.decompressobj(-zlib.MAX_WBITS)
    content = inside.decompress(signed[10:])
    assert inside.eof
    assert inside.unused_data == struct.pack("<II", zlib.crc32(content), len(content))


@pytest.mark.parametrize("name", ["crc7.ko", "dummy.ko"])
@EACH
def test_a_distributions_module_is_judged_and_signed_inside(
    name: str, compression: Compression, tmp_path: Path
) -> None:
    path = CORPUS / "ko" / name
    if not path.is_file():
        pytest.skip(f"the corpus is not here: {path}")
    real = path.read_bytes()
    held = _through(COMPRESS[compression], real)
    with artifact_of(tmp_path / "real", held) as artifact:
        assert FORMAT.recognise(artifact) > 1
        inspection = FORMAT.inspect(artifact, StepContext(time=NOW))
        verified = FORMAT.verify(artifact, (), trust(OWNER), StepContext(time=NOW))
    assert inspection.title == name.removesuffix(".ko")
    assert inspection.signatures[0].signer.startswith("Build time autogenerated kernel key")
    assert [each.state for each in verified.signatures] == [SignatureState.UNKNOWN_KEY]
    bare = real[: -40 - int.from_bytes(real[-32:-28])]
    signed = _open(compression, sign(held, OWNER, tmp_path))
    assert signed == sign_with_sign_file(bare, OWNER, tmp_path, "sha256")
