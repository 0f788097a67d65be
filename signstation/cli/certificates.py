"""``signstation key certificate …``: certificates for keys that a device holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

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
from signstation.cli.run import asker_for, run, station, typed_key
from signstation.model.keys import KeyRef
from signstation.model.orders import CertificateForm, CertifyOrder, X509Use


def _options(function: F) -> F:
    """Add what all three take."""
    for option in (
        json_option,
        secret_option,
        click.option("--replace", is_flag=True, help="Overwrite files, and what is kept."),
        click.option("--output", type=PATH, default=Path(), help="Directory (default: here)."),
        click.option("--key", "typed", required=True, metavar="KEY", help="Key on a device."),
    ):
        function = option(function)
    return function


_EXPIRES = click.option(
    "--expires", type=Lifetime(), default="2y", show_default=True, help="Or: never."
)


@click.group(cls=LazyGroup, short_help="Certificates for keys in HSMs and tokens.")
def certificate() -> None:
    """Have a key in an HSM or token sign its own certificate, or a request for one."""


@certificate.command("openpgp", cls=ExampleCommand, short_help="An OpenPGP certificate.")
@click.option("--name", required=True, metavar="'NAME <MAIL>'", help="User id.")
@_EXPIRES
@_options
def openpgp(  # noqa: PLR0913, PLR0917 - one argument per option of the command
    typed: str,
    name: str,
    expires: int,
    output: Path,
    replace: bool,  # noqa: FBT001 - a click flag
    secret_fd: int | None,
    as_json: bool,  # noqa: FBT001 - a click flag
) -> int:
    """Make an OpenPGP certificate, with which the key signs packages and repositories.

    It is kept and becomes trusted on this station.
    """

    def order(key: KeyRef) -> CertifyOrder:
        place = output.absolute()
        form = CertificateForm.OPENPGP
        return CertifyOrder(key, form, name, place, expires or None, replace=replace)

    return run(as_json, lambda out: _certify(out, typed, order, secret_fd))


@certificate.command("x509", cls=ExampleCommand, short_help="A self-signed X.509 certificate.")
@click.option("--name", required=True, help="Common name.")
@_EXPIRES
@click.option(
    "--usage",
    type=click.Choice([each.value for each in X509Use]),
    default=X509Use.CODE_SIGNING.value,
    show_default=True,
    help="modules: kernel modules only.",
)
@_options
def x509(  # noqa: PLR0913, PLR0917 - one argument per option of the command
    typed: str,
    name: str,
    expires: int,
    usage: str,
    output: Path,
    replace: bool,  # noqa: FBT001 - a click flag
    secret_fd: int | None,
    as_json: bool,  # noqa: FBT001 - a click flag
) -> int:
    """Make a self-signed X.509 certificate, with which the key signs kernel modules and files.

    It is kept and becomes trusted on this station.
    """

    def order(key: KeyRef) -> CertifyOrder:
        place = output.absolute()
        use, form = X509Use(usage), CertificateForm.X509
        return CertifyOrder(key, form, name, place, expires or None, use, replace=replace)

    return run(as_json, lambda out: _certify(out, typed, order, secret_fd))


@certificate.command("request", cls=ExampleCommand, short_help="A request for an authority.")
@click.option("--name", required=True, help="Common name.")
@_options
def request(
    typed: str,
    name: str,
    output: Path,
    replace: bool,  # noqa: FBT001 - a click flag
    secret_fd: int | None,
    as_json: bool,  # noqa: FBT001 - a click flag
) -> int:
    """Write a certificate request (PKCS #10); give what comes back with --cert when signing."""

    def order(key: KeyRef) -> CertifyOrder:
        return CertifyOrder(key, CertificateForm.REQUEST, name, output.absolute(), replace=replace)

    return run(as_json, lambda out: _certify(out, typed, order, secret_fd))


def _certify(
    output: Output,
    typed: str,
    order: Callable[[KeyRef], CertifyOrder],
    secret_fd: int | None,
) -> None:
    with station(output, asker_for(secret_fd)) as talk:
        key = talk.wait(talk.api.resolve_key(typed_key(typed)))
        written = talk.wait(talk.api.certify(order(key)))
        for each in written:
            output.object(file_json(str(each)))
        output.table(("WRITTEN",), [(nearby(str(each)),) for each in written])
