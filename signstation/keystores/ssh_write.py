"""Making SSH keys: a private key file that ssh-keygen and ssh-add take, and its .pub file."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from signstation.codec.sshkeys import key_blob, public_line
from signstation.errors import OutputExists, UsageError
from signstation.interfaces.context import KeyContext
from signstation.keystores.ssh_sign import SshPrivateKey
from signstation.model.keys import SSH_STORE, KeyRef
from signstation.model.orders import GenerateOrder
from signstation.signatures.softwarekey_file import (
    PRIVATE,
    PUBLIC,
    PUBLIC_EXPONENT,
    new_passphrase,
    stem_of,
)
from signstation.system.files_new import write

DEFAULT_ALGORITHM = "ed25519"
"""ssh-keygen's own choice since OpenSSH 9.5."""

ALGORITHMS: Mapping[str, Callable[[], SshPrivateKey]] = {
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "rsa3072": lambda: rsa.generate_private_key(PUBLIC_EXPONENT, 3072),
    "rsa4096": lambda: rsa.generate_private_key(PUBLIC_EXPONENT, 4096),
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "p521": lambda: ec.generate_private_key(ec.SECP521R1()),
}
"""What ``key generate ssh --algorithm`` takes; ``nistp256`` and ``RSA-4096`` are understood."""


def ssh_directory(ctx: KeyContext) -> Path:
    """Return where the station keeps its own key files."""
    return ctx.state / "keys"


def generate_ssh(order: GenerateOrder, ctx: KeyContext) -> Path:
    """Make a key pair; return the file of the private key, beside which NAME.pub is.

    ``order.name`` is the comment in the .pub file; SSH keys have no end. Asks for a new passphrase
    unless ``order.protect`` is False. Raises UsageError, OutputExists (before anything is asked),
    DiskFull and NotWritable.
    """
    name = order.algorithm.lower().replace("-", "").replace("nist", "") or DEFAULT_ALGORITHM
    if name not in ALGORITHMS:
        known = ", ".join(ALGORITHMS)
        raise UsageError(reason=f"unknown algorithm {order.algorithm}; known are {known}")
    if not order.name.isprintable() or not order.name.strip():
        raise UsageError(reason="the name of an SSH key is one line of text")
    private = (order.output or ssh_directory(ctx)) / f"{stem_of(order.name)}.ssh"
    public = private.with_name(f"{private.name}.pub")
    for path in (private, public):
        if not order.replace and os.path.lexists(path):
            raise OutputExists(path=str(path))
    encryption = _encryption(private, ctx) if order.protect else NoEncryption()
    key = ALGORITHMS[name]()
    content = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, encryption)
    line = f"{public_line(key_blob(key.public_key()))} {order.name}\n"
    write(private, content, PRIVATE, replace=order.replace)
    write(public, line.encode(), PUBLIC, replace=order.replace)
    return private


def _encryption(path: Path, ctx: KeyContext) -> KeySerializationEncryption:
    passphrase = new_passphrase(KeyRef(SSH_STORE, str(path)), ctx.ask)
    try:
        with passphrase.open() as opened:
            return BestAvailableEncryption(bytes(opened))
    finally:
        passphrase.wipe()
