"""The key store ``pkcs11``: keys in HSMs and tokens behind any PKCS#11 module.

A reference is a URI of RFC 7512. Modules come from the settings, or from ``module-path`` in the
reference. Everything that loads a module is in ``pkcs11_parts``, imported when a token is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from signstation.interfaces.context import KeyContext
from signstation.interfaces.keystore import OpenKey
from signstation.keystores.pkcs11_uri import Pkcs11Uri
from signstation.model.keys import KeyInfo, KeyRef, SignerProfile
from signstation.model.tokens import PKCS11_STORE, TokenInfo

if TYPE_CHECKING:
    from signstation.keystores.pkcs11_parts.keys import Keys


class Pkcs11:
    """The key store ``pkcs11``; see ``interfaces.keystore``.

    A module is loaded into the process that calls and stays there: the station calls each time in a
    process of its own, so that a module that crashes, hangs or loses its token takes nothing along.
    """

    id = PKCS11_STORE

    def list_keys(self, ctx: KeyContext) -> Sequence[KeyInfo]:
        """Keys that tokens show without a login; a token that shows none is one LOCKED row."""
        return self._keys(ctx).listed() if ctx.tokens.modules else ()

    def list_tokens(self, ctx: KeyContext) -> Sequence[TokenInfo]:
        """Tokens of the modules in the settings."""
        return self._keys(ctx).devices() if ctx.tokens.modules else ()

    def resolve(self, locator: str, ctx: KeyContext) -> KeyRef:
        """Return the URI with label and serial number of the token, and id and label of the key.

        A token that shows no key without a login is believed to have the one that was named.
        Raises UsageError, TokenMissing, KeyNotFound and KeyAmbiguous.
        """
        return self._keys(ctx).resolve(Pkcs11Uri.parse(locator))

    def profile(self, ref: KeyRef, certificates: Sequence[bytes], ctx: KeyContext) -> SignerProfile:
        """Public facts; asks for the PIN only where the token hides the public half without it.

        Raises KeyNotFound, KeyUnusable, CertificateMismatch, TokenMissing and PinLocked.
        """
        return self._keys(ctx).profile(ref, certificates)

    @contextmanager
    def open(self, profile: SignerProfile, count: int, ctx: KeyContext) -> Iterator[OpenKey]:
        """Log in, for the length of the ``with``; compares the public key, else KeyChanged.

        Raises PassphraseWrong, PinLocked, TokenMissing, TokenFailed and Cancelled.
        """
        del count
        with self._keys(ctx).opened(profile) as key:
            yield key

    def export(self, ref: KeyRef, ctx: KeyContext) -> tuple[tuple[str, bytes], ...]:
        """Return the certificates of a key: ``.asc`` and ``.gpg``, ``.pem`` and ``.der``.

        Raises CertificateMissing where it has none.
        """
        return self._keys(ctx).export(ref)

    def certificate_directory(self, ctx: KeyContext) -> Path:
        """Where the station keeps what it made or was given for these keys."""
        return ctx.state / "keys"

    def locations(self, ctx: KeyContext) -> tuple[Path, ...]:
        """The modules of the settings."""
        return ctx.tokens.modules

    def _keys(self, ctx: KeyContext) -> Keys:
        """Import what needs python-pkcs11, in the key worker that needs it (40 ms)."""
        from signstation.keystores.pkcs11_parts.keys import Keys  # noqa: PLC0415 - heavy, optional

        return Keys(ctx)


KEYSTORE = Pkcs11()
