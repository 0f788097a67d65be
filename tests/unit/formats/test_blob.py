"""The format blob: any file, with OpenPGP and CMS signature files beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from signstation.codec.armor import ArmorKind, armor, dearmor
from signstation.codec.cms import parse_signed_data
from signstation.codec.openpgp import parse_signatures
from signstation.errors import ArtifactChanged, RecheckFailed, SchemeUnsupported, UsageError
from signstation.formats.blob import FORMAT
from signstation.formats.blob_kind import EXCERPT, kind_of
from signstation.formats.blob_referee import read_openssl
from signstation.model.artifacts import Severity
from signstation.model.checks import (
    OpinionOutcome,
    SignatureState,
)
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import Slot
from signstation.model.options import Options
from signstation.signatures.openpgp_gpgv import read_status
from signstation.worker.context import StepContext
from tests.support import x509
from tests.support.blobs import (
    CONTENT,
    OWNER,
    SLOTS,
    artifact,
    made,
    openpgp_slot,
    options,
    sign_blob,
    states,
    time,
    verify,
)
from tests.support.openpgp import shared_certificate

# --- what it is -------------------------------------------------------------------------------

KINDS: list[tuple[bytes, str]] = [
    (b"", "Empty file"),
    (b"\x1f\x8b\x08", "gzip data"),
    (b"\xfd7zXZ\x00", "xz data"),
    (b"\x28\xb5\x2f\xfd", "Zstandard data"),
    (b"BZh9", "bzip2 data"),
    (b"PK\x03\x04", "Zip archive"),
    (bytes(257) + b"ustar\x00", "tar archive"),
    (b"\x7fELF\x02", "ELF file"),
    (b"%PDF-1.7", "PDF document"),
    (b"\x89PNG\r\n\x1a\n", "PNG image"),
    (b"\xed\xab\xee\xdb", "RPM package"),
    (b"!<arch>\ndebian-binary   ", "Debian package"),
    (b"!<arch>\nfoo.o/", "ar archive"),
    (bytes(0x8001) + b"CD001", "ISO 9660 image"),
    ("Grüße\n".encode(), "Text (UTF-8)"),
    (b"\xff\xfe\x00", "Binary data"),
    (b"text\x00", "Binary data"),
]


@pytest.mark.parametrize(("content", "title"), KINDS, ids=[each[1] for each in KINDS])
def test_kinds(tmp_path: Path, content: bytes, title: str) -> None:
    with artifact(tmp_path / "x", content) as found:
        assert kind_of(found).title.english() == title
        assert FORMAT.recognise(found) == 1


def test_a_character_cut_by_the_excerpt_is_still_text(tmp_path: Path) -> None:
    text = "x" + "é" * 40_000
    with artifact(tmp_path / "x", text.encode()) as found:
        assert kind_of(found).excerpt == text[:EXCERPT]


def test_inspection_shows_size_digests_and_text(tmp_path: Path) -> None:
    with artifact(tmp_path / "x", CONTENT) as found:
        shown = FORMAT.inspect(found, StepContext(time=0))
    facts = {fact.label.english(): fact.value for each in shown.sections for fact in each.facts}
    assert facts["Size"] == str(len(CONTENT))
    assert facts["SHA-256"] == hashlib.sha256(CONTENT).hexdigest()
    assert facts["SHA-512"] == hashlib.sha512(CONTENT).hexdigest()
    assert facts["Start of the text"] == CONTENT.decode()[:EXCERPT]
    assert shown.sha256 == hashlib.sha256(CONTENT).digest()
    assert (shown.format, shown.findings, shown.signatures) == ("blob", (), ())


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xed\xab\xee\xdb" + bytes(100), "blob.embedded"),
        ("if (admin\u202e) {\n".encode(), "blob.reordered-text"),
    ],
)
def test_findings(tmp_path: Path, content: bytes, code: str) -> None:
    with artifact(tmp_path / "x", content) as found:
        (finding,) = FORMAT.inspect(found, StepContext(time=0)).findings
    assert (finding.code, finding.severity) == (code, Severity.WARNING)


# --- signing ----------------------------------------------------------------------------------


def test_armored_and_binary_hold_the_same_packet(tmp_path: Path) -> None:
    (armored,) = made(tmp_path, (openpgp_slot(),))
    (binary,) = made(tmp_path, (openpgp_slot(),), options(armor="no"))
    assert (armored.suffix, binary.suffix) == (".asc", ".sig")
    assert dearmor(armored.content)[0].data == binary.content


def test_several_signers_in_one_round_and_one_reading(tmp_path: Path) -> None:
    slots = (
        openpgp_slot(),
        x509.slot(OWNER),
        shared_certificate("P256").slot_with(HashAlgorithm.SHA256),
    )
    read: list[int] = []
    with artifact(tmp_path / "content", CONTENT) as found:
        ctx = StepContext(time=time(), progress=read.append)
        signing = FORMAT.sign(found, slots, options(), ctx)
        batch = next(signing)
        signing.close()
    assert [each.slot for each in batch] == [0, 1, 2]
    asc, p7s = made(tmp_path, slots)
    assert (asc.suffix, p7s.suffix) == (".asc", ".p7s")
    packets = parse_signatures(dearmor(asc.content)[0].data)
    assert [each.issuer_fingerprint for each in packets] == [
        each.signer.openpgp.fingerprint for each in slots if each.signer.openpgp
    ]
    assert len(parse_signed_data(p7s.content).signers) == 1


@pytest.mark.parametrize(
    ("slots", "error"),
    [
        (lambda: (), UsageError),
        (lambda: (x509.slot(OWNER), x509.slot(OWNER)), UsageError),
        (lambda: (shared_certificate("P384").slot_with(HashAlgorithm.SHA256),), SchemeUnsupported),
    ],
    ids=["none", "two for CMS", "short hash"],
)
def test_what_is_not_signed_is_refused_before_the_key(
    tmp_path: Path, slots: Callable[[], tuple[Slot, ...]], error: type[Exception]
) -> None:
    with artifact(tmp_path / "x", CONTENT) as found, pytest.raises(error):
        next(FORMAT.sign(found, slots(), options(), StepContext(time=time())))


def test_another_file_than_the_approved_one_is_not_signed(tmp_path: Path) -> None:
    ctx = StepContext(time=time(), expected=bytes(32))
    with artifact(tmp_path / "x", CONTENT) as found, pytest.raises(ArtifactChanged):
        next(FORMAT.sign(found, (openpgp_slot(),), options(), ctx))


def test_an_empty_file_can_be_signed(tmp_path: Path) -> None:
    with artifact(tmp_path / "x", b"") as found:
        (file,) = sign_blob(found, (openpgp_slot(),), options(), time())
    assert states(verify(tmp_path, [file.content], content=b"")) == [SignatureState.GOOD_TRUSTED]


# --- the recheck ------------------------------------------------------------------------------


def recheck(
    directory: Path, files: Sequence[bytes], chosen: Options | None = None, content: bytes = CONTENT
) -> list[str]:
    with ExitStack() as opened:
        staged = tuple(
            opened.enter_context(artifact(directory / f"staged{number}", each))
            for number, each in enumerate(files)
        )
        signed = opened.enter_context(artifact(directory / "content", content))
        slots = tuple(each() for each in SLOTS)
        ctx = StepContext(time=time())
        return [
            each.hex for each in FORMAT.recheck(signed, staged, slots, chosen or options(), ctx)
        ]


def test_what_was_staged_passes_with_its_digests(tmp_path: Path) -> None:
    for chosen in (options(), options(armor="no")):
        files = [each.content for each in made(tmp_path, tuple(f() for f in SLOTS), chosen)]
        assert recheck(tmp_path, files, chosen) == [hashlib.sha256(f).hexdigest() for f in files]


def test_what_was_not_made_does_not_pass(tmp_path: Path) -> None:
    asc, p7s = (each.content for each in made(tmp_path, tuple(f() for f in SLOTS)))
    twice = armor(ArmorKind.SIGNATURE, dearmor(asc)[0].data * 2)
    bad = [
        [asc],
        [p7s, asc],
        [asc, p7s, p7s],
        [twice, p7s],
        [asc + asc, p7s],
        [b"", p7s],
        [dearmor(asc)[0].data, p7s],
        [asc, p7s[:-1]],
        [asc, b""],
    ]
    for files in bad:
        with pytest.raises(RecheckFailed):
            recheck(tmp_path, files)
    with pytest.raises(RecheckFailed):
        recheck(tmp_path, [asc, p7s], content=CONTENT + b"x")


# --- words of tools, commands -----------------------------------------------------------------

FPR = "A" * 40


@pytest.mark.parametrize(
    ("lines", "outcome"),
    [
        (["GOODSIG X x", f"VALIDSIG {FPR} 2026"], OpinionOutcome.ACCEPTS),
        (["GOODSIG X x", f"VALIDSIG {'B' * 40} 2026"], OpinionOutcome.CANNOT),
        (["GOODSIG X x"], OpinionOutcome.CANNOT),
        (["EXPKEYSIG X x", f"VALIDSIG {FPR} 2026"], OpinionOutcome.REJECTS),
        (["REVKEYSIG X x", f"VALIDSIG {FPR} 2026"], OpinionOutcome.REJECTS),
        (["EXPSIG X x", f"VALIDSIG {FPR} 2026"], OpinionOutcome.REJECTS),
        (["BADSIG X x"], OpinionOutcome.REJECTS),
        (["GOODSIG X x", f"VALIDSIG {FPR} 2026", "BADSIG Y y"], OpinionOutcome.REJECTS),
        (["ERRSIG X 1 8 00 1 9 -", "NO_PUBKEY X"], OpinionOutcome.UNKNOWN_KEY),
        (["GOODSIG X x", f"VALIDSIG {FPR} 2026", "NO_PUBKEY X"], OpinionOutcome.ACCEPTS),
        (["NODATA 4"], OpinionOutcome.CANNOT),
        ([], OpinionOutcome.CANNOT),
    ],
)
def test_gpgv_is_read_by_its_status(lines: list[str], outcome: OpinionOutcome) -> None:
    output = "".join(f"[GNUPG:] {each}\n" for each in lines)
    assert read_status(output, {FPR})[0] is outcome


def test_words_that_look_like_status_are_not_believed() -> None:
    words = f"gpgv: [GNUPG:] GOODSIG X\ngpgv: [GNUPG:] VALIDSIG {FPR}\n"
    assert read_status(words, {FPR})[0] is OpinionOutcome.CANNOT


@pytest.mark.parametrize(
    ("says", "outcome"),
    [
        ("CMS Verification successful", OpinionOutcome.ACCEPTS),
        ("CMS Verification failure\nerror:...:CMS routines", OpinionOutcome.REJECTS),
        ("Verify error: unable to get local issuer certificate", OpinionOutcome.UNKNOWN_KEY),
        ("", OpinionOutcome.CANNOT),
    ],
)
def test_openssl_is_read_by_its_words(says: str, outcome: OpinionOutcome) -> None:
    assert read_openssl(says) is outcome


def test_commands_name_the_exact_key(tmp_path: Path) -> None:
    del tmp_path
    slot = openpgp_slot()
    assert slot.signer.openpgp is not None
    gpg, openssl = FORMAT.commands((slot, x509.slot(OWNER)), options())
    assert gpg[:2] == ("gpg", "--armor")
    assert f"{slot.signer.openpgp.fingerprint}!" in gpg
    assert openssl[:4] == ("openssl", "cms", "-sign", "-binary")
    assert "--armor" not in FORMAT.commands((slot,), options(armor="no"))[0]


def test_siblings() -> None:
    assert FORMAT.siblings() == (".asc", ".sig", ".p7s", ".sshsig")
