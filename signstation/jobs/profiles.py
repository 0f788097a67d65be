"""The keys of an order as profiles: public facts, frozen for the request."""

from __future__ import annotations

from pathlib import Path

from signstation.errors import CertificateMismatch, KeyUnreadable, UsageError
from signstation.interfaces.workers import KeyWorkers
from signstation.model.keys import KeyRef, SignerProfile
from signstation.model.orders import SignOrder
from signstation.system.files import reading_error

MAX_CERTIFICATE_FILE = 1024 * 1024
"""Most bytes of one ``--cert`` file: a chain has about ten kilobytes."""
MAX_KEYS = 32
"""Most keys of one order (as codec.request.MAX_SLOTS: each may sign each artifact)."""


async def profiles_of(keys: KeyWorkers, order: SignOrder) -> tuple[SignerProfile, ...]:
    """Return the profiles of the order's keys, each key once, in their order.

    Raises the key stores' errors, UsageError, and CertificateMismatch for a ``--cert`` that belongs
    to none of several keys.
    """
    if len(order.keys) > MAX_KEYS:
        raise UsageError(reason=f"more than {MAX_KEYS} keys")
    certificates = tuple(_read(path) for path in order.certificates)
    refs = dict.fromkeys([await keys.resolve(str(key)) for key in order.keys])
    profiles: list[SignerProfile] = []
    mismatch: CertificateMismatch | None = None
    taken = 0
    for ref in refs:
        try:
            profiles.append(await keys.profile(ref, certificates))
            taken += 1
        except CertificateMismatch as error:
            # of several keys, a certificate belongs to one
            mismatch = error
            profiles.append(await _without(keys, ref, error, alone=len(refs) == 1))
    if mismatch is not None and taken == 0:
        raise mismatch
    return tuple(profiles)


async def _without(
    keys: KeyWorkers, ref: KeyRef, error: CertificateMismatch, *, alone: bool
) -> SignerProfile:
    if alone:
        raise error
    return await keys.profile(ref, ())


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_CERTIFICATE_FILE + 1)
    except OSError as error:
        raise reading_error(error, path) from error
    if len(content) > MAX_CERTIFICATE_FILE:
        raise KeyUnreadable(key=str(path), reason="too large for a certificate")
    return content
