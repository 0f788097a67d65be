"""``signstation lint``: what each version of each client will say of a repository."""

from __future__ import annotations

import time
from pathlib import Path

import click

from signstation.acceptance.lint import ClientAnswer, Published, judge
from signstation.acceptance.matrix import CLIENTS, Answer
from signstation.app.lint import read_repository
from signstation.app.reading import read_file
from signstation.cli.command import PATH, ExampleCommand, Moment, json_option
from signstation.cli.objects import head
from signstation.cli.output import Output
from signstation.cli.run import run
from signstation.codec.armor import MAX_ARMOR
from signstation.effects import ExitStatus
from signstation.recipes.certificates import read_certificates
from signstation.reports.verification import Json
from signstation.reports.words import show

_ANSWERS = {
    Answer.ACCEPTS: "accepts",
    Answer.WARNS: "warns",
    Answer.UNKNOWN: "not known",
    Answer.REFUSES: "REFUSES",
}


@click.command(cls=ExampleCommand, short_help="What clients will say of a repository.")
@click.argument("repository", metavar="REPO", type=PATH)
@click.option(
    "--certificate",
    "certificates",
    multiple=True,
    type=PATH,
    help="The OpenPGP certificate that clients have; repeatable.",
)
@click.option(
    "--client",
    "clients",
    multiple=True,
    type=click.Choice([each.id for each in CLIENTS]),
    help="Only this client; repeatable (default: all of the repository's kind).",
)
@click.option("--at", type=Moment(), help="As of this time (default: now).")
@json_option
def lint(
    repository: Path,
    certificates: tuple[Path, ...],
    clients: tuple[str, ...],
    at: int | None,
    as_json: bool,  # noqa: FBT001 - a click flag
) -> int:
    """Say of an APT or RPM repository what each version of each client will make of it.

    It foretells from measured answers and verifies nothing: `verify` does. Without the certificate
    only what the signatures themselves tell is judged. The status is 1 where a client refuses.
    """

    def work(output: Output) -> None:
        contents = tuple(read_file(each.absolute(), MAX_ARMOR) for each in certificates)
        keys = read_certificates(contents).keys if contents else ()
        moment = int(time.time()) if at is None else at
        published = read_repository(repository.absolute(), keys, moment)
        answers = [
            each for each in judge(published, moment) if not clients or each.client.id in clients
        ]
        _print(output, published, answers)

    return run(as_json, work)


def _print(output: Output, published: Published, answers: list[ClientAnswer]) -> None:
    for each in answers:
        output.object(answer_json(each))
        if each.answer is Answer.REFUSES:
            output.note(ExitStatus.VERDICT)
    output.table(
        ("CLIENT", "VERIFIES WITH", "IT", "HOW WE KNOW", "BECAUSE OF"),
        [
            (
                each.client.title,
                each.client.verifier,
                _ANSWERS[each.answer],
                each.basis.value,
                "" if each.answer is Answer.ACCEPTS else each.reasons[0].says,
            )
            for each in answers
        ],
    )
    told: dict[tuple[str, int, str], None] = {}
    for each in answers:
        told |= {(one.subject, one.alike, one.says): None for one in each.reasons}
    if told:
        output.text("")
    for subject, alike, says in told:
        more = f" and {alike - 1} more" if alike > 1 else ""
        output.text(f"{show(subject)}{more}: {show(says)}")
    for issuer in published.unknown_keys:
        words = "its certificate was not given (--certificate), so only the signature was judged."
        output.text(f"Key {show(issuer) or 'without a name'}: {words}")


def answer_json(found: ClientAnswer) -> Json:
    """Return what one client will make of a repository."""
    return {
        **head("client-answer"),
        "client": found.client.id,
        "title": found.client.title,
        "verifier": found.client.verifier,
        "answer": found.answer.value,
        "basis": found.basis.value,
        "reasons": [
            {"subject": each.subject, "alike": each.alike, "says": each.says}
            for each in found.reasons
        ],
    }
