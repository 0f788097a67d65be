"""From a signer's certificate to an anchor: the path, its dates, its usages, and the reasons.

Paths are built and checked by ``cryptography`` (RFC 5280 with the Web PKI's rules for authorities:
basicConstraints, keyUsage, RSA from 2048 bits; it knows no Ed25519 authorities). Certificates that
come inside a signature are never anchors. There are no revocation lists here: a certificate is
withdrawn by taking its anchor away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.verification import (
    ExtensionPolicy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from signstation.errors import KeyUnreadable
from signstation.model.checks import NodeKind, SignatureState, TrustNode
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import KeyFamily
from signstation.model.text import Text, text
from signstation.model.trust import Purpose, Trust, X509Anchor
from signstation.signatures.certificates import CertificateFacts, read_certificate
from signstation.signatures.cms_rules import CmsRules

MAX_INSTANTS = 8
"""Most times at which a path is tried, to tell an expired path from none."""
MIN_RSA = 2048
"""Fewest bits of an RSA modulus that count (NIST SP 800-131A)."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """An anchor that could be read."""

    facts: CertificateFacts
    anchor: X509Anchor

    def serves(self, purpose: Purpose) -> bool:
        """Whether it is trusted for ``purpose``."""
        return Purpose.ANY in self.anchor.purposes or purpose in self.anchor.purposes


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a signer's certificate. Times are Unix seconds."""

    anchors: tuple[Anchor, ...]
    inside: tuple[CertificateFacts, ...]  # certificates that came with the signature
    purpose: Purpose
    rules: CmsRules
    hash: HashAlgorithm
    made_at: int | None  # as the signer says
    at: int  # reference time


@dataclass(frozen=True, slots=True)
class Standing:
    """What a good number by this certificate is worth, and why."""

    state: SignatureState
    reasons: tuple[Text, ...]  # for the state, most important first
    warnings: tuple[Text, ...]  # that do not change the state
    path: tuple[TrustNode, ...]
    careless: bool = False  # whether only things stand against it that the consumer ignores


@dataclass(frozen=True, slots=True)
class _Path:
    """Certificates from the signer to the anchor, and a time at which they were all valid."""

    chain: tuple[CertificateFacts, ...]
    anchor: Anchor
    instant: int


def readable_anchors(trust: Trust) -> tuple[Anchor, ...]:
    """Read the X.509 anchors; those that cannot be read were refused when trust was prepared."""
    return tuple(Anchor(read_certificate(each.der), each) for each in trust.x509)


def readable(certificates: Sequence[bytes]) -> tuple[CertificateFacts, ...]:
    """Read certificates that came with a signature, leaving out those that cannot be read."""
    found: list[CertificateFacts] = []
    for der in certificates:
        try:
            found.append(read_certificate(der))
        except KeyUnreadable:
            continue
    return tuple(found)


def standing(leaf: CertificateFacts, question: Question) -> Standing:
    """Judge the certificate of a signature whose number is right."""
    found = _find(leaf, question)
    if isinstance(found, Standing):
        return found
    grave = (*_weak(leaf, question), *_wrong_anchor(found, question))
    dates, warnings = _dates(leaf, found, question)
    light = (*dates, *_usage(leaf, question))
    path = _nodes(found.chain, found.anchor)
    if grave or light:
        return Standing(
            SignatureState.GOOD_BUT_KEY, grave + light, warnings, path, careless=not grave
        )
    return Standing(SignatureState.GOOD_TRUSTED, (path[0].detail,), warnings, path)


def _find(leaf: CertificateFacts, question: Question) -> _Path | Standing:
    """Find a path, preferring anchors that serve the purpose."""
    serving = tuple(each for each in question.anchors if each.serves(question.purpose))
    why = text("No certificate is trusted for this purpose.")
    for anchors in (serving, question.anchors):
        for each in anchors:
            if each.facts.der == leaf.der:
                return _Path((leaf,), each, _when(question))
        if anchors:
            found = _search(leaf, anchors, question)
            if isinstance(found, _Path):
                return found
            why = found
    careless = False
    for each in question.anchors:
        if not each.facts.authority and _issued(leaf, each.facts):
            careless = True
            why = text(
                "It was issued by {issuer}, which is trusted but is no certificate authority.",
                issuer=each.facts.name,
            )
    node = TrustNode(
        NodeKind.CERTIFICATE,
        leaf.name,
        leaf.fingerprint,
        text("issued by {issuer}", issuer=leaf.issuer),
    )
    reasons = (why, *_weak(leaf, question))
    return Standing(SignatureState.GOOD_UNKNOWN_KEY, reasons, (), (node,), careless=careless)


def _when(question: Question) -> int:
    return question.at if question.made_at is None else question.made_at


def _search(leaf: CertificateFacts, anchors: Sequence[Anchor], question: Question) -> _Path | Text:
    """Ask the library at the time that counts, else at times when all may have been valid."""
    known = (leaf, *question.inside, *(each.facts for each in anchors))
    ends = {each.not_after for each in known} | {each.not_before for each in known}
    others = sorted((end for end in ends if leaf.not_before <= end <= leaf.not_after), reverse=True)
    why = ""
    for instant in (_when(question), *others[:MAX_INSTANTS]):
        try:
            chain = _ask_library(leaf, question.inside, anchors, instant)
        except (VerificationError, ValueError, UnsupportedAlgorithm) as error:
            why = why or str(error)
            continue
        last = chain[-1].der
        anchor = next(each for each in anchors if each.facts.der == last)
        return _Path(chain, anchor, instant)
    return text("No trusted certificate issued it ({why}).", why=why[:200])


def _ask_library(
    leaf: CertificateFacts,
    inside: Sequence[CertificateFacts],
    anchors: Sequence[Anchor],
    instant: int,
) -> tuple[CertificateFacts, ...]:
    verifier = (
        PolicyBuilder()
        .store(Store([each.facts.certificate for each in anchors]))
        .time(datetime.fromtimestamp(instant, UTC).replace(tzinfo=None))
        .extension_policies(
            ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=ExtensionPolicy.permit_all()
        )
        .build_client_verifier()
    )
    others = [each.certificate for each in inside if each.der != leaf.der]
    verified = verifier.verify(leaf.certificate, others)
    known = {each.certificate: each for each in (leaf, *inside, *(a.facts for a in anchors))}
    return tuple(known[certificate] for certificate in verified.chain)


def _issued(leaf: CertificateFacts, issuer: CertificateFacts) -> bool:
    """Whether the number on ``leaf`` is by ``issuer``: for a reason's words, never for a yes."""
    try:
        leaf.certificate.verify_directly_issued_by(issuer.certificate)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _weak(leaf: CertificateFacts, question: Question) -> tuple[Text, ...]:
    reasons: list[Text] = []
    if leaf.type.family is KeyFamily.RSA and leaf.type.bits < MIN_RSA:
        reasons.append(text("{what} is too weak.", what=leaf.type.title))
    if question.hash.weak:
        reasons.append(text("{what} is too weak.", what=question.hash.title))
    return tuple(reasons)


def _wrong_anchor(path: _Path, question: Question) -> tuple[Text, ...]:
    if path.anchor.serves(question.purpose):
        return ()
    named = ", ".join(each.value for each in path.anchor.anchor.purposes)
    return (text("Its anchor is trusted only for: {purposes}.", purposes=named),)


def _usage(leaf: CertificateFacts, question: Question) -> tuple[Text, ...]:
    reasons: list[Text] = []
    if not leaf.signs_data:
        reasons.append(text("Its key usage does not allow signatures of data."))
    if leaf.usages is not None and not question.rules.usages.intersection(leaf.usages):
        titles = ", ".join(leaf.usage_titles)
        reasons.append(text("It is meant for other uses: {usages}.", usages=titles))
    return tuple(reasons)


def _dates(
    leaf: CertificateFacts, path: _Path, question: Question
) -> tuple[tuple[Text, ...], tuple[Text, ...]]:
    """Return reasons against it and warnings."""
    when = _when(question)
    reasons: list[Text] = []
    warnings: list[Text] = []
    if question.made_at is not None and question.made_at > question.at:
        reasons.append(text("It says that it was made later than the time of this check."))
    start = max(each.not_before for each in path.chain)
    end = min(each.not_after for each in path.chain)
    if when < start:
        reasons.append(
            text("Its certificate was not valid yet, but from {date}.", date=_day(start))
        )
    elif when > end and question.made_at is None:
        warnings.append(
            text(
                "Its certificate expired on {date}. When it signed is not known: such a signature "
                "names no time.",
                date=_day(end),
            )
        )
    elif when > end:
        reasons.append(text("Its certificate had expired on {date}.", date=_day(end)))
    return tuple(reasons), tuple(warnings)


def _day(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"


def _nodes(chain: Sequence[CertificateFacts], anchor: Anchor) -> tuple[TrustNode, ...]:
    """Anchor first."""
    source = anchor.anchor.origin.source
    root = chain[-1]
    nodes = [
        TrustNode(
            NodeKind.ANCHOR,
            root.name,
            root.fingerprint,
            text("{name} is trusted: {source}.", name=root.name, source=source),
        )
    ]
    nodes.extend(
        TrustNode(
            NodeKind.CERTIFICATE,
            each.name,
            each.fingerprint,
            text("valid until {date}", date=_day(each.not_after)),
            edge=text("certifies"),
        )
        for each in reversed(chain[:-1])
    )
    return tuple(nodes)
