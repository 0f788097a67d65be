"""Saved profiles: written to the settings, read back equal, and nothing else is touched."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.app.profiles import _table, list_profiles, remove_profile, save_profile
from signstation.app.settings import Settings, _File
from signstation.errors import UsageError
from signstation.model.profiles import KindChoice, Profile

RELEASE = Profile(
    "Release 4",
    "",
    hash="sha512",
    existing="replace",
    output="/srv/signed",
    kinds=(KindChoice("kmod", "file:AB", "cms", "sha384"), KindChoice("rpm", "gpg:CD", "openpgp")),
)
WORDS = st.text(st.characters(codec="utf-8"), max_size=12)


def _same(one: Profile, other: Profile) -> bool:
    return _table(one) == _table(other)


def test_a_saved_profile_is_read_back_with_its_source(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "settings.toml"
    saved = save_profile([file], RELEASE)
    assert saved.source == str(file)
    assert list_profiles([file]) == (saved,)
    assert _same(saved, RELEASE)
    assert file.stat().st_mode & 0o777 == 0o600


def test_only_the_profile_is_rewritten(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(
        "# mine\n[workers]\ncores = 2 # few\n\n[profile.\"Release 4\"]\nhash = 'sha256'\n"
        "[profile.\"Release 4\".kinds.deb]\nkey='gpg:X'\nsignature='openpgp'\n"
        "[profile.other] # stays\nkeys = ['gpg:A']\n"
    )
    save_profile([file], RELEASE)
    text = file.read_text()
    assert text.startswith("# mine\n[workers]\ncores = 2 # few\n\n[profile.other] # stays\n")
    names = [each.name for each in list_profiles([file])]
    assert names == ["Release 4", "other"]
    assert [each.format for each in list_profiles([file])[0].kinds] == ["kmod", "rpm"]
    save_profile([file], RELEASE)
    assert file.read_text() == text


def test_a_removed_profile_is_gone_and_the_machines_is_not_ours_to_remove(tmp_path: Path) -> None:
    machine, user = tmp_path / "machine.toml", tmp_path / "user.toml"
    machine.write_text("[profile.shared]\n")
    save_profile([machine, user], RELEASE)
    assert remove_profile([machine, user], RELEASE.name) == replace(RELEASE, source=str(user))
    assert [each.name for each in list_profiles([machine, user])] == ["shared"]
    with pytest.raises(UsageError, match="there is no profile shared"):
        remove_profile([machine, user], "shared")


@pytest.mark.parametrize(
    "text",
    [
        'profile = {"Release 4" = {hash = "sha256"}}\n',
        '[profile]\n"Release 4" = {hash = "sha256"}\n',
    ],
)
def test_a_profile_in_another_form_is_left_to_a_person(tmp_path: Path, text: str) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(text)
    with pytest.raises(UsageError):
        save_profile([file], RELEASE)
    assert file.read_text() == text


@pytest.mark.parametrize("name", ["", "-x", "a\nb", "x" * 65, "a]b", 'q"', "a/b"])
def test_names_that_cannot_be_typed_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        save_profile([tmp_path / "s.toml"], Profile(name, ""))


def test_a_key_that_is_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        save_profile([tmp_path / "s.toml"], Profile("x", "", output="/a\udc80"))


@given(WORDS, WORDS, st.dictionaries(WORDS, WORDS, max_size=2))
def test_every_value_survives(key: str, output: str, options: dict[str, str]) -> None:
    """Whatever a value is, the table is valid TOML and says the same."""
    profile = Profile("p", "", keys=(key,), output=output, options=tuple(sorted(options.items())))
    (read,) = _File(Path("x"), _table(profile).encode()).over(Settings()).profiles
    assert (read.keys, read.output, read.options) == ((key,), output, profile.options)
