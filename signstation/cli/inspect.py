"""``signstation inspect``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from signstation.cli.command import PATH, ExampleCommand, json_option
from signstation.cli.output import Output, nearby, wire_error
from signstation.cli.run import run, station
from signstation.model.artifacts import Fact, FactStyle, Inspection, Severity
from signstation.model.station import Inspected
from signstation.reports.verification import inspection_json
from signstation.reports.words import groups, human_size, sentence, show, show_block

_SEVERITIES = {
    Severity.NOTE: "Note",
    Severity.WARNING: "Warning",
    Severity.BLOCKER: "Cannot be signed",
}


@click.command(cls=ExampleCommand, short_help="See what is inside a file before signing.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=PATH)
@click.option("--as", "format_id", metavar="FORMAT", help="Take every file as this format.")
@json_option
def inspect(paths: tuple[Path, ...], format_id: str | None, as_json: bool) -> int:  # noqa: FBT001
    """Show what a person must see before signing: identity, scriptlets, findings, signatures."""
    return run(as_json, lambda output: _inspect(output, paths, format_id))


def _inspect(output: Output, paths: tuple[Path, ...], format_id: str | None) -> None:
    def show_result(result: Inspected) -> None:
        _print(output, result)

    with station(output) as talk:
        talk.wait(talk.api.inspect(paths, format_id, talk.each(show_result)))


def _print(output: Output, result: Inspected) -> None:
    if result.inspection is None:
        output.error(wire_error(result.error or "{}"), str(result.path))
        return
    output.object(inspection_json(str(result.path), result.inspection))
    output.text(*_lines(str(result.path), result.inspection), "")


def _lines(path: str, inspection: Inspection) -> Iterator[str]:
    title = f" {show(inspection.title)}" if inspection.title else ""
    yield f"{show(nearby(path))}:{title} ({inspection.format})"
    yield f"  {human_size(inspection.size)} ({inspection.size} bytes)"
    yield f"  SHA-256 {groups(inspection.sha256.hex(), 8)}"
    for finding in inspection.findings:
        yield f"  {_SEVERITIES[finding.severity]}: {sentence(finding.text)}"
    for section in inspection.sections:
        yield f"  {sentence(section.title)}"
        for fact in section.facts:
            yield from _fact(fact)
    for each in inspection.signatures:
        kinds = ", ".join(show(part) for part in (each.algorithm, each.hash) if part)
        yield f"  Signed (not checked): {sentence(each.kind)} by {show(each.signer)}, {kinds}"
    if not inspection.signatures:
        yield "  No signature inside"


def _fact(fact: Fact) -> Iterator[str]:
    label = sentence(fact.label)
    match fact.style:
        case FactStyle.CODE:
            yield f"    {label}:"
            yield from (f"      | {each}" for each in show_block(fact.value).splitlines())
        case FactStyle.SIZE if fact.value.isdigit():
            yield f"    {label}: {human_size(int(fact.value))}"
        case FactStyle.TIME if fact.value.isdigit():
            yield f"    {label}: {_time(int(fact.value))}"
        case FactStyle.HEX:
            yield f"    {label}: {groups(show(fact.value))}"
        case _:
            yield f"    {label}: {show(fact.value)}"


def _time(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return f"{seconds} seconds since 1970"
