"""Looks for private keys in the directories of an order: no release may hold one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from signstation.codec.privatekeys import HEAD, KeyKind, private_key
from signstation.errors import InputError
from signstation.jobs.candidates import Candidate, open_candidate
from signstation.model.artifacts import Finding, Severity
from signstation.model.releases import PRIVATE_KEY, ReleaseFinding
from signstation.model.text import Text

_WORDS = {
    KeyKind.TEXT: Text("A private key lies in the release."),
    KeyKind.OPENPGP: Text("A private OpenPGP key lies in the release."),
    KeyKind.DER: Text("A private key in binary form lies in the release."),
}


def find_private_keys(found: Iterable[Candidate], *, allowed: bool) -> Iterator[ReleaseFinding]:
    """Yield a finding for each file of a directory that holds a private key. Blocks.

    Reads the beginning of each file; those that a person named, or that cannot be read, are not
    looked at. ``allowed``: a warning, and no blocker.
    """
    severity = Severity.WARNING if allowed else Severity.BLOCKER
    for each in found:
        kind = None if each.named else private_key(_beginning(each))
        if kind is not None:
            yield ReleaseFinding(Finding(PRIVATE_KEY, severity, _WORDS[kind]), each.path)


def _beginning(each: Candidate) -> bytes:
    try:
        descriptor, _ = open_candidate(each.root, each.name)
    except InputError:
        return b""  # whoever examines it tells why
    try:
        return os.pread(descriptor, HEAD, 0)
    except OSError:
        return b""
    finally:
        os.close(descriptor)
