"""PKCS#11 URIs (RFC 7512) as references to keys: ``pkcs11:token=Release;id=%01;object=modules``.

A PIN in a URI is refused: whatever is typed ends in histories, logs and requests.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import quote, unquote_to_bytes

from signstation.errors import UsageError
from signstation.model.keys import KeyRef
from signstation.model.tokens import PKCS11_STORE

MAX_URI = 4096
"""Most characters of a reference: a token's texts have at most 64 bytes, a path 4096."""
_TEXTS = ("token", "manufacturer", "model", "serial", "object")
_PATH = frozenset({*_TEXTS, "id", "type"})
_KINDS = frozenset({"private", "public", "cert"})
"""Objects of a key pair: whichever is named, the private key signs."""
_SAFE = "-._~:[]@!$'()*+,=&"
"""What stands unescaped in the path (RFC 7512 section 2.3: pk11-res-avail and unreserved)."""
_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Pkcs11Uri:
    """What a reference says of token and key; None where it says nothing."""

    token: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    serial: str | None = None
    object: str | None = None
    id: bytes | None = None
    module: Path | None = None

    @classmethod
    def parse(cls, locator: str) -> Self:
        """Read what stands behind ``pkcs11:``. Raises UsageError."""
        if len(locator) > MAX_URI:
            raise _wrong(f"more than {MAX_URI} characters")
        path, _, query = locator.partition("?")
        given, asked = _attributes(path, ";"), _attributes(query, "&")
        if unknown := sorted(given.keys() - _PATH) + sorted(asked.keys() - {"module-path"}):
            name = unknown[0]
            secret = "; a PIN is asked for, never written down" if name.startswith("pin-") else ""
            raise _wrong(f"“{name}” is not used here{secret}")
        if not given:
            raise _wrong("it names neither token nor key")
        if "type" in given and _text(given["type"]) not in _KINDS:
            raise _wrong("“type” is private, public or cert")
        module = Path(_text(asked["module-path"])) if "module-path" in asked else None
        if module is not None and not module.is_absolute():
            raise _wrong("“module-path” is not an absolute path")
        texts = {name: _text(given[name]) for name in _TEXTS if name in given}
        return cls(**texts, id=given.get("id"), module=module)

    @property
    def locator(self) -> str:
        """The text that ``parse`` takes; the same for the same values."""
        parts = [
            f"{name}={quote(value, safe=_SAFE)}"
            for name in ("token", "manufacturer", "model", "serial")
            if (value := getattr(self, name)) is not None
        ]
        if self.id is not None:  # section 2.3: every octet of an id is escaped
            parts.append("id=" + "".join(f"%{each:02X}" for each in self.id))
        if self.object is not None:
            parts.append(f"object={quote(self.object, safe=_SAFE)}")
        module = "" if self.module is None else f"?module-path={quote(str(self.module), safe='/')}"
        return ";".join(parts) + module

    @property
    def ref(self) -> KeyRef:
        """The reference of ``--key``."""
        return KeyRef(PKCS11_STORE, self.locator)

    @property
    def names_key(self) -> bool:
        """Whether it names a key and not only a token."""
        return self.object is not None or self.id is not None


def _attributes(text: str, separator: str) -> Mapping[str, bytes]:
    found: dict[str, bytes] = {}
    for part in filter(None, text.split(separator)):
        name, equals, value = part.partition("=")
        if not equals or name in found or _PERCENT.search(value):
            raise _wrong(f"“{name[:40]}” is not one attribute")
        found[name] = unquote_to_bytes(value)
    return found


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise _wrong("a text in it is not UTF-8") from error


def _wrong(reason: str) -> UsageError:
    return UsageError(reason=f"not a reference to a PKCS#11 key: {reason}")
