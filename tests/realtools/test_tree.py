"""The referee tree runs its own programs with its own libraries, and the lock names them."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from tests.realtools.build import LOCK
from tests.realtools.tree import PACKAGES, RefereeTree, suite_directory


def ask(tree: RefereeTree, name: str, *arguments: str, suite: str | None = None) -> str:
    """Return what a program of the tree prints; it must end well."""
    done = subprocess.run(
        (*tree.program(name, suite), *arguments),
        env=tree.environment(suite),
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("name", "argument", "words"),
    [
        ("gpg", "--version", "gpg (GnuPG) 2.4."),
        ("gpgv", "--version", "gpgv (GnuPG) 2.4."),
        ("openssl", "version", "OpenSSL 3."),
        ("modinfo", "--version", "kmod version "),
        ("rpmkeys", "--version", "RPM version 6."),
        ("sq", "version", "sq 1."),
        ("sqv", "--version", "sqv 1."),
    ],
)
def test_the_newest_programs_run_on_this_host(
    referees: RefereeTree, name: str, argument: str, words: str
) -> None:
    try:
        printed = ask(referees, name, argument)
    except subprocess.CalledProcessError as error:
        pytest.fail(f"{name}: {error.stderr}")
    assert words in printed


def test_the_loader_takes_the_libraries_of_its_own_tree(referees: RefereeTree) -> None:
    """A host library that slips in would test the host's rpm under another name."""
    root = suite_directory(referees.suites[0])
    loader, *rest = referees.program("rpmkeys")
    done = subprocess.run((loader, "--list", *rest), capture_output=True, text=True, check=True)
    paths = re.findall(r"=> (/\S+)", done.stdout)
    assert paths
    assert [path for path in paths if not path.startswith(str(root))] == []


def test_each_suite_has_an_rpmkeys_of_its_own(referees: RefereeTree) -> None:
    told = {suite: ask(referees, "rpmkeys", "--version", suite=suite) for suite in referees.suites}
    assert len(set(told.values())) == len(referees.suites)


def test_rpm_finds_its_macros_in_the_tree(referees: RefereeTree) -> None:
    printed = ask(referees, "rpm", "--eval", "%{_rpmconfigdir}")
    assert printed.strip() == referees.environment()["RPM_CONFIGDIR"]


def test_a_program_that_is_not_there_is_an_error_that_says_what_to_do(
    referees: RefereeTree,
) -> None:
    with pytest.raises(LookupError, match="packaging/test --prepare"):
        referees.program("no-such-verifier")


def test_the_version_of_a_referee_is_known(referees: RefereeTree) -> None:
    assert referees.version("rpm").startswith("6.")


def test_the_lock_names_every_package_of_every_suite() -> None:
    for locked in json.loads(LOCK.read_text(encoding="utf-8")).values():
        assert {suite: tuple(sorted(names)) for suite, names in locked.items()} == PACKAGES
