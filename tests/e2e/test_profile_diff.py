"""Saved profiles and differences at the command line, with real keys."""

from __future__ import annotations

import shutil

from tests.e2e.conftest import Equipped
from tests.support.station import schema


def test_a_profile_signs_each_kind_with_its_key_and_keeps_the_structure(served: Equipped) -> None:
    """RPM by OpenPGP, modules by CMS, the tarball left unsigned: as the profile says."""
    shell = served.shell
    deep = served.release / "drivers/net"
    deep.mkdir(parents=True)
    shutil.copy(served.release / "hello.ko", deep / "hello.ko")
    (shell.home / "settings.toml").write_text(
        '[profile."My release"]\nhash = "sha512"\noutput = "out"\n'
        f'[profile."My release".kinds.rpm]\nkey = "{served.openpgp}"\nsignature = "openpgp"\n'
        f'[profile."My release".kinds.kmod]\nkey = "file:{served.modules}"\nsignature = "cms"\n'
        'hash = "sha384"\n'
    )
    done = shell.good("sign", "release", "--profile", "My release", "--json")
    steps = done.of_type("artifact")
    assert {each["format"] for each in steps} == {"rpm", "kmod"}
    assert (shell.work / "out/drivers/net/hello.ko").is_file()
    assert (shell.work / "out/hello.ko").is_file()
    assert not list((shell.work / "out").glob("*.tar.gz*"))
    found = shell.good("verify", "out", "--json").of_type("verification")
    hashes = {each["format"]: {sig["hash"] for sig in each["signatures"]} for each in found}
    assert hashes == {"rpm": {"SHA-512"}, "kmod": {"SHA-384"}}


def test_diff_tells_what_changed_and_what_is_only_on_one_side(served: Equipped) -> None:
    shell = served.shell
    other = shell.work / "other"
    shutil.copytree(served.release, other)
    (tarball,) = other.glob("*.tar.gz")
    tarball.unlink()
    (other / "NEW.txt").write_text("new\n")
    done = shell.good("diff", "release", "other", "--json")
    found = done.of_type("difference")
    assert any(each["new"] is None and each["old"].endswith(".tar.gz") for each in found)
    assert any(each["old"] is None and each["new"].endswith("NEW.txt") for each in found)
    same = [each for each in found if each["same_bytes"]]
    assert same
    assert all(not each["changes"] for each in same)
    text = shell.good("diff", "release/hello.ko", "other/NEW.txt").out
    assert "Interface" in text
    assert "release/hello.ko -> other/NEW.txt" in text


def test_profiles_are_listed_and_deleted_and_a_job_that_ended_is_not_paused(
    served: Equipped,
) -> None:
    shell = served.shell
    settings = shell.home / "settings.toml"
    settings.write_text(f'# kept\n[profile.nightly]\nkeys = ["{served.openpgp}"]\n')
    (listed,) = shell.good("profile", "list", "--json").of_type("profile")
    (deleted,) = shell.good("profile", "delete", "nightly", "--json").of_type("profile")
    assert deleted == listed
    assert listed["keys"] == [served.openpgp]
    schema("profile").validate(listed)
    assert settings.read_text() == "# kept\n"
    assert shell.run("profile", "delete", "nightly").status == 2
    assert "No profiles are saved." in shell.good("profile", "list").out
    shell.good("sign", "release/hello.ko", "--key", f"file:{served.modules}")
    refused = shell.run("job", "pause", "1")
    assert (refused.status, "nothing of job 1 waits" in refused.err) == (2, True)
    assert shell.run("job", "unpause", "1", "--all").status == 2
    (job,) = shell.good("job", "list", "--json").of_type("job")
    assert job["paused"] is False
