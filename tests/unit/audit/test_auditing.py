"""The audit commands over a journal as the station writes it, and as somebody changed it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from signstation.cli.main import main
from signstation.jobs.commits import Writer
from signstation.jobs.journal import Journal

SCHEMAS = Path(__file__).parents[3] / "resources/schemas"
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state directory with five records."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("SIGNSTATION_HOME", str(home))
    Journal(home / "journal.db").close()
    _append(home, 5)
    return home


def _append(home: Path, count: int) -> None:
    database = sqlite3.connect(home / "journal.db", isolation_level=None)
    writer = Writer(database)
    for number in range(count):
        body: dict[str, str | int] = {
            "event": "published",
            "at": 1,
            "path": f"/out/{number}",
            "sha256": "ab" * 32,
        }
        writer.audit(None, None, body)
    database.close()


def _change(home: Path, statement: str) -> None:
    database = sqlite3.connect(home / "journal.db", isolation_level=None)
    database.execute("DROP TRIGGER audit_kept")
    database.execute("DROP TRIGGER audit_fixed")
    database.execute(statement)
    database.close()


def _told(capsys: Capture, *arguments: str) -> tuple[int, list[dict[str, object]]]:
    capsys.readouterr()
    status = main(["audit", *arguments, "--json"])
    found = [json.loads(each) for each in capsys.readouterr().out.splitlines()]
    for each in found:
        schema = json.loads((SCHEMAS / f"{each['type']}.schema.json").read_text())
        Draft202012Validator(schema).validate(each)
    return status, found


def _states(found: list[dict[str, object]]) -> list[object]:
    (state,) = found
    checkpoints = state["checkpoints"]
    assert isinstance(checkpoints, list)
    return [each["state"] for each in checkpoints]


def test_a_log_that_grew_is_consistent_with_its_checkpoint(
    home: Path, tmp_path: Path, capsys: Capture
) -> None:
    """The private key is the station's alone; a list shows the newest first."""
    kept = str(tmp_path / "kept")
    assert _told(capsys, "check", "--output", kept)[0] == 0
    assert (home / "audit.key").stat().st_mode & 0o777 == 0o600
    _append(home, 3)
    status, found = _told(capsys, "check", "--against", kept)
    assert (status, _states(found), found[0]["size"]) == (0, ["consistent"], 8)
    assert [each["index"] for each in _told(capsys, "list", "--limit", "2")[1]] == [7, 6]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("--kind", "key-use", "--kind", "refusal"), [1, 0]),
        (("--key", "GPG:B"), [1]),
        (("--text", "policy.refused"), [0]),
        (("--text", "bob"), [2, 1]),
        (("--sha256", "cd" * 32), [2, 1]),
        (("--since", "1970-01-01T00:00:20", "--until", "1970-01-01T00:00:30"), [1]),
        (("--until", "1970-01-02", "--limit", "1"), [2]),
        (("--key", "nobody"), []),
    ],
)
def test_a_list_holds_what_was_asked_for(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
    arguments: tuple[str, ...],
    found: list[int],
) -> None:
    """By kind, key, any text, the hash of what came out or went in, and time."""
    monkeypatch.setenv("SIGNSTATION_HOME", str(tmp_path))
    Journal(tmp_path / "journal.db").close()
    database = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    writer = Writer(database)
    used = {"event": "key-use", "key": "gpg:B", "sha256": "cd" * 32, "caller": "bob"}
    made = {"event": "published", "artifact_sha256": "cd" * 32, "caller": "Bob"}
    writer.audit(None, None, {"event": "refusal", "at": 10, "code": "policy.refused"})
    writer.audit(None, None, {"at": 20, **used})
    writer.audit(None, None, {"at": 30, **made})
    database.close()
    status, rows = _told(capsys, "list", *arguments)
    assert (status, [each["index"] for each in rows]) == (0, found)


def test_a_hash_is_64_digits(home: Path, capsys: Capture) -> None:
    """Anything else is a usage error, not an empty list."""
    assert home.is_dir()
    assert main(["audit", "list", "--sha256", "abcd"]) == 2
    assert "64 hexadecimal digits" in capsys.readouterr().err


def test_removed_newest_records_are_told_by_the_checkpoint_alone(
    home: Path, tmp_path: Path, capsys: Capture
) -> None:
    """Without it the command says what it cannot know."""
    kept = str(tmp_path / "kept")
    _told(capsys, "check", "--output", kept)
    _change(home, "DELETE FROM audit WHERE id = 5")
    status, found = _told(capsys, "check", "--against", kept)
    assert (status, _states(found)) == (1, ["cut-off"])
    assert main(["audit", "check"]) == 0
    assert "Nobody can know" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("statement", "bad"),
    [
        ("UPDATE audit SET body = replace(body, '/out/2', '/out/9')", 2),
        ("DELETE FROM audit WHERE id = 2", 1),
        ("UPDATE audit SET id = 9 WHERE id = 1", 0),
    ],
)
def test_the_first_bad_record_is_named(
    home: Path, tmp_path: Path, capsys: Capture, statement: str, bad: int
) -> None:
    """Also where a checkpoint is wanted: a bad log gets none."""
    _change(home, statement)
    status, found = _told(capsys, "check", "--output", str(tmp_path / "none"))
    assert (status, found[0]["first_bad"]) == (1, bad)
    assert not (tmp_path / "none").exists()


def test_checkpoints_of_others_prove_nothing(home: Path, tmp_path: Path, capsys: Capture) -> None:
    """Neither those of another key nor other files."""
    kept, other = tmp_path / "kept", tmp_path / "other"
    _told(capsys, "check", "--output", str(kept))
    (home / "audit.key").unlink()
    other.write_text("nothing")
    status, found = _told(capsys, "check", "--against", str(kept), "--against", str(other))
    assert (status, _states(found)) == (1, ["not-ours", "unreadable"])
