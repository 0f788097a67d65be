"""``signstation recipe keyring-deb`` and ``keyring-rpm``: packages that bring a keyring."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import click

from signstation.app.keyring_package import build_rpm
from signstation.cli.command import ExampleCommand, Moment, secret_option
from signstation.cli.conversation import Conversation
from signstation.cli.output import Output
from signstation.cli.recipe_files import (
    Common,
    certificates,
    common_options,
    output_directory,
    serve,
    take_common,
)
from signstation.cli.run import asker_for, run, station, typed_key
from signstation.cli.sign import carry_out, signing_time
from signstation.model.orders import SignOrder
from signstation.recipes import keyring
from signstation.recipes.apt import AptSource
from signstation.recipes.certificates import Certificates
from signstation.recipes.dnf import DnfSource
from signstation.recipes.keyring import KeyringPackage
from signstation.recipes.made import Recipe, RecipeFile
from signstation.system.files_new import write

F = TypeVar("F", bound=Callable[..., object])
_MODE = 0o644
_UNSIGNED = "The package is not signed: --sign-key signs it."


@dataclass(frozen=True, slots=True)
class Wanted:
    """The arguments of both commands beside the common ones."""

    version: str
    title: str
    maintainer: str
    time: int | None
    url: str | None
    sign_key: str | None
    secret_fd: int | None


@dataclass(frozen=True, slots=True)
class _Built:
    """An unsigned package."""

    name: str
    content: bytes
    format: str
    commands: tuple[tuple[str, ...], ...]


def package_options(function: F) -> F:
    """Add the options of ``Wanted``."""
    for each in (
        secret_option,
        click.option("--sign-key", help="Sign the package with this key, as `sign` does."),
        click.option("--url", help="Bring the repository along, too."),
        click.option("--time", type=Moment(), help="Build time; else SOURCE_DATE_EPOCH, else now."),
        click.option("--maintainer", required=True, metavar="'NAME <MAIL>'", help="Who made it."),
        click.option("--title", required=True, help="One line about the package."),
        click.option("--version", default="1", show_default=True, help="Version of the package."),
    ):
        function = each(function)
    return function


@click.command("keyring-deb", cls=ExampleCommand, short_help="A Debian package with the keyring.")
@package_options
@click.option("--suite", default="stable", show_default=True, help="Suite, where --url is given.")
@click.option("--component", "components", multiple=True, help="Component; repeatable.")
@common_options
def keyring_deb(as_json: bool, **given: object) -> int:  # noqa: FBT001 - a click flag
    """Build a .deb with the keyring and, with --url, the .sources file that names it.

    The same values make the same bytes; there is no maintainer script.
    """
    common = take_common(given)
    suite, components = str(given.pop("suite")), given.pop("components")
    wanted = Wanted(**given)  # type: ignore[arg-type]  # click gives what the options say

    def build(order: KeyringPackage, found: Certificates) -> _Built:
        source = None
        if wanted.url is not None:
            source = AptSource(common.name, wanted.url, suite, components)  # type: ignore[arg-type]  # a tuple of strings
        content = keyring.deb(order, found, source)
        shown = (("dpkg-deb", "--contents", order.deb_name), ("apt", "install", order.deb_name))
        return _Built(order.deb_name, content, "deb", shown)

    return run(as_json, lambda output: _package(output, common, wanted, build))


@click.command("keyring-rpm", cls=ExampleCommand, short_help="An RPM with the keyring.")
@package_options
@common_options
def keyring_rpm(as_json: bool, **given: object) -> int:  # noqa: FBT001 - a click flag
    """Build an RPM with the key and, with --url, the .repo file that names it.

    rpmbuild makes it; there is no scriptlet.
    """
    common = take_common(given)
    wanted = Wanted(**given)  # type: ignore[arg-type]  # click gives what the options say

    def build(order: KeyringPackage, found: Certificates) -> _Built:
        source = None
        if wanted.url is not None:
            source = DnfSource(common.name, wanted.title, wanted.url)
        files = keyring.rpm_files(order, found, source)
        with tempfile.TemporaryDirectory(prefix="signstation-") as scratch:
            content = build_rpm(files, order.time, Path(scratch))
        shown = (("rpmbuild", "-bb", next(iter(files))), ("dnf", "install", order.rpm_name))
        return _Built(order.rpm_name, content, "rpm", shown)

    return run(as_json, lambda output: _package(output, common, wanted, build))


def _package(
    output: Output,
    common: Common,
    wanted: Wanted,
    build: Callable[[KeyringPackage, Certificates], _Built],
) -> None:
    moment = signing_time(wanted.time)
    moment = int(time.time()) if moment is None else moment
    order = KeyringPackage(common.name, wanted.version, wanted.title, wanted.maintainer, moment)
    built = build(order, certificates(output, common))
    if wanted.sign_key is None:
        file = RecipeFile(built.name, built.name, built.content, wanted.title)
        serve(output, common, Recipe((file,), (_UNSIGNED,), built.commands))
    else:
        with station(output, asker_for(wanted.secret_fd)) as talk:
            key = talk.wait(talk.api.resolve_key(typed_key(wanted.sign_key)))
            signing = SignOrder(
                paths=(),
                keys=(key,),
                format=built.format,
                time=signing_time(None),
                replace=common.replace,
            )
            _sign(output, talk, common, built, signing)


def _sign(
    output: Output, talk: Conversation, common: Common, built: _Built, order: SignOrder
) -> None:
    """Sign the package by an ordinary job; only the signed one reaches the output directory."""
    with tempfile.TemporaryDirectory(prefix="signstation-") as scratch:
        path = Path(scratch) / built.name
        write(path, built.content, _MODE, replace=False)
        carry_out(
            output,
            talk,
            replace(order, paths=(path,), output=output_directory(common)),
            dry_run=False,
        )
