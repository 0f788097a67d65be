"""A station saved and brought back by the command line; killed at any moment it is old or new."""

from __future__ import annotations

import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.conftest import Equipped
from tests.support.station import PROGRAM, Shell

WORD = "correct horse"
STOPS = ("_check_journal", "exchange", "is_empty")
KILLER = """
import os, signal, sys
from pathlib import Path
from signstation.app import backup_restore
from signstation.model.secret import Secret
name, after, source, home = sys.argv[1:]
whole = getattr(backup_restore, name)
def stop(*given):
    if after == "after":
        whole(*given)
    os.kill(os.getpid(), signal.SIGKILL)
order = backup_restore.RestoreOrder(Path(source), Path(home), True, 1700000000)
if name == "is_empty":  # the last step: the old state lies beside, or is removed
    exchange = backup_restore.exchange
    def then(*given):
        exchange(*given)
        backup_restore.is_empty = stop
    backup_restore.exchange = then
else:
    setattr(backup_restore, name, stop)
backup_restore.restore_backup(order, Secret(b"correct horse"))
"""


def _jobs(home: Path) -> int:
    with closing(sqlite3.connect(f"file:{home}/journal.db?mode=ro", uri=True)) as connection:
        return int(connection.execute("SELECT count(*) FROM job").fetchone()[0])


@pytest.fixture
def saved(equipped: Equipped) -> Shell:
    """Give a station with one job, saved to ``b`` together with its keys."""
    shell = equipped.shell
    shell.good("sign", "release/hello.ko", "--key", "file:modules.pem", "--output", "signed")
    made = shell.good("station", "backup", "b", "--with-keys", "--json", secrets=[WORD])
    (said,) = made.of_type("backup")
    assert said["with_keys"]
    assert said["kept_beside"] is None
    return shell


def test_a_station_comes_back_and_verifies_what_it_signed(saved: Shell) -> None:
    shutil.rmtree(saved.home)
    saved.good("station", "restore", "b", secrets=[WORD])
    assert _jobs(saved.home) == 1
    saved.good("verify", "signed/hello.ko")
    saved.good("job", "show", "1")
    assert saved.run("station", "restore", "b", secrets=[WORD]).status == 2
    (back,) = saved.good("station", "restore", "b", "--replace", "--json", secrets=[WORD]).of_type(
        "backup"
    )
    assert _jobs(Path(back["kept_beside"])) == 1


def test_wrong_passphrase_and_open_station_change_nothing(saved: Shell) -> None:
    before = (saved.home / "journal.db").read_bytes()
    wrong = saved.run("station", "restore", "b", "--replace", secrets=["wrong"])
    assert wrong.status == 5
    assert "does not open the backup" in wrong.err
    with saved.owned():
        saved.good("station", "backup", "while-open", secrets=[WORD])
        held = saved.run("station", "restore", "b", "--replace", secrets=[WORD])
    assert held.status == 8
    assert (saved.home / "journal.db").read_bytes() == before
    assert [each.name for each in saved.root.iterdir() if "before" in each.name] == []


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("name", STOPS)
def test_killed_in_the_middle_it_is_the_old_or_the_new_state(
    saved: Shell, name: str, when: str
) -> None:
    with closing(sqlite3.connect(saved.home / "journal.db")) as connection:
        connection.execute("UPDATE job SET title = 'old'")
        connection.commit()
    done = saved.script(
        f"{PROGRAM.parent}/python -c '{KILLER.replace(chr(39), chr(34))}'"
        f" {name} {when} b {saved.home}"
    )
    assert done.status in {-signal.SIGKILL, 128 + signal.SIGKILL}, done
    with closing(sqlite3.connect(f"file:{saved.home}/journal.db?mode=ro", uri=True)) as journal:
        (title,) = journal.execute("SELECT title FROM job").fetchone()
        assert journal.execute("PRAGMA quick_check").fetchone() == ("ok",)
    swapped = name == "is_empty" or (name, when) == ("exchange", "after")
    assert (title != "old") == swapped
    saved.good("verify", "signed/hello.ko")
    saved.good("station", "restore", "b", "--replace", secrets=[WORD])
    left = [each for each in saved.root.glob("state.before-*") if (each / ".restoring").exists()]
    assert left == []
    titles = {_title(each) for each in saved.root.glob("state.before-*")}
    assert "old" in titles
    saved.good("verify", "signed/hello.ko")


def _title(home: Path) -> str:
    with closing(sqlite3.connect(f"file:{home}/journal.db?mode=ro", uri=True)) as connection:
        return str(connection.execute("SELECT title FROM job").fetchone()[0])
