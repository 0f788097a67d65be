"""The script by which anyone checks a release again: POSIX sh and the consumers' own tools only.

It reads what the tools say, never their exit status alone, and refuses a release with a file too
many, a file too few, another digest, or a signature that is not by the key that signed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from signstation.reports.words import show
from signstation.system.resources import resource

TEMPLATE = "verify/verify.sh"
PLACE = "# CHECKS\n"
"""The line of the template that is replaced by the calls."""


class Tool(Enum):
    """Functions of the script, each for the tool of one ecosystem."""

    RPM = "check_rpm"
    DEB = "check_deb"
    MODULE = "check_module"
    OPENPGP = "check_openpgp"
    CLEARTEXT = "check_cleartext"
    CMS = "check_cms"
    SSH = "check_ssh"


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file of the release: its path below it with slashes, and its SHA-256 in hex."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class SignatureCheck:
    """One signature of ``name`` to be checked.

    ``words`` are what the tool's function takes besides: the signature file where it is detached,
    the fingerprint (upper-case hex) of an OpenPGP key, of SSH the signature file, the principal,
    the namespace and the fingerprint, of a text signed in the clear the same text beside it.
    """

    tool: Tool
    name: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the script refuses without looking: it was not verified when the report was made."""

    name: str
    why: str


def verify_script(
    files: Sequence[ListedFile],
    checks: Sequence[SignatureCheck],
    refusals: Sequence[Refusal],
    proven: Sequence[ListedFile],
    made_at: int,
) -> bytes:
    """Return the script. ``made_at`` (Unix seconds) is when certificates are judged.

    Files that are ``proven`` have a proof of the audit log in the folder.
    """
    calls = "".join(f"{each}\n" for each in _calls(files, checks, refusals, proven, made_at))
    text = resource(TEMPLATE).read_text("utf-8").replace(PLACE, calls)
    return text.encode("utf-8", "surrogateescape")


def _calls(
    files: Sequence[ListedFile],
    checks: Sequence[SignatureCheck],
    refusals: Sequence[Refusal],
    proven: Sequence[ListedFile],
    made_at: int,
) -> Iterator[str]:
    yield f"made_at={made_at}"
    yield f"ssh_time={datetime.fromtimestamp(made_at, UTC):%Y%m%d%H%M%S}"
    yield "check_report"
    yield f"count_files {len(files)}"
    for file in files:
        yield f"check_digest {_both(file.name)} {file.sha256}"
    for each in checks:
        yield " ".join((each.tool.value, _both(each.name), *map(_quoted, each.words)))
    for proof in proven:
        yield f"check_proof {_both(proof.name)} {proof.sha256}"
    for refusal in refusals:
        yield f"refuse {_quoted(show(refusal.name))} {_quoted(show(refusal.why))}"


def _both(name: str) -> str:
    """Return a name as the tools need it and as a terminal may show it."""
    return f"{_quoted(name)} {_quoted(show(name))}"


def _quoted(value: str) -> str:
    escaped = value.replace("'", "'\\''")
    return f"'{escaped}'"
