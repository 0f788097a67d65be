"""The journey of an APT repository: refused while an index is wrong, signed, and taken by apt."""

from __future__ import annotations

import gzip
import subprocess
import time

from tests.e2e.conftest import Equipped
from tests.support.apt import update
from tests.support.aptrepo import PACKAGES, Repository


def test_a_repository_is_signed_in_place_and_apt_takes_it(served: Equipped) -> None:
    shell, now = served.shell, int(time.time())
    top = shell.work / "repository"
    release = Repository(date=now - 60, until=now + 86400).write(top)
    index = release.parent / "main/binary-all/Packages.gz"
    index.write_bytes(index.read_bytes()[:-1])
    sign = ("sign", "repository", "--in-place", "--key", served.openpgp)
    refused = shell.run(*sign)
    assert refused.status == 4
    assert "Packages.gz (rule aptrepo.changed)" in refused.err
    assert sorted(each.name for each in release.parent.iterdir()) == ["Release", "main"]

    index.write_bytes(gzip.compress(PACKAGES, mtime=0))
    (step,) = shell.good(*sign, "--json").of_type("artifact")
    assert [each.rpartition("/")[2] for each in step["outputs"]] == ["InRelease", "Release.gpg"]
    # once more: what was made the first time is made anew, not signed itself
    shell.good(*sign, "--replace")
    export = ["gpg", "--homedir", shell.environment["GNUPGHOME"], "--export"]
    keyring = subprocess.run(export, capture_output=True, check=True, timeout=60).stdout
    status, says = update(top, keyring)
    assert (status, "W:" in says, "Err:" in says) == (0, False, False), says

    verified = shell.good("verify", str(release), "--json").of_type("verification")
    assert {(each["format"], each["verdict"]) for each in verified} == {("aptrepo", "trusted")}
    index.write_bytes(index.read_bytes() + b"x")
    inline = str(release.with_name("InRelease"))
    tampered = shell.run("verify", str(release), inline, "--json")
    assert tampered.status == 1
    found = tampered.of_type("verification")
    assert [each["verdict"] for each in found] == ["tampered", "tampered"]
