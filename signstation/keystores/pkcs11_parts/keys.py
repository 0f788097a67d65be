"""Keys on tokens: listed, found, described and opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import pkcs11

from signstation.errors import (
    CertificateMissing,
    KeyAmbiguous,
    KeyChanged,
    KeyNotFound,
    KeyUnreadable,
    KeyUnusable,
    SignstationError,
    TokenMissing,
)
from signstation.interfaces.context import KeyContext
from signstation.keystores.pkcs11_parts.failures import translated
from signstation.keystores.pkcs11_parts.login import Login
from signstation.keystores.pkcs11_parts.modules import Place, device, tokens
from signstation.keystores.pkcs11_parts.objects import (
    Contents,
    TokenKey,
    fits,
    private_keys,
    read_contents,
    read_public,
)
from signstation.keystores.pkcs11_parts.signing import TokenSigner, always_authenticates, schemes
from signstation.keystores.pkcs11_uri import Pkcs11Uri
from signstation.model.hashes import sha256
from signstation.model.keys import (
    KeyFamily,
    KeyInfo,
    KeyRef,
    KeyState,
    KeyType,
    Mechanism,
    SignerProfile,
    TokenUse,
    X509Profile,
)
from signstation.model.tokens import TokenInfo
from signstation.signatures.certificates import CertificateFacts, key_type, spki_of
from signstation.signatures.keycertificates import (
    KnownCertificates,
    chain_of,
    export_certificates,
    known_certificates,
)
from signstation.signatures.softwarekey_file import MIN_RSA

_MESSAGES = frozenset({Mechanism.ED25519, Mechanism.ED448})


class Keys:
    """What the store does, for one call of it."""

    def __init__(self, ctx: KeyContext) -> None:
        """Modules are those of ``ctx.tokens``."""
        self._ctx = ctx

    def listed(self) -> tuple[KeyInfo, ...]:
        """Return the keys that show without a login, and one row for a token that shows none."""
        found: list[KeyInfo] = []
        for place in tokens(Pkcs11Uri(), self._ctx.tokens):
            try:
                contents = _public_contents(place)
            except SignstationError:
                contents = Contents((), ())  # its row says that there is a token
            found.extend(self._info(place, key) for key in contents.keys)
            if not contents.keys:
                found.append(_locked(place))
        return tuple(found)

    def devices(self) -> tuple[TokenInfo, ...]:
        """Return the tokens themselves."""
        return tuple(device(place) for place in tokens(Pkcs11Uri(), self._ctx.tokens))

    def resolve(self, uri: Pkcs11Uri) -> KeyRef:
        """Return the full reference of one key (``Pkcs11.resolve``)."""
        places = self._places(uri)
        found: list[KeyRef] = []
        hidden: list[Place] = []
        for place in places:
            keys = _public_contents(place).keys
            found.extend(_named(place, key).ref for key in keys if fits(key, uri))
            if not keys and place.asks_for_pin:
                hidden.append(place)
        if not found and hidden and uri.names_key:
            found = [_merged(place, uri).ref for place in hidden]
        if len(found) > 1:
            raise KeyAmbiguous(key=str(uri.ref), count=len(found))
        if not found:
            raise KeyNotFound(key=str(uri.ref))
        return found[0]

    def profile(self, ref: KeyRef, certificates: Sequence[bytes]) -> SignerProfile:
        """Describe a key (``Pkcs11.profile``)."""
        uri = Pkcs11Uri.parse(ref.locator)
        place = self._place(uri)
        contents = _public_contents(place)
        key = _one(contents, uri, ref)
        if key is None:
            key, contents = self._hidden(place, uri, ref)
        known = self._known(ref, key.spki, certificates)
        chain = known.x509 or _chain(key.certificate, contents.certificates)
        kind = key_type(key.public)
        with translated(str(ref)):
            mechanisms = frozenset(int(each) for each in place.token.slot.get_mechanisms())
        made = schemes(kind, mechanisms)
        _refuse_weak(ref, kind, made)
        label = key.label or place.label
        return SignerProfile(
            key=ref,
            label=f"{label} ({place.label})" if label != place.label else label,
            type=kind,
            spki=key.spki,
            protection=place.protection,
            schemes=made,
            message_schemes=tuple(each for each in made if each.mechanism in _MESSAGES),
            prompts=place.asks_for_pin,
            openpgp=known.openpgp,
            x509=chain,
            token=TokenUse(device=f"{place.token.model} {place.label}".strip()),
        )

    @contextmanager
    def opened(self, profile: SignerProfile) -> Iterator[TokenSigner]:
        """Log in and find the private key by the plan's reference (``Pkcs11.open``)."""
        ref, name = profile.key, str(profile.key)
        uri = Pkcs11Uri.parse(ref.locator)
        login = Login(self._place(uri), name, self._ctx)
        try:
            session = login.session()
            try:
                yield self._signer(session, profile, login)
            finally:
                with suppress(pkcs11.PKCS11Error):  # a token that is gone has nothing open
                    session.close()
        finally:
            login.forget()

    def _signer(self, session: pkcs11.Session, profile: SignerProfile, login: Login) -> TokenSigner:
        name = str(profile.key)
        with translated(name):
            found = private_keys(session, Pkcs11Uri.parse(profile.key.locator))
        if not found:
            raise KeyNotFound(key=name)
        if len(found) > 1:
            raise KeyAmbiguous(key=name, count=len(found))
        _same(found[0], session, profile)
        if not always_authenticates(found[0]):
            login.forget()
        return TokenSigner(found[0], profile, login)

    def export(self, ref: KeyRef) -> tuple[tuple[str, bytes], ...]:
        """Return the certificates of a key (``Pkcs11.export``)."""
        profile = self.profile(ref, ())
        if profile.openpgp is None and profile.x509 is None:
            raise CertificateMissing(key=str(ref), kind="X.509 or OpenPGP")
        return export_certificates(profile)

    def _known(self, ref: KeyRef, spki: bytes, given: Sequence[bytes]) -> KnownCertificates:
        directory = self._ctx.state / "keys"
        return known_certificates(str(ref), spki, given, directory, self._ctx.time)

    def _places(self, uri: Pkcs11Uri) -> tuple[Place, ...]:
        places = tuple(tokens(uri, self._ctx.tokens))
        if not places and uri.token is None and uri.serial is None:
            raise KeyNotFound(key=str(uri.ref))
        if not places:
            raise TokenMissing(key=str(uri.ref), token=uri.token or uri.serial or "")
        return places

    def _place(self, uri: Pkcs11Uri) -> Place:
        places = self._places(uri)
        if len(places) > 1:
            raise KeyAmbiguous(key=str(uri.ref), count=len(places))
        return places[0]

    def _hidden(self, place: Place, uri: Pkcs11Uri, ref: KeyRef) -> tuple[TokenKey, Contents]:
        """Log in to see the public half."""
        if not place.asks_for_pin:
            raise KeyNotFound(key=str(ref))
        login = Login(place, str(ref), self._ctx)
        session = login.session()
        login.forget()
        with translated(str(ref)):
            contents = read_contents(session)
            key = _one(contents, uri, ref)
            private = private_keys(session, uri)
            if key is None and len(private) == 1:  # an RSA key shows its public half itself
                key = TokenKey(uri.id or b"", uri.object or "", read_public(private[0]))
            session.close()
        if key is None or not private:
            raise KeyNotFound(key=str(ref))
        return key, contents

    def _info(self, place: Place, key: TokenKey) -> KeyInfo:
        ref = _named(place, key).ref
        facts = key.certificate
        try:
            known, expired = self._known(ref, key.spki, ()), False
        except SignstationError:  # the one that is kept has expired, or is damaged
            known, expired = KnownCertificates(), True
        expired = expired or (facts is not None and facts.not_after < self._ctx.time)
        base = SignerProfile(
            key=ref,
            label=key.label or place.label,
            type=key_type(key.public),
            spki=key.spki,
            protection=place.protection,
            schemes=(),
            openpgp=known.openpgp,
            x509=known.x509 or _chain(facts, ()),
        )
        return KeyInfo(
            key=ref,
            label=base.label,
            type=base.type,
            state=KeyState.EXPIRED if expired else KeyState.ACTIVE,
            protection=place.protection,
            signature_types=base.signature_types,
            fingerprint=base.openpgp.fingerprint if base.openpgp else sha256(key.spki).hex,
            created=base.openpgp.created if base.openpgp else None,
            expires=facts.not_after if facts else None,
            usages=("sign",),
            location=_where(place),
        )


def _public_contents(place: Place) -> Contents:
    """Look without a login."""
    with translated(str(place.uri.ref)):
        session = place.token.open()
        try:
            return read_contents(session)
        finally:
            session.close()


def _named(place: Place, key: TokenKey) -> Pkcs11Uri:
    whole = place.uri
    return Pkcs11Uri(
        token=whole.token,
        serial=whole.serial,
        module=whole.module,
        id=key.id or None,
        object=key.label or None,
    )


def _merged(place: Place, uri: Pkcs11Uri) -> Pkcs11Uri:
    return Pkcs11Uri(
        token=place.uri.token,
        serial=place.uri.serial,
        module=uri.module,
        id=uri.id,
        object=uri.object,
    )


def _one(contents: Contents, uri: Pkcs11Uri, ref: KeyRef) -> TokenKey | None:
    found = [key for key in contents.keys if fits(key, uri)]
    if len(found) > 1:
        raise KeyAmbiguous(key=str(ref), count=len(found))
    return found[0] if found else None


def _same(private: pkcs11.PrivateKey, session: pkcs11.Session, profile: SignerProfile) -> None:
    """Compare the key with the plan, by whatever public half the token shows after the login.

    A private key of an elliptic curve shows none itself: then its neighbour with the same id does.
    """
    with translated(str(profile.key)):
        uri = Pkcs11Uri.parse(profile.key.locator)
        key = _one(read_contents(session), uri, profile.key)
        try:
            found = spki_of(read_public(private)) if key is None else key.spki
        except KeyUnreadable:
            return  # hidden: what it signs is checked with the planned key when it is rechecked
    if found != profile.spki:
        raise KeyChanged(
            key=str(profile.key), expected=profile.spki_sha256.hex(), found=sha256(found).hex
        )


def _chain(leaf: CertificateFacts | None, others: Sequence[CertificateFacts]) -> X509Profile | None:
    """Return the chain of the certificate on the token, None where there is none that signs."""
    return None if leaf is None or not leaf.signs_data else chain_of(leaf, others)


def _refuse_weak(ref: KeyRef, kind: KeyType, made: Sequence[object]) -> None:
    if kind.family is KeyFamily.RSA and kind.bits < MIN_RSA:
        raise KeyUnusable(key=str(ref), reason=f"{kind.title} is too weak")
    if not made:
        raise KeyUnusable(key=str(ref), reason="no signature here can be made with this token")


def _locked(place: Place) -> KeyInfo:
    return KeyInfo(
        key=place.uri.ref,
        label=place.label,
        type=KeyType(KeyFamily.OTHER),
        state=KeyState.LOCKED,
        protection=place.protection,
        signature_types=(),
        fingerprint="",
        location=_where(place),
    )


def _where(place: Place) -> str:
    """Say which device it is, with what is printed on it."""
    token = place.token
    serial = place.uri.serial or ""
    return " ".join(each for each in (token.manufacturer_id, token.model, serial) if each)
