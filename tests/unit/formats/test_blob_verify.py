"""Verification of plain files: every kind of signature file, changed, strange or missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signstation.codec.armor import ArmorKind, armor, dearmor
from signstation.formats.blob_signatures import (
    MAX_SIGNATURE_FILE,
    CmsFile,
    OpenPgpFile,
    UnknownFile,
    read_signature_file,
)
from signstation.model.asks import Range
from signstation.model.checks import (
    Aspect,
    Outcome,
    SignatureState,
    Verdict,
)
from signstation.model.trust import Trust
from signstation.verification.verdict import verdict
from tests.support.blobs import (
    CONTENT,
    SLOTS,
    artifact,
    made,
    openpgp_slot,
    states,
    verify,
)

FILES = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


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
