"""A release directory as one unit: what is covered, what waits, what does not fit, what is new."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import subprocess
import time
from pathlib import Path

from tests.e2e.conftest import Equipped
from tests.support.apt import update
from tests.support.aptrepo import Repository
from tests.support.deb import CONTROL, Recipe, build
from tests.support.station import Done

NOW = int(time.time())


def package(version: str) -> bytes:
    """Build a package of a version."""
    return build(Recipe(control=CONTROL.replace("Version: 2.10-3", f"Version: {version}")))


def entry(path: Path, top: Path, version: str) -> bytes:
    """What an index says of a package."""
    data = path.read_bytes()
    lines = (
        "Package: hello",
        f"Version: {version}",
        "Architecture: all",
        "Maintainer: a <a@example.org>",
        f"Filename: {path.relative_to(top)}",
        f"Size: {len(data)}",
        f"SHA256: {hashlib.sha256(data).hexdigest()}",
    )
    return ("\n".join(lines) + "\n\n").encode()


def archive(top: Path, *versions: str, until: int = NOW + 86400) -> Path:
    """Write a pool and the indexes of it; return the Release file."""
    pool = top / "pool"
    pool.mkdir(parents=True, exist_ok=True)
    packages = b""
    for each in versions:
        path = pool / f"hello_{each}_all.deb"
        path.write_bytes(package(each))
        packages += entry(path, top, each)
    indexes = {
        "main/binary-all/Packages": packages,
        "main/binary-all/Packages.gz": gzip.compress(packages, mtime=0),
    }
    return Repository(date=NOW - 60, until=until, indexes=indexes).write(top)


def findings(done: Done) -> dict[str, str]:
    """Return the severities of a plan's findings by code."""
    (plan,) = done.of_type("plan")
    return {each["code"]: each["severity"] for each in plan["findings"]}


def keyring(served: Equipped) -> bytes:
    """Export the public keys of the test's GnuPG home."""
    export = ["gpg", "--homedir", served.shell.environment["GNUPGHOME"], "--export"]
    return subprocess.run(export, capture_output=True, check=True, timeout=60).stdout


def test_a_repository_covers_its_packages(served: Equipped) -> None:
    shell = served.shell
    top = shell.work / "archive"
    release = archive(top, "1", "2", "3")
    debs = {each: each.read_bytes() for each in (top / "pool").iterdir()}
    sign = ("sign", "archive", "--in-place", "--key", served.openpgp)

    plan = shell.good(*sign, "--dry-run", "--json")
    (whole,) = plan.of_type("plan")
    assert {Path(each["path"]).name for each in whole["covered"]} == {each.name for each in debs}
    assert {each["by"] for each in whole["covered"]} == {str(release)}
    (item,) = plan.of_type("planned")
    assert (item["format"], item["stage"]) == ("aptrepo", "metadata")
    said = shell.good(*sign)
    assert "Covered, and not signed one by one: 3" in said.out
    assert all(path.read_bytes() == content for path, content in debs.items())
    status, says = update(top, keyring(served))
    assert (status, "W:" in says, "Err:" in says) == (0, False, False), says

    # nothing is new: nothing is signed; one index later all is signed again
    again = shell.good(*sign, "--only-new", "--json")
    (whole,) = again.of_type("plan")
    assert whole["signed"] == [str(release)]
    assert not again.of_type("artifact")
    archive(top, "1", "2", "3", "4")
    newer = shell.good(*sign, "--only-new", "--replace", "--json")
    (step,) = newer.of_type("artifact")
    assert [Path(each).name for each in step["outputs"]] == ["InRelease", "Release.gpg"]
    assert findings(newer) == {"aptrepo.difference": "note"}
    assert update(top, keyring(served))[0] == 0


def test_dates_are_set_anew_before_signing(served: Equipped) -> None:
    shell = served.shell
    top = shell.work / "archive"
    release = archive(top, "1", until=NOW - 3600)
    sign = ("sign", "archive", "--in-place", "--key", served.openpgp)
    refused = shell.run(*sign)
    assert refused.status == 4
    assert "aptrepo.expired" in refused.err
    dated = (*sign, "--option", "date=now", "--option", "valid_for=7")
    (step,) = shell.good(*dated, "--json").of_type("artifact")
    names = [Path(each).name for each in step["outputs"]]
    assert names == ["Release", "InRelease", "Release.gpg"]
    status, says = update(top, keyring(served))
    assert (status, "W:" in says, "Err:" in says) == (0, False, False), says
    verified = shell.good("verify", str(release), "--json").of_type("verification")
    assert {each["verdict"] for each in verified} == {"trusted"}


def test_what_does_not_fit_is_told_and_blocks(served: Equipped) -> None:
    shell = served.shell
    top = shell.work / "archive"
    release = archive(top, "1", "2")
    pool = top / "pool"
    shutil.copy(pool / "hello_1_all.deb", pool / "stray_1_all.deb")
    (pool / "hello_2_all.deb").write_bytes(package("2+evil"))
    sign = ("sign", "archive", "--in-place", "--key", served.openpgp, "--json")
    done = shell.run(*sign)
    assert done.status == 4
    assert findings(done) == {"release.stale": "blocker", "release.unlisted": "warning"}
    (plan,) = done.of_type("plan")
    assert plan["findings"][0]["remedy"][0] == "reprepro"
    assert not release.with_name("InRelease").exists()
    (pool / "hello_2_all.deb").unlink()
    (pool / "stray_1_all.deb").unlink()
    assert findings(shell.good(*sign)) == {"release.missing": "warning"}
    # asked for, a package is signed by itself
    (step,) = shell.good(*sign, "--as", "deb").of_type("artifact")
    assert step["format"] == "deb"


def test_a_private_key_in_the_tree_blocks_all(served: Equipped) -> None:
    shell = served.shell
    release = served.release
    (release / "notes").mkdir()
    shutil.copy(served.modules, release / "notes" / "harmless.txt")
    keys = ("--key", served.openpgp, "--key", f"file:{served.modules}")
    sign = ("sign", "release", *keys, "--json")
    done = shell.run(*sign)
    assert (done.status, done.of_type("artifact")) == (4, [])
    assert findings(done) == {"release.private-key": "blocker"}
    allowed = shell.good(*sign, "--allow-private-keys")
    assert findings(allowed) == {"release.private-key": "warning"}
    assert allowed.of_type("artifact")


def test_a_list_waits_for_what_signing_changes(served: Equipped) -> None:
    """SHA256SUMS names modules that this order signs: it would be wrong, so it is not signed."""
    shell = served.shell
    for path in served.release.iterdir():
        if path.suffix != ".ko":
            path.unlink()
    modules = sorted(path.name for path in served.release.iterdir())
    command = ["sha256sum", *modules]
    listed = subprocess.run(command, cwd=served.release, capture_output=True, check=True)
    (served.release / "SHA256SUMS").write_bytes(listed.stdout)
    keys = ("--key", served.openpgp, "--key", f"file:{served.modules}")
    sign = ("sign", "release", "--in-place", *keys, "--json")
    done = shell.run(*sign)
    assert done.status == 4
    assert findings(done) == {"release.stale": "blocker"}
    (plan,) = done.of_type("plan")
    (found,) = plan["findings"]
    steps = done.of_type("artifact")
    assert steps
    assert {each["format"] for each in steps} == {"kmod"}
    again = subprocess.run(command, cwd=served.release, capture_output=True, check=True)
    (served.release / "SHA256SUMS").write_bytes(again.stdout)
    (step,) = shell.good(*sign, "--only-new").of_type("artifact")
    assert step["format"] == "checksums"
    shell.good("verify", "release")
    shell.good(*found["remedy"][1:])  # which makes and signs the list in one go


def test_metadata_of_rpms_waits(served: Equipped) -> None:
    """Packages that are signed no longer fit repodata: it is told, with what makes it anew."""
    shell = served.shell
    repodata = served.release / "repodata"
    repodata.mkdir()
    (repodata / "repomd.xml").write_text("<repomd/>\n", encoding="utf-8")
    sign = ("sign", "release", "--in-place", "--key", served.openpgp, "--dry-run", "--json")
    (plan,) = shell.run(*sign).of_type("plan")
    (found,) = (each for each in plan["findings"] if each["code"] == "release.stale")
    assert found["remedy"] == ["createrepo_c", "--update", str(served.release)]
