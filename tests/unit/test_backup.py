"""Backups: what is in them, what comes back, and that no changed or cut file is ever taken."""

from __future__ import annotations

import io
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from signstation.app.auditing import read_log, records
from signstation.app.backup import BackupOrder, Contents, write_backup
from signstation.app.backup_file import HEADER, PIECE, TAG, SealedReader, SealedWriter
from signstation.app.backup_restore import Restored, RestoreOrder, restore_backup
from signstation.app.backup_state import check_member
from signstation.app.home import Ownership
from signstation.audit.chain import first_bad
from signstation.cli.station import station
from signstation.errors import (
    BackupDamaged,
    BackupLocked,
    OutputExists,
    SignstationError,
    StateExists,
    StoreDamaged,
    StoreLocked,
    StoreTooNew,
    UsageError,
)
from signstation.jobs.journal import Journal
from signstation.jobs.schema import MIGRATIONS
from signstation.model.audit import AuditKind
from signstation.model.prompts import Prompt
from signstation.model.secret import Secret

QUICK = 10
"""log2 of scrypt's N: the least that is accepted."""
TIME = 1_700_000_000
BESIDE = "20231114-221320"


def _secret(word: bytes = b"correct horse") -> Secret:
    return Secret(word)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Give a state with a journal, a pin, a key with its certificate, and things of the process."""
    home = tmp_path / "state"
    for name in ("trust", "keys", "log", "work/copy", "private"):
        (home / name).mkdir(parents=True)
    Journal(home / "journal.db").close()
    (home / "trust" / "index.json").write_text("{}")
    (home / "keys" / "k.pem").write_text("PRIVATE")
    (home / "keys" / "k.crt").write_text("CERTIFICATE")
    (home / "settings.toml").write_text("[station]\n")
    (home / "seen.json").write_bytes(os.urandom(3 * PIECE))
    (home / "log" / "signstation.log").write_text("noise")
    (home / "work" / "copy" / "file").write_text("a copy")
    (home / "link").symlink_to("/etc/passwd")
    return home


def _save(home: Path, target: Path, *, with_keys: bool = False, replace: bool = False) -> Contents:
    order = BackupOrder(home, target, with_keys, replace, TIME)
    return write_backup(order, _secret(), log_n=QUICK)


def _restore(
    source: Path, home: Path, *, replace: bool = False, word: bytes = b"correct horse"
) -> Restored:
    return restore_backup(RestoreOrder(source, home, replace, TIME), _secret(word))


def _files(home: Path) -> dict[str, bytes]:
    return {
        str(each.relative_to(home)): each.read_bytes()
        for each in home.rglob("*")
        if each.is_file() and each.name not in {"lock", "journal.db"}
    }


def test_a_state_comes_back_without_secret_keys(home: Path, tmp_path: Path) -> None:
    target, other = tmp_path / "b", tmp_path / "other"
    contents = _save(home, target)
    assert _restore(target, other) == Restored(contents, None)
    assert sorted(_files(other)) == ["keys/k.crt", "seen.json", "settings.toml", "trust/index.json"]
    assert _files(other)["seen.json"] == (home / "seen.json").read_bytes()
    assert target.stat().st_mode & 0o777 == 0o600
    assert (other / "trust" / "index.json").stat().st_mode & 0o777 == 0o600
    assert b"CERTIFICATE" not in target.read_bytes()
    Journal(other / "journal.db").close()
    assert [each.name for each in tmp_path.iterdir() if "before" in each.name] == []


def test_secret_keys_are_taken_along_where_asked(home: Path, tmp_path: Path) -> None:
    _save(home, tmp_path / "b", with_keys=True)
    _restore(tmp_path / "b", tmp_path / "other")
    assert (tmp_path / "other" / "keys" / "k.pem").read_text() == "PRIVATE"


def test_a_state_is_replaced_only_where_asked_and_kept_beside(home: Path, tmp_path: Path) -> None:
    _save(home, tmp_path / "b")
    (home / "seen.json").write_text("later")
    with pytest.raises(StateExists):
        _restore(tmp_path / "b", home)
    assert (home / "seen.json").read_text() == "later"
    done = _restore(tmp_path / "b", home, replace=True)
    assert done.beside == tmp_path / f"state.before-{BESIDE}"
    assert (done.beside / "seen.json").read_text() == "later"
    assert (done.beside / "keys" / "k.pem").read_text() == "PRIVATE"
    assert (home / "seen.json").stat().st_size == 3 * PIECE


def test_an_open_station_is_not_replaced(home: Path, tmp_path: Path) -> None:
    _save(home, tmp_path / "b")
    owner = Ownership.take(home)
    assert owner is not None
    with pytest.raises(StoreLocked):
        _restore(tmp_path / "b", home, replace=True)
    owner.release()


def test_what_a_killed_restore_left_is_removed_and_old_states_are_not(
    home: Path, tmp_path: Path
) -> None:
    _save(home, tmp_path / "b")
    unpacking, old = tmp_path / "state.before-1", tmp_path / "state.before-2"
    for each in (unpacking, old):
        each.mkdir()
        (each / "journal.db").write_text("")
    (unpacking / ".restoring").write_text("")
    _restore(tmp_path / "b", home, replace=True)
    assert not unpacking.exists()
    assert old.exists()


def test_a_backup_is_not_written_over_a_file(home: Path, tmp_path: Path) -> None:
    (tmp_path / "b").write_text("mine")
    with pytest.raises(OutputExists):
        _save(home, tmp_path / "b")
    assert (tmp_path / "b").read_text() == "mine"
    _save(home, tmp_path / "b", replace=True)
    _restore(tmp_path / "b", tmp_path / "other")


def test_the_log_says_that_it_came_out_of_a_backup(home: Path, tmp_path: Path) -> None:
    """Once for each restore, at its end, and the chain goes on; the log that was left has none."""
    _save(home, tmp_path / "b")
    with pytest.raises(UsageError):
        read_log(tmp_path / "nothing")
    other = tmp_path / "other"
    for count in (1, 2):
        _restore(tmp_path / "b", other, replace=count == 2)
        links = read_log(other)
        assert first_bad(links) is None
        (record,) = records(links)
        assert (record.kind, record.time) == (AuditKind.RESTORED, TIME)
        assert record.artifact == str(tmp_path / "b")
        assert dict(record.details).keys() == {"backup"}
    assert read_log(home) == ()


def test_unfinished_jobs_are_settled_first(home: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(home / "journal.db", isolation_level=None)) as connection:
        connection.execute("INSERT INTO job VALUES (7,'t',1,NULL,x'00',?,'[]','[]','{}',0,0,'',0)",
                           (bytes(32),))  # fmt: skip
        connection.execute(
            "INSERT INTO step (job, ordinal, root, name, title, format, size, target_root,"
            " staging, state) VALUES (7, 0, '/', 'n', 't', 'blob', 1, '/', '/', 'interrupted')"
        )
    with pytest.raises(UsageError, match="job 7"):
        _save(home, tmp_path / "b")
    assert not (tmp_path / "b").exists()
    assert not list(home.glob(".backup-*"))


def test_a_wrong_passphrase_is_told_apart(home: Path, tmp_path: Path) -> None:
    _save(home, tmp_path / "b")
    with pytest.raises(BackupLocked):
        _restore(tmp_path / "b", tmp_path / "other", word=b"wrong")
    assert not (tmp_path / "other" / "journal.db").exists()


class _Typist:
    """Types one word after the other and keeps what was asked."""

    def __init__(self, *words: bytes) -> None:
        self.words = list(words)
        self.asked: list[Prompt] = []

    def ask(self, prompt: Prompt) -> Secret:
        self.asked.append(prompt)
        return Secret(self.words.pop(0))


@pytest.mark.parametrize(
    ("words", "again"),
    [((b"no", b"correct horse"), [False, True]), ((b"a", b"b", b"c"), [False, True, True])],
)
def test_a_wrong_passphrase_is_asked_again_three_times_at_most(
    home: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[bytes, ...], again: list[bool]
) -> None:
    source, other, typist = home.parent / "b", home.parent / "other", _Typist(*words)
    _save(home, source)
    monkeypatch.setenv("SIGNSTATION_HOME", str(other))
    monkeypatch.setattr("signstation.cli.station.asker_for", lambda _: typist)
    status = CliRunner().invoke(station, ["restore", str(source)], standalone_mode=False)
    assert status.return_value == (0 if words[-1] == b"correct horse" else 5)
    assert [each.previous_wrong for each in typist.asked] == again
    assert (other / "journal.db").exists() == (words[-1] == b"correct horse")


def test_a_newer_journal_is_refused_before_anything_changes(home: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(home / "journal.db", isolation_level=None)) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    _save(home, tmp_path / "b")
    with pytest.raises(StoreTooNew):
        _restore(tmp_path / "b", tmp_path / "other")
    assert not (tmp_path / "other" / "journal.db").exists()


def test_every_change_and_every_cut_is_refused(home: Path, tmp_path: Path) -> None:
    source, other = tmp_path / "b", tmp_path / "other"
    _save(home, source)
    whole = source.read_bytes()
    piece = PIECE + TAG
    second = HEADER + piece
    forms = {
        "empty": b"",
        "half a header": whole[: HEADER - 1],
        "no pieces": whole[:HEADER],
        "one byte less": whole[:-1],
        "cut between two pieces": whole[:second],
        "one byte more": whole + b"\0",
        "a piece twice": whole[:second] + whole[HEADER:second] + whole[second:],
        "pieces exchanged": whole[:HEADER] + whole[second : second + piece]
        + whole[HEADER:second] + whole[second + piece :],
        "the last piece alone": whole[:HEADER] + whole[-((len(whole) - HEADER) % piece) :],
    }  # fmt: skip
    for name, content in forms.items():
        source.write_bytes(content)
        with pytest.raises(BackupDamaged):
            _restore(source, other)
        assert not (other / "journal.db").exists(), name
        assert not list(tmp_path.glob("other.before-*")), name


def _sealed(content: bytes) -> bytes:
    target = io.BytesIO()
    writer = SealedWriter(target, _secret(), log_n=QUICK)
    writer.write(content)
    writer.close()
    return target.getvalue()


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE])
def test_any_length_comes_back(size: int) -> None:
    content = os.urandom(size)
    reader = SealedReader(io.BytesIO(_sealed(content)), _secret(), "b")
    assert reader.read(size) == content
    reader.end()
    with pytest.raises(BackupDamaged):
        reader.read(1)


SAMPLE = _sealed(b"x" * 300)


@given(st.integers(0, len(SAMPLE) * 8 - 1))
def test_every_bit_counts(bit: int) -> None:
    changed = bytearray(SAMPLE)
    changed[bit // 8] ^= 1 << bit % 8
    if bit // 8 == HEADER - 49 and changed[HEADER - 49] > QUICK:
        return  # a costlier key derivation: refused as well, but only after its cost
    with pytest.raises((BackupDamaged, BackupLocked)):
        SealedReader(io.BytesIO(changed), _secret(), "b").read(300)


@given(st.binary(max_size=400))
def test_any_bytes_give_a_typed_error(content: bytes) -> None:
    with pytest.raises(SignstationError):
        SealedReader(io.BytesIO(content), _secret(), "b").read(1)


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../x", "a/../../x", "a//b", ".", "a\0b"])
def test_no_name_leads_outside(name: str) -> None:
    with pytest.raises(StoreDamaged):
        check_member(name)
