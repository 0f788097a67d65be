"""The contract of a key store: it knows keys, and nothing of artifacts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, runtime_checkable

from signstation.errors import SignstationError
from signstation.interfaces.context import KeyContext
from signstation.model.asks import ToSign
from signstation.model.keys import KeyInfo, KeyRef, SignerProfile
from signstation.model.orders import GenerateOrder
from signstation.model.tokens import TokenInfo


class OpenKey(Protocol):
    """A key that is ready to sign; lives only inside the ``with`` of ``KeyStore.open``."""

    def sign(self, asks: Sequence[ToSign]) -> Iterator[bytes | SignstationError]:
        """Sign 1 to 64 asks and yield answers in their order (``model.asks.Answer``).

        An error takes the place of one answer; the others go on. Blocks; may prompt.
        """
        ...


class KeyStore(Protocol):
    """One kind of store, in one file of ``keystores/`` that ends in ``KEYSTORE = …``.

    Every method runs in a key worker and may block; only ``open`` and ``sign`` may prompt.
    """

    @property
    def id(self) -> str:
        """Prefix of key references: ``gpg``, ``file``."""
        ...

    def list_keys(self, ctx: KeyContext) -> Sequence[KeyInfo]:
        """Keys that can be found without a prompt; a locked token is listed as LOCKED."""
        ...

    def resolve(self, locator: str, ctx: KeyContext) -> KeyRef:
        """Turn what a user typed (path, ``<mail>``, fingerprint) into the one full reference.

        Raises KeyNotFound and KeyAmbiguous.
        """
        ...

    def profile(self, ref: KeyRef, certificates: Sequence[bytes], ctx: KeyContext) -> SignerProfile:
        """Public facts frozen at plan time. ``certificates`` are the contents of ``--cert`` files.

        May prompt only where the public half is not readable without the passphrase (an encrypted
        PKCS#12). Raises KeyNotFound, KeyUnreadable, KeyUnusable, CertificateMismatch.
        """
        ...

    def open(
        self, profile: SignerProfile, count: int, ctx: KeyContext
    ) -> AbstractContextManager[OpenKey]:
        """Open for ``count`` signatures; compares the public key with the profile, else KeyChanged.

        Asks for a wrong passphrase again and shows the tries; raises Cancelled, PassphraseWrong.
        """
        ...


@runtime_checkable
class InMemory(Protocol):
    """An OpenKey that may say that its private key is in this process's memory.

    Such a key can be opened in one worker per core, so that a batch uses them all; its ``sign``
    never prompts.
    """

    @property
    def in_memory(self) -> bool:
        """Whether no agent, card or remote service takes part in ``sign``."""
        ...


@runtime_checkable
class TokenLister(Protocol):
    """A store whose keys live in devices."""

    def list_tokens(self, ctx: KeyContext) -> Sequence[TokenInfo]:
        """Return the devices that are there; never prompts, and takes none away from others."""
        ...


@runtime_checkable
class KeyGenerator(Protocol):
    """A store that can make keys."""

    def generate(self, order: GenerateOrder, ctx: KeyContext) -> Sequence[KeyInfo]:
        """Make a key; asks for a new passphrase unless ``order.protect`` is False."""
        ...


@runtime_checkable
class KeyImporter(Protocol):
    """A store that can take keys in."""

    def import_key(self, material: bytes, ctx: KeyContext) -> Sequence[KeyInfo]:
        """Take in certificates or keys; never overwrites a private key."""
        ...


@runtime_checkable
class CertificatesBeside(Protocol):
    """A store whose devices hold no certificate of every kind: the station keeps them beside.

    ``profile`` and ``export`` find them there (``signatures.keycertificates``).
    """

    def certificate_directory(self, ctx: KeyContext) -> Path:
        """Where they are kept."""
        ...


@runtime_checkable
class KeyExporter(Protocol):
    """A store that can give the public half in the form that consumers fetch."""

    def export(self, ref: KeyRef, ctx: KeyContext) -> tuple[tuple[str, bytes], ...]:
        """Return (suffix, content) pairs: ``.asc`` armored, ``.gpg`` binary, ``.pem``, ``.der``."""
        ...

    def locations(self, ctx: KeyContext) -> tuple[Path, ...]:
        """Directories or files in which the store looks, for ``doctor``."""
        ...
