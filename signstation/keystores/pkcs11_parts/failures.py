"""What a PKCS#11 module's errors mean here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pkcs11

from signstation.errors import KeyStoreFailed, KeyUnusable, SignstationError, TokenFailed

FATAL = (
    pkcs11.DeviceError,
    pkcs11.DeviceMemory,
    pkcs11.DeviceRemoved,
    pkcs11.GeneralError,
    pkcs11.HostMemory,
    pkcs11.KeyHandleInvalid,
    pkcs11.ObjectHandleInvalid,
    pkcs11.SessionClosed,
    pkcs11.SessionHandleInvalid,
    pkcs11.TokenNotPresent,
    pkcs11.TokenNotRecognised,
    pkcs11.UserNotLoggedIn,
)
"""After these a process never gets on with the token again (measured with SoftHSM: the handles stay
invalid when the token is back): the session is given up, the next one has a process of its own."""


def code_of(error: pkcs11.PKCS11Error) -> str:
    """Return the specification's name: ``CKR_DEVICE_REMOVED`` for DeviceRemoved."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(error).__name__).upper()
    return f"CKR_{name}"


def failure(error: pkcs11.PKCS11Error, key: str) -> SignstationError:
    """Return the typed error of a module's answer."""
    if isinstance(error, FATAL):
        return TokenFailed(key=key, reason=f"the module said {code_of(error)}")
    return KeyStoreFailed(key=key, reason=f"the PKCS#11 module said {code_of(error)}")


@contextmanager
def translated(key: str) -> Iterator[None]:
    """Turn what python-pkcs11 raises into typed errors; ``key`` is what they name."""
    try:
        yield
    except pkcs11.UserPinNotInitialized as error:
        raise KeyUnusable(key=key, reason="its token has no user PIN yet") from error
    except pkcs11.PKCS11Error as error:
        raise failure(error, key) from error
    except (ValueError, TypeError, OverflowError, MemoryError, RuntimeError) as error:
        # python-pkcs11 met an answer that no module may give
        reason = "the module's answer makes no sense"
        raise TokenFailed(key=key, reason=reason) from error
