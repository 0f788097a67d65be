"""Throw-away SSH keys: as files of cryptography's or ssh-keygen's making, and as slots."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from signstation.codec.sshkeys import key_blob
from signstation.keystores.ssh_sign import ssh_schemes
from signstation.model.asks import ToSign
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import (
    KeyRef,
    Protection,
    Scheme,
    SignatureType,
    SignerProfile,
    Slot,
)
from signstation.model.trust import Origin, SshAnchor, Trust
from signstation.signatures.certificates import key_type, spki_of
from signstation.signatures.softwarekey import SoftwareKey

FAMILIES = ("ed25519", "p256", "p384", "p521", "rsa2048")
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@cache
def private(family: str) -> PrivateKey:
    """One key per family and process."""
    match family:
        case "ed25519":
            return ed25519.Ed25519PrivateKey.generate()
        case "p256":
            return ec.generate_private_key(ec.SECP256R1())
        case "p384":
            return ec.generate_private_key(ec.SECP384R1())
        case "p521":
            return ec.generate_private_key(ec.SECP521R1())
        case _:
            return rsa.generate_private_key(65_537, int(family.removeprefix("rsa")))


def private_file(family: str) -> bytes:
    """The key as OpenSSH's file, without a passphrase."""
    return private(family).private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())


def public_line(family: str) -> str:
    """Type and key, as in a .pub file."""
    public = private(family).public_key()
    return public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def slot(
    family: str = "ed25519",
    hashed: HashAlgorithm = HashAlgorithm.SHA256,
    scheme: Scheme | None = None,
) -> Slot:
    """A slot of one of these keys."""
    public = private(family).public_key()
    kind = key_type(public)
    schemes = ssh_schemes(kind)
    profile = SignerProfile(
        key=KeyRef("ssh", f"/keys/{family}"),
        label=family,
        type=kind,
        spki=spki_of(public),
        protection=Protection.UNPROTECTED,
        schemes=schemes,
    )
    return Slot(profile, SignatureType.SSHSIG, scheme or schemes[0], hashed)


def answer(found: Slot, ask: ToSign) -> bytes:
    """Sign with the key of a slot."""
    family = found.signer.label
    (made,) = SoftwareKey(private(family), found.signer.schemes, family).sign((ask,))
    assert isinstance(made, bytes), made
    return made


def anchor(
    family: str = "ed25519", principal: str = "me@example.org", **fields: object
) -> SshAnchor:
    """A trusted line, with other fields where they are given."""
    line = f"{principal} {public_line(family)}"
    key = key_blob(private(family).public_key())
    return SshAnchor(line, (principal,), key, Origin("test"), **fields)  # type: ignore[arg-type]


def trust(*families: str) -> Trust:
    """Trust these keys."""
    return Trust(ssh=tuple(anchor(each) for each in families or FAMILIES))


@contextmanager
def agent(directory: Path) -> Iterator[Path]:
    """Run an ssh-agent of our own; yield its socket."""
    path = directory / "agent"
    process = subprocess.Popen(
        ["ssh-agent", "-D", "-a", str(path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()  # it tells its socket when it listens there
        yield path
    finally:
        process.terminate()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def add(socket: Path, file: Path) -> None:
    """Give an agent a key file."""
    environment = {"SSH_AUTH_SOCK": str(socket), "PATH": "/usr/bin:/bin"}
    subprocess.run(["ssh-add", "-q", str(file)], env=environment, check=True, capture_output=True)
