"""The key store ``ssh``: OpenSSH's private key files, and the keys of an ssh-agent.

A reference is ``ssh:`` and the path of a file, or ``SHA256:`` with the fingerprint of a key in the
caller's agent; ``SHA256:…@/PATH`` names the socket of another one. The path of a ``-cert.pub`` file
means the key beside it, and that it signs with this certificate.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_ssh_private_key

from signstation.codec.sshcert import parse_certificate
from signstation.codec.sshkeys import (
    SshPublicKey,
    blob_of_spki,
    fingerprint,
    key_blob,
    key_type_of,
    public_line,
    read_key,
)
from signstation.codec.sshprivate import MAX_FILE, SshPrivateFile, parse_private
from signstation.errors import (
    AgentMissing,
    ArtifactMalformed,
    KeyChanged,
    KeyNotFound,
    KeyUnreadable,
    KeyUnusable,
    PassphraseWrong,
    SignstationError,
)
from signstation.interfaces.context import KeyContext
from signstation.interfaces.keystore import OpenKey
from signstation.keystores.ssh_agent import AgentKey, SshAgent
from signstation.keystores.ssh_certificate import certificate_of, private_path
from signstation.keystores.ssh_sign import SshAgentKey, SshPrivateKey, ssh_schemes
from signstation.keystores.ssh_write import generate_ssh, ssh_directory
from signstation.model.hashes import sha256
from signstation.model.keys import (
    SSH_STORE,
    KeyFamily,
    KeyInfo,
    KeyRef,
    KeyState,
    KeyType,
    Protection,
    SignatureType,
    SignerProfile,
    SshProfile,
)
from signstation.model.orders import GenerateOrder
from signstation.model.secret import Secret
from signstation.signatures.certificates import key_type, spki_of
from signstation.signatures.softwarekey import SoftwareKey
from signstation.signatures.softwarekey_file import MIN_RSA, read_key_file, with_passphrase

AGENT = "SHA256:"
"""How the locator of an agent's key begins."""
MAX_LISTED = 1000
"""Most files of the key directory that are looked at."""


@dataclass(frozen=True, slots=True)
class _InAgent:
    """A key in an agent, as a reference names it; without a socket it is in the caller's."""

    fingerprint: str
    socket: Path | None

    @classmethod
    def of(cls, ref: KeyRef) -> _InAgent | None:
        """Return what a reference names, None where it names a file."""
        if not ref.locator.startswith(AGENT):
            return None
        name, _, path = ref.locator.partition("@")
        return cls(name, Path(path) if path else None)


class Ssh:
    """The key store ``ssh``; see ``interfaces.keystore``."""

    id = SSH_STORE

    def list_keys(self, ctx: KeyContext) -> Sequence[KeyInfo]:
        """The station's own SSH keys, and those of the caller's agent.

        Any other file is named by its path.
        """
        directory, found = ssh_directory(ctx), list[KeyInfo]()
        names = sorted(directory.iterdir())[:MAX_LISTED] if directory.is_dir() else []
        for path in names:
            try:
                found.append(_info(self.profile(KeyRef(SSH_STORE, str(path)), (), ctx)))
            except SignstationError:
                continue  # a public half, or a key of another store
        if ctx.ssh_agent is not None:
            with suppress(AgentMissing), SshAgent.at(ctx.ssh_agent, SSH_STORE) as agent:
                found.extend(_listed(each, ctx.ssh_agent) for each in agent.plain())
        return tuple(found)

    def resolve(self, locator: str, ctx: KeyContext) -> KeyRef:
        """Return the real path of a key file, or a key that is in the agent, with its socket.

        Raises KeyNotFound, KeyUnreadable and, without an agent, AgentMissing.
        """
        ref = KeyRef(SSH_STORE, locator)
        place = _InAgent.of(ref)
        if place is not None:
            socket = place.socket or ctx.ssh_agent
            with SshAgent.at(socket, str(ref)) as agent:
                _find(agent, place, ref)
            return KeyRef(SSH_STORE, f"{place.fingerprint}@{socket}")
        try:
            return KeyRef(SSH_STORE, str(Path(locator).expanduser().resolve(strict=True)))
        except FileNotFoundError as error:
            raise KeyNotFound(key=str(ref)) from error
        except (OSError, RuntimeError) as error:  # unreadable directories; a loop of links
            raise KeyUnreadable(key=str(ref), reason=str(error)[:200]) from error

    def profile(self, ref: KeyRef, certificates: Sequence[bytes], ctx: KeyContext) -> SignerProfile:
        """Public facts; never prompts: a key file shows its public half without the passphrase.

        Raises KeyNotFound, KeyUnreadable, KeyUnusable, CertificateMismatch and AgentMissing.
        """
        profile, blob = _public_half(ref)
        found = certificate_of(ref, blob, certificates, ctx.time)
        if found is None:
            return profile
        encoded, certificate = found
        label = f"{', '.join(certificate.principals)[:200]} ({profile.label})"
        return replace(profile, label=label, ssh=SshProfile(encoded))

    @contextmanager
    def open(self, profile: SignerProfile, count: int, ctx: KeyContext) -> Iterator[OpenKey]:
        """Decrypt the file into memory, or connect to the agent, for the length of the ``with``.

        Raises KeyChanged where there is another key than planned, PassphraseWrong, Cancelled.
        """
        del count
        ref, name = profile.key, str(profile.key)
        place = _InAgent.of(ref)
        if place is not None:
            with SshAgent.at(place.socket, name) as agent:
                found = _find(agent, place, ref)
                _same(spki_of(_public(found.blob, ref)), profile)
                yield SshAgentKey(agent, found.blob, profile.schemes, name)
            return
        data = _read(ref)
        key = _unlock(ref, data, _parsed(data, ref), ctx)
        public = key.public_key()
        _same(spki_of(public), profile)
        yield SoftwareKey(key, profile.schemes, name)

    def generate(self, order: GenerateOrder, ctx: KeyContext) -> Sequence[KeyInfo]:
        """Make a key file and its .pub file (``ssh_write.generate_ssh``)."""
        ref = KeyRef(SSH_STORE, str(generate_ssh(order, ctx).resolve(strict=True)))
        return (_info(self.profile(ref, (), ctx)),)

    def export(self, ref: KeyRef, ctx: KeyContext) -> tuple[tuple[str, bytes], ...]:
        """Return the public key as ``.pub`` and as a line of an allowed_signers file; no prompt."""
        del ctx
        profile, _ = _public_half(ref)
        line = public_line(blob_of_spki(profile.spki))
        # a principal is one word (ssh-keygen(1)); its patterns would let others in
        principal = re.sub(r"[^A-Za-z0-9@._+-]+", "-", profile.label).strip("-") or "key"
        return (
            (".pub", f"{line} {profile.label}\n".encode()),
            (".allowed_signers", f"{principal} {line}\n".encode()),
        )

    def locations(self, ctx: KeyContext) -> tuple[Path, ...]:
        """The station's key directory."""
        return (ssh_directory(ctx),)


def _public_half(ref: KeyRef) -> tuple[SignerProfile, bytes]:
    """Return what a plain key shows, and the key itself, encoded."""
    place = _InAgent.of(ref)
    if place is None:
        file, path = _parsed(_read(ref), ref), private_path(ref)
        protection = Protection.SOFTWARE if file.encrypted else Protection.UNPROTECTED
        return _profile(ref, file.public, path.stem, protection), file.public
    with SshAgent.at(place.socket, str(ref)) as agent:
        found = _find(agent, place, ref)
    label = found.comment or place.fingerprint
    return _profile(ref, found.blob, label, Protection.SOFTWARE), found.blob


def _info(profile: SignerProfile) -> KeyInfo:
    certificate = parse_certificate(profile.ssh.certificate) if profile.ssh else None
    return KeyInfo(
        key=profile.key,
        label=profile.label,
        type=profile.type,
        state=KeyState.ACTIVE,
        protection=profile.protection,
        signature_types=profile.signature_types,
        fingerprint=fingerprint(blob_of_spki(profile.spki)),
        expires=certificate.before if certificate else None,
        usages=("sign",),
        location=profile.key.locator,
    )


def _same(found: bytes, profile: SignerProfile) -> None:
    if found != profile.spki:
        raise KeyChanged(
            key=str(profile.key), expected=profile.spki_sha256.hex(), found=sha256(found).hex
        )


def _find(agent: SshAgent, place: _InAgent, ref: KeyRef) -> AgentKey:
    """Raises KeyNotFound, and AgentMissing where it shows no key at all, as a locked one does."""
    keys = agent.plain()
    for each in keys:
        if fingerprint(each.blob) == place.fingerprint:
            return each
    if not keys:
        reason = "the agent shows no keys: it is empty, or locked (ssh-add -X unlocks it)"
        raise AgentMissing(key=str(ref), reason=reason)
    raise KeyNotFound(key=str(ref))


def _public(blob: bytes, ref: KeyRef) -> SshPublicKey:
    """Read a public key that can sign here. Raises KeyUnusable with the reason."""
    try:
        return read_key(blob)
    except ArtifactMalformed as error:
        raise KeyUnusable(key=str(ref), reason=_why_not(blob)) from error


def _why_not(blob: bytes) -> str:
    try:
        kind = key_type_of(blob)
    except ArtifactMalformed:
        return "its public key is damaged"
    if kind.startswith("sk-"):
        return "its private half is on a security key, whose signatures this version cannot make"
    if kind == "ssh-dss":
        return "DSA is too weak"
    return f"no signature here can be made with {kind}"


def _profile(ref: KeyRef, blob: bytes, label: str, protection: Protection) -> SignerProfile:
    public = _public(blob, ref)
    kind = key_type(public)
    if kind.family is KeyFamily.RSA and kind.bits < MIN_RSA:
        raise KeyUnusable(key=str(ref), reason=f"{kind.title} is too weak")
    schemes = ssh_schemes(kind)
    in_agent = _InAgent.of(ref) is not None
    return SignerProfile(
        key=ref,
        label=label,
        type=kind,
        spki=spki_of(public),
        protection=protection,
        schemes=schemes,
        message_schemes=tuple(each for each in schemes if in_agent or each.hash is None),
        prompts=not in_agent and protection is Protection.SOFTWARE,
    )


def _listed(key: AgentKey, socket: Path) -> KeyInfo:
    name = fingerprint(key.blob)
    ref = KeyRef(SSH_STORE, f"{name}@{socket}")
    try:
        kind, usable = _profile(ref, key.blob, "", Protection.SOFTWARE).type, True
    except SignstationError:
        kind, usable = KeyType(KeyFamily.OTHER), False
    return KeyInfo(
        key=ref,
        label=key.comment or name,
        type=kind,
        state=KeyState.ACTIVE,
        protection=Protection.SOFTWARE,
        signature_types=(SignatureType.SSHSIG,) if usable else (),
        fingerprint=name,
        usages=("sign",) if usable else (),
        location="ssh-agent",
    )


def _read(ref: KeyRef) -> bytes:
    return read_key_file(private_path(ref), str(ref), MAX_FILE).content


def _parsed(data: bytes, ref: KeyRef) -> SshPrivateFile:
    try:
        return parse_private(data)
    except ArtifactMalformed as error:
        raise KeyUnreadable(key=str(ref), reason=str(error)) from error


def _unlock(ref: KeyRef, data: bytes, file: SshPrivateFile, ctx: KeyContext) -> SshPrivateKey:
    """Ask for the passphrase, up to three times. Raises PassphraseWrong and Cancelled."""
    if not file.encrypted:
        return _load(ref, data, file, None)
    return with_passphrase(ref, ctx.ask, lambda found: _load(ref, data, file, found))


def _load(
    ref: KeyRef, data: bytes, file: SshPrivateFile, passphrase: Secret | None
) -> SshPrivateKey:
    try:
        if passphrase is None:
            key = load_ssh_private_key(data, None)
        else:
            with passphrase.open() as opened:
                key = load_ssh_private_key(data, bytes(opened))
    except UnsupportedAlgorithm as error:
        raise KeyUnusable(key=str(ref), reason=str(error)[:200]) from error
    except (TypeError, ValueError) as error:
        # cryptography has one error for a wrong passphrase and for damaged content
        if file.encrypted:
            raise PassphraseWrong(key=str(ref)) from error
        raise KeyUnreadable(key=str(ref), reason=str(error)[:200]) from error
    if not isinstance(key, SshPrivateKey) or key_blob(key.public_key()) != file.public:
        raise KeyUnreadable(key=str(ref), reason="its two halves are of different keys")
    return key


KEYSTORE = Ssh()
