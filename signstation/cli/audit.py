"""``signstation audit …``: what this station did, and whether its log is what was written."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from signstation.app.auditing import check as _recompute
from signstation.app.auditing import read_log, records
from signstation.app.durable import write_file
from signstation.app.home import state_directory
from signstation.cli.command import PATH, ExampleCommand, LazyGroup, json_option
from signstation.cli.output import Output
from signstation.cli.run import run
from signstation.effects import ExitStatus
from signstation.model.audit import AuditRecord, AuditState, CheckpointState
from signstation.reports.verification import SCHEMA
from signstation.reports.words import show

STATES = {
    CheckpointState.CONSISTENT: "the log still begins with what it covers",
    CheckpointState.CONTRADICTED: "the records that it covers are not those of the log",
    CheckpointState.CUT_OFF: "newest records were removed since",
    CheckpointState.NOT_OURS: "not signed by the audit key of this station",
    CheckpointState.UNREADABLE: "this is no checkpoint",
}


@click.group(cls=LazyGroup, short_help="What was done here: list, check.")
def audit() -> None:
    """The audit log of this station: orders, published results, discarded signatures."""


@audit.command("list", cls=ExampleCommand, short_help="List the records, newest first.")
@click.option("--limit", type=click.IntRange(min=1), help="Only so many of the newest.")
@json_option
def list_(limit: int | None, as_json: bool) -> int:  # noqa: FBT001 - a click flag
    """List what this station recorded; nothing is checked by listing."""
    return run(as_json, lambda output: _list(output, limit))


@audit.command("check", cls=ExampleCommand, short_help="Recompute the log.")
@click.option(
    "--against",
    multiple=True,
    type=PATH,
    metavar="CHECKPOINT",
    help="Hold the log against an earlier checkpoint; repeatable.",
)
@click.option(
    "--output", "target", type=PATH, help="Write a signed checkpoint of the log as it is."
)
@json_option
def check(against: tuple[Path, ...], target: Path | None, as_json: bool) -> int:  # noqa: FBT001 - a click flag
    """Recompute the log and name the first record that is not what was written.

    Keep checkpoints elsewhere: only they show that the newest records were removed or that the
    whole log was written anew.
    """
    return run(as_json, lambda output: _check(output, against, target))


def _list(output: Output, limit: int | None) -> None:
    found = records(read_log(state_directory(os.environ)))[:limit]
    for each in found:
        output.object(_record_json(each))
    output.table(
        ("NUMBER", "TIME", "WHAT", "JOB", "ARTIFACT"),
        [
            (
                str(each.index),
                f"{datetime.fromtimestamp(each.time, UTC):%Y-%m-%d %H:%M:%S}" if each.time else "",
                each.kind.value,
                "" if each.job is None else str(each.job),
                each.artifact,
            )
            for each in found
        ],
    )


def _check(output: Output, against: tuple[Path, ...], target: Path | None) -> None:
    state = _recompute(state_directory(os.environ), against)
    if target is not None and state.checkpoint:
        write_file(target.absolute(), state.checkpoint.encode(), mode=0o644, replace=False)
    kept = all(each.state is CheckpointState.CONSISTENT for each in state.checkpoints)
    if state.first_bad is not None or not kept:
        output.note(ExitStatus.VERDICT)
    output.object(_state_json(state))
    output.text(f"{state.size} records, root {state.root.hex()}")
    if state.first_bad is None:
        output.text("Every record follows from the one before it.")
    else:
        output.text(f"First bad record: {state.first_bad}: {state.reason}.")
    for each in state.checkpoints:
        output.text(f"{show(each.name)}: {STATES[each.state]}")
    if not any(each.state is CheckpointState.CONSISTENT for each in state.checkpoints):
        output.text("Nobody can know whether newest records were removed: --against a checkpoint.")
    output.text(f"Audit key: {state.verifier}")


def _record_json(record: AuditRecord) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "type": "record",
        "index": record.index,
        "time": record.time,
        "kind": record.kind.value,
        "artifact": record.artifact,
        "sha256": record.sha256.hex() if record.sha256 else None,
        "job": record.job,
        "details": dict(record.details),
        "leaf": record.leaf.hex(),
    }


def _state_json(state: AuditState) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "type": "audit",
        "size": state.size,
        "root": state.root.hex(),
        "first_bad": state.first_bad,
        "reason": state.reason,
        "checkpoints": [
            {"path": each.name, "state": each.state.value, "size": each.size}
            for each in state.checkpoints
        ],
        "verifier": state.verifier,
    }
