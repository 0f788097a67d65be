"""Drives the window as a person does, and waits for it without sleeping."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from signstation.gui.frame import Window
from signstation.gui.pages import Page, PageName
from signstation.model.jobs import JobState
from signstation.model.prompts import Prompt, PromptKind
from signstation.model.text import text
from tests.support import windowdata
from tests.support.window import RecordedStation, Script, make_job

W = TypeVar("W", bound=QWidget)
P = TypeVar("P", bound=Page)


class Driver:
    """One window, its station and pytest-qt's robot."""

    def __init__(self, qtbot: QtBot, window: Window, station: RecordedStation) -> None:
        """Take over a shown window."""
        self.qtbot, self.window, self.station = qtbot, window, station

    def settle(self) -> None:
        """Wait until everything that was asked is answered and shown."""
        self.until(self._at_rest)
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()

    def _at_rest(self) -> bool:
        self.station.settle()
        self.window.bridge.drain()
        return self.window.bridge.waiting == 0 and self.window.whole

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition."""
        self.qtbot.waitUntil(condition, timeout=10_000)

    def page(self, name: PageName, kind: type[P]) -> P:
        """Open a page and return it."""
        self.window.open(name)
        self.settle()
        page = self.window.page(name)
        assert isinstance(page, kind)
        return page

    def visible(self, kind: type[W]) -> list[W]:
        """Return every visible widget of a kind."""
        return [each for each in self.window.findChildren(kind) if each.isVisible()]


def every_widget(root: QObject) -> Iterator[QWidget]:
    """Yield every visible widget below ``root``."""
    for each in root.findChildren(QWidget):
        if each.isVisible():
            yield each


def busy_script(count: int = 243) -> Script:
    """Return a station with a running job of ``count`` artifacts and two finished ones."""
    done = count // 2
    states = (
        (JobState.DONE,) * done
        + (JobState.RUNNING,) * 3
        + (JobState.FAILED,) * 2
        + (JobState.QUEUED,) * (count - done - 5)
    )
    jobs = (
        make_job(3, states),
        make_job(2, (JobState.DONE,) * 30, title="acme-4.1.9"),
        make_job(1, (JobState.DONE, JobState.FAILED), title="acme-tools"),
    )
    return Script(jobs=tuple(job for job, _ in jobs), steps={job.id: steps for job, steps in jobs})


def make_prompt(
    ident: str = "p1",
    kind: PromptKind = PromptKind.PASSPHRASE,
    *,
    wrong: bool = False,
    tries: int | None = None,
) -> Prompt:
    """Return a prompt of job 3."""
    return Prompt(
        id=ident,
        kind=kind,
        name=f"passphrase gpg:{windowdata.SUBKEY}",
        title=text("Passphrase of {key}", key="Acme Release Signing 2026"),
        body=text("{key}, to sign 243 artifacts", key=f"gpg:{windowdata.SUBKEY}"),
        job=3,
        tries_left=tries,
        previous_wrong=wrong,
    )


RELEASE: tuple[Path, ...] = (windowdata.RELEASE,)
"""What a person drops on the Sign and Verify pages."""
