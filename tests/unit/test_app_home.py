"""The state directory: where it is, that it is private, and that it has one owner."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from signstation.app.durable import write_file
from signstation.app.home import Ownership, prepare, settings_files, state_directory
from signstation.errors import NotWritable, OutputExists, PathMissing


def test_the_variable_wins(tmp_path: Path) -> None:
    environment = {"SIGNSTATION_HOME": str(tmp_path)}
    assert state_directory(environment) == tmp_path
    assert settings_files(tmp_path)[-1] == tmp_path / "settings.toml"


def test_without_it_the_xdg_directories_are_used() -> None:
    assert state_directory({}).name == "signstation"
    machine, user = settings_files(state_directory({}))
    assert machine != user
    assert user.parent.name == "signstation"
    assert user.parent != state_directory({})


def test_it_is_made_private_and_closed_when_open(tmp_path: Path) -> None:
    home = tmp_path / "a/b"
    prepare(home)
    assert home.stat().st_mode & 0o777 == 0o700
    home.chmod(0o755)
    prepare(home)
    assert home.stat().st_mode & 0o777 == 0o700


def test_what_is_no_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotWritable):
        prepare(tmp_path / "file")
    with pytest.raises(NotWritable):
        prepare(tmp_path / "file/below")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_directory_of_another_user_is_refused(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, -1)
    with pytest.raises(NotWritable, match="another user"):
        prepare(tmp_path)


def test_there_is_one_owner_at_a_time(tmp_path: Path) -> None:
    first = Ownership.take(tmp_path)
    assert first is not None
    assert Ownership.take(tmp_path) is None
    first.release()
    second = Ownership.take(tmp_path)
    assert second is not None
    second.release()


def test_a_file_is_whole_private_and_never_overwritten_by_chance(tmp_path: Path) -> None:
    target = tmp_path / "key.asc"
    write_file(target, b"one", replace=False)
    with pytest.raises(OutputExists):
        write_file(target, b"two", replace=False)
    assert target.read_bytes() == b"one"
    write_file(target, b"two", mode=0o644)
    assert (target.read_bytes(), target.stat().st_mode & 0o777) == (b"two", 0o644)
    assert [each.name for each in tmp_path.iterdir()] == ["key.asc"]
    with pytest.raises(PathMissing):
        write_file(tmp_path / "missing/a", b"")
