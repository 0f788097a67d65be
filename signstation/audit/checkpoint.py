"""Checkpoints of the audit log: C2SP tlog-checkpoint in a C2SP signed-note, signed with Ed25519."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from signstation.audit.tree import HASH_SIZE
from signstation.errors import ArtifactMalformed

CHECKPOINT = "checkpoint.txt"
"""Name of the checkpoint in folders that a station makes."""
MAX_CHECKPOINT = 64 * 1024
"""Largest checkpoint in bytes: ours have 250; witnesses may add signatures of about 150."""
_ED25519 = b"\x01"  # C2SP signed-note: the algorithm byte of Ed25519
_KEY_HASH = 4
_ORIGIN = "signstation-"
_TEXT = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n")
_SIGNATURE = re.compile(r"\N{EM DASH} ([^ \n+]+) ([A-Za-z0-9+/]+={0,2})")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """So many records have this root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint as read, with its signature lines: name, and key hash with signature."""

    checkpoint: Checkpoint
    signatures: tuple[tuple[str, bytes], ...]

    def is_by(self, public: Ed25519PublicKey) -> bool:
        """Return whether the key of this station signed it, under the origin's name."""
        name = origin_of(public)
        prefix = _key_hash(name, public)
        signed = self.checkpoint.text.encode()
        return self.checkpoint.origin == name and any(
            _valid(public, value[_KEY_HASH:], signed)
            for who, value in self.signatures
            if who == name and value[:_KEY_HASH] == prefix
        )


def origin_of(public: Ed25519PublicKey) -> str:
    """Return the log's name, which is the key's: one log has one key."""
    return f"{_ORIGIN}{hashlib.sha256(public.public_bytes_raw()).hexdigest()[:16]}"


def is_station_checkpoint(data: bytes) -> bool:
    """Return whether these bytes are a checkpoint as some station makes it, whoever signed it."""
    try:
        return read_checkpoint(data).checkpoint.origin.startswith(_ORIGIN)
    except ArtifactMalformed:
        return False


def verifier_key(public: Ed25519PublicKey) -> str:
    """Return the public key in the form ``name+hash+base64`` (C2SP signed-note)."""
    name = origin_of(public)
    key = base64.b64encode(_ED25519 + public.public_bytes_raw()).decode()
    return f"{name}+{_key_hash(name, public).hex()}+{key}"


def write_checkpoint(private: Ed25519PrivateKey, size: int, root: bytes) -> bytes:
    """Return a signed checkpoint in UTF-8."""
    public = private.public_key()
    checkpoint = Checkpoint(origin_of(public), size, root)
    value = _key_hash(checkpoint.origin, public) + private.sign(checkpoint.text.encode())
    line = f"\N{EM DASH} {checkpoint.origin} {base64.b64encode(value).decode()}\n"
    return f"{checkpoint.text}\n{line}".encode()


def read_checkpoint(data: bytes) -> SignedCheckpoint:
    """Read a checkpoint; proves nothing yet. Raises ArtifactMalformed."""
    try:
        text, _, lines = data[:MAX_CHECKPOINT].decode().partition("\n\n")
    except UnicodeDecodeError as error:
        raise ArtifactMalformed(offset=error.start) from error
    found = _TEXT.fullmatch(f"{text}\n")
    root = _exact_base64(found[3]) if found else None
    if found is None or root is None or len(root) != HASH_SIZE or len(data) > MAX_CHECKPOINT:
        raise ArtifactMalformed(offset=0)
    signatures: list[tuple[str, bytes]] = []
    for line in lines.removesuffix("\n").split("\n"):
        match = _SIGNATURE.fullmatch(line)
        value = _exact_base64(match[2]) if match else None
        if match is None or value is None:
            raise ArtifactMalformed(offset=len(text.encode()))
        signatures.append((match[1], value))
    return SignedCheckpoint(Checkpoint(found[1], int(found[2]), root), tuple(signatures))


def _exact_base64(text: str) -> bytes | None:
    """Return the value of which ``text`` is the one base64 form, None for any other text."""
    if len(text) % 4:
        return None
    value = base64.b64decode(text)
    return value if base64.b64encode(value).decode() == text else None


def _key_hash(name: str, public: Ed25519PublicKey) -> bytes:
    data = name.encode() + b"\n" + _ED25519 + public.public_bytes_raw()
    return hashlib.sha256(data).digest()[:_KEY_HASH]


def _valid(public: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        public.verify(signature, message)
    except InvalidSignature:
        return False
    return True
