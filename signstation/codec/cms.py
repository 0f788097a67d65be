"""CMS SignedData (RFC 5652): bytes to a frozen value and back, without any cryptography.

DER only: what sign-file and openssl write. BER (indefinite lengths) is refused and named as such.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from signstation.codec import der
from signstation.codec.der import Element, Reader, context, integer, oid, sequence, set_of

NAME = "cms"
MAX_SIZE = 1024 * 1024
"""Most bytes of one SignedData: detached ones hold certificates and signatures, real ones under
40 kB even with ML-DSA-87 and a chain of three."""
MAX_SIGNERS = 32
"""Most SignerInfos: real files have one or two."""
MAX_CERTIFICATES = 64
"""Most certificates: a chain is rarely longer than four."""
MAX_ATTRIBUTES = 64
"""Most signed attributes of one signer: openssl writes four."""
MAX_VALUES = 16
"""Most values of one attribute: all that matter here have exactly one."""
MAX_KNOWN = 64
"""Certificates and keys that are remembered as read: those of one order's signers."""
MAX_NAMES = 32
"""Most relative distinguished names, and most attributes in one: real names have under ten."""

COMMON_NAME = "2.5.4.3"
SIGNED_DATA = "1.2.840.113549.1.7.2"
DATA = "1.2.840.113549.1.7.1"
CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SIGNING_TIME = "1.2.840.113549.1.9.5"

CERTIFICATES = context(0)
CRLS = context(1)
SIGNED_ATTRIBUTES = context(0)
UNSIGNED_ATTRIBUTES = context(1)
SUBJECT_KEY_ID = context(0, constructed=False)
VERSION_OF_ISSUER_AND_SERIAL = 1
VERSION_OF_SUBJECT_KEY_ID = 3
VERSIONS = frozenset({1, 3, 4, 5})
"""Versions of SignedData (RFC 5652 5.1); those of a SignerInfo follow from how it names its key."""


@dataclass(frozen=True, slots=True)
class AlgorithmId:
    """An AlgorithmIdentifier: dotted OID and the DER of its parameters, None where absent."""

    oid: str
    parameters: bytes | None = None

    def encode(self) -> bytes:
        """Build the DER."""
        return sequence(oid(self.oid), self.parameters or b"")


@dataclass(frozen=True, slots=True)
class IssuerAndSerial:
    """A certificate by its issuer's Name (DER, as in the certificate) and serial number."""

    issuer: bytes
    serial: int

    def encode(self) -> bytes:
        """Build the DER."""
        return sequence(self.issuer, integer(self.serial))


@dataclass(frozen=True, slots=True)
class SubjectKeyId:
    """A certificate by its subject key identifier."""

    value: bytes

    def encode(self) -> bytes:
        """Build the DER."""
        return der.der(SUBJECT_KEY_ID, self.value)


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute: dotted OID and its values as elements."""

    oid: str
    values: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class SignedAttributes:
    """Signed attributes; ``signed`` is what the signature covers: the same bytes as a SET OF."""

    signed: bytes
    entries: tuple[Attribute, ...]

    def single(self, wanted: str) -> Element | None:
        """Return the value of an attribute, None where it is absent; refuse several."""
        found = [entry for entry in self.entries if entry.oid == wanted]
        if not found:
            return None
        if len(found) > 1 or len(found[0].values) != 1:
            found[0].values[0].fail("one attribute with one value", wanted)
        return found[0].values[0]


@dataclass(frozen=True, slots=True)
class SignerInfo:
    """One signer of a SignedData."""

    signer: IssuerAndSerial | SubjectKeyId
    digest: AlgorithmId
    attributes: SignedAttributes | None
    algorithm: AlgorithmId
    signature: bytes
    unsigned: bool  # whether unsigned attributes (timestamps, countersignatures) are there


@dataclass(frozen=True, slots=True)
class SignedData:
    """A parsed SignedData; ``content`` is None where the signature is detached."""

    digests: tuple[AlgorithmId, ...]
    content_type: str
    content: bytes | None
    certificates: tuple[bytes, ...]  # DER, in the order of the file; unknown choices left out
    revocation_lists: bool
    signers: tuple[SignerInfo, ...]


def parse_signed_data(data: bytes) -> SignedData:
    """Parse a ContentInfo that holds a SignedData. Raises ArtifactMalformed."""
    if len(data) > MAX_SIZE:
        der.malformed(NAME, MAX_SIZE, f"at most {MAX_SIZE} bytes", f"{len(data)} bytes")
    outer = Reader(data, name=NAME)
    info = outer.read(der.SEQUENCE).reader()
    outer.finish()
    kind = info.read(der.OBJECT_IDENTIFIER)
    if der.parse_oid(kind) != SIGNED_DATA:
        kind.fail("signedData", der.parse_oid(kind))
    explicit = info.read(context(0)).reader()
    info.finish()
    body = explicit.read(der.SEQUENCE).reader()
    explicit.finish()
    return _signed_data(body)


def _signed_data(body: Reader) -> SignedData:
    version = body.read(der.INTEGER)
    if der.parse_integer(version) not in VERSIONS:
        version.fail("version 1, 3, 4 or 5")
    algorithms = body.read(der.SET).reader().all(MAX_SIGNERS)
    digests = tuple(_algorithm(each) for each in algorithms)
    encapsulated = body.read(der.SEQUENCE).reader()
    content_type = der.parse_oid(encapsulated.read(der.OBJECT_IDENTIFIER))
    content = _content(encapsulated)
    bag = body.optional(CERTIFICATES)
    found = tuple(bag.reader().all(MAX_CERTIFICATES)) if bag else ()
    lists = body.optional(CRLS)
    signers = tuple(_signer(each) for each in body.read(der.SET).reader().all(MAX_SIGNERS))
    body.finish()
    return SignedData(
        digests=digests,
        content_type=content_type,
        content=content,
        certificates=tuple(each.raw for each in found if each.tag == der.SEQUENCE),
        revocation_lists=lists is not None,
        signers=signers,
    )


def _content(encapsulated: Reader) -> bytes | None:
    explicit = encapsulated.optional(context(0))
    encapsulated.finish()
    if explicit is None:
        return None
    inner = explicit.reader()
    content = inner.read(der.OCTET_STRING).content
    inner.finish()
    return content


def _algorithm(element: Element) -> AlgorithmId:
    if element.tag != der.SEQUENCE:
        element.fail("an AlgorithmIdentifier")
    reader = element.reader()
    name = der.parse_oid(reader.read(der.OBJECT_IDENTIFIER))
    parameters = reader.any().raw if reader.more() else None
    reader.finish()
    return AlgorithmId(name, parameters)


def _signer(element: Element) -> SignerInfo:
    if element.tag != der.SEQUENCE:
        element.fail("a SignerInfo")
    reader = element.reader()
    version = reader.read(der.INTEGER)
    identifier = _identifier(reader)
    by_name = isinstance(identifier, IssuerAndSerial)
    wanted = VERSION_OF_ISSUER_AND_SERIAL if by_name else VERSION_OF_SUBJECT_KEY_ID
    if der.parse_integer(version) != wanted:
        version.fail(f"version {wanted}")  # RFC 5652 5.3, and pkcs7_parser.c wants it too
    digest = _algorithm(reader.any())
    signed = reader.optional(SIGNED_ATTRIBUTES)
    algorithm = _algorithm(reader.any())
    signature = reader.read(der.OCTET_STRING).content
    unsigned = reader.optional(UNSIGNED_ATTRIBUTES)
    reader.finish()
    return SignerInfo(
        signer=identifier,
        digest=digest,
        attributes=None if signed is None else _attributes(signed),
        algorithm=algorithm,
        signature=signature,
        unsigned=unsigned is not None,
    )


def _identifier(reader: Reader) -> IssuerAndSerial | SubjectKeyId:
    key_id = reader.optional(SUBJECT_KEY_ID)
    if key_id is not None:
        return SubjectKeyId(key_id.content)
    pair = reader.read(der.SEQUENCE).reader()
    issuer = pair.read(der.SEQUENCE).raw
    serial = der.parse_integer(pair.read(der.INTEGER))
    pair.finish()
    return IssuerAndSerial(issuer, serial)


def _attributes(element: Element) -> SignedAttributes:
    entries: list[Attribute] = []
    for each in element.reader().all(MAX_ATTRIBUTES):
        if each.tag != der.SEQUENCE:
            each.fail("an Attribute")
        reader = each.reader()
        name = der.parse_oid(reader.read(der.OBJECT_IDENTIFIER))
        values = tuple(reader.read(der.SET).reader().all(MAX_VALUES))
        reader.finish()
        if not values:
            each.fail("an attribute value")
        entries.append(Attribute(name, values))
    if not entries:
        element.fail("at least one signed attribute")
    # RFC 5652 5.4: the signature is over the attributes with the tag of a SET OF
    return SignedAttributes(bytes((der.SET,)) + element.raw[1:], tuple(entries))


def build_attributes(digest: bytes, signing_time: int) -> bytes:
    """Build contentType (data), messageDigest and signingTime as a SET OF (RFC 5652 11)."""

    def attribute(name: str, value: bytes) -> bytes:
        return sequence(oid(name), set_of(value))

    return set_of(
        attribute(CONTENT_TYPE, oid(DATA)),
        attribute(MESSAGE_DIGEST, der.der(der.OCTET_STRING, digest)),
        attribute(SIGNING_TIME, der.encode_time(signing_time)),
    )


@dataclass(frozen=True, slots=True)
class NewSigner:
    """What goes into one SignerInfo; ``attributes`` is the SET OF, None for none."""

    signer: IssuerAndSerial
    digest: AlgorithmId
    algorithm: AlgorithmId
    signature: bytes
    attributes: bytes | None = None


def build_signed_data(new: NewSigner, certificates: tuple[bytes, ...] = ()) -> bytes:
    """Build a detached ContentInfo with one signer (RFC 5652 5.1, version 1).

    Without attributes and certificates it is what the kernel's sign-file writes.
    """
    attributes = b"" if new.attributes is None else bytes((SIGNED_ATTRIBUTES,)) + new.attributes[1:]
    signer = sequence(
        integer(VERSION_OF_ISSUER_AND_SERIAL),
        new.signer.encode(),
        new.digest.encode(),
        attributes,
        new.algorithm.encode(),
        der.der(der.OCTET_STRING, new.signature),
    )
    body = sequence(
        integer(VERSION_OF_ISSUER_AND_SERIAL),
        set_of(new.digest.encode()),
        sequence(oid(DATA)),
        set_of(*certificates, tag=CERTIFICATES) if certificates else b"",
        set_of(signer),
    )
    return sequence(oid(SIGNED_DATA), der.der(context(0), body))


@lru_cache(maxsize=MAX_KNOWN)
def certificate_identity(certificate: bytes) -> IssuerAndSerial:
    """Read issuer and serial number out of a certificate's DER (RFC 5280 4.1), byte for byte."""
    body, serial = _certificate(certificate)
    return IssuerAndSerial(body.read(der.SEQUENCE).raw, serial)


@lru_cache(maxsize=MAX_KNOWN)
def self_issued(certificate: bytes) -> bool:
    """Whether a certificate names itself as its issuer (RFC 5280 3.2). Raises ArtifactMalformed."""
    body, _ = _certificate(certificate)
    issuer = body.read(der.SEQUENCE).raw
    body.read(der.SEQUENCE)  # validity
    return body.read(der.SEQUENCE).raw == issuer


def _certificate(certificate: bytes) -> tuple[Reader, int]:
    """Return a reader that stands before the issuer, and the serial number."""
    outer = Reader(certificate, name="x509")
    body = outer.read(der.SEQUENCE).reader().read(der.SEQUENCE).reader()
    body.optional(context(0))  # version
    serial = der.parse_integer(body.read(der.INTEGER))
    body.read(der.SEQUENCE)  # signature algorithm
    return body, serial


def common_name(name: bytes) -> str:
    """Return the common name in a DER Name, else its last attribute; untrusted text.

    Raises ArtifactMalformed.
    """
    found: dict[str, str] = {}
    last = ""
    for names in Reader(name, name="x509").read(der.SEQUENCE).reader().all(MAX_NAMES):
        for pair in names.reader().all(MAX_NAMES):
            reader = pair.reader()
            kind = der.parse_oid(reader.read(der.OBJECT_IDENTIFIER))
            value = reader.any()
            coding = "utf-16-be" if value.tag == der.BMP_STRING else "utf-8"
            last = found[kind] = value.content.decode(coding, errors="replace")
    return found.get(COMMON_NAME, last)
