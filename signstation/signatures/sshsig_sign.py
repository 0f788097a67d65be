"""SSH signatures of files: one ask, one armored signature; the bytes of ``ssh-keygen -Y sign``.

The key is given the message, since ssh-agent takes no digests: it is short, for it holds only the
namespace and the digest of the file.
"""

from __future__ import annotations

from collections.abc import Generator

from cryptography.exceptions import InvalidSignature

from signstation.codec.sshcert import plain_key
from signstation.codec.sshkeys import (
    SshPublicKey,
    algorithm_of,
    blob_of_spki,
    read_key,
    read_number,
    write_number,
)
from signstation.codec.sshsig import (
    HASHES,
    MAX_NAMESPACE,
    SshSignature,
    parse_sshsig,
    signed_head,
    write_sshsig,
)
from signstation.errors import (
    ArtifactMalformed,
    CertificateMismatch,
    KeyStoreFailed,
    RecheckFailed,
    SchemeUnsupported,
    UsageError,
)
from signstation.model.asks import Answer, Batch, HashOf, Literal, Part, Range, ToSign
from signstation.model.hashes import HashState
from signstation.model.keys import Scheme, Slot
from signstation.signatures.sshsig_number import check_ssh_number


def namespace_bytes(namespace: str) -> bytes:
    """Encode a namespace: printable ASCII without blanks. Raises UsageError."""
    plain = namespace.isascii() and namespace.isprintable() and " " not in namespace
    if not plain or not 0 < len(namespace) <= MAX_NAMESPACE:
        raise UsageError(reason=f"not a namespace of an SSH signature: {namespace[:64]!r}")
    return namespace.encode("ascii")


def sign_sshsig(
    index: int, slot: Slot, state: HashState, *, covers: tuple[Range, ...], namespace: str
) -> Generator[Batch, tuple[Answer, ...], bytes]:
    """Yield one batch with one ask; return the armored signature.

    ``state`` was fed the file with ``slot.hash`` and is copied; ``covers`` are the segments of the
    file. Raises UsageError and SchemeUnsupported before it yields, KeyStoreFailed for an answer of
    a wrong shape.
    """
    plain = _plan(slot, namespace)
    head, digest = signed_head(plain), state.copy().digest()
    segments = (Literal(head), HashOf(slot.hash, covers))
    ask = ToSign(index, slot.scheme, Part.FILE, segments, message=head + digest)
    (answer,) = yield (ask,)
    try:
        number = write_number(slot.scheme, answer)
    except ValueError as error:
        reason = "an answer of the wrong shape"
        raise KeyStoreFailed(key=str(slot.signer.key), reason=reason) from error
    return write_sshsig(_with(plain, number))


def check_own_sshsig(content: bytes, slot: Slot, state: HashState, *, namespace: str) -> None:
    """Check a signature that this station made, byte for byte but for the number.

    ``state`` was fed the file with ``slot.hash``. Raises RecheckFailed.
    """
    plain = _plan(slot, namespace)
    try:
        found = parse_sshsig(content)
        key, number = read_key(plain_key(plain.key)), read_number(slot.scheme, found.number)
    except ArtifactMalformed as error:
        raise RecheckFailed(reason=f"SSH signature: {error}") from error
    if content != write_sshsig(_with(plain, found.number)):
        raise RecheckFailed(reason="the SSH signature is not built as it was ordered")
    _check(key, slot.scheme, number, signed_head(plain) + state.copy().digest())


def _check(key: SshPublicKey, scheme: Scheme, number: bytes, message: bytes) -> None:
    try:
        check_ssh_number(key, scheme, number, message)
    except InvalidSignature as error:
        reason = "the SSH signature does not fit the content and the key"
        raise RecheckFailed(reason=reason) from error


def _plan(slot: Slot, namespace: str) -> SshSignature:
    """Everything but the number. Raises UsageError, SchemeUnsupported and CertificateMismatch."""
    unsupported = SchemeUnsupported(key=str(slot.signer.key), scheme=slot.scheme.value)
    certificate = slot.signer.ssh
    try:
        key = blob_of_spki(slot.signer.spki)
        if certificate is not None and plain_key(certificate.certificate) != key:
            raise CertificateMismatch(key=str(slot.signer.key))
    except ArtifactMalformed as error:
        raise unsupported from error
    algorithm = algorithm_of(slot.scheme, key)
    if algorithm is None or slot.hash not in HASHES.values():
        raise unsupported
    named = key if certificate is None else certificate.certificate
    return SshSignature(named, namespace_bytes(namespace), b"", slot.hash, algorithm, b"")


def _with(plain: SshSignature, number: bytes) -> SshSignature:
    return SshSignature(
        plain.key, plain.namespace, plain.reserved, plain.hash, plain.algorithm, number
    )
