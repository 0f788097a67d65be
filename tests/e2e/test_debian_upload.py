"""The journey of an upload: .dsc, .buildinfo and .changes signed in turn; dscverify takes it."""

from __future__ import annotations

import subprocess

from tests.e2e.conftest import Equipped
from tests.support.debsource import BUILDINFO, CHANGES, DSC, Source


def test_an_upload_is_signed_in_turn_and_dscverify_takes_it(served: Equipped) -> None:
    shell = served.shell
    upload = shell.work / "upload"
    upload.mkdir()
    Source().write(upload)
    sign = ("sign", "--in-place", "--key", served.openpgp)
    # what states digests of files that are changed by it has to wait: only the .dsc is signed
    first = shell.run(*sign, *(str(upload / each) for each in (DSC, BUILDINFO, CHANGES)))
    assert first.err.count("release.stale") == 2, first.err
    signed = [b"BEGIN PGP" in (upload / each).read_bytes() for each in (DSC, BUILDINFO, CHANGES)]
    assert signed == [True, False, False]
    shell.good(*sign, str(upload / BUILDINFO))
    shell.good(*sign, str(upload / CHANGES))

    export = ["gpg", "--homedir", shell.environment["GNUPGHOME"], "--export"]
    keyring = shell.work / "trusted.gpg"
    keyring.write_bytes(subprocess.run(export, capture_output=True, check=True, timeout=60).stdout)
    judged = subprocess.run(
        [
            *("dscverify", "--no-conf", "--no-default-keyrings", "--keyring", str(keyring)),
            str(upload / CHANGES),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "All files validated successfully" in judged.stdout, judged
    paths = [str(upload / each) for each in (DSC, BUILDINFO, CHANGES)]
    verified = shell.good("verify", *paths, "--json").of_type("verification")
    assert [each["verdict"] for each in verified] == ["trusted"] * 3

    (upload / DSC).write_bytes((upload / DSC).read_bytes() + b"\n")
    tampered = shell.run("verify", str(upload / CHANGES), "--json")
    assert [each["verdict"] for each in tampered.of_type("verification")] == ["tampered"]
    again = shell.run(*sign, "--existing", "replace", str(upload / CHANGES))
    assert again.status == 4
