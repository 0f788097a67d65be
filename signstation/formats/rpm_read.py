"""RPM packages as read by the format: names, what the file says of its own bytes, signatures."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from signstation.codec.openpgp import MAX_SIGNATURES, SignaturePacket, parse_signatures
from signstation.codec.openpgp_packets import HASHES
from signstation.codec.rpmfile import LEAD_MAGIC, LEAD_SIZE, Header, Package, read_package
from signstation.codec.rpmtags import SignatureTag, Tag
from signstation.errors import ArtifactMalformed, LimitReached, SignstationError
from signstation.interfaces.artifact import Artifact, Source
from signstation.model.asks import Range
from signstation.model.hashes import HashAlgorithm, HashRequest, HashState
from signstation.model.text import Text, text

SHA256_ID = 8
"""OpenPGP's number of SHA-256 (RFC 9580 section 9.5), which RPM uses for its digests too."""
RPM6 = 6
"""Value of RPMTAG_RPMFORMAT in packages of version 6."""


def recognise(source: Source) -> int:
    """How sure it is: the lead's magic is enough, so that damage is named and not hidden."""
    try:
        start = source.read(0, LEAD_SIZE)
    except SignstationError:
        return 0
    if start[:4] != LEAD_MAGIC:
        return 0
    return 100 if len(start) == LEAD_SIZE else 90


def read(artifact: Artifact) -> Package:
    """Read lead and headers. Raises ArtifactMalformed."""
    return read_package(artifact.read, artifact.size)


def words(value: bytes) -> str:
    """Turn a string of the package into text; bytes that are not UTF-8 are shown as escapes."""
    return value.decode(errors="backslashreplace")


def is_source(main: Header) -> bool:
    """Whether it is a source package: headerIsSource() in lib/headerutil."""
    return Tag.SOURCE_RPM not in main


def is_rpm6(package: Package) -> bool:
    """Whether the signed header says that the package is of version 6."""
    return package.main.number(Tag.RPM_FORMAT) >= RPM6


def architecture(main: Header) -> str:
    """Architecture as in file names: ``src`` or ``nosrc`` for source packages."""
    if not is_source(main):
        return words(main.string(Tag.ARCH))
    return "nosrc" if Tag.NO_SOURCE in main or Tag.NO_PATCH in main else "src"


def nvr(main: Header) -> bytes:
    """``name-version-release``, which the lead repeats."""
    return b"-".join(main.string(each) for each in (Tag.NAME, Tag.VERSION, Tag.RELEASE))


def nevra(main: Header) -> str:
    """``name-epoch:version-release.architecture``, the epoch only where there is one."""
    epoch = f"{main.number(Tag.EPOCH)}:" if Tag.EPOCH in main else ""
    name, version, release = (
        words(main.string(each)) for each in (Tag.NAME, Tag.VERSION, Tag.RELEASE)
    )
    return f"{name}-{epoch}{version}-{release}.{architecture(main)}"


# ---- what the file says of its own bytes --------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Claim:
    """A digest or size that the package states, and how to find out.

    ``request`` is None where the bytes are at hand; ``algorithm`` is None for a hash that nobody
    here has. Any of ``stated`` will do: a payload may be stored compressed or not.
    """

    code: str
    what: Text
    stated: tuple[str, ...]
    algorithm: HashAlgorithm | None
    request: HashRequest | None = None
    found: str = ""

    @property
    def known(self) -> bool:
        """Whether it could be found out."""
        return bool(self.found)

    @property
    def agrees(self) -> bool:
        """Whether the bytes are as stated."""
        return self.found in self.stated


_HEADER_DIGESTS = (
    (SignatureTag.SHA1, HashAlgorithm.SHA1),
    (SignatureTag.SHA256, HashAlgorithm.SHA256),
    (SignatureTag.SHA3_256, HashAlgorithm.SHA3_256),
)
_PAYLOAD_DIGESTS = (
    (Tag.PAYLOAD_SHA512, Tag.PAYLOAD_SHA512_ALT, HashAlgorithm.SHA512),
    (Tag.PAYLOAD_SHA3_256, Tag.PAYLOAD_SHA3_256_ALT, HashAlgorithm.SHA3_256),
)


def payload_claims(package: Package) -> tuple[Claim, ...]:
    """Return the digests of the payload that the signed header states."""
    return tuple(_payload_claims(package))


def _payload_claims(package: Package) -> Iterator[Claim]:
    main = package.main
    first = HASHES.get(main.number(Tag.PAYLOAD_DIGEST_ALGORITHM, SHA256_ID))
    for tag, alternative, algorithm in (
        (Tag.PAYLOAD_DIGEST, Tag.PAYLOAD_DIGEST_ALT, first),
        *_PAYLOAD_DIGESTS,
    ):
        if tag not in main:
            continue
        title = algorithm.title if algorithm else "unknown"
        stated = (_hex(main, tag), _hex(main, alternative))
        request = None if algorithm is None else HashRequest(algorithm, main.end)
        what = text("{hash} digest of the payload", hash=title)
        yield Claim("rpm.payload-digest", what, stated, algorithm, request)


def good_payload_claims(package: Package) -> tuple[Claim, ...]:
    """Return those by a hash that is not broken."""
    return tuple(
        each
        for each in payload_claims(package)
        if each.algorithm is not None and not each.algorithm.weak
    )


def payload_is_signed(package: Package) -> bool:
    """Whether a signature over the header protects the payload too: it holds a good digest."""
    return bool(good_payload_claims(package))


def claims(package: Package, *, everything: bool) -> tuple[Claim, ...]:
    """Return all that the package states of its bytes.

    The MD5 over header and payload is left out, unless ``everything`` is wanted or nothing else
    tells of the payload.
    """
    payload = payload_claims(package)
    md5 = everything or not payload
    return (*_header_claims(package), *payload, *_whole_claims(package, md5=md5))


def _header_claims(package: Package) -> Iterator[Claim]:
    for tag, algorithm in _HEADER_DIGESTS:
        if tag in package.signature:
            what = text("{hash} digest of the header", hash=algorithm.title)
            found = hashlib.new(algorithm.value, package.main.raw, usedforsecurity=False)
            stated = (_hex(package.signature, tag),)
            yield Claim("rpm.header-digest", what, stated, algorithm, None, found.hexdigest())


def _whole_claims(package: Package, *, md5: bool) -> Iterator[Claim]:
    """Tags from 1000 on mean something else in version 6, where they are not allowed."""
    signature, main = package.signature, package.main
    if is_rpm6(package):
        return
    for tag in (SignatureTag.SIZE, SignatureTag.LONG_SIZE):
        if tag in signature:
            size = str(package.size - main.start)
            stated = (str(signature.number(tag)),)
            what = Text("Size of header and payload")
            yield Claim("rpm.size", what, stated, None, None, size)
    if md5 and SignatureTag.MD5 in signature:
        request = HashRequest(HashAlgorithm.MD5, main.start)
        what = text("{hash} digest of header and payload", hash=HashAlgorithm.MD5.title)
        stated = (signature.binary(SignatureTag.MD5).hex(),)
        yield Claim("rpm.md5", what, stated, HashAlgorithm.MD5, request)


def _hex(header: Header, tag: int) -> str:
    return words(header.string(tag)).lower()


def requests(wanted: Sequence[Claim]) -> tuple[HashRequest, ...]:
    """Return what to ask ``Context.digests`` for, to settle claims."""
    return tuple(each.request for each in wanted if each.request is not None)


def settle(wanted: Sequence[Claim], states: Sequence[HashState]) -> tuple[Claim, ...]:
    """Fill in what was found; ``states`` are the answers to ``requests``, in order."""
    answers = iter(states)
    return tuple(
        each
        if each.request is None
        else Claim(
            each.code,
            each.what,
            each.stated,
            each.algorithm,
            each.request,
            next(answers).digest().hex(),
        )
        for each in wanted
    )


# ---- signatures ---------------------------------------------------------------------------------


class Target(Enum):
    """What a signature is over."""

    HEADER = "header"
    WHOLE = "whole"  # header and payload, as before RPM 4.14 gave headers a payload digest


SIGNATURE_TAGS = {
    SignatureTag.RSA: Target.HEADER,
    SignatureTag.DSA: Target.HEADER,
    SignatureTag.OPENPGP: Target.HEADER,
    SignatureTag.PGP: Target.WHOLE,
    SignatureTag.GPG: Target.WHOLE,
}
"""Tags that rpm verifies, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class Found:
    """One signature packet of the signature header; ``number`` counts from 0 within its tag.

    ``extra`` is a packet behind another one in the same place: rpm reads the first only.
    """

    tag: SignatureTag
    number: int
    extra: bool
    packet: SignaturePacket

    @property
    def target(self) -> Target:
        """What it is over."""
        return SIGNATURE_TAGS[self.tag]

    @property
    def place(self) -> Text:
        """Where it is, for people."""
        tag = self.tag.value
        if self.tag is SignatureTag.OPENPGP:
            return text("RPM 6 signature {number}, tag {tag}", number=self.number + 1, tag=tag)
        if self.target is Target.HEADER:
            return text("header signature, tag {tag}", tag=tag)
        return text("signature over header and payload, tag {tag}", tag=tag)


def covered(package: Package, target: Target) -> Range:
    """Return the bytes that a signature is over."""
    main = package.main
    end = main.end if target is Target.HEADER else package.size
    return Range(main.start, end - main.start)


def signatures(package: Package) -> tuple[Found, ...]:
    """Return the signatures; what cannot be read is one too, with its ``problem``.

    Raises LimitReached for more than MAX_SIGNATURES.
    """
    found: list[Found] = []
    for tag in SIGNATURE_TAGS:
        for number, value in enumerate(_values(package.signature, tag)):
            if len(found) >= MAX_SIGNATURES:
                raise LimitReached(what="signatures of a package", limit=MAX_SIGNATURES)
            packets = _packets(value, encoded=tag is SignatureTag.OPENPGP)
            found.extend(Found(tag, number, each > 0, packet) for each, packet in packets)
    return tuple(found)


def _values(header: Header, tag: SignatureTag) -> Iterator[bytes]:
    if tag is SignatureTag.OPENPGP:
        yield from header.strings(tag)
    elif tag in header:
        yield header.binary(tag)


def _packets(value: bytes, *, encoded: bool) -> Iterator[tuple[int, SignaturePacket]]:
    try:
        packets = parse_signatures(base64.b64decode(value, validate=True) if encoded else value)
    except binascii.Error as error:
        yield 0, SignaturePacket(value, 0, problem=f"not base64 ({error})")
    except (ArtifactMalformed, LimitReached) as error:
        yield 0, SignaturePacket(value, 0, problem=f"not OpenPGP ({error})")
    else:
        yield from enumerate(packets)
        if not packets:
            yield 0, SignaturePacket(value, 0, problem="no OpenPGP packet")
