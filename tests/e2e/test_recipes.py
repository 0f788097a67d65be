"""What the station hands out by a recipe is accepted by the station itself."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.conftest import Equipped


def test_a_keyring_package_is_signed_by_an_ordinary_job(served: Equipped) -> None:
    shell, key = served.shell, served.openpgp
    common = ("--key", key, "--name", "example-keyring", "--output", "out", "--json")
    words = ("--title", "Keys", "--maintainer", "A <a@example.org>", "--time", "2026-01-01")
    made = shell.good("recipe", "keyring-deb", *common, *words, "--sign-key", key)
    assert [each["state"] for each in made.of_type("artifact")] == ["done"]
    assert shell.good("verify", "out/example-keyring_1_all.deb").status == 0
    (unsigned,) = shell.good("recipe", "keyring-rpm", *common, *words).of_type("recipe")
    assert unsigned["notes"] == ["The package is not signed: --sign-key signs it."]
    assert shell.run("verify", unsigned["files"][0]["path"]).status == 1


def test_files_of_a_recipe_can_be_read_by_a_web_server(served: Equipped) -> None:
    order = ("recipe", "public-key", "--key", served.openpgp, "--name", "keys", "--output", "web")
    (made,) = served.shell.good(*order, "--json").of_type("recipe")
    assert len(made["files"]) == 6
    for each in made["files"]:
        path = Path(each["path"])
        assert path.stat().st_mode & 0o777 == 0o644
        assert path.parent.stat().st_mode & 0o755 == 0o755
    again = served.shell.run(*order, "--json")
    assert (again.status, again.objects[-1]["code"]) == (2, "output.exists")
    refused = served.shell.run(
        "recipe", "apt", "--name", "x", "--url", "https://x/", "--key", "gpg:0"
    )
    assert refused.status in {2, 5}
    assert not (served.shell.work / "x.sources").exists()
