"""What this station trusts by itself: its own keys, pinned when they were made or taken in.

The certificates are files named by their SHA-256, ``index.json`` says where each came from, since
when it is trusted and for what. The index is replaced atomically, after the files it names.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from signstation.app.durable import write_file
from signstation.codec.plain import from_plain, to_plain
from signstation.codec.sshkeys import fingerprint
from signstation.errors import ProtocolViolation, StoreDamaged, UsageError
from signstation.model.hashes import sha256
from signstation.model.trust import (
    OpenPgpCertificate,
    Origin,
    Purpose,
    SshAnchor,
    SshRevocations,
    Trust,
    X509Anchor,
)

MAX_PINS = 10_000
"""Most pins of one station; a release team has tens."""
MAX_INDEX = 16 * 1024 * 1024
"""Largest index in bytes: about 1 kB per pin."""
MAX_CERTIFICATE = 4 * 1024 * 1024
"""Largest pinned certificate in bytes; much-signed OpenPGP certificates reach 1 MB."""
REVOCATIONS = "Revoked SSH keys {}"
"""What a pinned list is called: it has no name of its own."""
_INDEX = "index.json"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Pin:
    """One pinned certificate.

    ``identity`` is what a verification compares: the primary's fingerprint (upper-case hex) of an
    OpenPGP certificate, the SHA-256 (lower-case hex) of an X.509 certificate or of a list of
    revoked SSH keys, ``SHA256:…`` of SSH keys. ``material`` is the SHA-256 of the file with it.
    """

    identity: str
    material: str
    label: str
    origin: Origin
    purposes: tuple[Purpose, ...]


@dataclass(frozen=True, slots=True)
class _Index:
    version: int
    pins: tuple[Pin, ...]


class TrustPins:
    """The pins in one state directory. Blocks on small files; used by the owner only."""

    def __init__(self, directory: Path) -> None:
        """``directory`` is made when the first pin comes."""
        self._directory = directory

    def all(self) -> tuple[Pin, ...]:
        """Return the pins, oldest first. Raises StoreDamaged."""
        data = self._read(_INDEX, MAX_INDEX)
        if data is None:
            return ()
        try:
            index = from_plain(json.loads(data), _Index)
        except (ValueError, RecursionError, ProtocolViolation) as error:
            raise StoreDamaged(reason="the index of trusted keys cannot be read") from error
        if index.version != _VERSION:
            raise StoreDamaged(reason="the index of trusted keys is of another version")
        return index.pins

    def add(self, pin: Pin, material: bytes) -> None:
        """Pin a certificate, or bring an older pin of the same identity up to date.

        The older pin's origin stays: trust is counted from the first day.
        """
        if len(material) > MAX_CERTIFICATE:
            raise StoreDamaged(reason="a certificate is too large to be pinned")
        self._directory.mkdir(mode=0o700, exist_ok=True)
        name = sha256(material).hex
        write_file(self._directory / name, material)
        known = {each.identity: each for each in self.all()}
        old = known.get(pin.identity)
        origin = old.origin if old else pin.origin
        known[pin.identity] = replace(pin, material=name, origin=origin)
        if len(known) > MAX_PINS:
            raise StoreDamaged(reason="there are too many trusted keys")
        self._write(tuple(known.values()))

    def remove(self, identity: str) -> tuple[Pin, bytes]:
        """Trust a certificate no longer; return its pin and its content.

        The index goes first, so that a crash leaves at most a file that nothing names. Raises
        UsageError where nothing of that identity is pinned, StoreDamaged.
        """
        pins = self.all()
        pin = next((each for each in pins if each.identity == identity), None)
        if pin is None:
            raise UsageError(reason=f"{identity} is not trusted on this station")
        content = self._material(pin)
        rest = tuple(each for each in pins if each is not pin)
        self._write(rest)
        if all(each.material != pin.material for each in rest):
            (self._directory / pin.material).unlink(missing_ok=True)
        return pin, content

    def materials(self) -> tuple[tuple[str, bytes], ...]:
        """Return label and content of every pinned certificate. Raises StoreDamaged."""
        return tuple((pin.label, self._material(pin)) for pin in self.all())

    def _material(self, pin: Pin) -> bytes:
        content = self._read(pin.material, MAX_CERTIFICATE)
        if content is None or sha256(content).hex != pin.material:
            raise StoreDamaged(reason=f"the pinned certificate of {pin.label} is damaged")
        return content

    def _write(self, pins: tuple[Pin, ...]) -> None:
        plain = to_plain(_Index(_VERSION, pins))
        write_file(self._directory / _INDEX, json.dumps(plain, indent=1).encode())

    def stamp(self, trust: Trust) -> Trust:
        """Give prepared anchors the origin and the purposes of their pins.

        Anchors that no pin names are left out: a pinned file vouches for nobody else.
        """
        pins = {each.identity: each for each in self.all()}
        return Trust(
            openpgp=tuple(
                replace(each, origin=pin.origin, purposes=pin.purposes)
                for each in trust.openpgp
                if (pin := pins.get(openpgp_identity(each))) is not None
            ),
            x509=tuple(
                replace(each, origin=pin.origin, purposes=pin.purposes)
                for each in trust.x509
                if (pin := pins.get(x509_identity(each))) is not None
            ),
            ssh=tuple(
                replace(each, origin=pin.origin, purposes=pin.purposes)
                for each in trust.ssh
                if (pin := pins.get(ssh_identity(each))) is not None
            ),
            ssh_revoked=tuple(
                replace(each, origin=pin.origin)
                for each in trust.ssh_revoked
                if (pin := pins.get(revocations_identity(each))) is not None
            ),
        )

    def _read(self, name: str, limit: int) -> bytes | None:
        path = self._directory / name
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreDamaged(reason=f"{path}: {error.strerror}") from error
        with os.fdopen(descriptor, "rb") as file:
            content = file.read(limit + 1)
        if len(content) > limit:
            raise StoreDamaged(reason=f"{path} is too large")
        return content


def openpgp_identity(certificate: OpenPgpCertificate) -> str:
    """Return the primary's fingerprint."""
    return certificate.primary.fingerprint.upper()


def x509_identity(anchor: X509Anchor) -> str:
    """Return the SHA-256 of the certificate."""
    return sha256(anchor.der).hex


def ssh_identity(anchor: SshAnchor) -> str:
    """Return the fingerprint of the key, as ssh-keygen names it."""
    return fingerprint(anchor.key)


def revocations_identity(revocations: SshRevocations) -> str:
    """Return the SHA-256 of the list: another version of it is another one."""
    return sha256(revocations.material).hex


def identities_of(trust: Trust) -> tuple[str, ...]:
    """Return the identity of every anchor of prepared trust."""
    return (
        *(openpgp_identity(each) for each in trust.openpgp),
        *(x509_identity(each) for each in trust.x509),
        *(ssh_identity(each) for each in trust.ssh),
        *(revocations_identity(each) for each in trust.ssh_revoked),
    )


def pins_of(trust: Trust, origin: Origin, purposes: Sequence[Purpose]) -> list[tuple[Pin, bytes]]:
    """Return a pin and its material for every anchor of prepared trust."""
    found: list[tuple[Pin, bytes]] = []
    for certificate in trust.openpgp:
        label = certificate.user_ids[0] if certificate.user_ids else certificate.primary.fingerprint
        pin = Pin(openpgp_identity(certificate), "", label, origin, tuple(purposes))
        found.append((pin, certificate.material))
    for anchor in trust.x509:
        identity = x509_identity(anchor)
        found.append((Pin(identity, "", f"X.509 {identity}", origin, tuple(purposes)), anchor.der))
    for line in trust.ssh:
        label = ", ".join(line.principals)
        pin = Pin(ssh_identity(line), "", label, origin, tuple(purposes))
        found.append((pin, line.line.encode()))
    for each in trust.ssh_revoked:
        identity = revocations_identity(each)
        pin = Pin(identity, "", REVOCATIONS.format(identity[:16]), origin, tuple(purposes))
        found.append((pin, each.material))
    return found
