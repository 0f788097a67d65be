"""``signstation verify``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from signstation.cli.command import PATH, ExampleCommand, Moment, json_option
from signstation.cli.output import Output, nearby, wire_error
from signstation.cli.run import run, station
from signstation.effects import ExitStatus
from signstation.model.checks import Opinion, Outcome, Verdict, Verification
from signstation.model.orders import VerifyOrder
from signstation.model.station import VerifiedPath
from signstation.reports.answers import answers
from signstation.reports.tables import OPINIONS, OUTCOMES, STATES, VERDICTS
from signstation.reports.verification import verification_json
from signstation.reports.words import groups, sentence, show, show_block


@click.command(cls=ExampleCommand, short_help="See what signatures are worth.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=PATH)
@click.option(
    "--trust",
    multiple=True,
    type=PATH,
    help="Trust only these certificates instead of this station's; repeatable.",
)
@click.option("--at", type=Moment(), help="Judge as of this time (default: now).")
@click.option("--as", "format_id", metavar="FORMAT", help="Take every file as this format.")
@json_option
def verify(
    paths: tuple[Path, ...],
    trust: tuple[Path, ...],
    at: int | None,
    format_id: str | None,
    as_json: bool,  # noqa: FBT001 - a click flag
) -> int:
    """Verify files and every file of a directory.

    Three answers for each: unchanged? mathematically valid? trusted, because? The installed real
    tool is asked too; its word is shown beside ours and changes nothing.
    """
    order = VerifyOrder(
        paths=tuple(each.absolute() for each in paths),
        trust=tuple(each.absolute() for each in trust),
        at=at,
        format=format_id,
    )
    return run(as_json, lambda output: _verify(output, order))


def _verify(output: Output, order: VerifyOrder) -> None:
    def show_result(result: VerifiedPath) -> None:
        _print(output, result)

    with station(output) as talk:
        talk.wait(talk.api.verify(order, talk.each(show_result)))


def _print(output: Output, result: VerifiedPath) -> None:
    if result.verification is None:
        output.error(wire_error(result.error or "{}"), str(result.path))
        return
    verification = result.verification
    if verification.verdict is not Verdict.TRUSTED:
        output.note(ExitStatus.VERDICT)
    output.object(verification_json(verification))
    output.text(*verification_lines(verification), "")


def verification_lines(verification: Verification) -> Iterator[str]:
    """Yield a verification as escaped lines: verdict, reasons, answers, signatures, opinions."""
    yield f"{VERDICTS[verification.verdict]}: {show(nearby(verification.path))}"
    title = f"{show(verification.title)} " if verification.title else ""
    yield f"  {title}({verification.format}), {verification.size} bytes"
    yield f"  SHA-256 {verification.sha256.hex()}"
    for reason in verification.reasons:
        yield f"  {sentence(reason)}"
    for answer in answers(verification):
        yield f"  {sentence(answer.question)} {OUTCOMES[answer.outcome]}."
        yield f"    {sentence(answer.because)}"
    for each in verification.signatures:
        yield f"  Signature {each.index + 1}, {sentence(each.place)}: {STATES[each.state]}"
        yield f"    by {show(each.signer)}, {show(each.algorithm)}, {show(each.hash)}"
        yield f"    {groups(show(each.fingerprint))}"
        for reason in each.reasons:
            yield f"    {sentence(reason)}"
    for check in verification.checks:
        if check.outcome is not Outcome.PASS:
            required = ", required" if check.required else ""
            yield f"  {OUTCOMES[check.outcome]}{required}: {sentence(check.summary)}"
    for opinion in verification.opinions:
        yield from _opinion_lines(opinion)


def _opinion_lines(opinion: Opinion) -> Iterator[str]:
    version = f" {show(opinion.version)}" if opinion.version else ""
    yield f"  {show(opinion.tool)}{version} {OPINIONS[opinion.outcome]}"
    for each in show_block(opinion.says).splitlines():
        yield f"    | {each}"
    if opinion.note:
        yield f"    {sentence(opinion.note)}"
