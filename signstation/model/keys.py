"""Keys as public facts: references, types, signature schemes, listings and signer profiles."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Self

from signstation.errors import UsageError
from signstation.model.hashes import HashAlgorithm, sha256

SSH_STORE = "ssh"
"""The store of OpenSSH's keys: files and ssh-agent."""


class Mechanism(Enum):
    """The mathematics of a signature, without hash and curve."""

    RSA_PKCS1 = "rsa-pkcs1"
    RSA_PSS = "rsa-pss"
    ECDSA = "ecdsa"
    ED25519 = "ed25519"
    ED448 = "ed448"
    MLDSA44 = "mldsa44"
    MLDSA65 = "mldsa65"
    MLDSA87 = "mldsa87"


class Scheme(Enum):
    """Mechanism and hash; curve and modulus belong to the key."""

    RSA_PKCS1_SHA256 = "rsa-pkcs1-sha256"
    RSA_PKCS1_SHA384 = "rsa-pkcs1-sha384"
    RSA_PKCS1_SHA512 = "rsa-pkcs1-sha512"
    RSA_PSS_SHA256 = "rsa-pss-sha256"
    RSA_PSS_SHA384 = "rsa-pss-sha384"
    RSA_PSS_SHA512 = "rsa-pss-sha512"
    ECDSA_SHA256 = "ecdsa-sha256"
    ECDSA_SHA384 = "ecdsa-sha384"
    ECDSA_SHA512 = "ecdsa-sha512"
    ED25519 = "ed25519"
    ED448 = "ed448"
    MLDSA44_MU = "mldsa44-mu"
    MLDSA65_MU = "mldsa65-mu"
    MLDSA87_MU = "mldsa87-mu"

    @property
    def mechanism(self) -> Mechanism:
        """The mechanism without the hash."""
        return Mechanism(self.value.removesuffix("-mu").rsplit("-sha", 1)[0])

    @property
    def hash(self) -> HashAlgorithm | None:
        """The hash of a pre-hashed scheme, else None (EdDSA takes a message, ML-DSA takes mu)."""
        head, found, bits = self.value.rpartition("-sha")
        return HashAlgorithm("sha" + bits) if found and head else None

    @property
    def repeatable(self) -> bool:
        """Same input, same bytes: may be signed again after a crash without asking anybody."""
        return self.mechanism in {Mechanism.RSA_PKCS1, Mechanism.ED25519, Mechanism.ED448}


class KeyFamily(Enum):
    """Families of key pairs."""

    RSA = "rsa"
    P256 = "p256"
    P384 = "p384"
    P521 = "p521"
    ED25519 = "ed25519"
    ED448 = "ed448"
    MLDSA44 = "mldsa44"
    MLDSA65 = "mldsa65"
    MLDSA87 = "mldsa87"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class KeyType:
    """Family and size of a key pair; ``bits`` is the modulus for RSA, else the curve size or 0."""

    family: KeyFamily
    bits: int = 0

    @property
    def title(self) -> str:
        """Name for people: ``RSA-4096``, ``P-256``, ``Ed25519``, ``ML-DSA-65``."""
        name = self.family.value
        if self.family is KeyFamily.RSA:
            return f"RSA-{self.bits}"
        if name.startswith("mldsa"):
            return f"ML-DSA-{name[5:]}"
        return f"P-{name[1:]}" if name.startswith("p") else name.capitalize()


class Protection(Enum):
    """Where the private half lives."""

    SOFTWARE = "software"  # a file or an agent's file, under a passphrase
    UNPROTECTED = "unprotected"  # a file without a passphrase: marked as such everywhere
    TOKEN = "token"
    HSM = "hsm"
    REMOTE = "remote"
    EPHEMERAL = "ephemeral"


@dataclass(frozen=True, slots=True)
class KeyRef:
    """What ``--key`` takes: a store's prefix and the store's own locator, as in ``gpg:FPR``."""

    store: str
    locator: str

    @classmethod
    def parse(cls, value: str) -> Self:
        """Split at the first colon; raise UsageError where there is none."""
        store, colon, locator = value.partition(":")
        if not colon or not store or not locator:
            raise UsageError(reason=f"not a key reference: {value}")
        return cls(store, locator)

    def __str__(self) -> str:
        """Return the text that ``parse`` takes."""
        return f"{self.store}:{self.locator}"


class KeyState(Enum):
    """State of a key now; ``LOCKED`` is a token that lists nothing before login."""

    ACTIVE = "active"
    NOT_YET = "not-yet"
    EXPIRED = "expired"
    REVOKED = "revoked"
    DISABLED = "disabled"
    LOCKED = "locked"
    PUBLIC_ONLY = "public-only"


class SignatureType(Enum):
    """Envelopes of a signature, as ``--as FORMAT:SIGNATURE`` and ``formats`` name them."""

    OPENPGP = "openpgp"
    CLEARTEXT = "cleartext"
    CMS = "cms"
    SSHSIG = "sshsig"


@dataclass(frozen=True, slots=True)
class OpenPgpProfile:
    """The OpenPGP facts that enter a signature packet, and the certificate for consumers.

    Fingerprints are upper-case hexadecimal (40 digits for v4); ``created`` is Unix seconds;
    ``certificate`` is the binary transferable public key (RFC 9580 section 10.1).
    """

    fingerprint: str  # of the key or subkey that signs
    primary: str  # of the primary key
    algorithm: int  # OpenPGP public-key algorithm number (RFC 9580 section 9.1)
    created: int
    user_id: str
    certificate: bytes


@dataclass(frozen=True, slots=True)
class X509Profile:
    """The certificate of the key (DER, leaf first) and the issuers that are known with it."""

    chain: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class SshProfile:
    """The certificate (encoded, OpenSSH PROTOCOL.certkeys) that enters the key's signatures."""

    certificate: bytes


@dataclass(frozen=True, slots=True)
class TokenUse:
    """What a device wants of a person for each signature, as it was set when this was planned.

    ``device`` names it for people, with what is printed on it: ``Yubico 12345678``.
    """

    device: str
    pin_each: bool = False  # a PIN for every signature, not once for all
    touch: bool = False  # a touch for every signature


@dataclass(frozen=True, slots=True)
class SignerProfile:
    """Public facts about one signer, frozen at plan time and carried in the request by hash."""

    key: KeyRef
    label: str
    type: KeyType
    spki: bytes  # DER SubjectPublicKeyInfo
    protection: Protection
    schemes: tuple[Scheme, ...]  # in the order of preference
    message_schemes: tuple[Scheme, ...] = ()  # those that must be given the message, not a digest
    prompts: bool = False  # whether a person will be asked when it is opened
    openpgp: OpenPgpProfile | None = None
    x509: X509Profile | None = None
    ssh: SshProfile | None = None  # None where the plain key signs
    token: TokenUse | None = None  # None where no device was asked

    @property
    def spki_sha256(self) -> bytes:
        """SHA-256 of the SPKI: what a key worker compares before it signs."""
        return sha256(self.spki).value

    @property
    def signature_types(self) -> tuple[SignatureType, ...]:
        """Signature types that this signer has the certificate for."""
        openpgp = (SignatureType.OPENPGP, SignatureType.CLEARTEXT) if self.openpgp else ()
        # an SSH signature needs no certificate: the public key is enough
        ssh = (SignatureType.SSHSIG,) if self.key.store == SSH_STORE else ()
        return openpgp + ((SignatureType.CMS,) if self.x509 else ()) + ssh


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """One key of a listing: what the Keys page and ``key list`` show. Times are Unix seconds."""

    key: KeyRef
    label: str
    type: KeyType
    state: KeyState
    protection: Protection
    signature_types: tuple[SignatureType, ...]
    fingerprint: str  # OpenPGP fingerprint or SHA-256 of the certificate or SPKI, hex
    created: int | None = None
    expires: int | None = None
    parent: KeyRef | None = None  # the primary key of a subkey, the issuer of a certificate
    usages: tuple[str, ...] = ()  # certify, sign, encrypt, authenticate, code-signing, …
    location: str = ""  # file or home in which it was found


@dataclass(frozen=True, slots=True)
class Slot:
    """One signature wanted of one artifact: who, in which envelope, with which mathematics."""

    signer: SignerProfile
    kind: SignatureType
    scheme: Scheme
    hash: HashAlgorithm  # of the envelope; equals scheme.hash where the scheme has one
