"""Signatures in dpkg-sig's form: a text signed in the clear that lists MD5 and SHA-1 of members.

Whoever can make two packages with the same MD5 and SHA-1 has both signed at once, so such a
signature is never worth trust by itself; one that does not fit says that something was changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from signstation.codec.ar import Member
from signstation.codec.cleartext import ClearText, parse_cleartext
from signstation.errors import ArtifactMalformed, LimitReached
from signstation.formats.deb_read import Found, Package
from signstation.model.checks import (
    Aspect,
    Check,
    CheckKind,
    Outcome,
    SignatureFacts,
    SignatureState,
)
from signstation.model.hashes import HashAlgorithm, HashRequest
from signstation.model.keys import SignatureType
from signstation.model.text import Text, text
from signstation.model.trust import Purpose, Trust
from signstation.signatures.judged import Judged
from signstation.signatures.openpgp_clear import Question, frame_checks, judge_cleartext

CODE = "deb.dpkg-sig"
MAX_LISTED = 64
"""Most members that one signature lists (codec.ar.MAX_MEMBERS is as large)."""
ALGORITHMS = (HashAlgorithm.MD5, HashAlgorithm.SHA1)
WEAK = Text(
    "It is in the old form of dpkg-sig, which lists MD5 and SHA-1 digests: neither protects "
    "against an exchange."
)
_FILES = "Files:"
_FIELD = re.compile(r"[A-Za-z]+: .*")
_LINE = re.compile(r"\t([0-9a-f]{32}) ([0-9a-f]{40}) ([0-9]{1,10}) (\S{1,16})")


@dataclass(frozen=True, slots=True)
class Listed:
    """One member as a signature lists it: size in bytes, MD5 and SHA-1."""

    name: str
    size: int
    digests: Mapping[HashAlgorithm, bytes]


@dataclass(frozen=True, slots=True)
class Document:
    """A signature member: the signed text, and what it lists."""

    clear: ClearText
    listed: tuple[Listed, ...]


def parse_document(content: bytes) -> Document:
    """Read a member. Raises ArtifactMalformed and LimitReached."""
    clear = parse_cleartext(content)
    lines = clear.shown.decode("utf-8").rstrip("\n").split("\n")
    head = lines.index(_FILES) if _FILES in lines else len(lines)
    matched = [_LINE.fullmatch(each) for each in lines[head + 1 :]]
    found = [each for each in matched if each is not None]
    names = {each[4] for each in found}
    good = all(map(_FIELD.fullmatch, lines[:head])) and len(found) == len(matched) == len(names)
    if not good or not 0 < len(found) <= MAX_LISTED:
        raise ArtifactMalformed(
            format="deb", offset=clear.offset, expected="dpkg-sig's list", found="another text"
        )
    listed = tuple(
        Listed(
            each[4],
            int(each[3]),
            dict(zip(ALGORITHMS, map(bytes.fromhex, (each[1], each[2])), strict=True)),
        )
        for each in found
    )
    return Document(clear, listed)


def requests(document: Document, package: Package) -> Iterator[tuple[Member, HashRequest]]:
    """Yield what has to be hashed of the members that are listed and here, MD5 and SHA-1."""
    here = members(package)
    for each in document.listed:
        member = here.get(each.name)
        if member is not None:
            for algorithm in ALGORITHMS:
                yield member, HashRequest(algorithm, member.start, member.size)


def members(package: Package) -> Mapping[str, Member]:
    """Return the members that can be listed, by name: the three, and signatures."""
    three = (package.version, package.control.member, package.data.member)
    return {each.name: each for each in (*package.signatures, *three)}


@dataclass(frozen=True, slots=True)
class Setting:
    """What a signature is judged by; ``digests`` those of all ``requests``, ``at`` Unix time."""

    package: Package
    digests: Mapping[tuple[str, HashAlgorithm], bytes]
    trust: Trust
    at: int


def judge(found: Found, document: Document, setting: Setting, index: int) -> Iterator[Judged]:
    """Judge the signatures of one member, numbered from ``index``.

    Raises ArtifactMalformed and LimitReached where it holds something else than signatures.
    """
    covers = setting.package.covered
    question = Question(
        setting.trust, Purpose.PACKAGES, setting.at, CODE, found.place, index, covers
    )
    about = (*_compared(document, setting), *frame_checks(document.clear, CODE))
    for number, each in enumerate(judge_cleartext(document.clear, question)):
        judged = _weakened(each) if each.facts.state is SignatureState.GOOD_TRUSTED else each
        yield Judged(judged.facts, (*judged.checks, *(() if number else about)))


def _weakened(judged: Judged) -> Judged:
    """Take the trust away: its number is good, and what it is over proves nothing."""
    state = SignatureState.GOOD_BUT_KEY
    checks = [
        replace(each, state=state, outcome=Outcome.WARNING)
        if each.kind is CheckKind.SIGNATURE
        else each
        for each in judged.checks
        if each.code != f"{CODE}.trust"
    ]
    trusted = Check(
        f"{CODE}.trust",
        CheckKind.NOTE,
        Aspect.TRUSTED,
        Outcome.FAIL,
        required=False,
        summary=WEAK,
        signature=judged.facts.index,
    )
    facts = replace(judged.facts, state=state, reasons=(WEAK,), path=())
    return Judged(facts, (*checks, trusted))


def _compared(document: Document, setting: Setting) -> Iterator[Check]:
    package = setting.package
    here = members(package)
    names = {each.name for each in document.listed}
    for each in document.listed:
        member = here.get(each.name)
        if member is None:
            words = "The member {name}, which dpkg-sig lists, is not here."
            yield _check(CheckKind.CONTENT, Outcome.NOT_RUN, text(words, name=each.name))
        elif member.size != each.size or any(
            setting.digests.get((each.name, algorithm)) != each.digests[algorithm]
            for algorithm in ALGORITHMS
        ):
            words = "The member {name} is not the one that dpkg-sig lists."
            yield _check(CheckKind.CONTENT, Outcome.FAIL, text(words, name=each.name))
    three = (package.version, package.control.member, package.data.member)
    for member in three:
        if member.name not in names:
            words = "The member {name} is not listed by dpkg-sig."
            yield _check(CheckKind.STRUCTURE, Outcome.FAIL, text(words, name=member.name))


def _check(kind: CheckKind, outcome: Outcome, summary: Text) -> Check:
    return Check(f"{CODE}.list", kind, Aspect.UNCHANGED, outcome, required=True, summary=summary)


def unreadable(index: int, place: Text, error: ArtifactMalformed | LimitReached) -> Judged:
    """Say of a member that it is not what it seems to be."""
    words = text("It looks like dpkg-sig's form and cannot be read: {error}.", error=str(error))
    facts = SignatureFacts(
        index=index,
        kind=SignatureType.CLEARTEXT,
        place=place,
        state=SignatureState.UNREADABLE,
        signer="",
        fingerprint="",
        algorithm="dpkg-sig",
        hash="",
        made_at=None,
        reasons=(words,),
        path=(),
    )
    check = Check(
        CODE,
        CheckKind.SIGNATURE,
        Aspect.VALID,
        Outcome.WARNING,
        required=False,
        summary=words,
        signature=index,
        state=SignatureState.UNREADABLE,
    )
    return Judged(facts, (check,))
