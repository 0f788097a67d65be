"""The audit log judged without signstation: the program that ships with it, and OpenSSL."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from signstation.app.audit_export import VERIFIER_PROGRAM, export, prove
from signstation.app.auditing import check
from signstation.jobs.journal import Journal, Published
from tests.support.journal import sealed_plan

COUNT = 7


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a state directory whose log has some records."""
    where = tmp_path / "home"
    where.mkdir(mode=0o700)

    async def work() -> None:
        with closing(Journal(where / "journal.db")) as journal:
            job = await journal.submit(sealed_plan(COUNT - 1), 1)
            for step in job.steps:
                output = ((f"/out/{step.ordinal}", bytes(32)),)
                journal.published(Published(job.id, step.id, 2, bytes(32), output))

    asyncio.run(work())
    return where


def verify(program: Path, *arguments: str | Path) -> tuple[int, str]:
    """Run the verifier as a stranger would."""
    command = [sys.executable, "-I", program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_an_export_is_checked_without_us_and_every_change_of_it_is_found(
    home: Path, tmp_path: Path
) -> None:
    early = tmp_path / "early.txt"
    early.write_text(check(home, ()).checkpoint)
    files = export(home, tmp_path / "log")
    program, records = tmp_path / "log" / VERIFIER_PROGRAM, files[0]
    key = check(home, ()).verifier
    status, said = verify(program, tmp_path / "log", "--verifier", key, "--against", early)
    assert (status, said.split()[0]) == (0, str(COUNT))
    whole = records.read_bytes()
    lines = whole.splitlines(keepends=True)
    for content in (
        whole.replace(b'"items":6', b'"items":7', 1),
        b"".join(lines[:-1]),
        b"".join([lines[1], lines[0], *lines[2:]]),
        whole[:-1],
    ):
        records.write_bytes(content)
        status, said = verify(program, tmp_path / "log", "--verifier", key)
        assert status == 1
        assert said.startswith("NOT PROVEN")


@pytest.mark.parametrize("index", range(COUNT))
def test_a_proof_is_checked_without_us(home: Path, tmp_path: Path, index: int) -> None:
    program = export(home, tmp_path / "log")[-1]
    key = check(home, ()).verifier
    proof = tmp_path / "proof.json"
    proof.write_text(prove(home, index).text)
    status, said = verify(program, proof, "--verifier", key)
    assert status == 0
    assert said.startswith(f"record {index} of {COUNT} stands in the log")
    fields = json.loads(proof.read_text())
    for name, value in (
        ("record", fields["record"].replace("ed", "eD")),
        ("index", (index + 1) % COUNT),
        ("path", fields["path"][:-1]),
        ("checkpoint", fields["checkpoint"].replace(f"\n{COUNT}\n", f"\n{COUNT + 1}\n")),
    ):
        proof.write_text(json.dumps({**fields, name: value}))
        status, said = verify(program, proof, "--verifier", key)
        assert (status, said.startswith("NOT PROVEN")) == (1, True), name


def test_a_stranger_with_a_key_of_their_own_proves_nothing(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir(mode=0o700)
    (other / "journal.db").write_bytes((home / "journal.db").read_bytes())
    program = export(other, tmp_path / "log")[-1]
    assert verify(program, tmp_path / "log", "--verifier", check(home, ()).verifier)[0] == 1
    status, said = verify(program, tmp_path / "log")
    assert status == 0
    assert "compare it" in said
