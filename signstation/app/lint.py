"""Reads a published repository of either kind, for ``acceptance.lint`` to judge."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from signstation.acceptance.lint import Issue, Published, SignedThing
from signstation.acceptance.matrix import Family
from signstation.acceptance.properties import Certified
from signstation.app.lint_apt import read_suite, suites
from signstation.app.lint_rpm import METADATA, read_metadata, read_packages
from signstation.codec.openpgp_certificates import TransferableKey
from signstation.errors import PathMissing, UsageError
from signstation.system.files import reading_error, shown


def read_repository(root: Path, keys: Sequence[TransferableKey], at: int) -> Published:
    """Read a repository whose root this is; verifies nothing. Blocks.

    ``keys`` are the certificates that clients have, ``at`` is a time in Unix seconds. Raises
    PathMissing, UsageError for what is no repository, and what keeps a file unread.
    """
    if not root.is_dir():
        raise PathMissing(path=shown(root))
    certificates = tuple(Certified.of(each) for each in keys)
    try:
        return _read(root, certificates, at)
    except OSError as error:
        raise reading_error(error, error.filename or root) from error


def _read(root: Path, certificates: Sequence[Certified], at: int) -> Published:
    found: list[Issue | SignedThing] = []
    if (root / METADATA).is_file():
        family = Family.RPM
        found.append(read_metadata(root, certificates, at))
        found += read_packages(root, certificates, at)
    elif directories := suites(root):
        family = Family.APT
        for each in directories:
            suite = read_suite(root, each, certificates, at)
            found += [*suite.issues, *suite.signed]
    else:
        raise UsageError(reason="there is no repository: neither dists/ nor repodata/repomd.xml")
    signed = tuple(each for each in found if isinstance(each, SignedThing))
    unknown = {seen.issuer: None for each in signed for seen in each.signatures if not seen.known}
    issues = tuple(each for each in found if isinstance(each, Issue))
    return Published(family, issues, signed, tuple(unknown))
