"""Repositories of RPM packages: what is said of every index and every package, and of the keys."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from signstation.formats.rpmrepo import FORMAT
from signstation.model.artifacts import Inspection, Severity
from signstation.model.checks import Check, Outcome, Verdict
from signstation.model.members import Surroundings
from signstation.model.trust import Trust
from signstation.verification.verdict import verdict
from signstation.worker.context import StepContext
from tests.support.contract_formats import FormatCase, artifacts
from tests.support.rpm import Recipe, build
from tests.support.rpmrepo import PACKERS, RpmRepository, data, listed, package, primary, repomd
from tests.support.rpmrepo_tools import survey
from tests.support.samples_rpmrepo import sample


def look(path: Path) -> tuple[Inspection, dict[str, Check]]:
    """Inspect and verify without signatures; checks by their codes."""
    around = asyncio.run(survey(path))
    with artifacts(path.read_bytes()) as (artifact,):
        ctx = StepContext(time=2_000_000_000, surroundings=around)
        checks = FORMAT.verify(artifact, (), Trust(), ctx).checks
        return FORMAT.inspect(artifact, ctx), {each.code: each for each in checks}


def blockers(inspection: Inspection) -> set[str]:
    return {each.code for each in inspection.findings if each.severity is Severity.BLOCKER}


@pytest.mark.parametrize("packing", PACKERS)
def test_a_repository_as_it_should_be(tmp_path: Path, packing: str) -> None:
    names = ("one", "two")
    packages = {name: package(name) for name in names}
    path = RpmRepository(packages, packing).write(tmp_path / "repo")
    inspection, checks = look(path)
    assert blockers(inspection) == set()
    assert {each.code for each in inspection.findings} >= {
        "rpmrepo.same",
        "rpmrepo.packages",
        "rpmrepo.package-unsigned",
    }
    assert checks["rpmrepo.packages"].outcome is Outcome.PASS
    assert checks["rpmrepo.package-unsigned"].outcome is Outcome.WARNING
    assert verdict(tuple(checks.values())) is Verdict.UNSIGNED


def _grow(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"x")


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))


def _link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


@pytest.mark.parametrize(
    ("change", "fate", "said"),
    [
        (_grow, "changed", Verdict.TAMPERED),
        (_flip, "changed", Verdict.TAMPERED),
        (Path.unlink, "missing", Verdict.INDETERMINATE),
        (_link, "unreadable", Verdict.INDETERMINATE),
    ],
)
@pytest.mark.parametrize("which", ["repodata/primary.xml.gz", "twin.rpm"])
def test_what_lies_there_is_not_what_is_stated(
    tmp_path: Path, which: str, change: Callable[[Path], None], fate: str, said: Verdict
) -> None:
    root = tmp_path / "repo"
    path = RpmRepository().write(root)
    others = data("other", "", b"here", b"here")
    (root / "repodata/other.xml").write_bytes(b"here")
    path.write_bytes(path.read_bytes().replace(b"</repomd>", others.encode() + b"</repomd>"))
    change(root / which)
    inspection, checks = look(path)
    code = f"rpmrepo.package-{fate}" if which.endswith(".rpm") else f"rpmrepo.{fate}"
    assert blockers(inspection) == {code}
    assert verdict((*checks.values(), *_good_signature())) is said


def _good_signature() -> tuple[Check, ...]:
    case = FormatCase(FORMAT, sample("Cv25519"))
    content, siblings = case.signed()
    return case.verify(content, siblings).checks


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"href": "../twin.rpm"}, "package-outside"),
        ({"base": "https://example.org/"}, "package-outside"),
        ({"algorithm": "sha", "digest": "0" * 40}, "package-weak"),
        ({"version": "2.0"}, "package-misnamed"),
        ({"epoch": "1"}, "package-misnamed"),
        ({"name": "other"}, "package-misnamed"),
        ({"size": "1"}, "package-changed"),
        ({"digest": "0" * 64}, "package-changed"),
    ],
)
def test_a_list_that_states_something_else(
    tmp_path: Path, entry: Mapping[str, str], code: str
) -> None:
    inspection, checks = look(RpmRepository(entry=entry).write(tmp_path / "repo"))
    assert blockers(inspection) == {f"rpmrepo.{code}"}
    assert checks[f"rpmrepo.{code}"].outcome is Outcome.FAIL
    assert checks[f"rpmrepo.{code}"].required


@pytest.mark.parametrize(
    ("index", "code"),
    [
        ({"href": "../primary.xml.gz"}, "outside"),
        ({"algorithm": "sha", "digest": "0" * 40}, "weak"),
        ({"size": "1"}, "changed"),
        ({"inside": "0" * 64}, "inside"),
        ({"open_size": "10000"}, "inside"),
        ({"open_size": "10"}, "unreadable"),
    ],
)
def test_an_index_of_indexes_that_states_something_else(
    tmp_path: Path, index: Mapping[str, str], code: str
) -> None:
    inspection, checks = look(RpmRepository(index=index).write(tmp_path / "repo"))
    assert blockers(inspection) == {f"rpmrepo.{code}"}
    assert checks[f"rpmrepo.{code}"].required


@pytest.mark.parametrize("algorithm", ["sha512", "sha384", "sha224"])
def test_packages_listed_with_another_hash(tmp_path: Path, algorithm: str) -> None:
    digest = hashlib.new(algorithm, package()).hexdigest()
    entry = {"algorithm": algorithm, "digest": digest}
    inspection, _ = look(RpmRepository(entry=entry).write(tmp_path / "repo"))
    assert blockers(inspection) == set()


def test_a_package_that_contradicts_itself(tmp_path: Path) -> None:
    damaged = bytearray(package())
    damaged[-1] ^= 1
    path = RpmRepository({"twin": bytes(damaged), "text": b"no package"}).write(tmp_path / "repo")
    inspection, checks = look(path)
    assert blockers(inspection) == {"rpmrepo.package-damaged"}
    details = checks["rpmrepo.package-damaged"].details
    assert [each.value for each in details] == ["twin.rpm", "text.rpm"]


def test_an_epoch_that_is_nought_may_be_stated_or_not(tmp_path: Path) -> None:
    content = build(Recipe(name=b"twin"))
    for epoch in ("0", ""):
        path = RpmRepository({"twin": content}, entry={"epoch": epoch}).write(
            tmp_path / f"repo{epoch}"
        )
        assert blockers(look(path)[0]) == set()


def test_files_that_no_list_names_are_told(tmp_path: Path) -> None:
    path = RpmRepository().write(tmp_path / "repo")
    (path.parent.parent / "stranger.rpm").write_bytes(package("stranger"))
    inspection, checks = look(path)
    assert "rpmrepo.others" in {each.code for each in inspection.findings}
    assert "stranger.rpm" in checks["rpmrepo.others"].summary.english()


def test_a_lone_file_says_nothing_of_its_indexes(tmp_path: Path) -> None:
    path = RpmRepository().write(tmp_path / "repo")
    alone = tmp_path / "repomd.xml"
    path.rename(alone)
    inspection, checks = look(alone)
    assert {each.code for each in inspection.findings} == {"rpmrepo.alone"}
    assert checks["rpmrepo.alone"].outcome is Outcome.NOT_RUN
    assert not checks["rpmrepo.alone"].required


def test_other_forms_of_lists_are_told_of(tmp_path: Path) -> None:
    path = RpmRepository().write(tmp_path / "repo")
    forms = data("primary_zck", ".zck", b"inside", b"packed")
    (path.parent / "primary_zck.xml.zck").write_bytes(b"packed")
    path.write_bytes(path.read_bytes().replace(b"</repomd>", forms.encode() + b"</repomd>"))
    inspection, checks = look(path)
    assert blockers(inspection) == set()
    assert checks["rpmrepo.other-forms"].outcome is Outcome.WARNING


def test_two_lists_of_packages_and_none(tmp_path: Path) -> None:
    path = RpmRepository().write(tmp_path / "repo")
    content = primary([listed("twin", package())])
    entry = data("primary", ".gz", content, PACKERS["gz"](content))
    path.write_bytes(repomd([entry, entry]))
    assert blockers(look(path)[0]) == {"rpmrepo.repeated"}
    path.write_bytes(repomd([]))
    assert "rpmrepo.empty" in blockers(look(path)[0])


def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = RpmRepository().write(tmp_path / "repo")
    package_file = path.parent.parent / "twin.rpm"
    package_file.unlink()
    os.mkfifo(package_file)
    assert blockers(look(path)[0]) == {"rpmrepo.package-unreadable"}


def test_the_key_beside_it_is_compared() -> None:
    case = FormatCase(FORMAT, sample("P256", keys="yes"))
    content, (signature, key) = case.signed()
    codes = {each.code for each in case.verify(content, (signature, key)).checks}
    assert "rpmrepo.key" in codes
    other = FormatCase(FORMAT, sample("Cv25519", keys="yes")).signed()[1][1]
    for beside, code in ((other, "key-differs"), (key[:40] + b"\n" + key[40:], "key")):
        found = case.verify(content, (signature, beside))
        assert f"rpmrepo.{code}" in {each.code for each in found.checks}
        assert verdict(found.checks) is Verdict.TRUSTED


def test_each_key_has_a_block_of_its_own() -> None:
    _, (_, keys) = FormatCase(FORMAT, sample("P256", "Cv25519", keys="yes")).signed()
    assert keys.count(b"-----BEGIN PGP PUBLIC KEY BLOCK-----") == 2
    assert b"PRIVATE" not in keys


def test_a_text_signed_in_the_clear_is_no_signature() -> None:
    case = FormatCase(FORMAT, sample("P256"))
    content, _ = case.signed()
    clear = b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n" + content
    found = case.verify(content, (clear,))
    assert verdict(found.checks) not in {Verdict.TRUSTED, Verdict.UNSIGNED}


def test_what_is_around_survives_the_wire(tmp_path: Path) -> None:
    around = asyncio.run(survey(RpmRepository().write(tmp_path / "repo")))
    assert isinstance(around, Surroundings)
    assert around.files is not None
    assert [each.files for each in around.opened] == [()]
    assert around.files.count == 1
