"""Puts what is known about one OpenPGP signature into facts, checks and a trust path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from signstation.codec.openpgp import SignaturePacket
from signstation.codec.openpgp_packets import PublicKeyAlgorithm
from signstation.model.artifacts import Fact, FactStyle
from signstation.model.asks import Segment
from signstation.model.checks import (
    Aspect,
    Check,
    CheckKind,
    NodeKind,
    Outcome,
    SignatureFacts,
    SignatureState,
    TrustNode,
)
from signstation.model.keys import SignatureType
from signstation.model.text import Text, text
from signstation.signatures.judged import Judged
from signstation.signatures.openpgp_library import Answer, LibraryAnswer
from signstation.signatures.openpgp_state import Candidate, Reason, moment

_ALGORITHM_TITLES: dict[int, str] = {
    PublicKeyAlgorithm.RSA: "RSA",
    PublicKeyAlgorithm.RSA_SIGN_ONLY: "RSA",
    PublicKeyAlgorithm.DSA: "DSA",
    PublicKeyAlgorithm.ECDSA: "ECDSA",
    PublicKeyAlgorithm.EDDSA_LEGACY: "Ed25519",
    PublicKeyAlgorithm.ED25519: "Ed25519",
    PublicKeyAlgorithm.ED448: "Ed448",
}
_GOOD = {SignatureState.GOOD_TRUSTED, SignatureState.GOOD_BUT_KEY}
_OUTCOMES = {
    SignatureState.GOOD_TRUSTED: Outcome.PASS,
    SignatureState.GOOD_UNKNOWN_KEY: Outcome.PASS,
    SignatureState.GOOD_BUT_KEY: Outcome.PASS,
    SignatureState.UNKNOWN_KEY: Outcome.WARNING,
    SignatureState.UNREADABLE: Outcome.WARNING,
    SignatureState.BAD: Outcome.FAIL,
}


def algorithm_title(packet: SignaturePacket) -> str:
    """Return the public-key algorithm's name for people; the packet does not tell key sizes."""
    return _ALGORITHM_TITLES.get(packet.algorithm, f"algorithm {packet.algorithm}")


def hash_title(packet: SignaturePacket) -> str:
    """Return the hash algorithm's name for people."""
    return packet.hash.title if packet.hash else f"hash {packet.hash_id}"


@dataclass(frozen=True, slots=True)
class Case:
    """One signature and what the format says about it."""

    packet: SignaturePacket
    index: int
    place: Text
    sufficient: bool
    covers: tuple[Segment, ...]
    code: str


def text_check(case: Case) -> Check:
    """A warning for signatures over text: line ends are not covered."""
    words = "It is a signature over text: changed line ends would not be noticed."
    return Check(
        f"{case.code}.text",
        CheckKind.NOTE,
        Aspect.NOTE,
        Outcome.WARNING,
        required=False,
        summary=Text(words),
        signature=case.index,
    )


def library_check(case: Case, answer: LibraryAnswer, against: tuple[Reason, ...]) -> Check:
    """The second library's answer against our reasons; required where the signature counts."""
    match answer.answer:
        case Answer.YES if against:
            outcome = Outcome.FAIL
            summary = Text("The second OpenPGP library accepts it in spite of the reasons found.")
        case Answer.YES:
            outcome, summary = Outcome.PASS, Text("The second OpenPGP library accepts it too.")
        case Answer.NO:
            outcome = Outcome.FAIL
            summary = Text("The second OpenPGP library refuses it and gives no reason.")
        case Answer.NONE:
            outcome = Outcome.NOT_RUN
            words = "The second OpenPGP library could not be asked: {why}."
            summary = text(words, why=answer.says)
        case _:
            assert_never(answer.answer)
    return Check(
        f"{case.code}.library",
        CheckKind.LIBRARY,
        Aspect.TRUSTED,
        outcome,
        required=case.sufficient,
        summary=summary,
        signature=case.index,
    )


def finish(
    case: Case,
    state: SignatureState,
    reasons: tuple[Text, ...],
    candidate: Candidate | None,
    checks: Sequence[Check] = (),
) -> Judged:
    """Return facts and checks of a signature whose state is settled; the signature's own first."""
    packet = case.packet
    facts = SignatureFacts(
        index=case.index,
        kind=SignatureType.OPENPGP,
        place=case.place,
        state=state,
        signer=candidate.user_id if candidate else claimed(packet),
        fingerprint=candidate.state.fingerprint if candidate else claimed(packet),
        algorithm=candidate.packet.title if candidate else algorithm_title(packet),
        hash=hash_title(packet),
        made_at=packet.created,
        reasons=reasons or (_trusted_because(case, candidate),),
        path=_path(case, candidate) if candidate and state in _GOOD else (),
        covers=case.covers,
    )
    check = Check(
        case.code,
        CheckKind.SIGNATURE,
        Aspect.VALID,
        _OUTCOMES[state],
        required=case.sufficient,
        summary=_summary(facts),
        details=_details(facts),
        signature=case.index,
        state=state,
        sufficient=case.sufficient,
    )
    return Judged(facts, (check, *_trust_checks(case, facts), *checks))


def _trust_checks(case: Case, facts: SignatureFacts) -> tuple[Check, ...]:
    """The third answer; the verdict follows from the signature's state, not from these."""
    summaries: tuple[Text, ...]
    match facts.state:
        case SignatureState.GOOD_TRUSTED:
            outcome, summaries = Outcome.PASS, (facts.path[0].detail,)
        case SignatureState.GOOD_BUT_KEY | SignatureState.GOOD_UNKNOWN_KEY:
            outcome, summaries = Outcome.FAIL, facts.reasons
        case SignatureState.UNKNOWN_KEY:
            outcome, summaries = Outcome.WARNING, facts.reasons
        case SignatureState.BAD | SignatureState.UNREADABLE:
            return ()
        case _:
            assert_never(facts.state)
    return tuple(
        Check(
            f"{case.code}.trust",
            CheckKind.NOTE,
            Aspect.TRUSTED,
            outcome,
            required=False,
            summary=summary,
            signature=case.index,
        )
        for summary in summaries
    )


def claimed(packet: SignaturePacket) -> str:
    """Return the fingerprint or key id that the packet names, empty where it names none."""
    return packet.issuer_fingerprint or packet.issuer_key_id


def _trusted_because(case: Case, candidate: Candidate | None) -> Text:
    if candidate is None:
        return Text("Nothing is known about the signer.")
    words = "{signer} signed on {made} with a key that was valid then."
    return text(words, signer=candidate.user_id, made=moment(case.packet.created or 0))


def _summary(facts: SignatureFacts) -> Text:
    signer = facts.signer
    match facts.state:
        case (
            SignatureState.GOOD_TRUSTED
            | SignatureState.GOOD_UNKNOWN_KEY
            | SignatureState.GOOD_BUT_KEY
        ):
            return text("The signature by {signer} is valid.", signer=signer)
        case SignatureState.UNKNOWN_KEY if not signer:
            return Text("The signature does not name the key that made it.")
        case SignatureState.UNKNOWN_KEY:
            words = "The signature by {signer} cannot be checked without its certificate."
            return text(words, signer=signer)
        case SignatureState.BAD:
            return text("The signature by {signer} is wrong.", signer=signer)
        case SignatureState.UNREADABLE:
            return facts.reasons[0]
        case _:
            assert_never(facts.state)


def _details(facts: SignatureFacts) -> tuple[Fact, ...]:
    made = (
        () if facts.made_at is None else (_fact("Signed at", str(facts.made_at), FactStyle.TIME),)
    )
    return (
        _fact("Key", facts.fingerprint.lower(), FactStyle.HEX),
        _fact("Algorithm", f"{facts.algorithm}, {facts.hash}", FactStyle.TEXT),
        *made,
        *(_fact("Reason", each.english(), FactStyle.TEXT) for each in facts.reasons),
    )


def _fact(label: str, value: str, style: FactStyle) -> Fact:
    return Fact(Text(label), value, style)


def _path(case: Case, candidate: Candidate) -> tuple[TrustNode, ...]:
    """From the anchor's origin to the signed content, each node with why the next one follows."""
    certificate, key = candidate.certificate, candidate.state
    primary, origin = certificate.primary, certificate.origin
    since = Text("Trusted: {source}.", (("source", origin.source),))
    if origin.since is not None:
        words = "Trusted since {since}: {source}."
        since = text(words, source=origin.source, since=moment(origin.since))
    made = text("signed on {made}", made=moment(case.packet.created or 0))
    certifies = Text("certifies the signing subkey")
    nodes = [
        TrustNode(NodeKind.ANCHOR, origin.source, primary.fingerprint, since, Text("names")),
        TrustNode(
            NodeKind.KEY,
            candidate.user_id,
            primary.fingerprint,
            _validity(primary.type.title, primary.created, primary.expires),
            made if key == primary else certifies,
        ),
    ]
    if key != primary:
        validity = _validity(candidate.packet.title, key.created, key.expires)
        title = candidate.packet.title
        nodes.append(TrustNode(NodeKind.SUBKEY, title, key.fingerprint, validity, made))
    signed = text(
        "{hash}, version {version}", hash=hash_title(case.packet), version=case.packet.version
    )
    nodes.append(TrustNode(NodeKind.ARTIFACT, case.place.english(), "", signed))
    return tuple(nodes)


def _validity(title: str, created: int, expires: int | None) -> Text:
    if expires is None:
        return text("{type}, valid from {created}", type=title, created=moment(created))
    words = "{type}, valid from {created} until {expires}"
    return text(words, type=title, created=moment(created), expires=moment(expires))
