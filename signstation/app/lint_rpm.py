"""Reads an RPM repository's repomd.xml.asc and the signatures of its packages, headers only."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from signstation.acceptance.lint import Issue, SignedThing
from signstation.acceptance.matrix import Answer
from signstation.acceptance.properties import Certified, Seen, look
from signstation.app.reading import read_file
from signstation.codec.armor import MAX_ARMOR, ArmorKind, dearmor, is_armored
from signstation.codec.openpgp import parse_signatures
from signstation.codec.rpmfile import read_package
from signstation.codec.rpmtags import SignatureTag
from signstation.errors import ArtifactMalformed, LimitReached
from signstation.formats.rpm_read import signatures
from signstation.jobs.candidates import Skipped, candidates, open_candidate

MAX_PACKAGES = 200_000
"""Most packages of one repository: Fedora's everything has about 70,000."""
METADATA = "repodata/repomd.xml"
_OLD_PLACE = "tag.openpgp"


def read_metadata(root: Path, certificates: Sequence[Certified], at: int) -> Issue | SignedThing:
    """Return what was seen of repomd.xml's signature, or why clients refuse."""
    path = root / f"{METADATA}.asc"
    if not path.is_file():
        what = "no signature of the metadata"
        says = "GPG verification is enabled, but GPG signature is not available"
        return Issue("rpm.metadata-unsigned", Answer.REFUSES, METADATA, what, says)
    says = "repomd.xml GPG signature verification error"
    try:
        content = read_file(path, MAX_ARMOR)
        blocks = dearmor(content) if is_armored(content) else ()
        data = b"".join(each.data for each in blocks if each.kind is ArmorKind.SIGNATURE)
        seen = tuple(look(each, certificates, at) for each in parse_signatures(data))
    except (ArtifactMalformed, LimitReached) as error:
        what = f"a signature that cannot be read: {error.code}"
        return Issue("rpm.metadata-signature", Answer.REFUSES, METADATA, what, says)
    if not seen:
        return Issue("rpm.metadata-signature", Answer.REFUSES, METADATA, "no signature in it", says)
    return SignedThing(METADATA, seen)


def read_packages(
    root: Path, certificates: Sequence[Certified], at: int
) -> Iterator[Issue | SignedThing]:
    """Yield each package below the root. Raises LimitReached, and what keeps a file unread."""
    count = 0
    for each in candidates((root,), None):
        if isinstance(each, Skipped):
            if each.error is not None:
                raise each.error
            continue
        if not each.name.endswith(".rpm"):
            continue
        count += 1
        if count > MAX_PACKAGES:
            raise LimitReached(what="packages of a repository", limit=MAX_PACKAGES)
        yield _package(each.root, each.name, certificates, at)


def _package(
    root: Path, name: str, certificates: Sequence[Certified], at: int
) -> Issue | SignedThing:
    descriptor, _ = open_candidate(root, name)
    try:
        size = os.fstat(descriptor).st_size
        package = read_package(lambda offset, length: os.pread(descriptor, length, offset), size)
        found = signatures(package)
    except (ArtifactMalformed, LimitReached) as error:
        what = f"a package that cannot be read: {error.code}"
        return Issue("rpm.malformed", Answer.REFUSES, name, what, "GPG check FAILED")
    finally:
        os.close(descriptor)
    if not found:
        says = "Package is not signed; GPG check FAILED"
        return Issue("rpm.unsigned", Answer.REFUSES, name, "a package without a signature", says)
    seen = []
    for each in found:
        looked = look(each.packet, certificates, at)
        if each.tag is SignatureTag.OPENPGP:
            looked = Seen((*looked.properties, _OLD_PLACE), looked.issuer, looked.known)
        seen.append(looked)
    return SignedThing(name, tuple(seen))
