"""Judges a published repository as each version of each client will: apt's kind and dnf's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from signstation.acceptance.matrix import CLIENTS, Answer, Basis, Client, Family, answer
from signstation.acceptance.properties import Seen
from signstation.acceptance.sayings import reason

_ORDER = tuple(Answer)
_V6 = "key.v6"


@dataclass(frozen=True, slots=True)
class Issue:
    """Something about the repository that every client of its kind answers alike.

    One that is accepted all the same is advice.
    ``says`` is the client's own message, ``what`` the fault in plain words; ``subject`` is a path
    below the repository (untrusted text).
    """

    code: str
    answer: Answer
    subject: str
    what: str
    says: str


@dataclass(frozen=True, slots=True)
class SignedThing:
    """A signed file with what was seen of its signatures, in their order; at least one."""

    subject: str
    signatures: tuple[Seen, ...]


@dataclass(frozen=True, slots=True)
class Published:
    """A repository as it was read."""

    family: Family
    issues: tuple[Issue, ...]
    signed: tuple[SignedThing, ...]
    unknown_keys: tuple[str, ...]  # issuers whose certificates were not given


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a client does not simply accept: the subject, how many are alike, and the words."""

    subject: str
    alike: int
    says: str


@dataclass(frozen=True, slots=True)
class ClientAnswer:
    """What one client will make of the repository; reasons are the worst ones' first."""

    client: Client
    answer: Answer
    reasons: tuple[Reason, ...]

    @property
    def basis(self) -> Basis:
        """How sure it is."""
        return self.client.basis


def judge(published: Published, at: int) -> tuple[ClientAnswer, ...]:
    """Return the answer of every client of the repository's kind, at a time in Unix seconds."""
    return tuple(
        _judge(client, published, at) for client in CLIENTS if client.family is published.family
    )


def _judge(client: Client, published: Published, at: int) -> ClientAnswer:
    found = [(each.answer, each.subject, f"{each.what} ({each.says})") for each in published.issues]
    for thing in published.signed:
        found += [(worst, thing.subject, words) for worst, words in _of_thing(client, thing, at)]
    grouped: dict[tuple[Answer, str], list[str]] = {}
    for worst, subject, words in found:
        grouped.setdefault((worst, words), []).append(subject)
    ordered = sorted(grouped.items(), key=lambda each: -_ORDER.index(each[0][0]))
    reasons = tuple(Reason(subjects[0], len(subjects), words) for (_, words), subjects in ordered)
    return ClientAnswer(client, ordered[0][0][0] if ordered else Answer.ACCEPTS, reasons)


def _of_thing(client: Client, thing: SignedThing, at: int) -> Iterator[tuple[Answer, str]]:
    """Yield why a signed file is not simply accepted: its best signature counts."""
    first = thing.signatures[0]
    if any(_V6 not in each.properties for each in thing.signatures) and _V6 in first.properties:
        worst = answer(client, "order.v6-first", at)
        if worst is not Answer.ACCEPTS:
            yield worst, reason(client, "order.v6-first")
    answers = [
        [(answer(client, name, at), name) for name in each.properties] for each in thing.signatures
    ]
    best = min(answers, key=lambda each: max((_ORDER.index(one) for one, _ in each), default=0))
    for worst, name in best:
        if worst is not Answer.ACCEPTS:
            yield worst, reason(client, name)
