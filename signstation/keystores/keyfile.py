"""Private keys in files: PEM, DER and PKCS#12, with their certificate chain.

A file is opened, decrypted and used only in a key worker. Its public half is read without a
passphrase wherever a certificate beside the key or a given one shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from signstation.codec.der import encode_pem
from signstation.codec.sshcert import is_certificate_line
from signstation.errors import (
    CertificateMismatch,
    CertificateMissing,
    KeyChanged,
    KeyNotFound,
    KeyUnreadable,
    KeyUnusable,
    SignstationError,
)
from signstation.interfaces.context import KeyContext
from signstation.keystores.keyfile_material import (
    Form,
    KeyMaterial,
    Unlocked,
    issued_by,
    leaves,
    parse_certificates,
    parse_material,
    read_material,
    sort_chain,
    unlock,
)
from signstation.keystores.keyfile_write import STORE, generate, key_directory
from signstation.model.hashes import sha256
from signstation.model.keys import (
    KeyFamily,
    KeyInfo,
    KeyRef,
    KeyState,
    KeyType,
    Protection,
    SignatureType,
    SignerProfile,
    X509Profile,
)
from signstation.model.orders import GenerateOrder
from signstation.signatures.certificates import NO_END, CertificateFacts, key_type, spki_of
from signstation.signatures.softwarekey import SoftwareKey, message_schemes_of, schemes_of
from signstation.signatures.softwarekey_file import MIN_RSA, PRIVATE, stem_of, with_passphrase
from signstation.system.files_new import write

MAX_LISTED = 1000
"""Most files of the key directory that are looked at."""
_SUFFIXES = {Form.PEM: ".pem", Form.DER: ".key", Form.PKCS12: ".p12"}


class Keyfile:
    """The key store ``file``; see ``interfaces.keystore``."""

    id = STORE

    def list_keys(self, ctx: KeyContext) -> Sequence[KeyInfo]:
        """Keys in the station's own key directory; any other file is named by its path."""
        directory = key_directory(ctx)
        if not directory.is_dir():
            return ()
        found: list[_Listed] = []
        for path in sorted(directory.iterdir())[:MAX_LISTED]:
            try:
                ref = KeyRef(STORE, str(path))
                found.append(_listed(ref, _read(ref), ctx))
            except SignstationError:
                continue  # a certificate, or something else that is no key
        return tuple(_with_parent(each, found) for each in found)

    def resolve(self, locator: str, ctx: KeyContext) -> KeyRef:
        """Return the real path of a key file; a relative one is below the station's directory.

        Links are followed here, once: what is used later is the file that the reference names.
        """
        path = key_directory(ctx) / Path(locator).expanduser()
        try:
            return KeyRef(STORE, str(path.resolve(strict=True)))
        except FileNotFoundError as error:
            raise KeyNotFound(key=f"{STORE}:{locator}") from error
        except (OSError, RuntimeError) as error:  # unreadable directories; a loop of links
            raise KeyUnreadable(key=f"{STORE}:{locator}", reason=str(error)[:200]) from error

    def profile(self, ref: KeyRef, certificates: Sequence[bytes], ctx: KeyContext) -> SignerProfile:
        """Public facts of a key file. Prompts only for an encrypted key that shows no certificate.

        Raises KeyNotFound, KeyUnreadable, KeyUnusable, CertificateMismatch, PassphraseWrong.
        """
        material = _read(ref)
        # a certificate of SSH belongs to another of the order's keys
        own = [each for each in certificates if not is_certificate_line(each)]
        if certificates and not own:
            raise CertificateMismatch(key=str(ref))
        given = tuple(each for data in own for each in parse_certificates(data))
        known = (*given, *material.certificates)
        leaf = _only_leaf(known) if material.encrypted else None
        if leaf is None:
            unlocked = _unlock(ref, material, ctx, to_sign=False)
            known = (*given, *unlocked.certificates)
            spki = spki_of(unlocked.key.public_key())
            kind = key_type(unlocked.key.public_key())
            leaf = _leaf_of(spki, known)
            if leaf is None and given:
                raise CertificateMismatch(key=str(ref))
        else:
            spki, kind = leaf.spki, leaf.type
        _refuse_unusable(ref, kind, leaf, ctx.time)
        chain = () if leaf is None else sort_chain(known, leaf)
        return SignerProfile(
            key=ref,
            label=Path(ref.locator).stem if leaf is None else leaf.name,
            type=kind,
            spki=spki,
            protection=_protection(material),
            schemes=schemes_of(kind),
            message_schemes=message_schemes_of(kind),
            prompts=material.encrypted,
            x509=X509Profile(tuple(each.der for each in chain)) if chain else None,
        )

    @contextmanager
    def open(self, profile: SignerProfile, count: int, ctx: KeyContext) -> Iterator[SoftwareKey]:
        """Decrypt the key into memory for the length of the ``with``.

        Raises KeyChanged where the file holds another key than planned, and CertificateMismatch
        where the certificate that stood for an encrypted key is not that key's.
        """
        del count
        material = _read(profile.key)
        unlocked = _unlock(profile.key, material, ctx, to_sign=True)
        public = unlocked.key.public_key()
        found = spki_of(public)
        if found != profile.spki:
            if material.encrypted and _stands_for(profile):
                raise CertificateMismatch(key=str(profile.key))
            raise KeyChanged(
                key=str(profile.key), expected=profile.spki_sha256.hex(), found=sha256(found).hex
            )
        yield SoftwareKey(unlocked.key, schemes_of(key_type(public)), str(profile.key))

    def generate(self, order: GenerateOrder, ctx: KeyContext) -> Sequence[KeyInfo]:
        """Make an X.509 key: NAME.pem (key and certificate), NAME.crt and NAME.der.

        They go into ``order.output``, else into the station's key directory, and are read again
        before this says that they are there.
        """
        ref = KeyRef(STORE, str(generate(order, ctx).resolve(strict=True)))
        return (_listed(ref, _read(ref), ctx).info,)

    def import_key(self, material: bytes, ctx: KeyContext) -> Sequence[KeyInfo]:
        """Copy a key file into the station's key directory as it is, passphrase included.

        Raises KeyUnreadable where there is no private key in it.
        """
        parsed = parse_material(material, STORE)
        stem = stem_of(parsed.certificates[0].name) if parsed.certificates else "key"
        name = f"{stem}-{sha256(material).hex[:12]}{_SUFFIXES[parsed.form]}"
        path = key_directory(ctx) / name
        if not path.exists():  # the name holds the content's digest
            write(path, material, PRIVATE, replace=False)
        ref = KeyRef(STORE, str(path.resolve(strict=True)))
        return (_listed(ref, _read(ref), ctx).info,)

    def export(self, ref: KeyRef, ctx: KeyContext) -> tuple[tuple[str, bytes], ...]:
        """Return the certificate as ``.pem`` (with its issuers) and ``.der``; never prompts.

        Raises CertificateMissing where no certificate is in the file.
        """
        del ctx
        material = _read(ref)
        leaf = _public_half(ref, material).leaf
        if leaf is None:
            raise CertificateMissing(key=str(ref), kind="X.509")
        chain = sort_chain(material.certificates, leaf)
        pem = b"".join(encode_pem("CERTIFICATE", each.der) for each in chain)
        return ((".pem", pem), (".der", leaf.der))

    def locations(self, ctx: KeyContext) -> tuple[Path, ...]:
        """The station's key directory."""
        return (key_directory(ctx),)


def _read(ref: KeyRef) -> KeyMaterial:
    return read_material(Path(ref.locator), str(ref))


def _only_leaf(certificates: Sequence[CertificateFacts]) -> CertificateFacts | None:
    """Return the one certificate that can be the key's, None where several could be."""
    found = leaves(certificates)
    return found[0] if found and len({each.spki for each in found}) == 1 else None


def _leaf_of(spki: bytes, certificates: Sequence[CertificateFacts]) -> CertificateFacts | None:
    return next((each for each in certificates if each.spki == spki), None)


@dataclass(frozen=True, slots=True)
class _PublicHalf:
    """What can be read without a passphrase; ``spki`` is empty where that is nothing."""

    type: KeyType
    spki: bytes
    leaf: CertificateFacts | None


def _public_half(ref: KeyRef, material: KeyMaterial) -> _PublicHalf:
    if material.encrypted:
        leaf = _only_leaf(material.certificates)
        if leaf is None:
            return _PublicHalf(KeyType(KeyFamily.OTHER), b"", None)
        return _PublicHalf(leaf.type, leaf.spki, leaf)
    public = unlock(material, None, str(ref), to_sign=False).key.public_key()
    spki = spki_of(public)
    return _PublicHalf(key_type(public), spki, _leaf_of(spki, material.certificates))


def _stands_for(profile: SignerProfile) -> bool:
    """Whether the planned public key came from a certificate and not from the key."""
    if profile.x509 is None:
        return False
    return parse_certificates(profile.x509.chain[0])[0].spki == profile.spki


def _unlock(ref: KeyRef, material: KeyMaterial, ctx: KeyContext, *, to_sign: bool) -> Unlocked:
    """Ask for the passphrase, up to three times. Raises PassphraseWrong and Cancelled."""
    if not material.encrypted:
        return unlock(material, None, str(ref), to_sign=to_sign)
    return with_passphrase(
        ref, ctx.ask, lambda found: unlock(material, found, str(ref), to_sign=to_sign)
    )


def _refuse_unusable(ref: KeyRef, kind: KeyType, leaf: CertificateFacts | None, now: int) -> None:
    reason = ""
    if not schemes_of(kind):
        reason = "no signature here can be made with this type of key"
    elif kind.family is KeyFamily.RSA and kind.bits < MIN_RSA:
        reason = f"{kind.title} is too weak"
    elif leaf is not None and leaf.not_after < now:
        reason = "its certificate has expired"
    elif leaf is not None and leaf.not_before > now:
        reason = "its certificate is not valid yet"
    elif leaf is not None and not leaf.signs_data:
        reason = "the key usage of its certificate does not allow signatures of data"
    if reason:
        raise KeyUnusable(key=str(ref), reason=reason)


def _protection(material: KeyMaterial) -> Protection:
    return Protection.SOFTWARE if material.encrypted else Protection.UNPROTECTED


@dataclass(frozen=True, slots=True)
class _Listed:
    """A key as it is listed, with its own certificate where it has one."""

    info: KeyInfo
    certificate: CertificateFacts | None


def _with_parent(key: _Listed, keys: Sequence[_Listed]) -> KeyInfo:
    """Name the key, among those listed, whose certificate issued this one's."""
    if key.certificate is None:
        return key.info
    for other in keys:
        authority = other.certificate
        if authority is None or not authority.authority or authority.spki == key.certificate.spki:
            continue
        if issued_by(key.certificate, authority):
            return replace(key.info, parent=other.info.key)
    return key.info


def _listed(ref: KeyRef, material: KeyMaterial, ctx: KeyContext) -> _Listed:
    public = _public_half(ref, material)
    return _Listed(_info(ref, material, public, ctx), public.leaf)


def _info(ref: KeyRef, material: KeyMaterial, public: _PublicHalf, ctx: KeyContext) -> KeyInfo:
    """List a key without a prompt: LOCKED where its public half cannot be read."""
    leaf = public.leaf
    if leaf is None:
        return KeyInfo(
            key=ref,
            label=Path(ref.locator).stem,
            type=public.type,
            state=KeyState.ACTIVE if public.spki else KeyState.LOCKED,
            protection=_protection(material),
            signature_types=(),
            fingerprint=sha256(public.spki).hex if public.spki else "",
            location=ref.locator,
        )
    return KeyInfo(
        key=ref,
        label=leaf.name,
        type=public.type,
        state=_state(leaf, ctx.time),
        protection=_protection(material),
        signature_types=(SignatureType.CMS,),
        fingerprint=leaf.fingerprint,
        created=leaf.not_before,
        expires=None if leaf.not_after >= int(NO_END.timestamp()) else leaf.not_after,
        usages=leaf.usage_titles or ("sign",),
        location=ref.locator,
    )


def _state(leaf: CertificateFacts, now: int) -> KeyState:
    if leaf.not_after < now:
        return KeyState.EXPIRED
    return KeyState.ACTIVE if leaf.not_before <= now else KeyState.NOT_YET


KEYSTORE = Keyfile()
