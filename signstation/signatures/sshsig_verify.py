"""Judges SSH signatures of files against keys of allowed_signers lines.

An SSH signature has no time: whether a key is valid is judged at the time of the check, as
``ssh-keygen -Y verify`` does. A signature of the namespace ``file`` counts by any line that does
not forbid it; one of another namespace only by a line that names it, since signatures of commits
and mails are not made to vouch for files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa

from signstation.codec.sshkeys import (
    ALGORITHMS,
    SshPublicKey,
    fingerprint,
    key_type_of,
    read_key,
    read_number,
)
from signstation.codec.sshsig import SshSignature, signed_head
from signstation.errors import ArtifactMalformed
from signstation.model.asks import Segment
from signstation.model.checks import (
    NodeKind,
    SignatureFacts,
    SignatureState,
    TrustNode,
)
from signstation.model.hashes import HashState
from signstation.model.keys import SignatureType
from signstation.model.text import Text, text
from signstation.model.trust import Purpose, SshAnchor, Trust
from signstation.signatures.certificates import key_type
from signstation.signatures.judged import Judged
from signstation.signatures.sshsig_checks import ssh_checks
from signstation.signatures.sshsig_number import check_ssh_number
from signstation.signatures.sshsig_sign import FILE_NAMESPACE

MIN_RSA = 2048
"""Fewest bits of an RSA modulus whose signatures count (OpenSSH's own limit is 1024)."""
_NO_TIME = Text("An SSH signature does not say when it was made: its key is judged as it is now.")


@dataclass(frozen=True, slots=True)
class _Standing:
    """What one signature is worth, why, and the line that trusts it."""

    state: SignatureState
    reasons: tuple[Text, ...]
    anchor: SshAnchor | None = None


def judge_sshsig(  # noqa: PLR0913 - each names a thing that a caller has to decide
    signature: SshSignature,
    *,
    index: int,
    place: Text,
    state: HashState,
    trust: Trust,
    purpose: Purpose,
    at: int,
    covers: tuple[Segment, ...],
    code: str,
) -> Judged:
    """Judge one signature (DESIGN.md section 7). It is always sufficient: it covers the file.

    ``state`` was fed the file with ``signature.hash``; ``at`` is the reference time in Unix
    seconds. The first check is the signature's; ``code`` is its code and the prefix of the others'.
    """
    worth = _number(signature, state)
    if worth.state is SignatureState.GOOD_UNKNOWN_KEY:
        anchors = [
            each
            for each in trust.ssh
            if each.key == signature.key and {Purpose.ANY, purpose} & set(each.purposes)
        ]
        worth = _revoked(signature, trust) or _trusted(signature, anchors, at)
    name = fingerprint(signature.key)
    signer = ", ".join(worth.anchor.principals) if worth.anchor else name
    facts = SignatureFacts(
        index=index,
        kind=SignatureType.SSHSIG,
        place=place,
        state=worth.state,
        signer=signer,
        fingerprint=name,
        algorithm=_title(signature),
        hash=signature.hash.title,
        made_at=None,
        reasons=worth.reasons,
        path=_path(worth, name, place, signature),
        covers=covers,
    )
    return Judged(facts, ssh_checks(facts, code))


def _number(signature: SshSignature, state: HashState) -> _Standing:
    """Check the mathematics: GOOD_UNKNOWN_KEY is the best."""
    kind = key_type_of_safely(signature.key)
    known = ALGORITHMS.get(signature.algorithm)
    if known is None or known[1].decode("ascii") != kind:
        words = "This version cannot check {algorithm} by a key of the type {type}."
        algorithm = signature.algorithm.decode("ascii", "replace")[:64]
        reason = text(words, algorithm=algorithm, type=kind)
        return _Standing(SignatureState.UNREADABLE, (reason,))
    try:
        key = read_key(signature.key)
    except ArtifactMalformed as error:
        reason = text("Its public key cannot be read: {error}.", error=str(error))
        return _Standing(SignatureState.UNREADABLE, (reason,))
    message = signed_head(signature) + state.copy().digest()
    try:
        check_ssh_number(key, known[0], read_number(known[0], signature.number), message)
    except (InvalidSignature, ArtifactMalformed):
        reason = Text("The signature does not fit the content and the key that it names.")
        return _Standing(SignatureState.BAD, (reason,))
    if _weak(key):
        reason = text("{type} is too weak.", type=key_type(key).title)
        return _Standing(SignatureState.GOOD_BUT_KEY, (reason,))
    return _Standing(SignatureState.GOOD_UNKNOWN_KEY, ())


def key_type_of_safely(blob: bytes) -> str:
    """Return the type that a public key names, empty where it cannot be read."""
    try:
        return key_type_of(blob)
    except ArtifactMalformed:
        return ""


def _weak(key: SshPublicKey) -> bool:
    return isinstance(key, rsa.RSAPublicKey) and key.key_size < MIN_RSA


def _revoked(signature: SshSignature, trust: Trust) -> _Standing | None:
    """A revoked key counts as stolen: the list does not say since when."""
    sha256 = hashlib.sha256(signature.key).digest()
    sha1 = hashlib.sha1(signature.key, usedforsecurity=False).digest()
    for each in trust.ssh_revoked:
        if sha256 in each.sha256 or sha1 in each.sha1:
            reason = text("Its key was revoked: {source}.", source=each.origin.source)
            return _Standing(SignatureState.GOOD_BUT_KEY, (reason,))
    return None


def _trusted(signature: SshSignature, anchors: Sequence[SshAnchor], at: int) -> _Standing:
    """Find a line that trusts the key now and for this namespace, else say what is against it."""
    if not anchors:
        reason = Text("Its key is not among the trusted SSH keys.")
        return _Standing(SignatureState.GOOD_UNKNOWN_KEY, (reason,))
    namespace = signature.namespace.decode("utf-8", "replace")
    against: list[Text] = []
    for each in anchors:
        reason_or_none = _against(each, namespace, at)
        if reason_or_none is None:
            return _Standing(SignatureState.GOOD_TRUSTED, (_NO_TIME,), each)
        against.append(reason_or_none)
    return _Standing(SignatureState.GOOD_BUT_KEY, tuple(dict.fromkeys(against)), anchors[0])


def _against(anchor: SshAnchor, namespace: str, at: int) -> Text | None:
    patterns = anchor.namespaces or (FILE_NAMESPACE,)
    if not any(fnmatchcase(namespace, each) for each in patterns):
        words = "It was made for the namespace {found}, and its key is trusted for {trusted}."
        return text(words, found=namespace, trusted=", ".join(patterns))
    if anchor.after is not None and at < anchor.after:
        return text("Its key is not trusted before {day}.", day=_day(anchor.after))
    if anchor.before is not None and at > anchor.before:
        words = "Its key was trusted until {day}, and an SSH signature has no time of its own."
        return text(words, day=_day(anchor.before))
    return None


def _day(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M} UTC"


def _title(signature: SshSignature) -> str:
    try:
        return key_type(read_key(signature.key)).title
    except ArtifactMalformed:
        return signature.algorithm.decode("ascii", "replace")[:64]


def _path(
    worth: _Standing, name: str, place: Text, signature: SshSignature
) -> tuple[TrustNode, ...]:
    """From the line that trusts the key to the signed file."""
    anchor = worth.anchor
    if anchor is None:
        return ()
    source = anchor.origin.source
    since = text("Trusted: {source}.", source=source)
    if anchor.origin.since is not None:
        day = _day(anchor.origin.since)
        since = text("Trusted since {since}: {source}.", since=day, source=source)
    namespace = signature.namespace.decode("utf-8", "replace")
    signed = text("signed for the namespace {namespace}", namespace=namespace)
    return (
        TrustNode(NodeKind.ANCHOR, source, name, since, Text("names")),
        TrustNode(
            NodeKind.KEY, ", ".join(anchor.principals), name, Text(_title(signature)), signed
        ),
        TrustNode(NodeKind.ARTIFACT, place.english(), "", Text(signature.hash.title)),
    )
