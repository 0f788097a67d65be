"""GnuPG's key listing in colon form (doc/DETAILS of GnuPG, "Format of the colon listings").

What gpg says about certificates becomes frozen values here; nothing is judged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum

from signstation.errors import ArtifactMalformed, LimitReached

MAX_LISTING = 16 * 1024 * 1024
"""Most bytes of one listing (what ``Programs.run`` returns at most)."""
MAX_CERTIFICATES = 65_536
"""Most certificates of one listing: the largest keyrings in use (Debian's) have some thousands."""
MAX_PARTS = 4096
"""Most keys and user ids of one certificate; real ones have fewer than a hundred."""


class Validity(Enum):
    """Field 2: what gpg computed for a key or user id."""

    UNKNOWN = ""
    NEW = "o"
    INVALID = "i"
    DISABLED = "d"
    REVOKED = "r"
    EXPIRED = "e"
    UNTRUSTED = "-"
    UNDEFINED = "q"
    NEVER = "n"
    MARGINAL = "m"
    FULL = "f"
    ULTIMATE = "u"
    WELL_KNOWN = "w"
    SPECIAL = "s"


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A primary key or subkey. Times are Unix seconds; hexadecimal is upper-case as gpg writes it.

    ``capabilities``: ``e``, ``s``, ``c``, ``a`` of this key; of a primary also, as capitals, what
    the whole certificate can do, and ``D`` where it is disabled. ``token`` (secret listings only):
    a card's serial number, ``+`` for a key on disk, ``#`` for a missing one.
    """

    primary: bool
    secret: bool
    validity: Validity
    bits: int
    algorithm: int  # RFC 9580 section 9.1
    key_id: str
    created: int | None
    expires: int | None
    capabilities: str
    token: str
    curve: str  # GnuPG's name: ed25519, nistp256; empty where there is no curve
    fingerprint: str = ""
    keygrip: str = ""


@dataclass(frozen=True, slots=True)
class ListedUser:
    """A user id; ``value`` is untrusted text (undecodable bytes as backslash escapes)."""

    validity: Validity
    created: int | None
    expires: int | None
    value: str


@dataclass(frozen=True, slots=True)
class ListedCertificate:
    """A certificate: keys with the primary first, and user ids in gpg's order."""

    keys: tuple[ListedKey, ...]
    users: tuple[ListedUser, ...]

    @property
    def primary(self) -> ListedKey:
        """The primary key."""
        return self.keys[0]


_KEY_RECORDS = {b"pub": (True, False), b"sec": (True, True), b"sub": (False, False)}
_KEY_RECORDS[b"ssb"] = (False, True)
_ESCAPE = re.compile(rb"\\(x[0-9A-Fa-f]{2}|.)", re.DOTALL)
_LETTERS = {b"n": b"\n", b"r": b"\r", b"f": b"\f", b"v": b"\v", b"b": b"\b", b"0": b"\0"}


class _Line:
    """One record: fields by their number in doc/DETAILS, from 1; absent ones are empty."""

    def __init__(self, raw: bytes, offset: int) -> None:
        self._fields = raw.split(b":")
        self.offset = offset

    def text(self, number: int) -> str:
        return _unescape(self._fields[number - 1] if number <= len(self._fields) else b"")

    @property
    def kind(self) -> bytes:
        return self._fields[0]

    def validity(self) -> Validity:
        try:
            return Validity(self.text(2)[:1])
        except ValueError as error:
            raise self._malformed("a validity letter", 2) from error

    def number(self, number: int) -> int:
        found = self.text(number) or "0"
        if not (found.isascii() and found.isdigit() and len(found) <= 10):  # noqa: PLR2004 - 32 bits
            raise self._malformed("a number", number)
        return int(found)

    def time(self, number: int) -> int | None:
        """Seconds; an empty field or 0 means that there is no such time."""
        return self.number(number) or None

    def _malformed(self, expected: str, number: int) -> ArtifactMalformed:
        return ArtifactMalformed(
            format="gpg-listing",
            offset=self.offset,
            expected=expected,
            found=f"{self.text(number)[:40]!r} in field {number}",
        )


def _unescape(raw: bytes) -> str:
    """Undo gpg's C-style escapes and decode as UTF-8."""

    def one(match: re.Match[bytes]) -> bytes:
        code: bytes = match.group(1)
        return bytes.fromhex(code[1:].decode()) if len(code) > 1 else _LETTERS.get(code, code)

    return _ESCAPE.sub(one, raw).decode("utf-8", "backslashreplace")


@dataclass(slots=True)
class _Growing:
    """A certificate whose records are still being read."""

    keys: list[ListedKey]
    users: list[ListedUser]

    def finish(self) -> ListedCertificate:
        return ListedCertificate(tuple(self.keys), tuple(self.users))

    def take(self, line: _Line) -> None:
        if len(self.keys) + len(self.users) >= MAX_PARTS:
            raise LimitReached(what="keys and user ids of a certificate", limit=MAX_PARTS)
        last = self.keys[-1]
        match line.kind:
            case b"sub" | b"ssb":
                self.keys.append(_key(line))
            case b"uid":
                self.users.append(
                    ListedUser(line.validity(), line.time(6), line.time(7), line.text(10))
                )
            case b"fpr" if not last.fingerprint:
                self.keys[-1] = replace(last, fingerprint=line.text(10))
            case b"grp" if not last.keygrip:
                self.keys[-1] = replace(last, keygrip=line.text(10))
            case _:
                pass  # records that nobody here asks for; new ones may come with any gpg


def _key(line: _Line) -> ListedKey:
    primary, secret = _KEY_RECORDS[line.kind]
    return ListedKey(
        primary=primary,
        secret=secret,
        validity=line.validity(),
        bits=line.number(3),
        algorithm=line.number(4),
        key_id=line.text(5),
        created=line.time(6),
        expires=line.time(7),
        capabilities=line.text(12),
        token=line.text(15),
        curve=line.text(17),
    )


def parse_listing(data: bytes) -> tuple[ListedCertificate, ...]:
    """Parse what ``gpg --with-colons --list-keys`` or ``--list-secret-keys`` printed.

    Records of other kinds are passed over. Raises ArtifactMalformed (offset of the line) for a
    field that cannot be read, and LimitReached above MAX_LISTING, MAX_CERTIFICATES and MAX_PARTS.
    """
    if len(data) > MAX_LISTING:
        raise LimitReached(what="bytes of a key listing", limit=MAX_LISTING)
    found: list[_Growing] = []
    offset = 0
    for raw in data.split(b"\n"):
        line = _Line(raw, offset)
        offset += len(raw) + 1
        if line.kind in {b"pub", b"sec"}:
            if len(found) >= MAX_CERTIFICATES:
                raise LimitReached(what="certificates of a listing", limit=MAX_CERTIFICATES)
            found.append(_Growing([_key(line)], []))
        elif found:
            found[-1].take(line)
    return tuple(each.finish() for each in found)
