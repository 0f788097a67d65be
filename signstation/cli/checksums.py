"""``signstation checksums``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from signstation.app.sums import list_name
from signstation.cli.command import (
    PATH,
    ExampleCommand,
    Moment,
    json_option,
    secret_option,
)
from signstation.cli.output import Output, nearby
from signstation.cli.run import asker_for, run, station, typed_key
from signstation.cli.sign import carry_out, signing_time
from signstation.codec.checksums import ALGORITHMS, ListForm
from signstation.errors import OutputExists, SignstationError
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import SignatureType
from signstation.model.lists import ListOrder
from signstation.model.orders import SignOrder
from signstation.reports.words import show


@dataclass(frozen=True, slots=True)
class Wanted:
    """The command's arguments."""

    directory: Path
    keys: tuple[str, ...]
    algorithm: str
    form: str
    clear: bool
    time: int | None
    replace: bool
    secret_fd: int | None


@click.command(cls=ExampleCommand, short_help="List and sign the checksums of a directory.")
@click.argument("directory", metavar="DIR", type=PATH)
@click.option(
    "--key", "keys", multiple=True, required=True, help="An OpenPGP key, as for `sign`; repeatable."
)
@click.option(
    "--algorithm",
    type=click.Choice([each.value for each in ALGORITHMS]),
    default=HashAlgorithm.SHA256.value,
    help="Hash of the files (default: sha256).",
)
@click.option(
    "--form",
    type=click.Choice([each.value for each in ListForm]),
    default=ListForm.GNU.value,
    help="Lines as sha256sum writes them, or with --tag (default: gnu).",
)
@click.option("--clear", is_flag=True, help="Sign in the clear instead of beside the list.")
@click.option("--time", type=Moment(), help="Signing time; else SOURCE_DATE_EPOCH, else now.")
@click.option("--replace", is_flag=True, help="Overwrite the list and its signature.")
@secret_option
@json_option
def checksums(as_json: bool, **given: object) -> int:  # noqa: FBT001 - a click flag
    """Write SHA256SUMS into a directory and sign it.

    Every file below the directory is listed; links are not followed. The signature comes to lie
    beside the list, so that `verify` checks it together with every file.
    """
    wanted = Wanted(**given)  # type: ignore[arg-type]  # click gives what the options say
    return run(as_json, lambda output: _checksums(output, wanted))


def _checksums(output: Output, wanted: Wanted) -> None:
    directory = wanted.directory.absolute()
    algorithm = HashAlgorithm(wanted.algorithm)
    path = directory / list_name(algorithm)
    fresh = not path.exists()
    if not fresh and not wanted.replace:
        raise OutputExists(path=str(path))
    with station(output, asker_for(wanted.secret_fd)) as talk:
        keys = tuple(talk.wait(talk.api.resolve_key(typed_key(each))) for each in wanted.keys)
        tagged = ListForm(wanted.form) is ListForm.BSD
        listing = ListOrder(directory, algorithm, tagged=tagged, replace=wanted.replace)
        left_out = talk.wait(talk.api.make_list(listing)).left_out
        kind = SignatureType.CLEARTEXT if wanted.clear else SignatureType.OPENPGP
        order = SignOrder(
            paths=(path,),
            keys=keys,
            format="checksums",
            signature=kind.value,
            time=signing_time(wanted.time),
            output=directory,
            replace=wanted.replace,
        )
        try:
            carry_out(output, talk, order, dry_run=False)
        except SignstationError:
            if fresh:
                path.unlink(missing_ok=True)
            raise
    output.text(*(f"Not listed, a link: {show(nearby(str(each)))}" for each in left_out))
