"""``signstation key …``: keys of every store, made, taken in and given out."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from signstation.app.places import places
from signstation.ceremonies.key_generation import key_generation
from signstation.cli.certificates import certificate
from signstation.cli.command import (
    PATH,
    ExampleCommand,
    F,
    LazyGroup,
    Lifetime,
    json_option,
    secret_option,
)
from signstation.cli.objects import file_json
from signstation.cli.output import Output, nearby
from signstation.cli.procedure import guide, tell
from signstation.cli.run import asker_for, run, station, typed_key
from signstation.errors import ArtifactUnreadable, PathMissing
from signstation.model.keys import KeyInfo
from signstation.model.orders import GenerateOrder, KeyForm, X509Use
from signstation.reports.tables import KEY_STATES, PROTECTIONS, pin_words, token_wants
from signstation.reports.verification import key_json, token_json

STORES = ("gpg", "file")
_OPENPGP_PACKET = 0x80  # RFC 9580 section 4.2: the first bit of a packet is always one


def protect_option(function: F) -> F:
    """Add ``--protect``."""
    return click.option(
        "--protect",
        type=click.Choice(["passphrase", "none"]),
        default="passphrase",
        show_default=True,
        help="none: whoever can read the key can sign.",
    )(function)


@click.group(cls=LazyGroup, short_help="Keys: list, make, take in, give out.")
def key() -> None:
    """Keys: list, make, take in, give out."""


key.add_command(certificate)


@key.command("list", cls=ExampleCommand, short_help="List the keys of every store.")
@json_option
def list_(as_json: bool) -> int:  # noqa: FBT001 - a click flag
    """List the keys of every store; the first column is what --key takes. Asks nothing."""
    return run(as_json, _list)


@key.command("tokens", cls=ExampleCommand, short_help="List the devices that hold keys.")
@json_option
def tokens(as_json: bool) -> int:  # noqa: FBT001 - a click flag
    """List cards and tokens that are there now, with the tries that their PIN has left."""
    return run(as_json, _tokens)


@key.command("import", cls=ExampleCommand, short_help="Take a key or certificate in.")
@click.argument("path", type=PATH)
@click.option(
    "--store", type=click.Choice(STORES), help="Where to (default: what the content fits)."
)
@secret_option
@json_option
def import_(path: Path, store: str | None, secret_fd: int | None, as_json: bool) -> int:  # noqa: FBT001
    """Take in a key or certificate. Own keys become trusted on this station."""
    return run(as_json, lambda output: _import(output, path, store, secret_fd))


@key.command("export", cls=ExampleCommand, short_help="Write the public half of a key.")
@click.argument("typed", metavar="KEY")
@click.option("--output", type=PATH, default=Path(), help="Directory (default: here).")
@click.option("--replace", is_flag=True, help="Overwrite files.")
@json_option
def export(typed: str, output: Path, replace: bool, as_json: bool) -> int:  # noqa: FBT001
    """Write the public half in the forms that others fetch, and read it back."""
    return run(as_json, lambda out: _export(out, typed, output, replace=replace))


@key.group(
    cls=LazyGroup, short_help="Make a key.", invoke_without_command=True, no_args_is_help=True
)
@click.option("--guided", is_flag=True, help="Ask step by step, and explain each choice.")
@secret_option
@json_option
@click.pass_context
def generate(ctx: click.Context, guided: bool, secret_fd: int | None, as_json: bool) -> int:  # noqa: FBT001
    """Make a key. It becomes trusted on this station."""
    if ctx.invoked_subcommand is not None:
        if guided or as_json or secret_fd is not None:
            ctx.fail("Options of a form stand behind it; --guided asks for the form itself.")
        return 0
    if not guided:
        ctx.fail("Name a form (openpgp, x509, ssh), or say --guided.")
    return run(as_json, lambda output: _guided(output, secret_fd))


@generate.command("openpgp", cls=ExampleCommand, short_help="An OpenPGP key, in GnuPG.")
@click.option("--name", required=True, metavar="'NAME <MAIL>'", help="User id of the key.")
@click.option("--algorithm", default="", help="ed25519 (default), rsa4096, rsa3072, nistp256.")
@click.option("--expires", type=Lifetime(), default="2y", show_default=True, help="Or: never.")
@protect_option
@secret_option
@json_option
def openpgp(
    name: str,
    algorithm: str,
    expires: int,
    protect: str,
    secret_fd: int | None,
    as_json: bool,  # noqa: FBT001 - a click flag
) -> int:
    """Make a certify-only primary key with a signing subkey in GnuPG's home."""
    order = GenerateOrder(
        form=KeyForm.OPENPGP,
        name=name,
        algorithm=algorithm,
        expires=expires or None,
        protect=protect == "passphrase",
    )
    return run(as_json, lambda output: _generate(output, order, secret_fd))


@generate.command("x509", cls=ExampleCommand, short_help="A key with an X.509 certificate.")
@click.option("--name", required=True, help="Common name of the certificate.")
@click.option("--algorithm", default="", help="rsa4096 (default), rsa3072, rsa2048, p256, …")
@click.option("--expires", type=Lifetime(), default="2y", show_default=True, help="Or: never.")
@click.option(
    "--usage",
    type=click.Choice([each.value for each in X509Use]),
    default=X509Use.CODE_SIGNING.value,
    show_default=True,
    help="modules: kernel modules only.",
)
@protect_option
@click.option("--output", type=PATH, help="Directory for key and certificate.")
@click.option("--replace", is_flag=True, help="Overwrite files.")
@secret_option
@json_option
def x509(  # noqa: PLR0913, PLR0917 - one argument per option of the command
    name: str,
    algorithm: str,
    expires: int,
    usage: str,
    protect: str,
    output: Path | None,
    replace: bool,  # noqa: FBT001 - a click flag
    secret_fd: int | None,
    as_json: bool,  # noqa: FBT001 - a click flag
) -> int:
    """Make a key file with a certificate of its own."""
    order = GenerateOrder(
        form=KeyForm.X509,
        name=name,
        algorithm=algorithm,
        expires=expires or None,
        usage=X509Use(usage),
        protect=protect == "passphrase",
        output=output.absolute() if output else None,
        replace=replace,
    )
    return run(as_json, lambda out: _generate(out, order, secret_fd))


@generate.command("ssh", cls=ExampleCommand, short_help="A key for SSH signatures.")
@click.option("--name", required=True, help="Comment of the key: a mail address, mostly.")
@click.option("--algorithm", default="", help="ed25519 (default), rsa4096, rsa3072, p256, p384, …")
@protect_option
@click.option("--output", type=PATH, help="Directory for the key and its .pub file.")
@click.option("--replace", is_flag=True, help="Overwrite files.")
@secret_option
@json_option
def ssh(  # noqa: PLR0913, PLR0917 - one argument per option of the command
    name: str,
    algorithm: str,
    protect: str,
    output: Path | None,
    replace: bool,  # noqa: FBT001 - a click flag
    secret_fd: int | None,
    as_json: bool,  # noqa: FBT001 - a click flag
) -> int:
    """Make an OpenSSH key file, which has no end of its own."""
    order = GenerateOrder(
        form=KeyForm.SSH,
        name=name,
        algorithm=algorithm,
        expires=None,
        protect=protect == "passphrase",
        output=output.absolute() if output else None,
        replace=replace,
    )
    return run(as_json, lambda out: _generate(out, order, secret_fd))


def _list(output: Output) -> None:
    with station(output) as talk:
        _print_keys(output, talk.wait(talk.api.keys()))


def _tokens(output: Output) -> None:
    with station(output) as talk:
        found = talk.wait(talk.api.tokens())
    for each in found:
        output.object(token_json(each))
    if not found:
        output.text("No device with a known key is inserted.")
        return
    output.table(
        ("DEVICE", "KIND", "PIN", "FOR EACH SIGNATURE"),
        [(each.device, each.kind, pin_words(each), token_wants(each)) for each in found],
    )


def _generate(output: Output, order: GenerateOrder, secret_fd: int | None) -> None:
    with station(output, asker_for(secret_fd)) as talk:
        _print_keys(output, talk.wait(talk.api.generate(order)))


def _guided(output: Output, secret_fd: int | None) -> None:
    with station(output, asker_for(secret_fd)) as talk:
        known = talk.wait(talk.api.keys())
        course = guide(key_generation(places(os.environ, known)))
        made = talk.wait(talk.api.generate(course.order()))
        tell(output, course.result(made))
        for each in made:
            output.object(key_json(each))


def _import(output: Output, path: Path, store: str | None, secret_fd: int | None) -> None:
    chosen = store or _store_of(path)
    with station(output, asker_for(secret_fd)) as talk:
        _print_keys(output, talk.wait(talk.api.import_key(chosen, path.absolute())))


def _export(output: Output, typed: str, directory: Path, *, replace: bool) -> None:
    with station(output) as talk:
        key_ref = talk.wait(talk.api.resolve_key(typed_key(typed)))
        written = talk.wait(talk.api.export_key(key_ref, directory.absolute(), replace=replace))
        for each in written:
            output.object(file_json(str(each)))
        output.table(("WRITTEN",), [(nearby(str(each)),) for each in written])


def _store_of(path: Path) -> str:
    """OpenPGP material belongs to GnuPG, everything else to key files."""
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except FileNotFoundError as error:
        raise PathMissing(path=str(path)) from error
    except OSError as error:
        raise ArtifactUnreadable(path=str(path), reason=error.strerror or "") from error
    openpgp_packets = bool(head) and head[0] >= _OPENPGP_PACKET
    return "gpg" if openpgp_packets or b"BEGIN PGP" in head else "file"


def _print_keys(output: Output, keys: tuple[KeyInfo, ...]) -> None:
    for each in keys:
        output.object(key_json(each))
    if not keys:
        output.text("No keys here: signstation key generate --help")
        return
    output.table(
        ("KEY", "ALGORITHM", "PROTECTION", "STATE", "EXPIRES", "SIGNS", "LABEL"),
        [
            (
                str(each.key),
                each.type.title,
                PROTECTIONS[each.protection],
                KEY_STATES[each.state],
                datetime.fromtimestamp(each.expires, UTC).strftime("%Y-%m-%d")
                if each.expires
                else "never",
                ", ".join(kind.value for kind in each.signature_types) or "—",
                each.label,
            )
            for each in keys
        ],
    )
