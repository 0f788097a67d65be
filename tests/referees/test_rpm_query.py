"""What inspection shows of a package that rpmbuild made is what rpm itself tells of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from signstation.formats.rpm import FORMAT
from signstation.model.artifacts import Inspection
from signstation.model.checks import Verdict
from tests.realtools.tree import RefereeTree
from tests.support.contract_formats import FormatCase, error_of
from tests.support.rpm import Recipe, layout
from tests.support.rpm_tools import RpmTools
from tests.support.samples_rpm import sample

HOST = RpmTools()
CASE = FormatCase(FORMAT, sample(Recipe(), "Cv25519"))


@pytest.fixture(scope="module")
def package() -> bytes:
    return HOST.build()


@pytest.fixture(scope="module")
def path(package: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("rpm") / "package.rpm"
    found.write_bytes(package)
    return found


@pytest.fixture(scope="module")
def inspection(package: bytes) -> Inspection:
    return CASE.inspect(package)


def facts(found: Inspection, section: str) -> dict[str, str]:
    (wanted,) = (each for each in found.sections if each.id == section)
    return {each.label.english(): each.value for each in wanted.facts}


def query(path: Path, *arguments: str) -> str:
    status, says = HOST.call("rpm", "-qp", "--nosignature", *arguments, str(path))
    assert status == 0, says
    return says


def test_the_title_is_the_nevra(inspection: Inspection, path: Path) -> None:
    assert inspection.title == query(path, "--qf", "%{NEVRA}") == "real-3:1.0-1.noarch"


@pytest.mark.parametrize(
    ("section", "label", "tag"),
    [
        ("identity", "Name", "NAME"),
        ("identity", "Epoch", "EPOCH"),
        ("identity", "Summary", "SUMMARY"),
        ("identity", "Description", "DESCRIPTION"),
        ("identity", "Licence", "LICENSE"),
        ("identity", "Homepage", "URL"),
        ("origin", "Build time", "BUILDTIME"),
        ("origin", "Build host", "BUILDHOST"),
        ("origin", "Source package", "SOURCERPM"),
        ("origin", "Vendor", "VENDOR"),
        ("origin", "Packager", "PACKAGER"),
        ("origin", "Built with RPM", "RPMVERSION"),
        ("payload", "Compression", "PAYLOADCOMPRESSOR"),
        ("payload", "Installed", "LONGSIZE"),
        ("payload", "SHA-256 digest of the payload", "PAYLOADDIGEST"),
        ("payload", "SHA-256 digest of the header", "SHA256HEADER"),
    ],
)
def test_a_value_is_that_of_rpm(
    inspection: Inspection, path: Path, section: str, label: str, tag: str
) -> None:
    assert facts(inspection, section)[label] == query(path, "--qf", f"%{{{tag}}}")


def test_files_are_those_of_rpm(inspection: Inspection, path: Path) -> None:
    listed = facts(inspection, "files")["List"].splitlines()
    wanted = "[%{FILEMODES:perms} %{FILEUSERNAME} %{FILEGROUPNAME} %{FILESIZES} %{FILENAMES}\\n]"
    assert [each.split() for each in listed] == [
        each.split() for each in query(path, "--qf", wanted).splitlines()
    ]
    assert any(each.code == "rpm.setuid" for each in inspection.findings)


def test_dependencies_are_those_of_rpm(inspection: Inspection, path: Path) -> None:
    shown = facts(inspection, "dependencies")
    for label, option in (
        ("Requires", "--requires"),
        ("Provides", "--provides"),
        ("Conflicts", "--conflicts"),
    ):
        assert sorted(shown[label].splitlines()) == sorted(query(path, option).splitlines())


def test_scripts_are_those_of_rpm(inspection: Inspection, path: Path) -> None:
    shown = facts(inspection, "scripts")
    scripts = query(path, "--scripts", "--triggers")
    assert set(shown) == {
        "%pre, run by /bin/sh",
        "%post, run by /sbin/ldconfig",
        "%triggerin for bash, run by /bin/sh",
    }
    for text in ("echo before installation", "echo bash was installed"):
        assert text in scripts
        assert text in "\n".join(shown.values())


def test_packages_of_version_6_are_shown_too(referees: RefereeTree) -> None:
    found = CASE.inspect(RpmTools(referees, "forky").build(6))
    assert facts(found, "identity")["Kind"] == "binary package, format 6"
    assert found.title == "real-3:1.0-1.noarch"
    assert "SHA3-256 digest of the payload" in facts(found, "payload")


def test_mutated_real_packages_give_values_or_typed_errors(
    package: bytes, referees: RefereeTree
) -> None:
    """Inspecting, verifying and signing never end otherwise, whatever byte is changed."""
    random = Random(20_261_124)  # noqa: S311 - repeatable places, not secrets
    signed = [
        FormatCase(FORMAT, replace(CASE.sample, content=content)).signed()[0]
        for content in (package, RpmTools(referees, "forky").build(6))
    ]
    for content in signed:
        parts = layout(content)
        for _ in range(250):
            changed = bytearray(content)
            for _ in range(random.randint(1, 4)):
                changed[random.randrange(96, parts.payload)] = random.randrange(256)
            mutated = bytes(changed)
            for call in (CASE.inspect, CASE.verify, CASE.sign):
                error_of(call, mutated)
            if mutated[parts.main :] != content[parts.main :]:
                assert CASE.verdict(mutated) is not Verdict.TRUSTED
