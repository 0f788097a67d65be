"""The bounded record of the last verifications: what the Overview reminds of.

A convenience, not evidence: a damaged or unwritable record is forgotten and never stops a
verification.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from pathlib import Path

from signstation.app.durable import write_file
from signstation.app.reading import read_file
from signstation.codec.plain import from_plain, to_plain
from signstation.errors import PathMissing, SignstationError
from signstation.model.checks import NodeKind, SignatureState, Verdict, Verification
from signstation.model.sightings import Seen
from signstation.model.text import Text

_LOG = logging.getLogger(__name__)

MAX_SEEN = 200
"""Most artifacts that are remembered: more than anybody reads, small enough to write at once."""
MAX_LABEL = 200
"""Most characters of a label that are kept; names inside artifacts are untrusted."""
MAX_PATH = 4096
"""Most characters of a path that are kept: PATH_MAX of linux/limits.h."""
MAX_RECORD = 4 * 1024 * 1024
"""Largest record in bytes: MAX_SEEN rows of well under 10 kB."""
MAX_REASON = 2000
"""Most characters of a reason with its values that are kept; a longer one is left out."""
_NAMELESS = frozenset({"blob", "checksums", "text"})
"""Formats whose title says what kind of file it is ("gzip data"): the file's name tells more."""


class Sightings:
    """One file in the state directory; newest first. Used by the owner, from one thread at a time.

    An artifact is remembered once, by its hash. Once an unsigned artifact was signed and verified
    under the same name, the reminder of the unsigned one is dropped.
    """

    def __init__(self, path: Path) -> None:
        """``path`` is written when something is verified first."""
        self._path = path
        self._seen: tuple[Seen, ...] | None = None

    def all(self) -> tuple[Seen, ...]:
        """Return what was seen, newest first. Blocks on a small file the first time."""
        if self._seen is None:
            self._seen = self._read()
        return self._seen

    def add(self, fresh: Iterable[Seen]) -> None:
        """Remember verifications, oldest first. Blocks until they are durable."""
        rows = list(self.all())
        for each in fresh:
            rows = [each, *(row for row in rows if not _replaced(row, each))][:MAX_SEEN]
        self._write(tuple(rows))

    def forget(self, digests: Iterable[bytes]) -> None:
        """Forget artifacts by SHA-256. Blocks."""
        gone = frozenset(digests)
        self._write(tuple(each for each in self.all() if each.sha256 not in gone))

    def put_back(self, rows: Iterable[Seen]) -> None:
        """Remember again what was forgotten, in its place; newer sightings stay. Blocks."""
        known = {each.sha256 for each in self.all()}
        back = (each for each in rows if each.sha256 not in known)
        merged = sorted((*self.all(), *back), key=lambda each: each.at, reverse=True)
        self._write(tuple(merged[:MAX_SEEN]))

    def _read(self) -> tuple[Seen, ...]:
        try:
            data = json.loads(read_file(self._path, MAX_RECORD))
            return from_plain(data, tuple[Seen, ...])[:MAX_SEEN]
        except PathMissing:
            return ()
        except (SignstationError, ValueError, RecursionError) as error:
            _LOG.warning("the record of verifications is forgotten: %s", error)
            return ()

    def _write(self, rows: tuple[Seen, ...]) -> None:
        if rows == self.all():
            return
        self._seen = rows
        try:
            write_file(self._path, json.dumps(to_plain(rows, tuple[Seen, ...])).encode())
        except SignstationError as error:
            _LOG.warning("the record of verifications cannot be written: %s", error)


def seen(verification: Verification, now: int, *, by_pins: bool) -> Seen:
    """Return what is remembered; ``by_pins``: it was judged by the station's own trust."""
    paths = (
        each.path
        for each in verification.signatures
        if by_pins and each.state is SignatureState.GOOD_TRUSTED
    )
    anchors = {
        node.identifier for path in paths for node in path[:1] if node.kind is NodeKind.ANCHOR
    }
    named = verification.format not in _NAMELESS and verification.title
    label = named or Path(verification.path).name
    return Seen(
        sha256=verification.sha256,
        label=label[:MAX_LABEL],
        format=verification.format,
        verdict=verification.verdict,
        reason=_reason(verification),
        at=now,
        anchors=tuple(sorted(anchors)),
        path=verification.path if len(verification.path) <= MAX_PATH else "",
    )


def _reason(verification: Verification) -> Text:
    for each in verification.reasons:
        if len(each.template) + sum(len(value) for _, value in each.values) <= MAX_REASON:
            return each
    return Text("The reasons are on the Verify page.")


def _replaced(old: Seen, new: Seen) -> bool:
    if old.sha256 == new.sha256 and old.format == new.format:
        return True
    signed_since = old.verdict is Verdict.UNSIGNED and new.verdict is Verdict.TRUSTED
    return signed_since and (old.label, old.format) == (new.label, new.format)
