"""The key store ``gpg``: any GnuPG home, signing through gpg-agent's own protocol.

A key reference is ``gpg:`` and the full fingerprint of a primary key or a signing subkey. gpg runs
to list and export certificates and for the life cycle of keys, never for a signature.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from signstation.codec.armor import ArmorKind, armor
from signstation.codec.openpgp_keys import PublicKeyPacket, public_keys
from signstation.errors import (
    ArtifactMalformed,
    CertificateMissing,
    KeyNotFound,
    KeyStoreFailed,
    KeyUnreadable,
    KeyUnusable,
    SecretMissing,
)
from signstation.interfaces.context import KeyContext
from signstation.interfaces.keystore import OpenKey
from signstation.keystores.gnupg_agent import Agent, Place
from signstation.keystores.gnupg_asks import schemes
from signstation.keystores.gnupg_card import device_name, inserted
from signstation.keystores.gnupg_certificates import x509_profile
from signstation.keystores.gnupg_hands import Hands
from signstation.keystores.gnupg_home import STORE, Home
from signstation.keystores.gnupg_keys import (
    HeldKey,
    fingerprint_of,
    held_certificates,
    infos,
    label,
    planned_key,
    signing_key,
)
from signstation.keystores.gnupg_lifecycle import generate, import_key
from signstation.keystores.gnupg_passphrase import Passphrase
from signstation.keystores.gnupg_session import AgentSession
from signstation.keystores.gnupg_unlock import unlock
from signstation.model.keys import (
    KeyFamily,
    KeyInfo,
    KeyRef,
    OpenPgpProfile,
    SignerProfile,
    TokenUse,
)
from signstation.model.orders import GenerateOrder
from signstation.model.tokens import TokenInfo
from signstation.signatures.certificates import spki_of

UNLOCK_ABOVE = 3
"""A batch of more signatures takes a software key out of the agent (DESIGN.md section 4)."""


class GnuPg:
    """Implements ``KeyStore``, and what ``interfaces.keystore`` has for life cycles and cards."""

    id = STORE

    def list_keys(self, ctx: KeyContext) -> Sequence[KeyInfo]:
        """Primary and signing keys of every certificate that the agent has a private key of."""
        home = Home.of(ctx)
        return infos(held_certificates(home), ctx.time, str(home.directory))

    def resolve(self, locator: str, ctx: KeyContext) -> KeyRef:
        """Take a full fingerprint, a key id that is unique here, or ``<mail>``.

        Raises KeyNotFound, KeyAmbiguous, and UsageError for a mail address without brackets.
        """
        return KeyRef(STORE, fingerprint_of(Home.of(ctx), locator, ctx.time))

    def profile(self, ref: KeyRef, certificates: Sequence[bytes], ctx: KeyContext) -> SignerProfile:
        """Choose the signing subkey and freeze its facts; never prompts.

        X.509 certificates (PEM or DER) among ``certificates`` that belong to the key are added, so
        that it can make CMS signatures too; others are another key's.
        """
        home, key = Home.of(ctx), str(ref)
        chosen = signing_key(home, ref, ctx.time)
        certificate = home.export(chosen.certificate.primary.fingerprint)
        packet = _packet(certificate, chosen.key.fingerprint, key)
        usable = schemes(packet.type)
        if packet.key is None or not usable:
            raise KeyUnusable(key=key, reason=f"signstation cannot sign with {packet.title}")
        spki = spki_of(packet.key)
        return SignerProfile(
            key=ref,
            label=label(chosen.certificate),
            type=packet.type,
            spki=spki,
            protection=chosen.protection,
            schemes=usable,
            message_schemes=tuple(each for each in usable if each.hash is None),
            prompts=chosen.prompts,
            openpgp=OpenPgpProfile(
                fingerprint=packet.fingerprint,
                primary=chosen.certificate.primary.fingerprint,
                algorithm=packet.algorithm,
                created=packet.created,
                user_id=label(chosen.certificate),
                certificate=certificate,
            ),
            x509=x509_profile(certificates, spki, key),
            token=_token(home, chosen, key),
        )

    @contextmanager
    def open(self, profile: SignerProfile, count: int, ctx: KeyContext) -> Iterator[OpenKey]:
        """Connect to the agent, and unlock the key there or, for a batch, take it out.

        A passphrase is asked for at most once if it is right; the agent keeps it afterwards as its
        configuration says, as after any use of gpg. Raises AgentMissing, KeyNotFound, KeyUnusable,
        KeyChanged, KeyStoreFailed, Cancelled, SecretMissing, PassphraseWrong.
        """
        home = Home.of(ctx)
        if profile.openpgp is None:
            raise CertificateMissing(key=str(profile.key), kind="OpenPGP")
        chosen = planned_key(home, profile.openpgp.fingerprint, profile.key, ctx.time)
        hands = Hands(profile, ctx)
        with (
            Passphrase(profile, hands.ask) as passphrase,
            AgentSession(home, chosen.key.keygrip, profile, passphrase, hands) as session,
        ):
            yield _ready(session, passphrase, profile, count, ctx)

    def list_tokens(self, ctx: KeyContext) -> Sequence[TokenInfo]:
        """Return the inserted card where a key of this home is on it.

        A home without card keys leaves the reader alone: scdaemon would hold it for itself.
        """
        home = Home.of(ctx)
        if not home.used:
            return ()
        with Agent.of(home) as agent:
            serials = {key.serial for key in agent.keys().values() if key.place is Place.TOKEN}
            card = inserted(agent) if serials else None
        return (card.info,) if card is not None and card.serial in serials else ()

    def generate(self, order: GenerateOrder, ctx: KeyContext) -> Sequence[KeyInfo]:
        """Make a certify-only primary key with a signing subkey (``gnupg_lifecycle.generate``)."""
        return generate(order, ctx)

    def import_key(self, material: bytes, ctx: KeyContext) -> Sequence[KeyInfo]:
        """Take in OpenPGP certificates and private keys (``gnupg_lifecycle.import_key``)."""
        return import_key(material, ctx)

    def export(self, ref: KeyRef, ctx: KeyContext) -> tuple[tuple[str, bytes], ...]:
        """Return the whole certificate, armored (``.asc``) and binary (``.gpg``).

        Raises KeyNotFound.
        """
        home = Home.of(ctx)
        if not home.used or not home.certificates(ref.locator):
            raise KeyNotFound(key=str(ref))
        certificate = home.export(ref.locator)
        return (".asc", armor(ArmorKind.PUBLIC_KEY, certificate)), (".gpg", certificate)

    def locations(self, ctx: KeyContext) -> tuple[Path, ...]:
        """Return the home."""
        return (Home.of(ctx).directory,)


def _token(home: Home, chosen: HeldKey, key: str) -> TokenUse | None:
    """Return what the card of a key wants, as far as it is inserted; None for a key on a disk."""
    if chosen.held is None or chosen.held.place is not Place.TOKEN:
        return None
    with Agent.of(home, key) as agent:
        card = inserted(agent)
    if card is None or card.serial != chosen.held.serial:
        return TokenUse(device_name(chosen.held.serial))
    return card.use


def _packet(certificate: bytes, fingerprint: str, key: str) -> PublicKeyPacket:
    try:
        for packet in public_keys(certificate):
            if packet.fingerprint == fingerprint:
                return packet
    except ArtifactMalformed as error:
        raise KeyUnreadable(key=key, reason=f"{error.expected} expected") from error
    raise KeyNotFound(key=key)


def _ready(
    session: AgentSession,
    passphrase: Passphrase,
    profile: SignerProfile,
    count: int,
    ctx: KeyContext,
) -> OpenKey:
    """Return what signs: the key itself in this process, or the session with its agent."""
    agent, key = session.connected()
    if key.place is not Place.DISK:
        return session  # a card asks for its PIN when it signs, and never gives its key away
    slow = key.protected or profile.type.family is KeyFamily.RSA
    if ctx.batch_unlock and slow and count > UNLOCK_ABOVE:
        try:
            return unlock(agent, key.grip, profile, passphrase)
        except KeyStoreFailed:
            pass  # an agent that does not give keys away signs, slowly
        except SecretMissing:
            if not key.cached:
                raise
    if key.protected and not key.cached:
        session.verify_passphrase()
    return session


KEYSTORE = GnuPg()
