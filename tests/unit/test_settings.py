"""Settings: later files win, sources are kept, mistakes name file and line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.app.settings import DEFAULT, Settings, Sourced, _File, load
from signstation.errors import ArtifactUnreadable, UsageError
from signstation.model.tokens import TokenPlaces


def write(path: Path, text: str) -> Path:
    """Write a settings file."""
    path.write_text(text)
    return path


def test_without_files_all_is_default(tmp_path: Path) -> None:
    settings = load([tmp_path / "missing.toml"])
    assert settings == Settings()
    assert settings.cores.source == DEFAULT


def test_a_later_file_wins_value_by_value(tmp_path: Path) -> None:
    machine = write(tmp_path / "a.toml", "[workers]\ncores = 1\n[keys]\nbatch_unlock = false\n")
    user = write(tmp_path / "b.toml", "[workers]\ncores = 3\n")
    settings = load([machine, user])
    assert settings.cores == Sourced(3, str(user))
    assert settings.batch_unlock == Sourced(False, str(machine))


def test_profiles_are_read_and_replaced_by_name(tmp_path: Path) -> None:
    machine = write(tmp_path / "a.toml", '[profile.one]\nkeys = ["gpg:A"]\n[profile.two]\n')
    user = write(
        tmp_path / "b.toml",
        '[profile.one]\nas = "blob:openpgp"\nhash = "sha512"\noptions = {armor = "no"}\n',
    )
    settings = load([machine, user])
    one = settings.profile("one")
    assert (one.keys, one.artifact_type, one.hash) == ((), "blob:openpgp", "sha512")
    assert one.options == (("armor", "no"),)
    assert settings.profile("two").source == str(machine)
    with pytest.raises(UsageError, match="no profile three"):
        settings.profile("three")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[workers]\ncorse = 1\n", "line 2: “corse” is not one of cores"),
        ("[wrokers]\n", "line 1: “wrokers”"),
        ("[workers]\n\ncores = -1\n", "line 3: “cores”"),
        ("[workers]\ncores = true\n", "line 2: “cores”"),
        ("[keys]\nbatch_unlock = 1\n", "true or false"),
        ("workers = 1\n", "a table"),
        ("[profile.x]\nkeys = 'gpg:A'\n", "a list of texts"),
        ("[profile.x]\nas = 1\n", "a text in quotes"),
        ("[profile.x]\noptions = {armor = 1}\n", "a text in quotes"),
        ("[profile.x]\nsecret = 'a'\n", "“secret”"),
        ("[workers\n", "line 1"),
        ("[pkcs11]\nmodules = ['x.so']\n", "line 2: “modules” is not a list of absolute paths"),
        ("[pkcs11]\nenvironment = { LD_PRELOAD = '/x' }\n", "“LD_PRELOAD” is not one of"),
    ],
)
def test_mistakes_name_the_file_and_the_line(tmp_path: Path, text: str, says: str) -> None:
    file = write(tmp_path / "settings.toml", text)
    with pytest.raises(UsageError) as caught:
        load([file])
    assert says in caught.value.reason
    assert str(file) in caught.value.reason


def test_pkcs11_modules_and_what_they_are_given(tmp_path: Path) -> None:
    text = "[pkcs11]\nmodules = ['/usr/lib/x.so']\nenvironment = { OPENSC_CONF = '/etc/o' }\n"
    file = write(tmp_path / "settings.toml", text)
    found = load([file]).tokens
    assert found.value == TokenPlaces((Path("/usr/lib/x.so"),), (("OPENSC_CONF", "/etc/o"),))
    assert found.source == str(file)


def test_an_unreadable_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").mkdir()
    with pytest.raises(ArtifactUnreadable):
        load([tmp_path / "settings.toml"])


@given(st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
def test_any_bytes_give_settings_or_a_usage_error(content: bytes) -> None:
    try:
        settings = _File(Path("x"), content).over(Settings())
    except UsageError:
        return
    assert isinstance(settings, Settings)
