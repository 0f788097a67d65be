"""Anchors as people look at them: states of their keys in words, out of prepared trust."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from signstation.app.trustpins import (
    REVOCATIONS,
    openpgp_identity,
    revocations_identity,
    ssh_identity,
)
from signstation.codec.sshtokens import is_token, read_public
from signstation.errors import ArtifactMalformed, KeyUnreadable
from signstation.model.anchors import Anchor, AnchorKey, AnchorKind
from signstation.model.keys import KeyFamily, KeyState, KeyType
from signstation.model.text import Text, text
from signstation.model.trust import (
    OpenPgpCertificate,
    OpenPgpKey,
    Purpose,
    RevocationReason,
    SshAnchor,
    SshRevocations,
    Trust,
    X509Anchor,
)
from signstation.signatures.certificates import (
    NO_END,
    CertificateFacts,
    key_type,
    read_certificate,
)
from signstation.signatures.openpgp_state import MIN_RSA_BITS

CERTIFY = "certify"
SIGN = "sign"
_REVOKED = {
    RevocationReason.NONE: "revoked on {day} without a reason, which counts as stolen",
    RevocationReason.COMPROMISED: "revoked on {day}: it may be in other hands",
    RevocationReason.USER_ID_INVALID: "revoked on {day}: its name is no longer valid",
    RevocationReason.SUPERSEDED: "revoked on {day}: another key took its place",
    RevocationReason.RETIRED: "revoked on {day}: it is no longer used",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, in Unix seconds."""

    now: int

    def state(self, created: int, expires: int | None) -> KeyState:
        """Return the state that dates alone give."""
        if created > self.now:
            return KeyState.NOT_YET
        over = expires is not None and expires <= self.now
        return KeyState.EXPIRED if over else KeyState.ACTIVE


def anchors_of(trust: Trust, moment: Moment) -> tuple[Anchor, ...]:
    """Return every anchor of prepared trust. Raises KeyUnreadable for a damaged certificate."""
    openpgp = (_openpgp(each, moment) for each in trust.openpgp)
    x509 = (_x509(each, moment) for each in trust.x509)
    ssh = (_ssh(each, moment) for each in trust.ssh)
    return (*openpgp, *x509, *ssh, *map(_revocations, trust.ssh_revoked))


def _openpgp(certificate: OpenPgpCertificate, moment: Moment) -> Anchor:
    primary, *subkeys = certificate.keys
    keys = (
        _openpgp_key(primary, moment, primary=True),
        *(_openpgp_key(each, moment, primary=False) for each in subkeys),
    )
    state, expires = _standing(keys)
    names = certificate.user_ids
    return Anchor(
        identity=openpgp_identity(certificate),
        kind=AnchorKind.OPENPGP,
        label=names[0] if names else primary.fingerprint,
        names=names,
        state=state,
        expires=expires,
        keys=keys,
        purposes=certificate.purposes,
        origin=certificate.origin,
    )


def _standing(keys: tuple[AnchorKey, ...]) -> tuple[KeyState, int | None]:
    """Return state and end of the signing key that lasts longest; the primary's, if that is bad."""
    primary, signers = keys[0], [each for each in keys if SIGN in each.usages]
    active = [each for each in signers if each.state is KeyState.ACTIVE]
    if primary.state is not KeyState.ACTIVE or not signers:
        return primary.state, primary.expires
    if not active:
        last = max(signers, key=lambda each: each.created)
        return last.state, last.expires
    ends = [each.expires for each in active if each.expires is not None]
    return KeyState.ACTIVE, max(ends) if len(ends) == len(active) else None


def _openpgp_key(key: OpenPgpKey, moment: Moment, *, primary: bool) -> AnchorKey:
    state = moment.state(key.created, key.expires)
    if not key.valid_binding:
        state = KeyState.DISABLED
    if key.revocation is not None:
        state = KeyState.REVOKED
    usages = (*((CERTIFY,) if primary else ()), *((SIGN,) if key.can_sign else ()))
    notes = (*_revoked(key), *_unbound(key), *_weak(key.type))
    return AnchorKey(key.fingerprint, key.type, state, key.created, key.expires, usages, notes)


def _revoked(key: OpenPgpKey) -> Iterator[Text]:
    if key.revocation is not None:
        day = f"{datetime.fromtimestamp(key.revocation.at, UTC):%Y-%m-%d}"
        yield text(_REVOKED[key.revocation.reason], day=day)


def _unbound(key: OpenPgpKey) -> Iterator[Text]:
    if not key.valid_binding:
        yield Text("no valid signature of the primary key binds it")


def _weak(kind: KeyType) -> Iterator[Text]:
    if kind.family is KeyFamily.RSA and kind.bits < MIN_RSA_BITS:
        yield text("{type} is too weak: nothing that it signs is trusted", type=kind.title)


def _x509(anchor: X509Anchor, moment: Moment) -> Anchor:
    facts = read_certificate(anchor.der)
    expires = None if facts.not_after >= int(NO_END.timestamp()) else facts.not_after
    state = moment.state(facts.not_before, expires)
    key = AnchorKey(
        facts.fingerprint,
        facts.type,
        state,
        facts.not_before,
        expires,
        _usages(facts),
        tuple(_weak(facts.type)),
    )
    issuer = (facts.issuer,) if facts.issuer != facts.subject else ()
    return Anchor(
        identity=facts.fingerprint,
        kind=AnchorKind.AUTHORITY if facts.authority else AnchorKind.CERTIFICATE,
        label=facts.name or facts.fingerprint,
        names=(facts.subject, *issuer),
        state=state,
        expires=expires,
        keys=(key,),
        purposes=anchor.purposes,
        origin=anchor.origin,
    )


def _usages(facts: CertificateFacts) -> tuple[str, ...]:
    certify = (CERTIFY,) if facts.authority else ()
    sign = (SIGN,) if facts.signs_data else ()
    return (*certify, *sign, *facts.usage_titles)


_TOKEN = Text("held by a security key: only what was signed with a touch is trusted")


def _ssh(anchor: SshAnchor, moment: Moment) -> Anchor:
    identity = ssh_identity(anchor)
    try:
        kind = key_type(read_public(anchor.key))
        held = is_token(anchor.key)
    except ArtifactMalformed as error:
        raise KeyUnreadable(key=identity, reason=str(error)) from error
    created = anchor.after or 0
    state = moment.state(created, anchor.before)
    does = CERTIFY if anchor.authority else SIGN
    usages = tuple(f"namespace {each}" for each in anchor.namespaces)
    notes = (*_weak(kind), *((_TOKEN,) if held else ()))
    key = AnchorKey(identity, kind, state, created, anchor.before, (does, *usages), notes)
    return Anchor(
        identity=identity,
        kind=AnchorKind.SSH_AUTHORITY if anchor.authority else AnchorKind.SSH,
        label=", ".join(anchor.principals),
        names=anchor.principals,
        state=state,
        expires=anchor.before,
        keys=(key,),
        purposes=anchor.purposes,
        origin=anchor.origin,
    )


def _revocations(listed: SshRevocations) -> Anchor:
    """A list has no key of its own: it says how much it names, and trusts nobody."""
    identity = revocations_identity(listed)
    keys = len(listed.sha256) + len(listed.sha1)
    certificates = sum(len(each.serials) + len(each.key_ids) for each in listed.certificates)
    return Anchor(
        identity=identity,
        kind=AnchorKind.SSH_REVOCATIONS,
        label=REVOCATIONS.format(identity[:16]),
        names=(f"keys: {keys}", f"certificates, or ranges of them: {certificates}"),
        state=KeyState.ACTIVE,
        expires=None,
        keys=(),
        purposes=(Purpose.ANY,),
        origin=listed.origin,
    )
