"""The journey of an RPM repository: refused while it is wrong, signed in place, taken by dnf."""

from __future__ import annotations

import subprocess

from tests.e2e.conftest import Equipped
from tests.support.rpmrepo import package
from tests.support.rpmrepo_tools import createrepo, dnf


def test_a_repository_is_signed_in_place_and_dnf_takes_it(served: Equipped) -> None:
    shell = served.shell
    root = shell.work / "repository"
    root.mkdir()
    content = package()
    (root / "twin.rpm").write_bytes(content)
    path = createrepo(root)
    (root / "twin.rpm").write_bytes(content[:-1])
    sign = ("sign", "repository/repodata/repomd.xml", "--in-place", "--key", served.openpgp)
    refused = shell.run(*sign)
    assert refused.status == 4
    assert "twin.rpm (rule rpmrepo.package-changed)" in refused.err

    (root / "twin.rpm").write_bytes(content)
    (step,) = shell.good(*sign, "--json").of_type("artifact")
    names = [each.rpartition("/")[2] for each in step["outputs"]]
    assert names == ["repomd.xml.asc", "repomd.xml.key"]
    shell.good(*sign, "--replace")
    export = ["gpg", "--homedir", shell.environment["GNUPGHOME"], "--armor", "--export"]
    key = subprocess.run(export, capture_output=True, check=True, timeout=60).stdout
    status, says = dnf(root, key, "makecache")
    assert status == 0, says

    (verified,) = shell.good("verify", str(path), "--json").of_type("verification")
    assert (verified["format"], verified["verdict"]) == ("rpmrepo", "trusted")
    codes = {each["code"] for each in verified["checks"]}
    assert codes >= {"rpmrepo.packages", "rpmrepo.package-unsigned", "rpmrepo.key"}
    # of the whole directory, indexes and key are spoken for; the package has no signature itself
    found = shell.run("verify", "repository", "--json").of_type("verification")
    assert {(each["format"], each["verdict"]) for each in found} == {
        ("rpmrepo", "trusted"),
        ("rpm", "unsigned"),
    }
    (root / "twin.rpm").write_bytes(content + b"x")
    tampered = shell.run("verify", str(path), "--json")
    assert tampered.status == 1
    assert [each["verdict"] for each in tampered.of_type("verification")] == ["tampered"]
