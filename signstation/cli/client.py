"""``signstation client …``: whether a machine takes what nobody signed."""

from __future__ import annotations

import json
from pathlib import Path

import click

from signstation.acceptance.clients import check_client, is_good
from signstation.acceptance.facts import Finding, Risk
from signstation.app.clientfacts import MAX_FACTS, ClientFacts, collect, from_json, to_json
from signstation.app.reading import read_file
from signstation.cli.command import PATH, ExampleCommand, LazyGroup, json_option
from signstation.cli.objects import file_json, head
from signstation.cli.output import Output, nearby
from signstation.cli.run import run
from signstation.effects import ExitStatus
from signstation.reports.verification import Json
from signstation.reports.words import show
from signstation.system.files_new import write

_PRIVATE = 0o600
_RISKS = {Risk.HIGH: "HIGH", Risk.MEDIUM: "medium", Risk.NOTE: "note"}
root_option = click.option(
    "--root", type=PATH, default=Path("/"), help="Another system's root (default: this machine)."
)


@click.group(cls=LazyGroup, short_help="Whether a machine takes what nobody signed.")
def client() -> None:
    """Look at the settings of apt, dnf, rpm, flatpak and container tools.

    Nothing is changed: what mends a setting is shown.
    """


@client.command("check", cls=ExampleCommand, short_help="Look for settings that let things in.")
@root_option
@click.option("--facts", type=PATH, help="Facts of another machine, as `client collect` wrote.")
@json_option
def check(root: Path, facts: Path | None, as_json: bool) -> int:  # noqa: FBT001 - a click flag
    """Name each setting that lets in what nobody signed, where it stands, and what mends it.

    The status is 1 where something is to be mended; notes alone leave it at 0.
    """
    return run(as_json, lambda output: _check(output, root, facts))


@client.command("collect", cls=ExampleCommand, short_help="Write the facts of this machine.")
@root_option
@click.option("--output", type=PATH, required=True, help="The file to write.")
@click.option("--replace", is_flag=True, help="Overwrite the file.")
@json_option
def collect_(root: Path, output: Path, replace: bool, as_json: bool) -> int:  # noqa: FBT001 - click flags
    """Write the settings and public keys that `client check --facts` judges elsewhere.

    Passwords of repositories are not among them unless somebody wrote one into a source.
    """
    return run(as_json, lambda out: _collect(out, root, output, replace=replace))


def _check(output: Output, root: Path, path: Path | None) -> None:
    facts = collect(root) if path is None else from_json(read_file(path.absolute(), MAX_FACTS))
    findings = check_client(facts.files)
    for each in findings:
        output.object(finding_json(each))
    if not is_good(findings):
        output.note(ExitStatus.VERDICT)
    if findings:
        output.table(
            ("RISK", "WHERE", "WHAT STANDS THERE"),
            [(_RISKS[each.risk], _place(each), each.evidence) for each in findings],
        )
    for each in findings:
        output.text("", f"{show(_place(each))}: {each.says}", f"  Mend: {_mend(each)}")
    _print_left_out(output, facts)
    if is_good(findings):
        output.text("", f"Nothing to mend in {len(facts.files)} files.")


def _print_left_out(output: Output, facts: ClientFacts) -> None:
    output.text(*(f"Not looked at: {show(name)} ({show(why)})" for name, why in facts.left_out))


def _collect(output: Output, root: Path, path: Path, *, replace: bool) -> None:
    facts = collect(root)
    target = path.absolute()
    content = json.dumps(to_json(facts), indent=1, sort_keys=True).encode() + b"\n"
    write(target, content, _PRIVATE, replace=replace)
    output.object(file_json(str(target)))
    output.text(f"{show(nearby(str(target)))}: {len(facts.files)} files.")
    _print_left_out(output, facts)


def _place(finding: Finding) -> str:
    return f"{finding.path}:{finding.line}" if finding.line else finding.path


def _mend(finding: Finding) -> str:
    mend = show(finding.mend)
    return f"write into {finding.drop_in}: {mend}" if finding.drop_in else mend


def finding_json(finding: Finding) -> Json:
    """Return one setting; ``drop_in`` is null where no new file can overrule it."""
    return {
        **head("finding"),
        "code": finding.code,
        "risk": finding.risk.value,
        "path": finding.path,
        "line": finding.line or None,
        "evidence": finding.evidence,
        "says": finding.says,
        "mend": finding.mend,
        "drop_in": finding.drop_in or None,
    }
