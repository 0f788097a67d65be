"""The words of rpmkeys, read as an opinion; a machine without it has one too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from signstation.errors import SignstationError, ToolMissing, ToolTimedOut
from signstation.formats.rpm import FORMAT
from signstation.formats.rpm_referee import outcome_of
from signstation.interfaces.artifact import Artifact
from signstation.model.checks import OpinionOutcome
from signstation.model.programs import Completed
from signstation.model.trust import Trust
from tests.support.contract_formats import artifacts
from tests.support.rpm import build


class NoPrograms:
    """A machine without rpm, or with one that never ends."""

    def __init__(self, error: SignstationError) -> None:
        self.error = error

    def find(self, name: str) -> Path:
        raise self.error

    def run(self, name: str, arguments: Sequence[str], **_: object) -> Completed:
        raise self.error


@dataclass(frozen=True)
class NoToolContext:
    time: int
    directory: Path
    programs: NoPrograms

    def path_of(self, artifact: Artifact, name: str) -> Path:
        return self.directory / name


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (ToolMissing(program="rpmkeys"), OpinionOutcome.MISSING),
        (ToolTimedOut(program="rpmkeys", seconds=60), OpinionOutcome.CANNOT),
    ],
)
def test_a_missing_or_hanging_rpmkeys_is_an_opinion(
    tmp_path: Path, error: SignstationError, outcome: OpinionOutcome
) -> None:
    ctx = NoToolContext(0, tmp_path, NoPrograms(error))
    with artifacts(build()) as (artifact,):
        (opinion,) = FORMAT.referee(artifact, (), Trust(), ctx)
    assert opinion.outcome is outcome


@pytest.mark.parametrize(
    ("says", "status", "outcome"),
    [
        ("f:\n    Header V4 RSA/SHA256 Signature, key ID 15a18a02: OK\n", 0, "accepts"),
        ("f:\n    Header V4 RSA/SHA256 Signature, key ID 15a18a02: OK\n", 1, "cannot"),
        (
            "f:\n    Header V4 RSA/SHA256 Signature, key ID 1: OK\n"
            "    Payload SHA256 digest: BAD (Expected a != b)\n",
            1,
            "rejects",
        ),
        ("f:\n    Header V4 EdDSA/SHA512 Signature, key ID 1: NOKEY\n", 1, "unknown-key"),
        ("f:\n    Header OpenPGP V4 RSA/SHA512 signature, key ID 1: NOTTRUSTED\n", 0, "rejects"),
        (
            "f:\n    Header OpenPGP V4 RSA/SHA512 signature, key fingerprint: 77: OK\n"
            "    Header OpenPGP V6 ML-DSA-87+Ed448/SHA512 signature, key ID 1: NOTTRUSTED\n",
            0,
            "accepts",
        ),
        ("f:\n    Header RSA signature: NOTFOUND\n    DSA signature: NOTFOUND\n", 1, "unsigned"),
        ("f:\n    Header SHA256 digest: OK\n", 0, "cannot"),
        ("f:\nerror: f: signature hdr data: BAD, no. of bytes(2) out of range\n", 1, "rejects"),
        ("", 0, "cannot"),
    ],
)
def test_rpmkeys_is_read_by_its_words(says: str, status: int, outcome: str) -> None:
    assert outcome_of(says, status) is OpinionOutcome(outcome)
