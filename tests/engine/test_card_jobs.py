"""Jobs with a key on a card, through a whole station: what a person is told, and when it ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from signstation.app.api import StationApi
from signstation.app.connect import connect
from signstation.model.jobs import JobState
from signstation.model.keys import KeyRef
from signstation.model.orders import PlanSummary, SignOrder
from signstation.model.prompts import Prompt, PromptKind
from signstation.model.secret import Secret
from signstation.model.station import PromptClosed, PromptOpened, StationEvent
from tests.support.cards import DEVICE, PIN, OnCard
from tests.support.virtualkey.stack import Stack

SECONDS = 120.0


class Desk:
    """A window with somebody before it who knows the PIN and, when told, has a finger."""

    def __init__(self, home: Path, gnupg: Path) -> None:
        self.api: StationApi = connect(home, "window", gnupg_home=gnupg)
        self.prompts: list[Prompt] = []
        self.closed: set[str] = set()
        self.told = {kind: threading.Event() for kind in PromptKind}
        self.dismisses: frozenset[PromptKind] = frozenset()
        self.api.subscribe(self.hear)

    def hear(self, event: StationEvent) -> None:
        if isinstance(event, PromptClosed):
            self.closed.add(event.id)
        if not isinstance(event, PromptOpened):
            return
        self.prompts.append(event.prompt)
        self.told[event.prompt.kind].set()
        if event.prompt.kind in self.dismisses:
            self.api.dismiss(event.prompt.id)
        elif event.prompt.kind is PromptKind.PIN:
            self.api.answer(event.prompt.id, Secret(PIN.encode()))

    def plan(self, paths: tuple[Path, ...], key: KeyRef, output: Path) -> PlanSummary:
        return self.api.plan(SignOrder(paths, (key,), format="blob", output=output)).result(SECONDS)

    def begin(self, plan: PlanSummary) -> int:
        assert plan.id, plan.refused
        return self.api.submit(plan.id).result(SECONDS)

    def end(self, job: int) -> JobState:
        return self.api.wait(job).result(SECONDS).state


@pytest.fixture
def card() -> Iterator[OnCard]:
    with Stack() as stack:
        made = OnCard.made(stack)
        yield made
        made.home.close()


@pytest.fixture
def desk(card: OnCard, tmp_path: Path) -> Iterator[Desk]:
    opened = Desk(tmp_path / "state", card.home.path)
    yield opened
    opened.api.close()


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, ...]:
    made = tuple(tmp_path / f"part{number}.bin" for number in range(3))
    for each in made:
        each.write_bytes(each.name.encode())
    return made


def test_touches_are_foretold_told_while_the_card_waits_and_taken_away(
    card: OnCard, desk: Desk, files: tuple[Path, ...], tmp_path: Path
) -> None:
    card.wants_touch()
    card.stack.key.finger("away")
    key = KeyRef("gpg", card.key.primary)
    plan = desk.plan(files, key, tmp_path / "out")
    assert {each.name: each.count for each in plan.prompts} == {f"pin {key}": 1, f"touch {key}": 3}
    job = desk.begin(plan)
    assert desk.told[PromptKind.PIN].wait(SECONDS)
    assert card.stack.key.blinked()
    touch = next(each for each in reversed(desk.prompts) if each.kind is PromptKind.TOUCH)
    assert touch.job == job
    assert dict(touch.title.values)["device"] == DEVICE
    assert touch.id not in desk.closed
    card.stack.key.finger("touches")
    assert desk.end(job) is JobState.DONE
    assert {each.id for each in desk.prompts} == desk.closed
    assert card.stack.key.state()["counter"] == 3
    assert len(list((tmp_path / "out").glob("*.asc"))) == 3


def test_a_refused_touch_publishes_nothing(
    card: OnCard, desk: Desk, files: tuple[Path, ...], tmp_path: Path
) -> None:
    card.wants_touch()
    card.stack.key.finger("refuses")
    plan = desk.plan(files[:1], KeyRef("gpg", card.key.primary), tmp_path / "out")
    assert desk.end(desk.begin(plan)) is JobState.FAILED
    assert list((tmp_path / "out").glob("*.asc")) == []
    assert {each.id for each in desk.prompts} == desk.closed


def test_a_card_that_is_out_is_waited_for_by_its_number(
    card: OnCard, desk: Desk, files: tuple[Path, ...], tmp_path: Path
) -> None:
    plan = desk.plan(files, KeyRef("gpg", card.key.primary), tmp_path / "out")
    (token,) = desk.api.tokens().result(SECONDS)
    assert (token.device, token.tries) == (DEVICE, 3)
    card.stack.key.eject()
    while desk.api.tokens().result(SECONDS):
        pass
    job = desk.begin(plan)
    assert desk.told[PromptKind.INSERT].wait(SECONDS)
    assert dict(desk.prompts[0].title.values)["device"] == DEVICE
    card.stack.key.insert()
    assert desk.end(job) is JobState.DONE
    assert {each.id for each in desk.prompts} == desk.closed


def test_who_does_not_insert_it_cancels(
    card: OnCard, desk: Desk, files: tuple[Path, ...], tmp_path: Path
) -> None:
    plan = desk.plan(files, KeyRef("gpg", card.key.primary), tmp_path / "out")
    card.stack.key.eject()
    while desk.api.tokens().result(SECONDS):
        pass
    desk.dismisses = frozenset({PromptKind.INSERT})
    assert desk.end(desk.begin(plan)) is not JobState.DONE
    assert list((tmp_path / "out").glob("*.asc")) == []
