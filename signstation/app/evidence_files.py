"""What of a release its evidence names: files, signatures, and the anchors that they rest on."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from signstation.app.evidence_checks import name_of, trusted
from signstation.codec.sshkeys import fingerprint
from signstation.errors import LimitReached
from signstation.model.checks import Verification
from signstation.model.hashes import sha256
from signstation.model.trust import Trust
from signstation.reports.evidence_script import ListedFile
from signstation.reports.tables import STATES, VERDICTS
from signstation.reports.words import show
from signstation.system.files import open_regular, open_root, reading_error

MAX_FILES = 100_000
"""Most files of one release; a distribution's whole archive is published in parts."""
PIECE = 1024 * 1024


def anchors_of(trust: Trust, verified: Sequence[Verification]) -> Trust:
    """Return the anchors on which a trusted signature rests. Pure."""
    names = {
        node.identifier.casefold()
        for each in verified
        for facts in trusted(each)
        for node in facts.path
    }
    return Trust(
        openpgp=tuple(
            each for each in trust.openpgp if each.primary.fingerprint.casefold() in names
        ),
        x509=tuple(each for each in trust.x509 if sha256(each.der).hex in names),
        ssh=tuple(each for each in trust.ssh if fingerprint(each.key).casefold() in names),
        ssh_revoked=trust.ssh_revoked,
    )


def listed(root: Path) -> tuple[ListedFile, ...]:
    """Return all files below ``root`` with their digests, sorted. Blocks for reading them.

    Links and special files are not listed: the script then counts one too many. Raises
    LimitReached and the errors of reading.
    """
    names = sorted(_names(root))
    if len(names) > MAX_FILES:
        raise LimitReached(what="files of one release", limit=MAX_FILES)
    at = open_root(root)
    try:
        return tuple(ListedFile(name, _digest(at, root, name)) for name in names)
    finally:
        os.close(at)


def signature_lines(root: Path, verified: Sequence[Verification]) -> bytes:
    """Return the list of signatures: one a line, columns separated by tabs, names escaped."""
    lines = ["file\tverdict\tsignature\tkind\tstate\tkey\tsigner\tsha256"]
    for each in verified:
        name = show(name_of(root, each))
        for facts in each.signatures:
            cells = (
                VERDICTS[each.verdict],
                str(facts.index + 1),
                facts.kind.value,
                STATES[facts.state],
                show(facts.fingerprint),
                show(facts.signer),
                each.sha256.hex(),
            )
            lines.append("\t".join((name, *cells)))
    return "".join(f"{each}\n" for each in lines).encode()


def _names(root: Path) -> Iterator[str]:
    pending = [root]
    while pending:
        directory = pending.pop()
        try:
            entries = list(os.scandir(directory))
        except OSError as error:
            raise reading_error(error, directory) from error
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                pending.append(Path(entry.path))
            elif entry.is_file(follow_symlinks=False):
                yield Path(entry.path).relative_to(root).as_posix()


def _digest(at: int, root: Path, name: str) -> str:
    digest = hashlib.sha256()
    descriptor = open_regular(at, name, root / name)
    try:
        while piece := os.read(descriptor, PIECE):
            digest.update(piece)
    except OSError as error:
        raise reading_error(error, root / name) from error
    finally:
        os.close(descriptor)
    return digest.hexdigest()
