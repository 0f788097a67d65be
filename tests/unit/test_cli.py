"""The command line without a station: grammar, help, arguments, statuses, what is printed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from signstation.cli.command import Lifetime, Moment
from signstation.cli.examples import EXAMPLES
from signstation.cli.main import main, root
from signstation.cli.output import PRECEDENCE, Output, message_lines, wire_error
from signstation.cli.run import run
from signstation.cli.steps import print_jobs
from signstation.cli.variables import COMPLETE_VARIABLE
from signstation.effects import ExitStatus
from signstation.errors import (
    ArtifactMalformed,
    Cancelled,
    InternalError,
    KeyNotFound,
    OutputExists,
    PathMissing,
    SignstationError,
    all_errors,
)
from signstation.model.jobs import JobRow, JobState
from signstation.reports.verification import error_json


def commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """Yield every command below ``command`` with its full name."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=path)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from commands(below, f"{path} {name}")


ALL = dict(commands(root, "signstation"))


def test_the_grammar_is_the_designs() -> None:
    top = ["sign", "verify", "inspect", "formats", "key", "job", "doctor", "demo", "completion"]
    names = root.list_commands(click.Context(root))
    assert [each for each in names if each in top] == top
    assert {"signstation key generate openpgp", "signstation key generate x509"} <= set(ALL)
    for name in ("list", "show", "resume", "retry", "pause", "unpause", "cancel"):
        assert f"signstation job {name}" in ALL
    for name in ("list", "import", "export", "generate"):
        assert f"signstation key {name}" in ALL


def test_every_command_has_an_example_and_every_example_a_command() -> None:
    assert set(EXAMPLES) == set(ALL)
    for name, examples in EXAMPLES.items():
        assert examples
        assert all(each.line.startswith(name) for each in examples if name != "signstation")


@pytest.mark.parametrize("name", sorted(ALL))
def test_help_ends_in_the_examples(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*name.split()[1:], "--help"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("Usage: signstation")
    assert "Examples:" in shown
    for each in EXAMPLES[name]:
        assert each.line in shown
        assert each.says in shown


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_option_says_what_it_is_for(name: str) -> None:
    silent = [
        parameter.name
        for parameter in ALL[name].params
        if isinstance(parameter, click.Option)
        and not parameter.help
        and not isinstance(parameter.type, click.Choice)
    ]
    assert silent == []
    assert ALL[name].help
    assert ALL[name].short_help or name == "signstation"


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["--nonsense"],
        ["sign"],
        ["verify", "--at", "yesterday", "x"],
        ["job", "show"],
        ["job", "show", "0"],
        ["key", "generate", "openpgp"],
        ["key", "generate", "x509", "--name", "x", "--expires", "2 years"],
        ["completion", "csh"],
        ["sign", "x", "--hash", "md5"],
    ],
)
def test_usage_errors_are_status_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Usage: signstation" in shown.err


def test_hostile_arguments_are_shown_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["\x1b[31mred\x9b", "--help"]) == 2
    shown = capsys.readouterr().err
    assert "\x1b" not in shown
    assert "\x9b" not in shown


def test_version_needs_neither_engine_nor_qt() -> None:
    check = (
        "import sys; sys.argv = ['signstation', '--version'];"
        "from signstation.__main__ import main; status = main();"
        "heavy = {'PySide6', 'asyncio', 'cryptography', 'cattrs', 'sqlite3', 'pysequoia'};"
        "print(status, sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=True, timeout=20
    )
    assert done.stdout == "signstation 0.1.0\n0 []\n"


def test_without_a_display_the_window_says_so() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "signstation"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin"},
        timeout=20,
    )
    assert done.returncode == ExitStatus.HOST
    assert "display" in done.stderr
    assert "Effect: Nothing was signed" in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_name_the_program(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", shell]) == 0
    assert "_SIGNSTATION_COMPLETE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("1700000000", 1_700_000_000),
        ("2030-01-01", 1_893_456_000),
        ("2030-01-01T00:00:00+01:00", 1_893_452_400),
        ("2030-01-01T00:00:00Z", 1_893_456_000),
    ],
)
def test_moments(text: str, seconds: int) -> None:
    assert Moment().convert(text, None, None) == seconds


@settings(max_examples=40)
@given(st.text(max_size=20) | st.from_regex(r"[0-9T:+.-]{1,25}", fullmatch=True))
def test_any_text_is_a_moment_or_a_usage_error(text: str) -> None:
    with suppress(click.BadParameter):
        assert isinstance(Moment().convert(text, None, None), int)


@pytest.mark.parametrize(
    ("text", "days"), [("90d", 90), ("8w", 56), ("6m", 180), ("2y", 730), ("never", 0)]
)
def test_lifetimes(text: str, days: int) -> None:
    assert Lifetime().convert(text, None, None) == days * 86400


@pytest.mark.parametrize("text", ["", "0d", "-1d", "2", "2x", "1.5y", "100000d", "²d"])
def test_wrong_lifetimes(text: str) -> None:
    with pytest.raises(click.BadParameter):
        Lifetime().convert(text, None, None)


@given(st.permutations(list(ExitStatus)))
def test_the_worst_status_wins_in_any_order(order: list[ExitStatus]) -> None:
    output = Output(as_json=False)
    for each in order:
        output.note(each)
    assert output.status == ExitStatus.BUG


def test_precedence_names_every_status_and_is_the_designs() -> None:
    assert sorted(PRECEDENCE) == sorted(ExitStatus)
    without_usage = [int(each) for each in PRECEDENCE if each is not ExitStatus.USAGE]
    assert without_usage == [70, 8, 3, 6, 5, 4, 7, 1, 0]


@pytest.mark.parametrize("kind", sorted(all_errors(), key=lambda each: each.code), ids=str)
def test_every_error_is_explained_in_its_parts(kind: type[SignstationError]) -> None:
    lines = message_lines(kind())
    assert lines[0].startswith("signstation: ")
    assert sum(line.startswith("  Effect: ") for line in lines) == 1
    assert lines[-1] == f"  Details: code {kind.code}, signstation 0.1.0"


def test_equal_errors_of_many_artifacts_are_one_message(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = Output(as_json=False)
    for number in range(1000):
        output.error(KeyNotFound(key="gpg:A"), f"/x/{number}")
    output.error(PathMissing(path="/y"), "/y")
    assert output.end() == ExitStatus.KEY
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("gpg:A") == 1
    assert "/x/0 and 999 more" in shown.err


def test_json_keeps_every_error_with_its_path(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(as_json=True)
    output.text("not shown")
    output.table(("NOT",), [("SHOWN",)])
    for number in range(3):
        output.error(KeyNotFound(key="gpg:A"), f"/x/{number}")
    output.end()
    shown = capsys.readouterr()
    objects = [json.loads(line) for line in shown.out.splitlines()]
    assert [each["path"] for each in objects] == ["/x/0", "/x/1", "/x/2"]
    assert {each["code"] for each in objects} == {"key.not-found"}
    assert shown.err == ""


def test_untrusted_text_is_escaped_in_tables_and_errors(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = Output(as_json=False)
    output.table(("A",), [("\x1b[2Jx\u202e",)])
    output.error(ArtifactMalformed(path="\x1b]0;x\x07", format="rpm", found="\x9b"))
    output.end()
    shown = capsys.readouterr()
    assert not set("\x1b\x07\x9b\u202e") & set(shown.out + shown.err)


@given(st.text(max_size=60))
def test_a_wire_error_is_rebuilt_or_becomes_internal(text: str) -> None:
    error = wire_error(json.dumps({"code": text, "fields": {}, "effect": "unchanged"}))
    assert isinstance(error, SignstationError)


def test_a_wire_error_comes_back() -> None:
    error = wire_error(json.dumps(OutputExists(path="/a").to_wire()))
    assert isinstance(error, OutputExists)
    assert error.path == "/a"
    assert isinstance(wire_error("[]"), InternalError)
    assert isinstance(wire_error(json.dumps(Cancelled().to_wire())), Cancelled)


@pytest.mark.expects_log("internal error")
def test_a_bug_is_status_70_with_an_id(capsys: pytest.CaptureFixture[str]) -> None:
    def broken(output: Output) -> None:
        raise ZeroDivisionError(output)

    assert run(as_json=True, work=broken) == 70
    (error,) = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (error["code"], error["effect"]) == ("internal", "unknown")
    assert len(error["fields"]["id"]) == 32


SCHEMAS = sorted((Path(__file__).parents[2] / "resources/schemas").glob("*.schema.json"))


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_schemas_are_valid_strict_and_named_by_their_type(path: Path) -> None:
    document = json.loads(path.read_text())
    Draft202012Validator.check_schema(document)
    kind = path.name.removesuffix(".schema.json")
    assert document["$id"] == f"urn:signstation:schema:1:{kind}"
    assert document["properties"]["type"] == {"const": kind}
    assert document["additionalProperties"] is False
    assert set(document["required"]) == set(document["properties"])


@pytest.mark.parametrize("kind", sorted(all_errors(), key=lambda each: each.code), ids=str)
def test_every_error_fits_its_schema(kind: type[SignstationError]) -> None:
    (path,) = (each for each in SCHEMAS if each.name == "error.schema.json")
    Draft202012Validator(json.loads(path.read_text())).validate(error_json(kind(), "/a"))


@pytest.mark.parametrize(
    ("words", "completions"),
    [
        ("signstation ", {"sign", "verify", "key", "job", "demo"}),
        ("signstation key generate x509 --usage ", {"modules", "code-signing"}),
    ],
)
def test_the_shell_gets_its_completions(words: str, completions: set[str]) -> None:
    environment = {
        "PATH": "/usr/bin",
        COMPLETE_VARIABLE: "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    done = subprocess.run(
        [sys.executable, "-m", "signstation"],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=20,
    )
    assert done.stderr == ""
    assert completions <= {line.partition(",")[2] for line in done.stdout.splitlines()}


@pytest.mark.parametrize(
    ("state", "words"),
    [(JobState.QUEUED, "paused"), (JobState.RUNNING, "paused, running")],
    ids=["at rest", "finishing"],
)
def test_a_paused_job_says_so(
    state: JobState, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    row = JobRow(3, "acme", state, 0, None, 9, 4, 0, bytes(32), (), paused=True)
    print_jobs(Output(as_json=False), (row,))
    assert f"  {words}  " in capsys.readouterr().out
