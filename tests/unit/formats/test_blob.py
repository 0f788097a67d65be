"""The format blob: any file, with OpenPGP and CMS signature files beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signstation.codec.armor import ArmorKind, armor, dearmor
from signstation.codec.cms import parse_signed_data
from signstation.codec.openpgp import parse_signatures
from signstation.errors import ArtifactChanged, RecheckFailed, SchemeUnsupported, UsageError
from signstation.formats.blob import FORMAT
from signstation.formats.blob_kind import EXCERPT, kind_of
from signstation.formats.blob_referee import read_openssl, read_status
from signstation.formats.blob_signatures import (
    MAX_SIGNATURE_FILE,
    CmsFile,
    OpenPgpFile,
    UnknownFile,
    read_signature_file,
)
from signstation.model.artifacts import Severity
from signstation.model.asks import Range
from signstation.model.checks import (
    Aspect,
    OpinionOutcome,
    Outcome,
    SignatureState,
    Verdict,
    Verified,
)
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import Slot
from signstation.model.options import Options, resolve
from signstation.model.outputs import Sibling
from signstation.model.trust import Trust
from signstation.verification.verdict import verdict
from signstation.worker.context import StepContext
from tests.support import x509
from tests.support.blobs import OWNER, artifact, sign_blob
from tests.support.openpgp import shared_certificate

CONTENT = b"a release\n" * 300
FILES = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def options(**given: str) -> Options:
    return resolve(FORMAT.options, given)


def openpgp_slot() -> Slot:
    return shared_certificate().slot


def both() -> Trust:
    return Trust((shared_certificate().trusted,), x509.trust(OWNER).x509)


def time() -> int:
    """Late enough for the certificate that Sequoia made in this process."""
    return shared_certificate().trusted.primary.created + 5


def verify(
    directory: Path, files: Sequence[bytes], trust: Trust | None = None, content: bytes = CONTENT
) -> Verified:
    with ExitStack() as opened:
        signatures = tuple(
            opened.enter_context(artifact(directory / f"{number}", each))
            for number, each in enumerate(files)
        )
        signed = opened.enter_context(artifact(directory / "content", content))
        chosen = both() if trust is None else trust
        return FORMAT.verify(signed, signatures, chosen, StepContext(time=time() + 60))


def states(verified: Verified) -> list[SignatureState]:
    return [each.state for each in verified.signatures]


def made(
    directory: Path, slots: tuple[Slot, ...], chosen: Options | None = None
) -> tuple[Sibling, ...]:
    with artifact(directory / "content", CONTENT) as found:
        return sign_blob(found, slots, chosen or options(), time())


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

SLOTS = (openpgp_slot, lambda: x509.slot(OWNER))


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


# --- verification -----------------------------------------------------------------------------


def test_good_signatures_are_trusted(tmp_path: Path) -> None:
    files = [each.content for each in made(tmp_path, tuple(each() for each in SLOTS))]
    binary = dearmor(files[0])[0].data
    for given_files in (files, [binary], [files[1]], [files[0], binary]):
        found = verify(tmp_path, given_files)
        assert set(states(found)) == {SignatureState.GOOD_TRUSTED}
        assert verdict(found.checks) is Verdict.TRUSTED
    (pem,) = [pem_of(files[1])]
    assert states(verify(tmp_path, [pem])) == [SignatureState.GOOD_TRUSTED]


def pem_of(der: bytes) -> bytes:
    text = armor(ArmorKind.MESSAGE, der).splitlines()
    return b"\n".join([b"-----BEGIN CMS-----", *text[2:-2], b"-----END CMS-----", b""])


def test_one_changed_byte_is_tampered(tmp_path: Path) -> None:
    for file in made(tmp_path, tuple(each() for each in SLOTS)):
        changed = CONTENT[:-1] + b"!"
        found = verify(tmp_path, [file.content], content=changed)
        assert states(found) == [SignatureState.BAD]
        assert verdict(found.checks) is Verdict.TAMPERED
        unchanged = next(each for each in found.checks if each.aspect is Aspect.UNCHANGED)
        assert unchanged.outcome is Outcome.FAIL


def test_nobody_trusted_is_untrusted(tmp_path: Path) -> None:
    for file in made(tmp_path, tuple(each() for each in SLOTS)):
        found = verify(tmp_path, [file.content], Trust())
        assert verdict(found.checks) is Verdict.UNTRUSTED


def test_no_signature_file_is_unsigned(tmp_path: Path) -> None:
    found = verify(tmp_path, [])
    assert found.signatures == ()
    assert verdict(found.checks) is Verdict.UNSIGNED


STRANGE = [
    b"",
    b"\n",
    b"untrusted comment: signature from minisign\nRUQ...",
    b"MEUCIQDx",
    b"-----BEGIN PGP SIGNATURE-----\n\nAAAA\n",
    armor(ArmorKind.PUBLIC_KEY, b"x"),
    armor(ArmorKind.SIGNATURE, b""),
    b"-----BEGIN CMS-----\nAAA\n-----END CMS-----\n",
    b"\x30\x03\x02\x01\x05",
    b"\x88\x75short",
    b"\xb4\x01x",
    b"x" * (MAX_SIGNATURE_FILE + 1),
]


@pytest.mark.parametrize("strange", STRANGE, ids=[str(n) for n in range(len(STRANGE))])
def test_a_file_that_is_no_signature_cannot_tell_and_spoils_nothing(
    tmp_path: Path, strange: bytes
) -> None:
    alone = verify(tmp_path, [strange])
    assert states(alone) == [SignatureState.UNREADABLE]
    assert verdict(alone.checks) is Verdict.INDETERMINATE
    (good,) = made(tmp_path, (openpgp_slot(),))
    assert verdict(verify(tmp_path, [strange, good.content]).checks) is Verdict.TRUSTED


@FILES
@given(st.binary(max_size=600))
def test_any_signature_file_is_a_value(tmp_path: Path, data: bytes) -> None:
    with artifact(tmp_path / "s", data) as found:
        assert isinstance(read_signature_file(found), OpenPgpFile | CmsFile | UnknownFile)


@FILES
@given(st.data())
def test_a_mutated_signature_file_is_judged_and_never_better(
    tmp_path: Path, data: st.DataObject
) -> None:
    originals = list(mutable(tmp_path))
    original = data.draw(st.sampled_from(originals))
    changed = bytearray(original)
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    found = verify(tmp_path, [bytes(changed)], content=CONTENT + b"changed")
    assert verdict(found.checks) is not Verdict.TRUSTED


_CACHE: dict[str, list[bytes]] = {}


def mutable(directory: Path) -> Iterator[bytes]:
    if "files" not in _CACHE:
        files = made(directory, tuple(each() for each in SLOTS))
        _CACHE["files"] = [each.content for each in files]
    yield from _CACHE["files"]


def test_covers_is_the_whole_file(tmp_path: Path) -> None:
    (file,) = made(tmp_path, (openpgp_slot(),))
    (facts,) = verify(tmp_path, [file.content]).signatures
    assert facts.covers == (Range(0, len(CONTENT)),)


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
    assert FORMAT.siblings() == (".asc", ".sig", ".p7s")
