"""Key files for tests of the key store ``file``: two certificates, and where their keys lie."""

from __future__ import annotations

from pathlib import Path

from signstation.model.keys import KeyRef
from signstation.system.programs import Programs
from tests.support.contract_keystores import ScriptedKeyContext
from tests.support.x509 import NOW, Shape, identity

ROOT = identity("p256-ca", Shape(name="Root", authority=True))
LEAF = identity("p256", Shape(name="Leaf"), ROOT)


def key_context(directory: Path) -> ScriptedKeyContext:
    """A context whose state is below ``directory``, and who answers no prompt by itself."""
    return ScriptedKeyContext(NOW, directory / "state", None, Programs(directory))


def key_file(directory: Path, *parts: bytes, name: str = "key.pem") -> KeyRef:
    """Write a private file out of its parts."""
    path = directory / name
    path.write_bytes(b"".join(parts))
    path.chmod(0o600)
    return KeyRef("file", str(path))
