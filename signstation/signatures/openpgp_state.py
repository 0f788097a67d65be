"""Which key an OpenPGP signature names, and what that key was worth when it signed: reasons.

Facts about keys are GnuPG's (``model.trust``); this module only compares times and flags.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from signstation.codec.openpgp import SignaturePacket
from signstation.codec.openpgp_keys import PublicKeyPacket, public_keys
from signstation.codec.openpgp_packets import PublicKeyAlgorithm
from signstation.errors import ArtifactMalformed, LimitReached
from signstation.model.keys import KeyFamily, KeyType
from signstation.model.text import Text, text
from signstation.model.trust import OpenPgpCertificate, OpenPgpKey, Purpose, RevocationReason, Trust

MIN_RSA_BITS = 2048
"""Shortest modulus that is trusted: what Sequoia's default policy and apt's rules refuse below."""
CLOCK_TOLERANCE = 30 * 60
"""Seconds by which a signature may be ahead of the reference time (as Sequoia grants)."""
MAX_CANDIDATES = 8
"""Most keys that are tried where a signature names only a 64-bit key id and several fit."""
OLDEST_TRUSTED_VERSION = 4
"""Version 3 signatures have no hashed issuer and are refused by Sequoia since 2021."""

_REVOKED_BECAUSE = {
    RevocationReason.NONE: "no reason given",
    RevocationReason.COMPROMISED: "compromised",
    RevocationReason.USER_ID_INVALID: "user id no longer valid",
    RevocationReason.SUPERSEDED: "superseded",
    RevocationReason.RETIRED: "retired",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A key that the signature names: its certificate, its state and its numbers."""

    certificate: OpenPgpCertificate
    state: OpenPgpKey
    packet: PublicKeyPacket

    @property
    def user_id(self) -> str:
        """The first user id, or the primary key's fingerprint where there is none."""
        return next(iter(self.certificate.user_ids), self.certificate.primary.fingerprint)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a signature with a fitting number is not trusted.

    ``fact``: a state of the key that the second library must see too; else a rule of ours.
    """

    text: Text
    fact: bool


def moment(seconds: int) -> str:
    """Return a time for people: ``2027-01-10 12:30:00 UTC``."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def find_candidates(
    packet: SignaturePacket, trust: Trust, purpose: Purpose
) -> tuple[Candidate, ...]:
    """Return the trusted keys that the signature names, those of a fitting purpose first.

    Several only where a key id is all that is named; at most MAX_CANDIDATES.
    """
    named = [
        (certificate, state)
        for certificate in sorted(trust.openpgp, key=lambda each: not fits(each, purpose))
        for state in certificate.keys
        if _names(packet, state.fingerprint)
    ]
    found: list[Candidate] = []
    seen: set[str] = set()
    for certificate, state in named:
        if state.fingerprint not in seen and len(found) < MAX_CANDIDATES:
            seen.add(state.fingerprint)
            found.extend(_with_numbers(certificate, state))
    return tuple(found)


def _names(packet: SignaturePacket, fingerprint: str) -> bool:
    if packet.issuer_fingerprint:
        return packet.issuer_fingerprint == fingerprint
    if not packet.issuer_key_id:
        return False
    version6 = len(fingerprint) == 64  # noqa: PLR2004 - hex digits of a version 6 fingerprint
    return packet.issuer_key_id == (fingerprint[:16] if version6 else fingerprint[-16:])


def _with_numbers(certificate: OpenPgpCertificate, state: OpenPgpKey) -> Iterator[Candidate]:
    try:
        for each in public_keys(certificate.material):
            if each.fingerprint == state.fingerprint:
                yield Candidate(certificate, state, each)
                return
    except (ArtifactMalformed, LimitReached):
        return  # the caller then has no key: the signature stays unchecked, never trusted


def fits(certificate: OpenPgpCertificate, purpose: Purpose) -> bool:
    """Whether a certificate is trusted for a purpose."""
    return purpose is Purpose.ANY or bool({Purpose.ANY, purpose} & set(certificate.purposes))


def reasons_against(
    packet: SignaturePacket, candidate: Candidate, purpose: Purpose, at: int
) -> tuple[Reason, ...]:
    """Return every reason not to trust a signature whose number fits, most important first.

    ``at`` is the reference time in Unix seconds. Empty means: nothing speaks against it.
    """
    return (
        *_key_facts(packet, candidate),
        *_weakness(packet, candidate),
        *_times(packet, at),
        *_purpose(candidate, purpose),
    )


def _key_facts(packet: SignaturePacket, candidate: Candidate) -> Iterator[Reason]:
    primary, key = candidate.certificate.primary, candidate.state
    made = packet.created or 0
    keys = (primary,) if key == primary else (primary, key)
    for each in keys:
        yield from _revoked(each, primary, made)
    for each in keys:
        name = _name(each, primary)
        if not each.valid_binding:
            yield _fact(text("The {key} has no valid self-signature.", key=name))
        if made < each.created:
            when, since = moment(made), moment(each.created)
            words = "The signature ({made}) is older than the {key} that made it ({created})."
            yield _fact(text(words, key=name, made=when, created=since))
        if each.expires is not None and each.expires <= made:
            words = "The {key} had expired on {expired} when it signed on {made}."
            yield _fact(text(words, key=name, expired=moment(each.expires), made=moment(made)))
    if not key.can_sign:
        yield _fact(text("The {key} is not meant for signing.", key=_name(key, primary)))


def _revoked(key: OpenPgpKey, primary: OpenPgpKey, made: int) -> Iterator[Reason]:
    revocation = key.revocation
    if revocation is None or not (revocation.reason.hard or revocation.at <= made):
        return
    words = "The {key} was revoked on {day} ({reason}): no signature of it counts any more."
    if not revocation.reason.hard:
        words = "The {key} had been revoked on {day} ({reason}) when it signed."
    name, day = _name(key, primary), moment(revocation.at)
    yield _fact(text(words, key=name, day=day, reason=_REVOKED_BECAUSE[revocation.reason]))


def _weakness(packet: SignaturePacket, candidate: Candidate) -> Iterator[Reason]:
    if packet.hash is None or packet.hash.weak:
        title = packet.hash.title if packet.hash else "?"
        yield _rule(text("{hash} is broken: others can make a second file for it.", hash=title))
    if packet.version < OLDEST_TRUSTED_VERSION:
        yield _rule(Text("A version 3 signature does not protect who made it."))
    primary = candidate.certificate.primary
    for key in {
        primary.fingerprint: primary,
        candidate.state.fingerprint: candidate.state,
    }.values():
        if _weak(key.type):
            words = text("{type} is too weak.", type=key.type.title)
            yield _rule(words)
    if candidate.packet.algorithm == PublicKeyAlgorithm.DSA:
        yield _rule(text("{type} is too weak.", type=candidate.packet.title))


def _weak(kind: KeyType) -> bool:
    return kind.family is KeyFamily.RSA and kind.bits < MIN_RSA_BITS


def _times(packet: SignaturePacket, at: int) -> Iterator[Reason]:
    made = packet.created or 0
    if made > at + CLOCK_TOLERANCE:
        words = "The signature was made on {made}, after the reference time {at}."
        yield _rule(text(words, made=moment(made), at=moment(at)))
    if packet.expires is not None and packet.expires <= at:
        words = "The signature itself expired on {expired}."
        yield _rule(text(words, expired=moment(packet.expires)))


def _purpose(candidate: Candidate, purpose: Purpose) -> Iterator[Reason]:
    if not fits(candidate.certificate, purpose):
        words = "The key is trusted for other purposes, not for {purpose}."
        yield _rule(text(words, purpose=purpose.value))


def _name(key: OpenPgpKey, primary: OpenPgpKey) -> str:
    return "primary key" if key == primary else "signing subkey"


def _fact(words: Text) -> Reason:
    return Reason(words, fact=True)


def _rule(words: Text) -> Reason:
    return Reason(words, fact=False)
