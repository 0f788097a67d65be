"""The window as a program: its entry on a real X server, its pictures without any display."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from signstation.app.home import Ownership, prepare
from signstation.gui import start
from signstation.gui.memory import Memory
from signstation.gui.tokens import DARK, ThemeName
from signstation.model.station import VerifiedPath
from tests.support import windowdata

SECONDS = 30.0


@pytest.fixture
def home() -> Iterator[Path]:
    """A short private state directory, because of the socket in it."""
    path = Path(tempfile.mkdtemp(prefix="st-", dir="/tmp"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


def _environment(home: Path, base: Mapping[str, str]) -> dict[str, str]:
    return {**base, "SIGNSTATION_HOME": str(home), "GNUPGHOME": str(home / "gnupg")}


def _window(environment: Mapping[str, str]) -> str:
    """Return the id of the visible window, or nothing."""
    done = subprocess.run(
        ("xdotool", "search", "--onlyvisible", "--name", "^signstation$"),
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.split("\n")[0]


def _wait_for_window(environment: Mapping[str, str]) -> str:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if found := _window(environment):
            return found
        time.sleep(0.1)
    pytest.fail("no window appeared")


def _wait_for_page(environment: Mapping[str, str], window: str) -> QImage:
    """Return the picture of the window when there is more in it than empty surfaces."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        shot = subprocess.run(
            ("import", "-window", window, "png:-"),
            env=dict(environment),
            capture_output=True,
            check=True,
        ).stdout
        image = QImage.fromData(shot)
        middle = image.height() // 2
        if len({image.pixel(x, middle) for x in range(0, image.width(), 3)}) > 3:
            return image
        time.sleep(0.1)
    pytest.fail("the window stayed empty")


def test_the_window_opens_on_a_real_screen_and_ends_in_order(
    home: Path, x_display: Mapping[str, str]
) -> None:
    environment = _environment(home, x_display)
    (home / "gnupg").mkdir(mode=0o700)
    with _station(environment) as process:
        window = _wait_for_window(environment)
        image = _wait_for_page(environment, window)
        process.send_signal(signal.SIGTERM)
        said, complained = process.communicate(timeout=SECONDS)
    assert image.width() >= 1000
    assert (process.returncode, said, complained) == (0, "", "")
    ownership = Ownership.take(home)
    assert ownership is not None
    ownership.release()


def test_a_state_directory_that_does_not_answer_is_told(
    home: Path, x_display: Mapping[str, str]
) -> None:
    home.chmod(0o700)
    file = home / "taken"
    file.write_text("not a directory")
    environment = _environment(file, x_display)
    with _station(environment) as process:
        window = _wait_for_window(environment)
        focus = ("xdotool", "windowactivate", "--sync", window, "key", "space")
        subprocess.run(focus, env=environment, check=True)
        _, complained = process.communicate(timeout=SECONDS)
    assert process.returncode == 8
    assert "cannot be written" in complained


@contextmanager
def _station(environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The program in front of a real screen; killed if it does not end."""
    with subprocess.Popen(
        (sys.executable, "-m", "signstation"),
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _screenshot(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {n: v for n, v in os.environ.items() if n != "QT_QPA_PLATFORM"}
    return subprocess.run(
        (sys.executable, "-I", "-m", "signstation.gui.screenshot", *arguments),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )


def test_a_picture_of_a_report_needs_no_display(tmp_path: Path) -> None:
    from signstation.gui.verify_save import _write  # noqa: PLC0415 - what the page itself uses

    report = tmp_path / "report.json"
    results = tuple(VerifiedPath(Path(each.path), each) for each in windowdata.release())
    _write(report, results, windowdata.NOW)
    target = tmp_path / "window.png"
    done = _screenshot(
        "--output", str(target), "--size", "1300x800", "--theme", "dark", "--report", str(report)
    )
    assert (done.returncode, done.stderr) == (0, "")
    image = QImage(str(target))
    assert (image.width(), image.height()) == (1300, 800)
    assert image.pixelColor(5, 795).name() == DARK.sunken.lower()


def test_a_picture_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    target = tmp_path / "window.png"
    done = _screenshot("--output", str(target), "--report", str(tmp_path / "none.json"))
    assert done.returncode == 7
    assert "cannot be read" in done.stderr
    assert not target.exists()
    assert _screenshot("--output", str(target), "--size", "9x9").returncode == 2


def test_a_bad_binding_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The count of references is the one thing that the check looks at: let it fall."""
    counts = iter((5000, 5000 - start.CALLS))
    monkeypatch.setattr(start.sys, "getrefcount", lambda _: next(counts))
    fault = start.binding_fault()
    assert "PySide6" in fault
    assert "<6.12" in fault


def test_a_good_binding_is_accepted() -> None:
    assert start.binding_fault() == ""


def test_the_window_remembers_its_appearance(home: Path) -> None:
    prepare(home)
    assert Memory(home).theme() is None
    Memory(home).keep_theme(ThemeName.DARK)
    assert Memory(home).theme() is ThemeName.DARK
    Memory(home).keep_theme(None)
    assert Memory(home).theme() is None
    (home / "window.ini").write_text("[General]\ntheme=neon\ngeometry=1\n")
    assert Memory(home).theme() is None
    assert Memory(home).geometry().isEmpty()
