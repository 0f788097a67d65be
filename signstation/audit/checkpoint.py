"""Checkpoints of the audit log: signed notes with origin, size and root.

Forms: C2SP ``signed-note`` and ``tlog-checkpoint``. A note is a text that ends in a newline, an
empty line, and lines ``— NAME BASE64(key hash, 4 bytes | signature)``; Ed25519 is type 1.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from signstation.audit.merkle import HASH_SIZE

MAX_CHECKPOINT = 64 * 1024
"""Most bytes of a checkpoint: a note holds three lines and a few signatures."""

_ED25519 = b"\x01"
_KEY_HASH = 4
_SIGNATURE = 64
_SEPARATOR = "\n\n"
_DASH = "\N{EM DASH} "
_MAX_DIGITS = 18


class CheckpointMalformed(ValueError):
    """The text is no checkpoint; the message says where it stops being one."""


class CheckpointNotOurs(ValueError):
    """A checkpoint, but of another log or without a good signature by the audit key."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log at one moment."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """Return the note's text."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """The public half of an audit key: its name is the origin of the log."""

    name: str
    public: Ed25519PublicKey

    @property
    def key_hash(self) -> bytes:
        """First four bytes of SHA-256 over name, newline and typed key."""
        data = self.name.encode() + b"\n" + _ED25519 + self.public.public_bytes_raw()
        return hashlib.sha256(data).digest()[:_KEY_HASH]

    def __str__(self) -> str:
        """Return ``NAME+HASH+BASE64``, the form in which verifiers are handed on."""
        key = base64.b64encode(_ED25519 + self.public.public_bytes_raw()).decode()
        return f"{self.name}+{self.key_hash.hex()}+{key}"


def verifier_of(key: Ed25519PrivateKey) -> VerifierKey:
    """Return the public half under the name that follows from it."""
    public = key.public_key()
    digest = hashlib.sha256(public.public_bytes_raw()).hexdigest()
    return VerifierKey(f"signstation/{digest[:16]}", public)


def sign_checkpoint(key: Ed25519PrivateKey, size: int, root: bytes) -> str:
    """Return the checkpoint of a log as a signed note."""
    verifier = verifier_of(key)
    body = Checkpoint(verifier.name, size, root).body()
    signature = base64.b64encode(verifier.key_hash + key.sign(body.encode())).decode()
    return f"{body}\n{_DASH}{verifier.name} {signature}\n"


def read_checkpoint(text: str, verifier: VerifierKey) -> Checkpoint:
    """Return a checkpoint whose signature is good. Lines after the third are extensions.

    Raises CheckpointMalformed and CheckpointNotOurs.
    """
    body, separator, signatures = text.rpartition(_SEPARATOR)
    if not separator or not signatures.endswith("\n"):
        raise CheckpointMalformed("there is no signature below an empty line")
    body += "\n"
    found = _checkpoint(body)
    good = False
    for line in signatures[:-1].split("\n"):
        name, signature = _signature(line)
        if name != verifier.name or signature[:_KEY_HASH] != verifier.key_hash:
            continue  # of another key: signed notes may carry several
        if len(signature) != _KEY_HASH + _SIGNATURE:
            raise CheckpointMalformed("the signature is not 64 bytes long")
        try:
            verifier.public.verify(signature[_KEY_HASH:], body.encode())
        except InvalidSignature as error:
            raise CheckpointNotOurs("the signature is not by the audit key") from error
        good = True
    if found.origin != verifier.name:
        raise CheckpointNotOurs("it is of another log")
    if not good:
        raise CheckpointNotOurs("it is not signed by the audit key")
    return found


def _checkpoint(body: str) -> Checkpoint:
    lines = body.split("\n")
    if len(lines) < 4:  # three lines, and what follows the last newline
        raise CheckpointMalformed("fewer than three lines")
    origin, size, root = lines[:3]
    if not origin or not size.isascii() or not size.isdigit() or len(size) > _MAX_DIGITS:
        raise CheckpointMalformed("origin and size do not stand in the first two lines")
    if size != str(int(size)):
        raise CheckpointMalformed("the size has a leading zero")
    digest = _base64(root)
    if len(digest) != HASH_SIZE:
        raise CheckpointMalformed("the root is not 32 bytes long")
    return Checkpoint(origin, int(size), digest)


def _signature(line: str) -> tuple[str, bytes]:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space or not name:
        raise CheckpointMalformed("a line below the note is no signature")
    return name, _base64(encoded)


def _base64(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise CheckpointMalformed("not base64") from error
    if base64.b64encode(data).decode() != text:  # one text per value: no bits are left over
        raise CheckpointMalformed("not the one base64 form of its value")
    return data
