"""What a format is given besides the bytes: pinned time, pinned randomness, one hashing pass."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from signstation.errors import SignstationError
from signstation.interfaces.artifact import Artifact
from signstation.interfaces.tools import Programs
from signstation.model.asks import Range
from signstation.model.hashes import Digests, HashRequest
from signstation.model.members import Surroundings
from signstation.model.prompts import Prompt
from signstation.model.secret import Secret
from signstation.model.tokens import TokenPlaces


class Notice(Protocol):
    """Words that stand before a person until the device was used."""

    def refused(self) -> SignstationError | None:
        """Return why nobody will act: Cancelled, or SecretMissing where nobody can be told.

        Does not block. None: it is still shown.
        """
        ...


class Context(Protocol):
    """Given to inspect, sign, recheck and verify; the same in worker, test and replay."""

    @property
    def time(self) -> int:
        """Signing time of the request, or the reference time of a verification (Unix seconds)."""
        ...

    def random(self, label: str, size: int) -> bytes:
        """Deterministic bytes from the request's seed, the item and ``label`` (HKDF-SHA256)."""
        ...

    @property
    def surroundings(self) -> Surroundings | None:
        """The files that a ``Surrounded`` artifact names, as the station found them.

        None where nobody looked: the artifact is signed, or it is judged alone.
        """
        ...

    def digests(self, artifact: Artifact, wanted: Sequence[HashRequest] = ()) -> Digests:
        """Read the artifact once from start to end and hash.

        Raises ArtifactChanged when the request names another SHA-256, ArtifactUnreadable when the
        file became shorter, Cancelled at a checkpoint. Blocks for the length of the file.
        """
        ...

    def stream(self, pieces: Sequence[Range]) -> int | None:
        """Return a descriptor with these bytes of the artifact that is verified, one after another.

        To be read once, and closed by the caller; for libraries that read a large file to its end
        by themselves. None where the artifact is small enough to be held, and where it is signed.
        Raises OSError.
        """
        ...

    def checkpoint(self, done: int) -> None:
        """Report ``done`` bytes; raise Cancelled when asked to stop. Call it each 8 MiB or less."""
        ...


class ToolContext(Protocol):
    """Given to ``Format.referee`` and trust preparation in a tool worker: real tools, no keys."""

    @property
    def time(self) -> int:
        """Reference time (Unix seconds)."""
        ...

    @property
    def directory(self) -> Path:
        """A private, empty directory (0700) that is removed afterwards; also HOME of the tools."""
        ...

    @property
    def programs(self) -> Programs:
        """Real programs with a neutral environment."""
        ...

    def path_of(self, artifact: Artifact, name: str) -> Path:
        """A path with the harmless ``name`` by which a tool can open the artifact, without a copy.

        The path leads through /proc/self/fd: pass ``artifact.fileno()`` in ``descriptors``.
        """
        ...


class KeyContext(Protocol):
    """Given to key stores in a key worker."""

    @property
    def time(self) -> int:
        """Now (Unix seconds), for expiry."""
        ...

    @property
    def gnupg_home(self) -> Path | None:
        """GNUPGHOME of the caller, or None for GnuPG's default."""
        ...

    @property
    def ssh_agent(self) -> Path | None:
        """Socket of the caller's ssh-agent while keys are listed or resolved, else None."""
        ...

    @property
    def state(self) -> Path:
        """The station's state directory (absolute; 0700); key files live in ``state / "keys"``."""
        ...

    @property
    def programs(self) -> Programs:
        """Real programs with a neutral environment."""
        ...

    @property
    def tokens(self) -> TokenPlaces:
        """The PKCS#11 modules that the settings name, and what they are given."""
        ...

    @property
    def batch_unlock(self) -> bool:
        """Whether policy allows a software key to be taken into this process for one batch."""
        ...

    def ask(self, prompt: Prompt) -> Secret:
        """Ask a person and wait. Raises Cancelled, or SecretMissing where nobody can be asked."""
        ...

    def notice(self, prompt: Prompt) -> AbstractContextManager[Notice]:
        """Tell a person what to do with his hands (TOUCH, INSERT) while the ``with`` lasts.

        Never raises for want of a person: where nobody can be told, the device is simply used.
        """
        ...
