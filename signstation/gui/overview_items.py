"""What needs a person now, worked out of what the station tells: plain values, without Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from heapq import nlargest
from pathlib import Path

from signstation.gui.keys_looks import DAY, expiry_words, kind_words
from signstation.gui.pages import PageName
from signstation.gui.tokens import Tone
from signstation.gui.trust_words import kind_words as anchor_words
from signstation.gui.verdicts import moment, verdict_look
from signstation.gui.words import say, tr, trn
from signstation.model.anchors import Anchor
from signstation.model.checks import Verdict
from signstation.model.jobs import JobRow, JobState
from signstation.model.keys import KeyFamily, KeyInfo, KeyState, Protection
from signstation.model.prompts import Prompt
from signstation.model.sightings import Seen
from signstation.model.station import DoctorRow, Health
from signstation.reports.tables import KEY_STATES

SOON = 90
"""Days before its end from which on a key or an anchor needs a successor (notes, journey 2.3)."""
LATELY = 30
"""Days after which a failed job is history."""
STRONG_RSA = 3072
"""Fewest bits of an RSA key for new signatures (NIST SP 800-57 part 1: 128 bits of strength)."""


class Group(Enum):
    """What kind of thing it is: one tile and one part of the list each."""

    PROMPTS = "prompts"
    JOBS = "jobs"
    ARTIFACTS = "artifacts"
    KEYS = "keys"
    STATION = "station"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing: its words are translated and escaped. ``page`` is where something is done."""

    group: Group
    icon: str
    tone: Tone
    headline: str
    detail: str
    page: PageName | None = None
    action: str = ""
    forget: bytes | None = None  # SHA-256 of an artifact that can be forgotten
    paths: tuple[Path, ...] = ()  # what the page begins with


@dataclass(frozen=True, slots=True)
class Situation:
    """All that the page knows; None is what has not been told yet. ``now`` is Unix seconds."""

    now: int
    prompts: tuple[Prompt, ...] = ()
    jobs: tuple[JobRow, ...] | None = None
    seen: tuple[Seen, ...] | None = None
    keys: tuple[KeyInfo, ...] | None = None
    anchors: tuple[Anchor, ...] | None = None
    doctor: tuple[DoctorRow, ...] | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """A key or an anchor that ends one day."""

    label: str
    expires: int
    own: bool
    kind: str  # translated


def needs(situation: Situation) -> tuple[Item, ...]:
    """Return what needs a person, the gravest first within each group."""
    order = (Tone.ERROR, Tone.WARNING, Tone.ACCENT)
    found = [item for part in _PARTS.values() for item in part(situation)]
    return tuple(sorted(found, key=lambda item: order.index(item.tone)))


def releases(situation: Situation, most: int) -> tuple[JobRow, ...]:
    """Return the last jobs that signed everything, newest first."""
    done = [each for each in situation.jobs or () if each.state is JobState.DONE]
    return tuple(nlargest(most, done, key=lambda job: job.finished or job.created))


def endings(situation: Situation) -> tuple[Ending, ...]:
    """Return usable keys and foreign anchors that end, the next one first."""
    keys = [each for each in situation.keys or () if each.state is KeyState.ACTIVE]
    own = {each.fingerprint.casefold() for each in keys}
    found = [
        Ending(each.label, each.expires, own=True, kind=kind_words(each))
        for each in keys
        if each.expires is not None
    ]
    for anchor in situation.anchors or ():
        ours = any(each.fingerprint.casefold() in own for each in anchor.keys)
        if anchor.state is KeyState.ACTIVE and not ours and anchor.expires is not None:
            kind = tr("Trusted: {kind}", kind=anchor_words(anchor.kind))
            found.append(Ending(anchor.label, anchor.expires, own=False, kind=kind))
    return tuple(sorted(found, key=lambda each: each.expires))


def _prompts(situation: Situation) -> Iterator[Item]:
    for each in situation.prompts:
        title = say(each.title)
        if each.job is not None:
            title = tr("Job {job}: {title}", job=each.job, title=title)
        words = tr("The question stands above this page.")
        yield Item(Group.PROMPTS, "hand", Tone.WARNING, title, words)


def _jobs(situation: Situation) -> Iterator[Item]:
    asked = {each.job for each in situation.prompts}
    queue = (PageName.QUEUE, tr("Open the queue"))
    for each in situation.jobs or ():
        if each.state is JobState.INTERRUPTED:
            title = tr("{title} was interrupted", title=each.title)
            yield Item(Group.JOBS, "pause", Tone.WARNING, title, _progress(each), *queue)
        elif each.state is JobState.WAITING and each.id not in asked:
            title = tr("{title} waits for somebody elsewhere", title=each.title)
            yield Item(Group.JOBS, "hand", Tone.WARNING, title, _progress(each), *queue)
        elif each.failed and situation.now - (each.finished or situation.now) < LATELY * DAY:
            title = trn(
                "{title}: 1 artifact failed",
                "{title}: {count} artifacts failed",
                each.failed,
                title=each.title,
            )
            yield Item(Group.JOBS, "x-circle", Tone.ERROR, title, _progress(each), *queue)


def _progress(job: JobRow) -> str:
    done = tr("{done} of {count} signed", done=job.done, count=job.steps)
    return f"{done} · {tr('ordered on {time}', time=moment(job.created))}"


def _artifacts(situation: Situation) -> Iterator[Item]:
    for each in situation.seen or ():
        if each.verdict is Verdict.TRUSTED:
            continue
        icon, tone, word = verdict_look(each.verdict)
        title = tr("{label}: {verdict}", label=each.label, verdict=word)
        words = tr("{reason} Seen {time}.", reason=say(each.reason), time=moment(each.at))
        yield Item(
            Group.ARTIFACTS,
            icon,
            tone,
            title,
            words,
            PageName.VERIFY,
            tr("Verify again") if each.path else tr("Open Verify"),
            each.sha256,
            (Path(each.path),) if each.path else (),
        )


def _keys(situation: Situation) -> Iterator[Item]:
    yield from _first_steps(situation)
    told: set[tuple[str, str]] = set()
    for key in situation.keys or ():
        for item in (*_ends(key, situation.now), *_weakness(key)):
            if (key.label, item.icon) not in told:
                told.add((key.label, item.icon))
                yield item
    own = {each.fingerprint.casefold() for each in situation.keys or ()}
    for anchor in situation.anchors or ():
        if not any(each.fingerprint.casefold() in own for each in anchor.keys):
            yield from _anchor(anchor, situation.now)


def _first_steps(situation: Situation) -> Iterator[Item]:
    if situation.keys == ():
        yield Item(
            Group.KEYS,
            "key",
            Tone.ACCENT,
            tr("There is no key yet"),
            tr("Generate one, or take one in: without a key nothing can be signed."),
            PageName.KEYS,
            tr("Open the keys"),
        )
    if situation.anchors == ():
        yield Item(
            Group.KEYS,
            "anchor",
            Tone.ACCENT,
            tr("Nobody is trusted yet"),
            tr("Own keys are trusted as they come; others are pinned once they were compared."),
            PageName.TRUST,
            tr("Open trust"),
        )


def _ends(key: KeyInfo, now: int) -> Iterator[Item]:
    if key.expires is None or key.state not in {KeyState.ACTIVE, KeyState.EXPIRED}:
        return
    if abs(key.expires - now) >= SOON * DAY:
        return
    lasts = expiry_words(key.expires, now)
    if key.expires <= now:
        title = tr("{label} has expired", label=key.label)
        words = tr("It {lasts}: it signs no more; what it signed before stays good.", lasts=lasts)
    else:
        title = tr("{label} expires soon", label=key.label)
        words = tr("It lasts {lasts}: make its successor known in time.", lasts=lasts)
    yield Item(
        Group.KEYS, "calendar", Tone.WARNING, title, words, PageName.KEYS, tr("Open the keys")
    )


def _weakness(key: KeyInfo) -> Iterator[Item]:
    if key.state not in {KeyState.ACTIVE, KeyState.NOT_YET}:
        return
    keys = (PageName.KEYS, tr("Open the keys"))
    if key.protection is Protection.UNPROTECTED:
        title = tr("{label} has no passphrase", label=key.label)
        words = tr("Whoever copies the file can sign with it.")
        yield Item(Group.KEYS, "unlock", Tone.WARNING, title, words, *keys)
    weak = key.type.family is KeyFamily.RSA and key.type.bits < STRONG_RSA
    if weak or key.type.family is KeyFamily.OTHER:
        title = tr("{label} is weak", label=key.label)
        words = tr(
            "{type}: new keys have {bits} bits at least.", type=key.type.title, bits=STRONG_RSA
        )
        yield Item(Group.KEYS, "shield-alert", Tone.WARNING, title, words, *keys)


def _anchor(anchor: Anchor, now: int) -> Iterator[Item]:
    trust = (PageName.TRUST, tr("Open trust"))
    if anchor.state is not KeyState.ACTIVE:
        title = tr("{label} is trusted, but no longer good", label=anchor.label)
        words = tr("State of its key: {state}.", state=tr(KEY_STATES[anchor.state]))
        yield Item(Group.KEYS, "anchor", Tone.WARNING, title, words, *trust)
    elif anchor.expires is not None and anchor.expires - now < SOON * DAY:
        title = tr("{label} expires soon", label=anchor.label)
        lasts = expiry_words(anchor.expires, now)
        words = tr("Trusted here; it lasts {lasts}. Ask for its successor.", lasts=lasts)
        yield Item(Group.KEYS, "anchor", Tone.WARNING, title, words, *trust)


def _station(situation: Situation) -> Iterator[Item]:
    for each in situation.doctor or ():
        if each.health is Health.GOOD:
            continue
        bad = each.health is Health.BAD
        words = say(each.detail)
        if each.remedy is not None:
            words += " " + say(each.remedy)
        tone = Tone.ERROR if bad else Tone.WARNING
        yield Item(Group.STATION, "x-circle" if bad else "warning", tone, say(each.title), words)


_PARTS: dict[Group, Callable[[Situation], Iterator[Item]]] = {
    Group.PROMPTS: _prompts,
    Group.JOBS: _jobs,
    Group.ARTIFACTS: _artifacts,
    Group.KEYS: _keys,
    Group.STATION: _station,
}
