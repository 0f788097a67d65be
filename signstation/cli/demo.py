"""``signstation demo``."""

from __future__ import annotations

from pathlib import Path

import click

from signstation.app.demo import DemoResult, free_directory, run_demo
from signstation.cli.command import PATH, ExampleCommand, json_option
from signstation.cli.output import Output
from signstation.cli.run import run
from signstation.effects import ExitStatus
from signstation.model.checks import OpinionOutcome, Verification
from signstation.reports.tables import OPINIONS, VERDICTS
from signstation.reports.verification import verification_json
from signstation.reports.words import show


@click.command(cls=ExampleCommand, short_help="Sign and verify a small release.")
@click.option("--output", type=PATH, help="Directory, absent or empty (default: signstation-demo).")
@json_option
def demo(output: Path | None, as_json: bool) -> int:  # noqa: FBT001 - a click flag
    """Make throw-away keys, build a small release, sign it, and verify it with every tool here.

    Your own keys and state are not touched. Status 0 means: every artifact is verified by us and
    accepted by every installed tool.
    """
    directory = (output or free_directory(Path.cwd())).absolute()
    return run(as_json, lambda out: _demo(out, directory))


def _demo(output: Output, directory: Path) -> None:
    output.text("Making keys, building, signing and verifying; about ten seconds …")
    result = run_demo(directory)
    for each in result.verifications:
        output.object(verification_json(each))
    output.text("")
    output.table(
        ("ARTIFACT", "FORMAT", "SIGNED BY", "SIGNSTATION", "THE REAL TOOLS"),
        [_row(each) for each in result.verifications],
    )
    if not result.good:
        output.note(ExitStatus.VERDICT)
    output.text("", *(f"Not shown: {show(each)}" for each in result.missing))
    output.text(*_closing(result))


def _row(verification: Verification) -> tuple[str, ...]:
    signers = "; ".join(f"{each.signer}, {each.algorithm}" for each in verification.signatures)
    tools = "; ".join(f"{each.tool} {OPINIONS[each.outcome]}" for each in verification.opinions)
    name = Path(verification.path).name
    return (name, verification.format, signers, VERDICTS[verification.verdict], tools or "none")


def _closing(result: DemoResult) -> tuple[str, ...]:
    count = len(result.verifications)
    accepting = {
        opinion.tool
        for each in result.verifications
        for opinion in each.opinions
        if opinion.outcome is OpinionOutcome.ACCEPTS
    }
    said = f"{count} artifacts, every one verified. {', '.join(sorted(accepting))} agree."
    if not result.good:
        said = "NOT every artifact is verified by signstation and accepted by every tool."
    return (
        f"{said} It took {result.seconds:.1f} s.",
        f"Reports, picture, signed files and public keys: {show(str(result.directory))}",
        f"  open {show(str(result.directory / 'report.html'))}",
    )
