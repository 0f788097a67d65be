"""What holds for every test: a private home, no display, no surprise in the log, counts at the end.

Order is random (pytest-randomly prints its seed), warnings are errors (pyproject.toml) and a Qt
warning fails the test that caused it (qt_log_level_fail).
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import hypothesis
import pytest

from tests.realtools.tree import CACHE_VARIABLE, RefereeTree, cache_directory
from tests.support.xserver import x_server

RESULT_VARIABLE = "SIGNSTATION_SUITE_RESULT"
"""Where packaging/suites.py wants the counts of this run, as JSON."""

GATE_EXAMPLES = 20
"""Examples of each property in .ci/check; 100 everywhere else."""

# Whoever runs the tests has keys, settings and an agent: no test may find them. Short, because
# agent sockets below it must fit into sun_path (108 bytes, unix(7)).
_private_home = tempfile.mkdtemp(prefix="st-", dir="/tmp")
_inherited = (
    "DISPLAY",
    "GNUPGHOME",
    "GPG_AGENT_INFO",
    "SIGNSTATION_HOME",
    "SOURCE_DATE_EPOCH",
    "SSH_AUTH_SOCK",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
)


def pytest_configure(config: pytest.Config) -> None:
    """Set the environment before any test module, and with it Qt, is imported."""
    os.environ[CACHE_VARIABLE] = str(cache_directory())  # found before the home is changed
    for name in _inherited:
        os.environ.pop(name, None)
    os.environ["HOME"] = _private_home
    os.environ["SIGNSTATION_HOME"] = f"{_private_home}/station"
    os.environ["LC_ALL"] = "C.UTF-8"
    os.environ["TZ"] = "UTC"
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    # The machine is shared: how long an example takes says nothing about the code.
    hypothesis.settings.register_profile("signstation", deadline=None, print_blob=True)
    # The gate before a commit has a minute; the suite that lands has all examples.
    hypothesis.settings.register_profile(
        "gate", parent=hypothesis.settings.get_profile("signstation"), max_examples=GATE_EXAMPLES
    )
    hypothesis.settings.load_profile(config.getoption("--hypothesis-profile") or "signstation")
    config.addinivalue_line(
        "markers", "expects_log(pattern): this test makes a log record that matches the pattern"
    )


def pytest_unconfigure() -> None:
    """Leave nothing behind."""
    shutil.rmtree(_private_home, ignore_errors=True)


class _Surprises(logging.Handler):
    """Collects the records of one test from WARNING upwards."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the record's text."""
        self.messages.append(f"{record.levelname} {record.name}: {record.getMessage()}")


@pytest.fixture(autouse=True)
def no_surprise_in_the_log(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that logs a warning it did not announce, or announces one that never comes."""
    expected = [re.compile(mark.args[0]) for mark in request.node.iter_markers("expects_log")]
    handler = _Surprises()
    logging.getLogger().addHandler(handler)
    yield
    logging.getLogger().removeHandler(handler)
    surprises = [m for m in handler.messages if not any(p.search(m) for p in expected)]
    absent = [p.pattern for p in expected if not any(p.search(m) for m in handler.messages)]
    if surprises:
        pytest.fail("unexpected log records:\n" + "\n".join(surprises))
    if absent:
        pytest.fail("expected log records never came: " + ", ".join(absent))


@pytest.fixture(scope="session")
def referees() -> RefereeTree:
    """Give the unpacked newer verifiers: a failure in CI when there are none, else a loud skip."""
    tree = RefereeTree.find()
    if tree is None:
        reason = "NO REFEREE TREE: run `sh packaging/test --prepare` with a network"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return tree


@pytest.fixture(scope="session")
def x_display() -> Iterator[Mapping[str, str]]:
    """Run a real X server with a window manager; gives the environment for programs on it."""
    with x_server() as environment:
        yield environment


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int | pytest.ExitCode
) -> None:
    """Write the counts for packaging/suites.py, which adds the suites up."""
    target = os.environ.get(RESULT_VARIABLE)
    if not target:
        return
    count = {name: len(reports) for name, reports in terminalreporter.stats.items()}
    Path(target).write_text(
        json.dumps(
            {
                "passed": count.get("passed", 0) + count.get("xfailed", 0),
                "failed": count.get("failed", 0) + count.get("error", 0),
                "skipped": count.get("skipped", 0),
                "exit": int(exitstatus),
            }
        ),
        encoding="ascii",
    )
