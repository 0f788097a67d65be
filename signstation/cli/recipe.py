"""``signstation recipe …``: configuration with which others verify what was signed here."""

from __future__ import annotations

import click

from signstation.cli.command import ExampleCommand, LazyGroup
from signstation.cli.recipe_files import Common, common_options, cook
from signstation.recipes.apt import AptSource, one_line, sources
from signstation.recipes.debsig import policy
from signstation.recipes.dnf import DnfSource, repo
from signstation.recipes.publickey import public_key

PACKAGES = {
    "keyring-deb": "signstation.cli.recipe_keyring:keyring_deb",
    "keyring-rpm": "signstation.cli.recipe_keyring:keyring_rpm",
}


@click.group(cls=LazyGroup, lazy=PACKAGES, short_help="Write what clients need to verify.")
def recipe() -> None:
    """Write the configuration with which others verify what was signed here.

    Every value is held to the grammar of the file that it gets into, or refused with the reason.
    Nothing is installed; the commands that would are printed.
    """


url_option = click.option("--url", required=True, help="Address of the repository.")
suite_option = click.option(
    "--suite", default="stable", show_default=True, help="Suite; ends in / for a flat repository."
)
component_option = click.option(
    "--component", "components", multiple=True, help="Component, as main; repeatable."
)
architecture_option = click.option(
    "--architecture", "architectures", multiple=True, help="Only this one; repeatable."
)


@recipe.command("apt", cls=ExampleCommand, short_help="A .sources file with its key inside.")
@url_option
@suite_option
@component_option
@architecture_option
@common_options
def apt(as_json: bool, **given: object) -> int:  # noqa: FBT001 - a click flag
    """Write a deb822-style .sources file that brings its key along (apt 2.3.10 and later)."""
    return cook(as_json, given, lambda common, found: sources(_apt_source(common, given), found))


@recipe.command("apt-oneline", cls=ExampleCommand, short_help="A one-line source and its keyring.")
@url_option
@suite_option
@component_option
@architecture_option
@common_options
def apt_oneline(as_json: bool, **given: object) -> int:  # noqa: FBT001 - a click flag
    """Write the one-line form with its keyring beside it, for older systems too."""
    return cook(as_json, given, lambda common, found: one_line(_apt_source(common, given), found))


@recipe.command("dnf", cls=ExampleCommand, short_help="A .repo file and its key.")
@url_option
@click.option("--title", required=True, help="Name of the repository, for people.")
@common_options
def dnf(as_json: bool, **given: object) -> int:  # noqa: FBT001 - a click flag
    """Write a .repo file that wants packages and metadata signed, and its key."""
    return cook(as_json, given, lambda common, found: repo(_dnf_source(common, given), found))


@recipe.command("debsig", cls=ExampleCommand, short_help="A policy for debsig-verify.")
@click.option("--title", required=True, help="Whose packages they are, for people.")
@common_options
def debsig(as_json: bool, **given: object) -> int:  # noqa: FBT001 - a click flag
    """Write the policy with which debsig-verify accepts packages signed by one key."""
    return cook(
        as_json, given, lambda common, found: policy(common.name, str(given["title"]), found)
    )


@recipe.command("public-key", cls=ExampleCommand, short_help="The key as consumers fetch it.")
@common_options
def public_key_(as_json: bool, **given: object) -> int:  # noqa: FBT001 - a click flag
    """Write the key armored, binary, as repositories serve it, and as a Web Key Directory."""
    return cook(as_json, given, lambda common, found: public_key(common.name, found))


def _apt_source(common: Common, given: dict[str, object]) -> AptSource:
    return AptSource(common.name, **given)  # type: ignore[arg-type]  # click gives what the options say


def _dnf_source(common: Common, given: dict[str, object]) -> DnfSource:
    return DnfSource(common.name, **given)  # type: ignore[arg-type]  # click gives what the options say
