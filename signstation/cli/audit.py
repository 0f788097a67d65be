"""``signstation audit …``: what this station did, and whether its log is what was written."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import click

from signstation.app.audit_export import export as _export_log
from signstation.app.audit_export import prove as _proof
from signstation.app.auditing import check as _recompute
from signstation.app.auditing import fits, read_log, records
from signstation.app.durable import write_file
from signstation.app.home import state_directory
from signstation.audit.tree import HASH_SIZE
from signstation.cli.command import PATH, ExampleCommand, LazyGroup, Moment, json_option
from signstation.cli.output import Output, nearby
from signstation.cli.run import run
from signstation.effects import ExitStatus
from signstation.errors import UsageError
from signstation.model.audit import (
    AuditFilter,
    AuditKind,
    AuditRecord,
    AuditState,
    CheckpointState,
)
from signstation.reports.verification import SCHEMA
from signstation.reports.words import show


class HashType(click.ParamType["bytes"]):
    """A SHA-256 in hexadecimal."""

    name = "SHA256"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> bytes:
        """Return its 32 bytes; anything else is a usage error."""
        try:
            found = bytes.fromhex(str(value))
        except ValueError:
            found = b""
        if len(found) != HASH_SIZE:
            self.fail("64 hexadecimal digits are expected", param, ctx)
        return found


STATES = {
    CheckpointState.CONSISTENT: "the log still begins with what it covers",
    CheckpointState.CONTRADICTED: "the records that it covers are not those of the log",
    CheckpointState.CUT_OFF: "newest records were removed since",
    CheckpointState.NOT_OURS: "not signed by the audit key of this station",
    CheckpointState.UNREADABLE: "this is no checkpoint",
}


@click.group(cls=LazyGroup, short_help="What was done here: list, show, check, prove, export.")
def audit() -> None:
    """The audit log of this station: orders, uses and changes of keys, results, refusals."""


@audit.command("list", cls=ExampleCommand, short_help="List the records, newest first.")
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice([each.value for each in AuditKind]),
    help="Only records of this kind; repeatable.",
)
@click.option("--key", default="", help="Only records of keys that contain this text.")
@click.option("--text", default="", help="Only records that contain this text.")
@click.option(
    "--sha256", type=HashType(), help="Only records of what has, or was made from, this SHA-256."
)
@click.option("--since", type=Moment(), help="Only records from this time on.")
@click.option("--until", type=Moment(), help="Only records before this time.")
@click.option("--limit", type=click.IntRange(min=1), help="Only so many of the newest.")
@json_option
def list_(  # noqa: PLR0913, PLR0917 - one argument for each option
    kinds: tuple[str, ...],
    key: str,
    text: str,
    sha256: bytes | None,
    since: int | None,
    until: int | None,
    limit: int | None,
    as_json: bool,  # noqa: FBT001 - a click flag
) -> int:
    """List what this station recorded; nothing is checked by listing."""
    wanted = AuditFilter(
        kinds=tuple(map(AuditKind, kinds)),
        text=text,
        sha256=sha256,
        since=since,
        until=until,
        key=key,
    )
    return run(as_json, lambda output: _list(output, wanted, limit))


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


@audit.command("show", cls=ExampleCommand, short_help="Show one record.")
@click.argument("number", type=click.IntRange(min=0))
@json_option
def show_(number: int, as_json: bool) -> int:  # noqa: FBT001 - a click flag
    """Show everything that a record holds. NUMBER is that of `audit list`."""
    return run(as_json, lambda output: _show(output, number))


@audit.command("prove", cls=ExampleCommand, short_help="Prove that a record stands in the log.")
@click.argument("number", type=click.IntRange(min=0))
@click.option("--output", "target", type=PATH, help="Where the proof goes.", required=True)
@json_option
def prove(number: int, target: Path, as_json: bool) -> int:  # noqa: FBT001 - a click flag
    """Write the proof of one record for somebody who has verify_audit.py and the audit key."""
    return run(as_json, lambda output: _prove(output, number, target.absolute()))


@audit.command("export", cls=ExampleCommand, short_help="Write the whole log for others.")
@click.argument("directory", type=PATH)
@json_option
def export(directory: Path, as_json: bool) -> int:  # noqa: FBT001 - a click flag
    """Write the log, a checkpoint and a verifier that stands alone into a new directory."""
    return run(as_json, lambda output: _export(output, directory.absolute()))


def _show(output: Output, number: int) -> None:
    links = read_log(state_directory(os.environ))
    if number >= len(links):
        raise UsageError(reason=f"there is no record {number}")
    (record,) = records(links[number : number + 1])
    output.object(_record_json(record))
    values = {
        "number": str(record.index),
        "time": _moment(record.time),
        "what": record.kind.value,
        "who": record.caller,
        "key": record.key,
        "artifact": record.artifact,
        "sha256": record.sha256.hex() if record.sha256 else "",
        "job": "" if record.job is None else str(record.job),
        **dict(record.details),
        "leaf": record.leaf.hex(),
    }
    output.text(*(f"{show(name)}: {show(value)}" for name, value in values.items() if value))


def _prove(output: Output, number: int, target: Path) -> None:
    proof = _proof(state_directory(os.environ), number)
    write_file(target, proof.text.encode(), mode=0o644, replace=False)
    _written(output, (target,))


def _export(output: Output, directory: Path) -> None:
    _written(output, _export_log(state_directory(os.environ), directory))


def _written(output: Output, paths: tuple[Path, ...]) -> None:
    for each in paths:
        output.object({"schema": SCHEMA, "type": "file", "path": str(each)})
        output.text(show(nearby(str(each))))


def _moment(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}" if at else ""


def _list(output: Output, wanted: AuditFilter, limit: int | None) -> None:
    every = records(read_log(state_directory(os.environ)))
    found = tuple(islice((each for each in every if fits(each, wanted)), limit))
    for each in found:
        output.object(_record_json(each))
    output.table(
        ("NUMBER", "TIME", "WHAT", "WHO", "JOB", "ABOUT"),
        [
            (
                str(each.index),
                _moment(each.time),
                each.kind.value,
                each.caller,
                "" if each.job is None else str(each.job),
                each.artifact or each.key,
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
        "caller": record.caller,
        "key": record.key,
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
