"""A report that was saved is read back as it was; anything else is a typed error."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signstation.errors import ArtifactUnreadable, UsageError
from signstation.gui.reportfile import read_report
from signstation.model.asks import Compression, HashOf, Literal, Range, Unpacked
from signstation.model.hashes import HashAlgorithm
from signstation.reports.verification import SCHEMA, verification_json
from signstation.reports.words import sentence
from tests.support import windowdata


def _report(*objects: object) -> dict[str, object]:
    return {"schema": SCHEMA, "type": "report", "made_at": 1, "verifications": list(objects)}


@pytest.fixture(scope="module")
def release() -> dict[str, object]:
    return _report(*(verification_json(each) for each in windowdata.release()))


def test_a_release_is_read_back(tmp_path: Path, release: dict[str, object]) -> None:
    path = tmp_path / "report.json"
    path.write_text(json.dumps(release))
    for read, made in zip(read_report(path), windowdata.release(), strict=True):
        assert verification_json(read) == verification_json(made)


def test_sentences_of_a_report_are_values_and_never_templates(tmp_path: Path) -> None:
    evil = verification_json(windowdata.rpm_good())
    evil["reasons"] = ["{__class__} \u202e"]
    path = tmp_path / "report.json"
    path.write_text(json.dumps(_report(evil)))
    (read,) = read_report(path)
    assert sentence(read.reasons[0]) == "{__class__} \\u202e"


def test_every_kind_of_segment_is_read_back(tmp_path: Path) -> None:
    data = verification_json(windowdata.rpm_good())
    (signature,) = data["signatures"]  # type: ignore[misc]
    covers = (
        Range(1, 2),
        Literal(b"x"),
        Unpacked(Compression.ZSTD, 5, 6, 7),
        HashOf(HashAlgorithm.SHA256, (Range(3, 4),)),
    )
    signature["covers"] = [
        {"kind": "range", "offset": 1, "length": 2},
        {"kind": "literal", "hex": "78"},
        {"kind": "unpacked", "compression": "zstd", "offset": 5, "length": 6, "size": 7},
        {
            "kind": "hash",
            "algorithm": "sha256",
            "segments": [{"kind": "range", "offset": 3, "length": 4}],
        },
    ]
    path = tmp_path / "report.json"
    path.write_text(json.dumps(_report(data)))
    (read,) = read_report(path)
    assert read.signatures[0].covers == covers


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "null",
        "{}",
        json.dumps({"schema": SCHEMA + 1, "verifications": []}),
        json.dumps({"schema": SCHEMA, "verifications": {}}),
        json.dumps(_report({"path": 1})),
        json.dumps(_report(None)),
        "[" * 100_000,
    ],
)
def test_anything_else_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "report.json"
    path.write_text(content)
    with pytest.raises(UsageError):
        read_report(path)


def test_a_missing_report_is_told(tmp_path: Path) -> None:
    with pytest.raises(ArtifactUnreadable):
        read_report(tmp_path / "none.json")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_changed_field_is_a_value_or_a_typed_error(
    tmp_path: Path, release: dict[str, object], data: st.DataObject
) -> None:
    """Replace one field anywhere by anything: never another exception."""
    changed = json.loads(json.dumps(release))
    at: object = changed
    while True:
        if isinstance(at, dict) and at:
            key = data.draw(st.sampled_from(sorted(at)))
        elif isinstance(at, list) and at:
            key = data.draw(st.integers(0, len(at) - 1))
        else:
            break
        if data.draw(st.booleans()):
            at[key] = data.draw(VALUES)  # type: ignore[index]
            break
        at = at[key]  # type: ignore[index]
    path = tmp_path / "report.json"
    path.write_text(json.dumps(changed))
    with suppress(UsageError):
        read_report(path)
