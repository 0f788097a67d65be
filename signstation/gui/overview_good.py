"""What was looked at and is good, in words: so that calm is a finding, not an empty page."""

from __future__ import annotations

from signstation.gui.overview_items import SOON, Group, Situation
from signstation.gui.words import tr, trn
from signstation.model.jobs import JobState


def good_words(group: Group, situation: Situation) -> str | None:
    """Return what can be said where nothing of a group needs a person; None while unknown."""
    match group:
        case Group.PROMPTS:
            return tr("Nobody is asked for anything.")
        case Group.JOBS:
            return _jobs(situation)
        case Group.ARTIFACTS:
            return _artifacts(situation)
        case Group.KEYS:
            return _keys(situation)
        case Group.STATION:
            return _station(situation)


def _jobs(situation: Situation) -> str | None:
    if situation.jobs is None:
        return None
    running = sum(not each.state.final for each in situation.jobs)
    words = tr("No job failed or was interrupted.")
    if running:
        words += " " + trn("1 is at work.", "{count} are at work.", running)
    elif not any(each.state is JobState.DONE for each in situation.jobs):
        words = tr("No job yet: nothing was signed here so far.")
    return words


def _artifacts(situation: Situation) -> str | None:
    if situation.seen is None:
        return None
    if not situation.seen:
        return tr("Nothing was verified here yet.")
    count = len(situation.seen)
    return trn(
        "The artifact that was verified last is good.",
        "None of the {count} artifacts verified lately is doubtful.",
        count,
    )


def _keys(situation: Situation) -> str | None:
    if situation.keys is None or situation.anchors is None:
        return None
    return tr(
        "Of {keys} keys and {anchors} anchors none ends within {days} days, and none is weak or "
        "without protection.",
        keys=len(situation.keys),
        anchors=len(situation.anchors),
        days=SOON,
    )


def _station(situation: Situation) -> str | None:
    if situation.doctor is None:
        return None
    return tr("All {count} checks of this machine are good.", count=len(situation.doctor))
