"""What a reviewer sees of a Debian package before signing it."""

from __future__ import annotations

import io
import tarfile

import pytest

from signstation.errors import LimitReached
from signstation.formats.deb import FORMAT
from signstation.formats.deb_unpack import Bounded
from signstation.model.artifacts import Inspection, Severity
from signstation.worker.context import StepContext
from tests.support.contract_formats import FormatCase, artifacts
from tests.support.deb import CONTROL, Entry, Recipe, archive, build, parts
from tests.support.samples_deb import SAMPLES

FILES = (
    Entry("./usr/bin/su", b"x" * 9, 0o4755),
    Entry("./etc/open", b"", 0o666),
    Entry("./dev/null", mode=0o666, kind=tarfile.CHRTYPE),
    Entry("./tmp/", mode=0o1777, kind=tarfile.DIRTYPE),
    Entry("./bin", mode=0o777, kind=tarfile.SYMTYPE, link="usr/bin"),
)


def inspect(content: bytes) -> Inspection:
    with artifacts(content) as (artifact,):
        return FORMAT.inspect(artifact, StepContext(time=0))


def values(found: Inspection, section: str) -> dict[str, str]:
    (wanted,) = (each for each in found.sections if each.id == section)
    return {each.label.english(): each.value for each in wanted.facts}


def codes(found: Inspection) -> dict[str, Severity]:
    return {each.code: each.severity for each in found.findings}


def test_fields_scripts_and_dependencies() -> None:
    found = inspect(build())
    assert found.title == "hello_2.10-3_amd64"
    assert values(found, "identity")["Version"] == "2.10-3"
    assert values(found, "identity")["Description"] == "a package for tests\nwith a second line"
    assert values(found, "origin") == {"Maintainer": "Somebody <somebody@example.org>"}
    assert values(found, "scripts") == {"postinst": "#!/bin/sh\ntrue\n"}
    assert values(found, "dependencies") == {"Depends": "libc6 (>= 2.34)\nbash"}
    assert values(found, "payload")["Installed"] == str(12 * 1024)
    assert codes(found) == {"deb.scriptlets": Severity.WARNING}


def test_files_with_special_rights() -> None:
    for packed in ("", ".gz", ".xz", ".zst"):
        found = inspect(build(Recipe(files=FILES, packed=packed)))
        assert values(found, "files")["Files"] == "5"
        special = values(found, "files")["With special rights"].splitlines()
        assert [each.split()[-1] for each in special] == ["/usr/bin/su", "/etc/open", "/dev/null"]
        assert special[0].startswith("-rwsr-xr-x root root          9 ")
        assert {"deb.setuid", "deb.world-writable", "deb.device"} <= codes(found).keys()
        assert "/bin -> usr/bin" in values(found, "files")["List"]


def test_paths_out_of_the_root_are_blocked() -> None:
    found = inspect(build(Recipe(files=(Entry("./../../etc/passwd", b"x"),))))
    assert codes(found)["deb.path"] is Severity.BLOCKER


def test_a_payload_that_cannot_be_read_is_blocked() -> None:
    version, control, data = parts()
    found = inspect(archive([version, control, (data[0], data[1][:40])]))
    assert codes(found)["deb.files-unreadable"] is Severity.BLOCKER


def test_members_that_nobody_covers() -> None:
    members = parts()
    found = inspect(archive([*members, ("_note", b"x"), ("extra", b"x"), members[2]]))
    assert codes(found)["deb.ignored-member"] is Severity.WARNING
    assert codes(found)["deb.unknown-member"] is Severity.BLOCKER
    assert codes(found)["deb.duplicate-members"] is Severity.BLOCKER


def test_fields_that_dpkg_refuses_or_that_mislead() -> None:
    control = CONTROL.replace("Maintainer: Some", "Maintainer: So\u202eme").replace(
        "Version", "Sersion"
    )
    found = inspect(build(Recipe(control=control + "Package: other\n")))
    assert {"deb.repeated-field", "deb.missing-field", "deb.characters"} <= codes(found).keys()
    assert found.title == "hello__amd64"


def test_existing_signatures_are_named() -> None:
    case = FormatCase(FORMAT, SAMPLES["xz"]())
    found = inspect(case.signed()[0])
    (signature,) = found.signatures
    assert signature.kind.english() == "signature for the role origin"
    assert signature.made_at == case.sample.time
    assert codes(found)["deb.signed"] is Severity.NOTE
    legacy = archive([*parts(), ("_gpgbuilder", b"-----BEGIN PGP SIGNED MESSAGE-----\n")])
    assert inspect(legacy).signatures[0].algorithm == "dpkg-sig"
    assert "deb.dpkg-sig" in {each.code for each in inspect(legacy).findings}


def test_an_archive_that_unpacks_without_an_end_is_left() -> None:
    bounded = Bounded(io.BytesIO(bytes(3000)), 2000)
    assert len(bounded.read(1500)) == 1500
    with pytest.raises(LimitReached):
        bounded.read(1500)
