"""Judges SSH signatures of files against keys of allowed_signers lines.

An SSH signature has no time: whether a key is valid is judged at the time of the check, as
``ssh-keygen -Y verify`` does. A signature of the namespace ``file`` counts by any line that does
not forbid it; one of another namespace only by a line that names it, since signatures of commits
and mails are not made to vouch for files.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature

from signstation.codec.sshkeys import ALGORITHMS, fingerprint, key_type_of, read_number
from signstation.codec.sshsig import SshSignature, signed_head
from signstation.codec.sshtokens import (
    PRESENT,
    TOKEN_ALGORITHMS,
    is_token,
    read_public,
    token_message,
)
from signstation.errors import ArtifactMalformed
from signstation.model.asks import Segment
from signstation.model.checks import NodeKind, SignatureFacts, SignatureState, TrustNode
from signstation.model.hashes import HashState
from signstation.model.keys import SignatureType
from signstation.model.text import Text, text
from signstation.model.trust import Purpose, SshAnchor, Trust
from signstation.signatures.certificates import key_type
from signstation.signatures.judged import Judged
from signstation.signatures.sshsig_checks import ssh_checks
from signstation.signatures.sshsig_number import check_ssh_number
from signstation.signatures.sshsig_trust import (
    SshSigner,
    against,
    anchors_for,
    day,
    names_of,
    revoked,
    signer_of,
    weak,
)

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
    signer = signer_of(signature.key)
    worth = _number(signature, signer.key, state)
    if worth.state is SignatureState.GOOD_UNKNOWN_KEY:
        worth = _trusted(signature, signer, trust, purpose, at)
    name = fingerprint(signer.key)
    names = names_of(signer, worth.anchor) if worth.anchor else ()
    named = ", ".join(names) or name
    facts = SignatureFacts(
        index=index,
        kind=SignatureType.SSHSIG,
        place=place,
        state=worth.state,
        signer=named,
        fingerprint=name,
        algorithm=_title(signature, signer),
        hash=signature.hash.title,
        made_at=None,
        reasons=worth.reasons,
        path=_path(worth, signer, named, place, signature),
        covers=covers,
    )
    return Judged(facts, ssh_checks(facts, code))


def _number(signature: SshSignature, encoded: bytes, state: HashState) -> _Standing:
    """Check the mathematics: GOOD_UNKNOWN_KEY is the best."""
    kind = key_type_of_safely(encoded)
    known = {**ALGORITHMS, **TOKEN_ALGORITHMS}.get(signature.algorithm)
    if known is None or known[1].decode("ascii") != kind:
        words = "This version cannot check {algorithm} by a key of the type {type}."
        algorithm = signature.algorithm.decode("ascii", "replace")[:64]
        reason = text(words, algorithm=algorithm, type=kind)
        return _Standing(SignatureState.UNREADABLE, (reason,))
    try:
        key = read_public(encoded)
    except ArtifactMalformed as error:
        reason = text("Its public key cannot be read: {error}.", error=str(error))
        return _Standing(SignatureState.UNREADABLE, (reason,))
    message = signed_head(signature) + state.copy().digest()
    if signature.token:
        message = token_message(encoded, signature.token, message)
    try:
        check_ssh_number(key, known[0], read_number(known[0], signature.number), message)
    except (InvalidSignature, ArtifactMalformed):
        reason = Text("The signature does not fit the content and the key that it names.")
        return _Standing(SignatureState.BAD, (reason,))
    if weak(key):
        reason = text("{type} is too weak.", type=key_type(key).title)
        return _Standing(SignatureState.GOOD_BUT_KEY, (reason,))
    if signature.token and not signature.token[0] & PRESENT:
        reason = Text("Its security key signed without a touch: any program could have asked.")
        return _Standing(SignatureState.GOOD_BUT_KEY, (reason,))
    return _Standing(SignatureState.GOOD_UNKNOWN_KEY, ())


def key_type_of_safely(blob: bytes) -> str:
    """Return the type that a public key names, empty where it cannot be read."""
    try:
        return key_type_of(blob)
    except ArtifactMalformed:
        return ""


def _trusted(
    signature: SshSignature, signer: SshSigner, trust: Trust, purpose: Purpose, at: int
) -> _Standing:
    """Find a line that trusts the signer now and for this namespace, else say what is against."""
    gone = revoked(signer, trust)
    if gone is not None:
        return _Standing(SignatureState.GOOD_BUT_KEY, (gone,))
    anchors = anchors_for(signer, trust, purpose)
    if not anchors:
        reason = Text("Its key is not among the trusted SSH keys.")
        if signer.certificate is not None:
            reason = Text("The authority of its certificate is not among the trusted SSH keys.")
        return _Standing(SignatureState.GOOD_UNKNOWN_KEY, (reason,))
    namespace = signature.namespace.decode("utf-8", "replace")
    found: list[Text] = []
    for each in anchors:
        reason_or_none = against(signer, each, namespace, at)
        if reason_or_none is None:
            return _Standing(SignatureState.GOOD_TRUSTED, (_NO_TIME,), each)
        found.append(reason_or_none)
    return _Standing(SignatureState.GOOD_BUT_KEY, tuple(dict.fromkeys(found)), anchors[0])


def _title(signature: SshSignature, signer: SshSigner) -> str:
    try:
        title = key_type(read_public(signer.key)).title
        return f"{title} (security key)" if is_token(signer.key) else title
    except ArtifactMalformed:
        return signature.algorithm.decode("ascii", "replace")[:64]


def _path(
    worth: _Standing, signer: SshSigner, named: str, place: Text, signature: SshSignature
) -> tuple[TrustNode, ...]:
    """From the line that trusts the key, or the authority of its certificate, to the file."""
    anchor = worth.anchor
    if anchor is None:
        return ()
    source = anchor.origin.source
    since = text("Trusted: {source}.", source=source)
    if anchor.origin.since is not None:
        when = day(anchor.origin.since)
        since = text("Trusted since {since}: {source}.", since=when, source=source)
    namespace = signature.namespace.decode("utf-8", "replace")
    signed = text("signed for the namespace {namespace}", namespace=namespace)
    node = TrustNode(
        NodeKind.KEY, named, fingerprint(signer.key), Text(_title(signature, signer)), signed
    )
    edge = Text("names") if signer.certificate is None else Text("gave a certificate to")
    return (
        TrustNode(NodeKind.ANCHOR, source, fingerprint(anchor.key), since, edge),
        node,
        TrustNode(NodeKind.ARTIFACT, place.english(), "", Text(signature.hash.title)),
    )
