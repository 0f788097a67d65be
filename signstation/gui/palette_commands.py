"""What the command palette offers: gathered from what the window shows at this moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from PySide6.QtWidgets import QWidget

from signstation.gui.help_topics import Help
from signstation.gui.keys_looks import state_look
from signstation.gui.pages import PageEntry, PageName
from signstation.gui.palette_match import Command
from signstation.gui.parts import ActionButton
from signstation.gui.states import state_icon, state_words
from signstation.gui.tokens import ThemeName
from signstation.gui.words import tr
from signstation.model.jobs import JobRow
from signstation.model.keys import KeyInfo
from signstation.reports.words import show

MAX_JOBS = 500
"""The newest jobs are offered; older ones are found on the Queue page."""

Find = Callable[[PageName, str], None]
"""Show a page and pick what a name stands for there."""


def action_commands(page: QWidget) -> Iterator[Command]:
    """Every button of the page that can be pressed now."""
    for button in page.findChildren(ActionButton):
        if button.isVisible() and button.isEnabled() and button.accessibleName():
            icon = button.icon_name or "arrow-right"
            yield Command(tr("Action"), button.accessibleName(), icon, button.click)


def page_commands(entries: Iterable[PageEntry], go: Callable[[int], None]) -> Iterator[Command]:
    """Every page of the window."""
    for number, each in enumerate(entries):
        keys = f"Ctrl+{number + 1}"
        yield Command(tr("Page"), tr(each.title), each.icon, partial(go, number), keys)


def job_commands(jobs: Iterable[JobRow], find: Find) -> Iterator[Command]:
    """The newest jobs."""
    for _, job in zip(range(MAX_JOBS), jobs, strict=False):
        title = f"{job.id} · {show(job.title)}"
        run = partial(find, PageName.QUEUE, str(job.id))
        icon, _tone = state_icon(job.state)
        yield Command(tr("Job"), title, icon, run, state_words(job.state))


def key_commands(keys: Iterable[KeyInfo], find: Find) -> Iterator[Command]:
    """Every key."""
    for key in keys:
        run = partial(find, PageName.KEYS, str(key.key))
        detail = f"{state_look(key.state)[2]} · {show(key.fingerprint)[-16:]}"
        yield Command(tr("Key"), show(key.label), "key", run, detail)


def help_commands(pages: Help, read: Callable[[str], None]) -> Iterator[Command]:
    """Every page of the help."""
    for topic in pages.topics.values():
        yield Command(tr("Help"), topic.title, "help", partial(read, topic.id))


def look_commands(choose: Callable[[ThemeName | None], None]) -> Iterator[Command]:
    """The appearances."""
    for name, title, icon in (
        (None, tr("Appearance: follow the system"), "settings"),
        (ThemeName.LIGHT, tr("Appearance: light"), "sun"),
        (ThemeName.DARK, tr("Appearance: dark"), "moon"),
        (ThemeName.CONTRAST, tr("Appearance: high contrast"), "contrast"),
    ):
        yield Command(tr("Window"), title, icon, partial(choose, name))
