"""Verification of a Debian package: every signature member, and every byte that none covers.

debsig-verify accepts extra members, a second data.tar and members whose limits were moved; dpkg
installs from such files. All of that is refused here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from signstation.codec.ar import Member
from signstation.errors import ArtifactMalformed, LimitReached
from signstation.formats.deb_control import control_archive
from signstation.formats.deb_dpkgsig import (
    Document,
    Setting,
    judge,
    parse_document,
    requests,
    unreadable,
)
from signstation.formats.deb_read import Found, Package, read, signatures
from signstation.formats.deb_sign import prefix
from signstation.interfaces.artifact import MAX_READ, Artifact
from signstation.interfaces.context import Context
from signstation.model.checks import (
    Aspect,
    Check,
    CheckKind,
    Outcome,
    SignatureState,
    Verified,
)
from signstation.model.hashes import HashRequest, HashState
from signstation.model.text import Text, text
from signstation.model.trust import Purpose, Trust
from signstation.signatures.judged import Judged
from signstation.signatures.openpgp_verify import judge_openpgp

_GOOD = frozenset(
    {SignatureState.GOOD_TRUSTED, SignatureState.GOOD_UNKNOWN_KEY, SignatureState.GOOD_BUT_KEY}
)


def verify(artifact: Artifact, trust: Trust, ctx: Context) -> Verified:
    """Collect checks. Raises ArtifactMalformed where the members cannot be read."""
    package = read(artifact)
    found = signatures(artifact, package)
    checks = [_control(artifact, package), *_members(package)]
    try:
        start = prefix(artifact, package)
    except LimitReached as error:
        words = text("The control archive is too large: {error}.", error=str(error))
        return Verified((_structure(Outcome.FAIL, words),), ())
    judged = tuple(_judge_all(artifact, package, found, start, trust, ctx))
    for each in judged:
        checks.extend(each.checks)
    checks.append(_unchanged(judged))
    return Verified(tuple(checks), tuple(each.facts for each in judged))


def _judge_all(
    artifact: Artifact,
    package: Package,
    found: tuple[Found, ...],
    start: bytes,
    trust: Trust,
    ctx: Context,
) -> Iterator[Judged]:
    data = package.data.member
    wanted = {
        number: HashRequest(each.packet.hash, data.start, data.size, each.packet.salt + start)
        for number, each in enumerate(found)
        if each.packet is not None and each.packet.hash is not None
    }
    lists = tuple(_lists(found))
    listed = [pair for each in lists for pair in _requests(each, package)]
    answers = ctx.digests(artifact, (*wanted.values(), *(each for _, each in listed))).states
    states: Mapping[int, HashState] = dict(zip(wanted, answers[: len(wanted)], strict=True))
    digests = {
        (member.name, each.algorithm): state.digest()
        for (member, each), state in zip(listed, answers[len(wanted) :], strict=True)
    }
    small = len(start) + data.size <= MAX_READ
    content = start + artifact.read(data.start, data.size) if small and states else None
    setting = Setting(package, digests, trust, ctx.time)
    index = 0
    for number, each in enumerate(found):
        if each.packet is None:
            for judged in _legacy(each, lists[number], setting, index):
                index += 1
                yield judged
            continue
        with _signed(content, package, ctx) as whole:
            yield judge_openpgp(
                each.packet,
                index=index,
                place=each.place,
                state=states.get(number),
                content=whole,
                trust=trust,
                purpose=Purpose.PACKAGES,
                at=ctx.time,
                sufficient=True,
                covers=package.covered,
                code="deb.signature",
            )
        index += 1


@contextmanager
def _signed(content: bytes | None, package: Package, ctx: Context) -> Iterator[bytes | int | None]:
    """Give the signed bytes for one look of the second library: at hand, or as a stream."""
    stream = ctx.stream(package.covered) if content is None else None
    try:
        yield content if stream is None else stream
    finally:
        if stream is not None:
            os.close(stream)


_List = Document | ArtifactMalformed | LimitReached | None


def _lists(found: tuple[Found, ...]) -> Iterator[_List]:
    """Read the texts of dpkg-sig; what cannot be read is the error, other signatures are None."""
    for each in found:
        if each.packet is not None:
            yield None
            continue
        try:
            yield parse_document(each.document)
        except (ArtifactMalformed, LimitReached) as error:
            yield error


def _requests(each: _List, package: Package) -> Iterator[tuple[Member, HashRequest]]:
    return requests(each, package) if isinstance(each, Document) else iter(())


def _legacy(found: Found, document: _List, setting: Setting, index: int) -> tuple[Judged, ...]:
    match document:
        case Document():
            try:
                return tuple(judge(found, document, setting, index))
            except (ArtifactMalformed, LimitReached) as error:
                return (unreadable(index, found.place, error),)
        case None:
            return ()  # it has a packet
        case _:
            return (unreadable(index, found.place, document),)


def _control(artifact: Artifact, package: Package) -> Check:
    """Without lengths in what is signed, bytes could move from one member to the next."""
    try:
        control_archive(artifact, package.control)
    except (ArtifactMalformed, LimitReached) as error:
        words = text("The control archive is malformed: {error}.", error=str(error))
        return _structure(Outcome.FAIL, words)
    return _structure(Outcome.PASS, Text("The members are those of a Debian package."))


def _structure(outcome: Outcome, summary: Text) -> Check:
    return Check(
        "deb.structure",
        CheckKind.STRUCTURE,
        Aspect.UNCHANGED,
        outcome,
        required=True,
        summary=summary,
    )


def _members(package: Package) -> Iterator[Check]:
    for name in package.repeated:
        yield _extra(text("The member {name} stands there twice.", name=name))
    for each in package.unknown:
        yield _extra(text("The member {name} belongs to no Debian package.", name=each.name))
    for each in package.ignored:
        words = "No tool looks at the member {name}, and no signature covers it."
        yield _note("ignored-member", Outcome.WARNING, text(words, name=each.name))
    if not package.signatures:
        yield _note("unsigned", Outcome.WARNING, Text("The package carries no signature."))


def _extra(summary: Text) -> Check:
    return Check(
        "deb.extra-member",
        CheckKind.CONTENT,
        Aspect.UNCHANGED,
        Outcome.FAIL,
        required=True,
        summary=summary,
    )


def _unchanged(judged: tuple[Judged, ...]) -> Check:
    states = {each.facts.state for each in judged}
    if SignatureState.BAD in states:
        outcome, words = Outcome.FAIL, "A signature does not fit the members of the package."
    elif states & _GOOD:
        outcome, words = Outcome.PASS, "The three members are what was signed, every byte of them."
    else:
        outcome, words = Outcome.NOT_RUN, "No signature could be checked against the package."
    return Check(
        "deb.content",
        CheckKind.NOTE,
        Aspect.UNCHANGED,
        outcome,
        required=False,
        summary=Text(words),
    )


def _note(name: str, outcome: Outcome, summary: Text) -> Check:
    return Check(
        f"deb.{name}", CheckKind.NOTE, Aspect.NOTE, outcome, required=False, summary=summary
    )
