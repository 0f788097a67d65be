"""Verification of an RPM package: what it says of its bytes, every signature, and what is unsigned.

rpm itself lets several things pass that are reported here: bytes that nothing covers, tags that
stand there twice, and keys that were expired or revoked when they signed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from signstation.codec.openpgp import SignaturePacket
from signstation.codec.openpgp_packets import PublicKeyAlgorithm
from signstation.codec.rpmfile import Package
from signstation.codec.rpmtags import SignatureTag
from signstation.errors import LimitReached
from signstation.formats.rpm_read import (
    Claim,
    Found,
    Target,
    claims,
    covered,
    payload_is_signed,
    read,
    requests,
    settle,
    signatures,
)
from signstation.formats.rpm_unsigned import unprotected
from signstation.interfaces.artifact import MAX_READ, Artifact
from signstation.interfaces.context import Context
from signstation.model.artifacts import Fact, FactStyle
from signstation.model.checks import Aspect, Check, CheckKind, Outcome, Verified
from signstation.model.hashes import HashAlgorithm, HashRequest, HashState
from signstation.model.text import Text, text
from signstation.model.trust import Purpose, Trust
from signstation.signatures.judged import Judged
from signstation.signatures.openpgp_verify import hash_request, judge_openpgp, start_hash

_HEADER_TAGS = frozenset({SignatureTag.RSA, SignatureTag.DSA})
_RSA = frozenset({PublicKeyAlgorithm.RSA, PublicKeyAlgorithm.RSA_SIGN_ONLY})


def verify(artifact: Artifact, trust: Trust, ctx: Context) -> Verified:
    """Collect checks. Raises ArtifactMalformed where lead or headers cannot be read."""
    package = read(artifact)
    checks = [_structure_is_read(), *_duplicates(package), *_warnings(package)]
    found = _signatures(package, checks)
    stated = claims(package, everything=True)
    wanted = tuple(
        each
        for each in (_whole_request(package, signature) for signature in found)
        if each is not None
    )
    asked = requests(stated)
    states = ctx.digests(artifact, (*asked, *wanted)).states
    checks.extend(_contents(package, settle(stated, states)))
    over_all = dict(zip(wanted, states[len(asked) :], strict=True))
    judging = _Judging(artifact, package, found, trust, ctx.time, over_all)
    judged = tuple(judging.judge(index) for index in range(len(found)))
    for each in judged:
        checks.extend(each.checks)
    checks.extend(_about(package, found))
    return Verified(tuple(checks), tuple(each.facts for each in judged))


def _signatures(package: Package, checks: list[Check]) -> tuple[Found, ...]:
    try:
        return signatures(package)
    except LimitReached as error:
        summary = text("It carries more than {limit} signatures.", limit=error.limit)
        check = Check(
            "rpm.signatures",
            CheckKind.STRUCTURE,
            Aspect.NOTE,
            Outcome.FAIL,
            required=True,
            summary=summary,
        )
        checks.append(check)
        return ()


def _whole_request(package: Package, found: Found) -> HashRequest | None:
    if found.target is Target.HEADER:
        return None
    return hash_request(found.packet, package.main.start)


# ---- the signatures -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Judging:
    """Judges the signatures of one package; hashes the header once for each hash and salt."""

    artifact: Artifact
    package: Package
    found: tuple[Found, ...]
    trust: Trust
    at: int
    over_all: Mapping[HashRequest, HashState]
    _headers: dict[tuple[HashAlgorithm, bytes], HashState] = field(default_factory=dict)

    def judge(self, index: int) -> Judged:
        found = self.found[index]
        content = self._content(found.target)
        return judge_openpgp(
            found.packet,
            index=index,
            place=found.place,
            state=self._state(found),
            content=content,
            trust=self.trust,
            purpose=Purpose.PACKAGES,
            at=self.at,
            sufficient=self._sufficient(found, content),
            covers=(covered(self.package, found.target),),
            code="rpm.signature",
        )

    def _state(self, found: Found) -> HashState | None:
        packet = found.packet
        if found.target is Target.WHOLE:
            request = _whole_request(self.package, found)
            return None if request is None else self.over_all[request]
        if packet.hash is None:
            return None
        key = (packet.hash, packet.salt)
        if key not in self._headers and (state := start_hash(packet)) is not None:
            state.update(self.package.main.raw)
            self._headers[key] = state
        return self._headers.get(key)

    def _content(self, target: Target) -> bytes | None:
        """The signed bytes for the second library; None where there are too many to hold."""
        where = covered(self.package, target)
        if where.length > MAX_READ:
            return None
        if target is Target.HEADER:
            return self.package.main.raw
        return self.artifact.read(where.offset, where.length)

    def _sufficient(self, found: Found, content: bytes | None) -> bool:
        """A header signature has to protect the payload through a digest in the header.

        One over all that is too large for the second library does not stand in the way of a
        header signature that can be judged.
        """
        if found.extra:
            return False
        if found.target is Target.HEADER:
            return payload_is_signed(self.package)
        others = any(each.target is Target.HEADER for each in self.found)
        return content is not None or not others


def _about(package: Package, found: tuple[Found, ...]) -> Iterator[Check]:
    if not found:
        yield _note("unsigned", Outcome.WARNING, Text("The package carries no signature."))
        return
    over_header = [each for each in found if each.target is Target.HEADER]
    if over_header and not payload_is_signed(package):
        words = "The header states no digest of the payload: a header signature leaves it open."
        yield _note("coverage", Outcome.WARNING, Text(words))
    if all(each.tag is SignatureTag.OPENPGP for each in found):
        words = "All signatures are of RPM 6: RPM 4 does not read them and calls it unsigned."
        yield _note("compatibility", Outcome.WARNING, Text(words))
    for index, each in enumerate(found):
        yield from _about_one(index, each)


def _about_one(index: int, found: Found) -> Iterator[Check]:
    packet: SignaturePacket = found.packet
    if found.extra:
        words = Text("It stands behind another signature in the same place: rpm does not read it.")
        yield _note("extra-packet", Outcome.WARNING, words, index)
    if packet.problem or found.tag is SignatureTag.OPENPGP:
        return
    if (found.tag in {SignatureTag.RSA, SignatureTag.PGP}) is not (packet.algorithm in _RSA):
        words = text("Tag {tag} is for another kind of key.", tag=found.tag.value)
        yield _note("tag", Outcome.WARNING, words, index)
    if found.tag in _HEADER_TAGS and packet.algorithm == PublicKeyAlgorithm.ECDSA:
        words = Text("It is an ECDSA signature: RPM 4.18 and older refuse the package.")
        yield _note("compatibility", Outcome.WARNING, words, index)


# ---- everything else ----------------------------------------------------------------------------


def _structure_is_read() -> Check:
    return Check(
        "rpm.structure",
        CheckKind.STRUCTURE,
        Aspect.UNCHANGED,
        Outcome.PASS,
        required=True,
        summary=Text("Lead, signature header and header are well-formed."),
    )


def _contents(package: Package, settled: tuple[Claim, ...]) -> Iterator[Check]:
    signed = payload_is_signed(package)
    for each in settled:
        style = FactStyle.SIZE if each.algorithm is None and each.known else FactStyle.HEX
        if not each.known:
            outcome, words = Outcome.NOT_RUN, "{what}: its hash is not known here."
        elif each.agrees:
            outcome, words = Outcome.PASS, "{what}: as stated."
        else:
            outcome, words = Outcome.FAIL, "{what}: not as stated, so one of the two was changed."
        stated = tuple(Fact(Text("Stated"), value, style) for value in each.stated if value)
        found = (Fact(Text("Found"), each.found, style),) if each.known else ()
        yield Check(
            each.code,
            CheckKind.CONTENT,
            Aspect.UNCHANGED,
            outcome,
            required=each.known or not signed,
            summary=text(words, what=each.what.english()),
            details=(*stated, *found),
        )


def _duplicates(package: Package) -> Iterator[Check]:
    for header, words in (
        (package.signature, "Tag {tag} stands twice in the signature header."),
        (package.main, "Tag {tag} stands twice in the header."),
    ):
        for tag in header.duplicates:
            yield Check(
                "rpm.duplicate-tags",
                CheckKind.CONTENT,
                Aspect.UNCHANGED,
                Outcome.FAIL,
                required=True,
                summary=text(words, tag=tag),
            )


def _warnings(package: Package) -> Iterator[Check]:
    for each in unprotected(package):
        yield _note(each.code, Outcome.WARNING, each.text)


def _note(name: str, outcome: Outcome, summary: Text, signature: int | None = None) -> Check:
    return Check(
        f"rpm.{name}",
        CheckKind.NOTE,
        Aspect.NOTE,
        outcome,
        required=False,
        summary=summary,
        signature=signature,
    )
