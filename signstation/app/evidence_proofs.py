"""The proofs of a release: for each file that this station published, its record in the audit log.

All proofs share one checkpoint, so that a program that knows nothing of signstation checks them
with one signature (resources/verify/verify_audit.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from signstation.app.auditing import check, read_log
from signstation.audit.chain import Link
from signstation.audit.checkpoint import CHECKPOINT
from signstation.audit.tree import inclusion_paths, leaf_hash
from signstation.model.audit import AuditKind
from signstation.reports.evidence_script import ListedFile
from signstation.reports.verification import SCHEMA

PROOFS = "audit-proofs.json"
VERIFIER = "verifier.txt"
_PUBLISHED = AuditKind.PUBLISHED.value


@dataclass(frozen=True, slots=True)
class Proofs:
    """What the log proves: files to be written by name, and the names of the release's files."""

    verifier: str
    checkpoint: str  # empty where the log is damaged
    contents: Mapping[str, bytes]
    proven: tuple[ListedFile, ...]
    lacking: str
    """Why there is no proof of anything; empty where there may be."""


def gather_proofs(home: Path, files: Sequence[ListedFile]) -> Proofs:
    """Prove the publication of all files that the log has. Blocks.

    Raises the errors of reading the log; a log that is damaged proves nothing and is told.
    """
    state, links = check(home, ()), read_log(home)
    verifier = {VERIFIER: f"{state.verifier}\n".encode()}
    if state.first_bad is not None:
        why = f"The audit log of this station is damaged at record {state.first_bad}"
        return Proofs(state.verifier, "", verifier, (), f"{why}: nothing is proven by it.")
    # both were read one after the other: newer records than the checkpoint's are left out
    links = links[: state.size]
    found = _published(links, {each.sha256 for each in files})
    proven = tuple(each for each in files if each.sha256 in found)
    indices = [found[each.sha256] for each in proven]
    paths = inclusion_paths([leaf_hash(each.body) for each in links], indices)
    document = {
        "schema": SCHEMA,
        "type": "proofs",
        "checkpoint": state.checkpoint,
        "verifier": state.verifier,
        "proofs": [
            {
                "file": file.name,
                "sha256": file.sha256,
                "index": index,
                "record": links[index].body.decode(),
                "path": [each.hex() for each in path],
            }
            for file, index, path in zip(proven, indices, paths, strict=True)
        ],
    }
    contents = {
        **verifier,
        PROOFS: (json.dumps(document, indent=1) + "\n").encode(),
        CHECKPOINT: state.checkpoint.encode(),
    }
    lacking = (
        ""
        if proven
        else ("The audit log of this station has no record of any file here: there are no proofs.")
    )
    return Proofs(state.verifier, state.checkpoint, contents, proven, lacking)


def _published(links: Sequence[Link], wanted: set[str]) -> dict[str, int]:
    """Return where the log has published these digests (hex), the newest record of each."""
    found: dict[str, int] = {}
    for index, each in enumerate(links):
        body = json.loads(each.body)
        if body.get("event") == _PUBLISHED and body.get("sha256") in wanted:
            found[body["sha256"]] = index
    return found
