"""What leaves the audit log: the proof of one record, and the log as a whole with its verifier."""

from __future__ import annotations

import json
from pathlib import Path

from signstation.app.auditing import check, read_log
from signstation.audit.tree import inclusion_path, leaf_hash
from signstation.errors import NotWritable, OutputExists, StoreDamaged, UsageError
from signstation.model.audit import AuditProof, AuditState
from signstation.system.files_new import write
from signstation.system.resources import resource

VERIFIER_PROGRAM = "verify_audit.py"
"""Stands alone: Python and OpenSSL are all that it needs."""
_READABLE = 0o644


def prove(home: Path, index: int) -> AuditProof:
    """Return the proof that a record (from 0) stands in the log. Blocks.

    Raises UsageError where there is no such record, StoreDamaged where the log was changed.
    """
    links, state = read_log(home), _good(home)
    if not 0 <= index < state.size:
        raise UsageError(reason=f"there is no record {index}")
    # both were read one after the other: newer records than the checkpoint's are left out
    leaves = [leaf_hash(each.body) for each in links[: state.size]]
    proof = {
        "index": index,
        "record": links[index].body.decode(),
        "path": [each.hex() for each in inclusion_path(leaves, index)],
        "checkpoint": state.checkpoint,
        "verifier": state.verifier,
    }
    return AuditProof(index, json.dumps(proof, indent=1) + "\n")


def export(home: Path, directory: Path) -> tuple[Path, ...]:
    """Write the whole log into a new directory, with checkpoint and verifier. Blocks.

    Raises OutputExists, NotWritable, StoreDamaged.
    """
    state = _good(home)
    links = read_log(home)[: state.size]
    try:
        directory.mkdir(mode=0o755)
    except FileExistsError as error:
        raise OutputExists(path=str(directory)) from error
    except OSError as error:
        raise NotWritable(path=str(directory), reason=error.strerror or "") from error
    contents = {
        "records.jsonl": b"".join(each.body + b"\n" for each in links),
        "checkpoint.txt": state.checkpoint.encode(),
        "verifier.txt": f"{state.verifier}\n".encode(),
        VERIFIER_PROGRAM: resource("verify", VERIFIER_PROGRAM).read_bytes(),
    }
    for name, data in contents.items():
        write(directory / name, data, _READABLE, replace=False)
    return tuple(directory / name for name in contents)


def _good(home: Path) -> AuditState:
    state = check(home, ())
    if state.first_bad is not None:
        raise StoreDamaged(reason=f"audit record {state.first_bad}: {state.reason}")
    return state
