"""Which keys a GnuPG home has, in what state they are, and which of them is meant by a name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from signstation.codec.colons import ListedCertificate, ListedKey, Validity
from signstation.errors import KeyAmbiguous, KeyNotFound, KeyUnusable, UsageError
from signstation.keystores.gnupg_agent import Agent, AgentKey, Place
from signstation.keystores.gnupg_card import device_name
from signstation.keystores.gnupg_home import STORE, Home
from signstation.model.keys import (
    KeyFamily,
    KeyInfo,
    KeyRef,
    KeyState,
    KeyType,
    Protection,
    SignatureType,
)

_FINGERPRINT = re.compile(r"(?:0[xX])?([0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})")
_KEY_ID = re.compile(r"(?:0[xX])?([0-9A-Fa-f]{8}|[0-9A-Fa-f]{16})")
_MAIL = re.compile(r"<[^<>]+>")
_MAIL_OF_USER = re.compile(r"[^<>]*(<[^<>]+>)")

_RSA = frozenset({1, 3})
_ECC = frozenset({19, 22})
_CURVES = {
    "nistp256": KeyType(KeyFamily.P256, 256),
    "nistp384": KeyType(KeyFamily.P384, 384),
    "nistp521": KeyType(KeyFamily.P521, 521),
    "ed25519": KeyType(KeyFamily.ED25519),
    "ed448": KeyType(KeyFamily.ED448),
}
_USAGES = {"c": "certify", "s": "sign", "e": "encrypt", "a": "authenticate"}


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key of a certificate together with what the agent has of it, None for nothing."""

    certificate: ListedCertificate
    key: ListedKey
    held: AgentKey | None

    @property
    def signs(self) -> bool:
        """Whether the key is meant for signatures of data."""
        return "s" in self.key.capabilities

    @property
    def here(self) -> bool:
        """Whether the agent has the private half, or knows the card that has it."""
        return self.held is not None and self.held.here

    @property
    def type(self) -> KeyType:
        """Family and size."""
        if self.key.algorithm in _RSA:
            return KeyType(KeyFamily.RSA, self.key.bits)
        found = _CURVES.get(self.key.curve) if self.key.algorithm in _ECC else None
        return found or KeyType(KeyFamily.OTHER, self.key.bits)

    @property
    def protection(self) -> Protection:
        """Where the private half lives; a key that is not here counts as protected."""
        if self.held is None or self.held.place is not Place.TOKEN:
            clear = self.held is not None and not self.held.protected
            return Protection.UNPROTECTED if clear else Protection.SOFTWARE
        return Protection.TOKEN

    @property
    def prompts(self) -> bool:
        """Whether the agent needs a passphrase or PIN that it does not have now."""
        return self.held is not None and self.held.protected and not self.held.cached

    def state(self, now: int) -> KeyState:
        """Return the key's state at ``now``; a subkey is never better than its primary key."""
        primary, key = self.certificate.primary, self.key
        validities = {primary.validity, key.validity}
        if Validity.REVOKED in validities:
            return KeyState.REVOKED
        if max(each.created or 0 for each in (primary, key)) > now:
            return KeyState.NOT_YET  # before INVALID: gpg does not believe its self-signature yet
        if validities & {Validity.DISABLED, Validity.INVALID} or "D" in primary.capabilities:
            return KeyState.DISABLED
        ends = [each.expires for each in (primary, key) if each.expires is not None]
        if Validity.EXPIRED in validities or min(ends, default=now + 1) <= now:
            return KeyState.EXPIRED
        return KeyState.ACTIVE if self.here else KeyState.PUBLIC_ONLY

    def usable(self, now: int) -> bool:
        """Whether it can sign data now."""
        return self.signs and self.state(now) is KeyState.ACTIVE

    def info(self, now: int, location: str) -> KeyInfo:
        """Return the key as a line of a listing."""
        primary = KeyRef(STORE, self.certificate.primary.fingerprint)
        return KeyInfo(
            key=KeyRef(STORE, self.key.fingerprint),
            label=label(self.certificate),
            type=self.type,
            state=self.state(now),
            protection=self.protection,
            signature_types=(SignatureType.OPENPGP, SignatureType.CLEARTEXT) if self.signs else (),
            fingerprint=self.key.fingerprint,
            created=self.key.created,
            expires=self.key.expires,
            parent=None if self.key.primary else primary,
            usages=tuple(_USAGES[each] for each in self.key.capabilities if each in _USAGES),
            location=self._place(location),
        )

    def _place(self, home: str) -> str:
        """The card by its name, else the home."""
        on_card = self.held is not None and self.held.place is Place.TOKEN
        return device_name(self.held.serial) if on_card and self.held else home


def label(certificate: ListedCertificate) -> str:
    """Return the first user id that is not revoked, expired or invalid; it is untrusted text."""
    return next(_users(certificate), certificate.primary.fingerprint)


def _users(certificate: ListedCertificate) -> Iterator[str]:
    dead = {Validity.REVOKED, Validity.INVALID}
    if certificate.primary.validity is not Validity.EXPIRED:
        dead.add(Validity.EXPIRED)  # else they are all shown as expired
    return (each.value for each in certificate.users if each.validity not in dead)


def keys_of(certificate: ListedCertificate, held: Mapping[str, AgentKey]) -> tuple[HeldKey, ...]:
    """Join a certificate's keys with the agent's, primary first."""
    return tuple(HeldKey(certificate, key, held.get(key.keygrip)) for key in certificate.keys)


def infos(
    certificates: Iterable[Sequence[HeldKey]], now: int, location: str
) -> tuple[KeyInfo, ...]:
    """Return the primary and signing keys of certificates as lines of a listing."""
    return tuple(
        each.info(now, location)
        for keys in certificates
        for each in keys
        if each.key.primary or each.signs
    )


def held_certificates(home: Home) -> tuple[tuple[HeldKey, ...], ...]:
    """Return the certificates of which the agent has at least one key."""
    if not home.used:
        return ()
    with Agent.of(home) as agent:
        held = agent.keys()
    joined = (keys_of(each, held) for each in home.certificates_of(tuple(held)))
    return tuple(keys for keys in joined if any(key.here for key in keys))


def fingerprint_of(home: Home, locator: str, now: int) -> str:
    """Return the full fingerprint that a user's ``FPR``, key id or ``<mail>`` means here.

    Mail addresses are compared whole and without case; keys that can no longer sign give way to
    one that can. Raises KeyNotFound, KeyAmbiguous, and UsageError for a bare mail address, which
    gpg itself would search as a part of any other.
    """
    key = str(KeyRef(STORE, locator))
    if "@" in locator and not _MAIL.fullmatch(locator):
        raise UsageError(reason=f"write the address in angle brackets: {STORE}:<{locator}>")
    certificates = held_certificates(home)
    if match := _FINGERPRINT.fullmatch(locator):
        found = [each for each in _fingerprints(certificates) if each == match[1].upper()]
    elif match := _KEY_ID.fullmatch(locator):
        found = [each for each in _fingerprints(certificates) if each.endswith(match[1].upper())]
    else:
        named = [keys for keys in certificates if _has_mail(keys[0].certificate, locator)]
        able = [keys for keys in named if any(each.usable(now) for each in keys)]
        found = [keys[0].key.fingerprint for keys in able or named]
    if not found:
        raise KeyNotFound(key=key)
    if len(found) > 1:
        raise KeyAmbiguous(key=key, count=len(found))
    return found[0]


def _fingerprints(certificates: Sequence[Sequence[HeldKey]]) -> Iterator[str]:
    return (each.key.fingerprint for keys in certificates for each in keys)


def _has_mail(certificate: ListedCertificate, mail: str) -> bool:
    if not _MAIL.fullmatch(mail):
        return False
    bare = mail[1:-1].casefold()
    for user in _users(certificate):
        match = _MAIL_OF_USER.fullmatch(user)
        if (match[1][1:-1] if match else user).casefold() == bare:
            return True
    return False


def signing_key(home: Home, ref: KeyRef, now: int) -> HeldKey:
    """Return the key that signs for a reference with a full fingerprint.

    A subkey's fingerprint means that subkey; a primary key's the newest subkey that can sign, else
    the primary key itself. Raises KeyNotFound and KeyUnusable.
    """
    named, keys = _find(home, ref.locator, str(ref))
    candidates = keys if named.key.primary else (named,)
    usable = [each for each in candidates if each.usable(now)]
    if usable:
        return max(usable, key=_newest)
    # the most telling reason is that of the newest key that was meant for signing
    meant = [each for each in candidates if each.signs]
    raise KeyUnusable(key=str(ref), reason=_reason(max(meant, key=_newest, default=named), now))


def planned_key(home: Home, fingerprint: str, ref: KeyRef, now: int) -> HeldKey:
    """Return exactly the key that was planned. Raises KeyNotFound and KeyUnusable."""
    named, _ = _find(home, fingerprint, str(ref))
    if not named.here:
        raise KeyNotFound(key=str(ref))
    if not named.usable(now):
        raise KeyUnusable(key=str(ref), reason=_reason(named, now))
    return named


def _find(home: Home, fingerprint: str, key: str) -> tuple[HeldKey, tuple[HeldKey, ...]]:
    """Return the named key and all keys of its certificate."""
    listed = home.certificates(fingerprint) if home.used else ()
    if not listed:
        raise KeyNotFound(key=key)
    with Agent.of(home, key) as agent:
        held = agent.keys()
    for certificate in listed:
        keys = keys_of(certificate, held)
        for named in keys:
            if named.key.fingerprint == fingerprint:
                return named, keys
    raise KeyNotFound(key=key)


def _newest(each: HeldKey) -> tuple[bool, int, int]:
    """Subkeys after the primary key, then by age, then by their order in the certificate."""
    position = each.certificate.keys.index(each.key)
    return not each.key.primary, each.key.created or 0, position


def _reason(chosen: HeldKey, now: int) -> str:
    if not chosen.signs:
        return "It is not meant for signing"
    match chosen.state(now):
        case KeyState.REVOKED:
            return "It was revoked"
        case KeyState.EXPIRED:
            ends = [e.expires for e in (chosen.certificate.primary, chosen.key) if e.expires]
            return f"It expired on {_day(min(ends, default=now))}"
        case KeyState.NOT_YET:
            return f"It is valid from {_day(chosen.key.created or 0)}; check this machine's clock"
        case KeyState.PUBLIC_ONLY:
            return "Its private half is not here"
        case _:
            return "GnuPG holds it for disabled or invalid"


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
