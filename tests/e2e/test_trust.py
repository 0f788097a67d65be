"""Trust from the shell: what is pinned decides verdicts, and unpinning takes it back."""

from __future__ import annotations

import shutil

from tests.e2e.conftest import Equipped


def test_pinning_and_unpinning_decide_the_verdict(served: Equipped) -> None:
    shell = served.shell
    shell.good("sign", "release/hello.ko", "--key", "file:modules.pem", "--output", "signed")
    fingerprint = _anchor(served)["fingerprint"]
    assert _verdict(served) == "trusted"
    undone = shell.good("trust", "unpin", fingerprint)
    assert "It is a key of this station" in undone.out
    assert "hello" in undone.out
    assert _verdict(served) == "untrusted"
    assert shell.run("trust", "unpin", fingerprint).status == 2

    shutil.copy(shell.work / "modules.crt", shell.work / "given.crt")
    (before,) = shell.good("trust", "show", "given.crt", "--json").objects
    assert (before["pinned"], before["origin"], before["purposes"]) == (False, None, [])
    assert _verdict(served) == "untrusted"
    assert shell.run("trust", "pin", "given.crt").status == 2
    assert shell.run("trust", "pin", "given.crt", "--fingerprint", "0" * 64).status == 2
    assert _verdict(served) == "untrusted"

    spaced = " ".join(fingerprint[i : i + 4] for i in range(0, 64, 4)).upper()
    kept = shell.good(
        "trust", "pin", "given.crt", "--fingerprint", spaced, "--purpose", "packages", "--json"
    )
    (anchor,) = kept.objects
    assert anchor["origin"]["source"].startswith("file given.crt, pinned by ")
    assert _verdict(served) == "untrusted"  # for packages only
    shell.good("trust", "pin", "given.crt", "--compared", "--purpose", "kernel-modules")
    assert _verdict(served) == "trusted"


def test_a_listing_tells_where_each_anchor_came_from(served: Equipped) -> None:
    anchors = served.shell.good("trust", "list", "--json").objects
    assert {each["kind"] for each in anchors} == {"openpgp", "x509-certificate"}
    assert {each["origin"]["source"] for each in anchors} == {"generated on this station"}
    (openpgp,) = [each for each in anchors if each["kind"] == "openpgp"]
    assert [each["usages"] for each in openpgp["keys"]] == [["certify"], ["sign"]]
    shown = served.shell.good("trust", "show", openpgp["fingerprint"][-16:])
    assert "generated on this station" in shown.out


def test_what_is_neither_trusted_nor_a_file_is_refused(served: Equipped) -> None:
    for what in ("nobody", "hello-1.0.tar.gz", "0123456789ABCDEF"):
        assert served.shell.run("trust", "show", what).status == 2
    assert served.shell.run("trust", "show", "release/hello-1.0.tar.gz").status == 5


def _anchor(served: Equipped) -> dict[str, str]:
    anchors = served.shell.good("trust", "list", "--json").objects
    (found,) = [each for each in anchors if each["kind"] != "openpgp"]
    return found


def _verdict(served: Equipped) -> str:
    done = served.shell.run("verify", "signed/hello.ko", "--json")
    (found,) = done.of_type("verification")
    return str(found["verdict"])
