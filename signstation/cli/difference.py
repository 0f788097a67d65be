"""``signstation diff``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from signstation.app.difference import Change, ChangeKind, Difference, compare
from signstation.cli.command import PATH, ExampleCommand, json_option
from signstation.cli.conversation import Conversation
from signstation.cli.output import Output, nearby, wire_error
from signstation.cli.run import run, station
from signstation.model.artifacts import FactStyle, Inspection, Severity
from signstation.model.station import Inspected
from signstation.model.versions import Subject
from signstation.reports.verification import SCHEMA
from signstation.reports.words import groups, human_size, sentence, show, show_block

_SEVERITIES = {
    Severity.NOTE: "Note",
    Severity.WARNING: "Warning",
    Severity.BLOCKER: "Cannot be signed",
}
_SIGNS = {ChangeKind.ADDED: "+", ChangeKind.REMOVED: "-", ChangeKind.CHANGED: "~"}

Found = dict[tuple[str, str], tuple[Path, Inspection]]


@click.command(name="diff", cls=ExampleCommand, short_help="See what changed between versions.")
@click.argument("old", type=PATH)
@click.argument("new", type=PATH)
@json_option
def diff(old: Path, new: Path, as_json: bool) -> int:  # noqa: FBT001 - a click flag
    """Compare what two versions of an artifact mean: scripts, rights, dependencies, files.

    Of two directories the versions of one thing are compared with each other: packages of a name,
    modules of a name, files of a stem. Bytes are not compared.
    """
    return run(as_json, lambda output: _diff(output, old, new))


def _diff(output: Output, old: Path, new: Path) -> None:
    with station(output) as talk:
        before, after = _inspected(output, talk, old), _inspected(output, talk, new)
    if len(before) == len(after) == 1 and not (old.is_dir() or new.is_dir()):
        # two files that were named are compared whatever they are called
        before = dict(zip(after, before.values(), strict=True))
    for key in dict.fromkeys((*after, *before)):
        if key in before and key in after:
            _print(output, before[key], after[key])
        else:
            path, inspection = after.get(key) or before.get(key)  # type: ignore[misc]
            _alone(output, path, inspection, "new" if key in after else "old")


def _inspected(output: Output, talk: Conversation, path: Path) -> Found:
    found: Found = {}

    def take(result: Inspected) -> None:
        if result.inspection is None:
            output.error(wire_error(result.error or "{}"), str(result.path))
            return
        each = Subject(result.path, result.inspection.format, result.inspection.title)
        found[each.format, each.name] = (result.path, result.inspection)

    talk.wait(talk.api.inspect((path,), None, talk.each(take)))
    return found


def _alone(output: Output, path: Path, inspection: Inspection, where: str) -> None:
    output.object(
        {
            "schema": SCHEMA,
            "type": "difference",
            "old": str(path) if where == "old" else None,
            "new": str(path) if where == "new" else None,
            "same_bytes": False,
            "findings": [],
            "changes": [],
        }
    )
    output.text(f"{show(nearby(str(path)))}: only {where} ({show(inspection.title)})", "")


def _print(output: Output, old: tuple[Path, Inspection], new: tuple[Path, Inspection]) -> None:
    found = compare(old[1], new[1])
    output.object(
        {
            "schema": SCHEMA,
            "type": "difference",
            "old": str(old[0]),
            "new": str(new[0]),
            "same_bytes": found.same_bytes,
            "findings": [
                {
                    "code": each.code,
                    "severity": each.severity.value,
                    "text": each.text.english(),
                }
                for each in found.findings
            ],
            "changes": [_change_json(each) for each in found.changes],
        }
    )
    output.text(*_lines(old[0], new[0], found), "")


def _change_json(change: Change) -> dict[str, object]:
    return {
        "section": change.section,
        "label": change.label.english(),
        "kind": change.kind.value,
        "style": change.style.value,
        "before": change.before,
        "after": change.after,
        "lines": list(change.lines),
    }


def _lines(old: Path, new: Path, found: Difference) -> Iterator[str]:
    yield f"{show(nearby(str(old)))} -> {show(nearby(str(new)))}"
    if found.same_bytes:
        yield "  The same bytes"
    elif not found.changes:
        yield "  Other bytes, but nothing of what is shown differs"
    for finding in found.findings:
        yield f"  {_SEVERITIES[finding.severity]}: {sentence(finding.text)}"
    section = ""
    for change in found.changes:
        if change.section != section:
            section = change.section
            yield f"  {sentence(change.title)}"
        yield from _change(change)


def _change(change: Change) -> Iterator[str]:
    head = f"    {_SIGNS[change.kind]} {sentence(change.label)}"
    if change.lines:
        yield f"{head}:"
        yield from (f"      {each}" for each in show_block("\n".join(change.lines)).splitlines())
        return
    values = [_value(change.style, each) for each in (change.before, change.after) if each]
    yield f"{head}: {' -> '.join(values)}"


def _value(style: FactStyle, value: str) -> str:
    if style is FactStyle.SIZE and value.isdigit():
        return f"{human_size(int(value))} ({value} bytes)"
    return groups(show(value)) if style is FactStyle.HEX else show(value)
