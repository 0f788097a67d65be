"""Parts of evidence that a whole release seldom shows: a damaged log, several lists, odd names."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from signstation.app.auditing import sign_object
from signstation.app.evidence_keys import public_keys
from signstation.app.evidence_proofs import PROOFS, VERIFIER, gather_proofs
from signstation.audit.tree import inclusion_path, inclusion_paths, leaf_hash, root_of_path
from signstation.jobs.journal import Journal, Published
from signstation.model.trust import Origin, SshAnchor, SshRevocations, Trust
from signstation.reports.evidence_script import ListedFile, SignatureCheck, Tool, verify_script
from tests.support.journal import sealed_plan

FILES = tuple(ListedFile(f"file-{number}", bytes([number] * 32).hex()) for number in range(4))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Give a state directory that has published the first three of FILES."""

    async def work() -> None:
        with closing(Journal(tmp_path / "journal.db")) as journal:
            job = await journal.submit(sealed_plan(3), 1)
            for step, file in zip(job.steps, FILES, strict=False):
                output = ((f"/out/{file.name}", bytes.fromhex(file.sha256)),)
                journal.published(Published(job.id, step.id, 2, bytes(32), output))

    asyncio.run(work())
    return tmp_path


def test_what_was_published_is_proven_and_nothing_else(home: Path) -> None:
    found = gather_proofs(home, FILES)
    assert found.proven == FILES[:3]
    document = json.loads(found.contents[PROOFS])
    assert [each["sha256"] for each in document["proofs"]] == [each.sha256 for each in FILES[:3]]
    assert document["checkpoint"] == found.checkpoint
    assert found.lacking == ""


def test_a_log_without_these_files_says_so(home: Path) -> None:
    found = gather_proofs(home, FILES[3:])
    assert found.proven == ()
    assert "no record of any file here" in found.lacking


def test_a_damaged_log_proves_nothing_and_is_named(home: Path) -> None:
    with closing(sqlite3.connect(home / "journal.db")) as database:
        database.execute("DROP TRIGGER audit_fixed")
        database.execute("UPDATE audit SET body = replace(body, '/out/', '/OUT/') WHERE id = 2")
        database.commit()
    found = gather_proofs(home, FILES)
    assert found.proven == ()
    assert found.contents.keys() == {VERIFIER}
    assert found.checkpoint == ""
    assert "damaged at record 1" in found.lacking


def test_only_objects_are_signed_with_the_audit_key(home: Path) -> None:
    signature, pem = sign_object(home, b'{"a":1}')
    key = load_pem_public_key(pem)
    key.verify(signature, b'{"a":1}')  # type: ignore[call-arg,union-attr]
    with pytest.raises(ValueError, match="JSON object"):
        sign_object(home, gather_proofs(home, FILES).checkpoint.encode())


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 13])
def test_several_paths_at_once_are_those_of_each(size: int) -> None:
    leaves = [leaf_hash(bytes([number])) for number in range(size)]
    paths = inclusion_paths(leaves, range(size))
    assert list(paths) == [inclusion_path(leaves, index) for index in range(size)]
    roots = {root_of_path(leaves[i], i, size, path) for i, path in enumerate(paths)}
    assert len(roots) == 1
    assert None not in roots


def test_every_list_of_revoked_keys_goes_along() -> None:
    origin = Origin("test")
    anchor = SshAnchor("a ssh-ed25519 AAAA", ("a",), b"an encoded key", origin)
    first = SshRevocations(b"list", (), (), origin)
    lists = (first, replace(first, material=b"another"))
    keys = public_keys(Trust(ssh=(anchor,), ssh_revoked=lists), b"pem", "verifier")
    assert keys.contents["revoked_keys-1"] == b"list"
    assert keys.contents["revoked_keys-2"] == b"another"
    assert keys.findings == ()
    assert "SSH SHA256:" in keys.contents["FINGERPRINTS.txt"].decode()


def test_words_of_a_check_are_quoted_for_the_shell() -> None:
    check = SignatureCheck(Tool.SSH, "-a'b", ("-a'b.sshsig", "$(x)", "`y`", "SHA256:z"))
    script = verify_script(FILES[:1], [check], [], FILES[:1], 0).decode()
    assert "\ncheck_ssh '-a'\\''b' '-a'\\''b' '-a'\\''b.sshsig' '$(x)' '`y`' 'SHA256:z'\n" in script
    assert f"\ncheck_proof 'file-0' 'file-0' {FILES[0].sha256}\n" in script
