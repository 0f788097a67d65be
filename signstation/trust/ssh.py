"""Trusted SSH keys out of allowed_signers files (ssh-keygen(1)), and lists of revoked ones.

A line is principals, options, type of the key, key and comment. A line that is not understood as a
whole makes the file unreadable: an option that was overlooked could have taken trust away.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from signstation.codec.sshkeys import key_type_of
from signstation.codec.sshkrl import parse_krl
from signstation.codec.sshtokens import read_public
from signstation.errors import ArtifactMalformed, KeyUnreadable
from signstation.model.trust import Origin, SshAnchor, SshRevocations

MAX_LINES = 10_000
"""Most lines of one file; the largest projects have hundreds of signers."""
MAX_LINE = 32 * 1024
"""Longest line in bytes: an RSA-16384 key has 3 kB."""
AUTHORITY = "cert-authority"
"""The option of a key that gives certificates."""
_TYPE = re.compile(r"(?:ssh|ecdsa|sk-ssh|sk-ecdsa)-[A-Za-z0-9@.-]{2,80}")
_LINE = re.compile(
    r"(?P<principals>\"[^\"]*\"|[^\s\"]+)[ \t]+(?:(?P<options>(?:[^\s\"]|\"[^\"]*\")+)[ \t]+)??"
    rf"(?P<type>{_TYPE.pattern})[ \t]+(?P<key>[A-Za-z0-9+/=]+)(?:[ \t]+.*)?"
)
_OPTION = re.compile(r"([A-Za-z-]+)(?:=\"([^\"]*)\")?(?:,|\Z)")
_TIMES = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
"""Layouts of a time by the number of digits; without a Z it is local time, which is UTC here."""


def is_allowed_signers(content: bytes) -> bool:
    """Whether some line of a text looks like one of an allowed_signers file."""
    try:
        lines = content[: MAX_LINE * 4].decode("utf-8").splitlines()
    except UnicodeDecodeError:
        return False
    return any(len(each) <= MAX_LINE and _LINE.fullmatch(each.strip()) for each in lines)


def prepare_ssh(content: bytes, origin: Origin) -> tuple[SshAnchor, ...]:
    """Read an allowed_signers file. Raises KeyUnreadable naming the line."""
    lines = content.decode("utf-8", "replace").splitlines()
    if len(lines) > MAX_LINES:
        raise KeyUnreadable(reason=f"more than {MAX_LINES} lines")
    found: list[SshAnchor] = []
    for number, line in enumerate(map(str.strip, lines), start=1):
        if line and not line.startswith("#"):
            try:
                found.append(_anchor(line, origin))
            except (ValueError, ArtifactMalformed) as error:
                raise KeyUnreadable(reason=f"line {number}: {error}"[:200]) from error
    return tuple(found)


def prepare_krl(content: bytes, origin: Origin) -> SshRevocations:
    """Read a list of revoked keys (``ssh-keygen -k``). Raises KeyUnreadable."""
    try:
        found = parse_krl(content)
    except ArtifactMalformed as error:
        raise KeyUnreadable(reason=str(error)) from error
    return SshRevocations(content, found.sha256, found.sha1, origin, found.certificates)


def _anchor(line: str, origin: Origin) -> SshAnchor:
    """Raise ValueError with the reason, and ArtifactMalformed for a key that cannot be read."""
    parts = _LINE.fullmatch(line) if len(line) <= MAX_LINE else None
    if parts is None:
        message = "not principals, options, a type of key and a key"
        raise ValueError(message)
    options = _options(parts["options"] or "")
    key = _key(parts["type"], parts["key"])
    return SshAnchor(
        line=line,
        principals=tuple(parts["principals"].strip('"').split(",")),
        key=key,
        origin=origin,
        namespaces=tuple(each for each in options.get("namespaces", "").split(",") if each),
        after=_time(options.get("valid-after")),
        before=_time(options.get("valid-before")),
        authority=AUTHORITY in options,
    )


def _options(written: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    at = 0
    while at < len(written):
        option = _OPTION.match(written, at)
        name = option[1].lower() if option else ""
        if option is None or name not in {AUTHORITY, "namespaces", "valid-after", "valid-before"}:
            message = f"the option {name or written[at:][:40]} is not supported"
            raise ValueError(message)
        if name in found or bool(option[2]) is (name == AUTHORITY):
            message = f"the option {name} is not as ssh-keygen takes it"
            raise ValueError(message)
        found[name] = option[2] or ""
        at = option.end()
    return found


def _key(kind: str, encoded: str) -> bytes:
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        message = f"not base64: {error}"
        raise ValueError(message) from error
    if key_type_of(key) != kind:
        message = f"the key is not of the type {kind}"
        raise ValueError(message)
    read_public(key)
    return key


def _time(written: str | None) -> int | None:
    if written is None:
        return None
    digits = written.removesuffix("Z")
    if not digits.isdecimal() or len(digits) not in _TIMES:
        message = f"not a time: {written[:40]}"
        raise ValueError(message)
    moment = datetime.strptime(digits, _TIMES[len(digits)]).replace(tzinfo=UTC)
    return int(moment.timestamp())
