"""Verification of a plain file against the signature files beside it, in one pass over the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from signstation.codec.cms import SignerInfo
from signstation.codec.openpgp import SignaturePacket
from signstation.formats.blob_signatures import (
    CmsFile,
    OpenPgpFile,
    SignatureFile,
    SshFile,
    UnknownFile,
    read_signature_file,
)
from signstation.interfaces.artifact import MAX_READ, Artifact
from signstation.interfaces.context import Context
from signstation.model.asks import Range, Segment
from signstation.model.checks import (
    Aspect,
    Check,
    CheckKind,
    Outcome,
    SignatureFacts,
    SignatureState,
    Verified,
)
from signstation.model.hashes import HashRequest, HashState
from signstation.model.keys import SignatureType
from signstation.model.text import Text, text
from signstation.model.trust import Purpose, Trust
from signstation.signatures.cms_rules import FILE_RULES
from signstation.signatures.cms_verify import digest_algorithm, judge_cms
from signstation.signatures.judged import Judged
from signstation.signatures.openpgp_verify import hash_request, judge_openpgp
from signstation.signatures.sshsig_verify import judge_sshsig

_GOOD = {
    SignatureState.GOOD_TRUSTED,
    SignatureState.GOOD_UNKNOWN_KEY,
    SignatureState.GOOD_BUT_KEY,
}


@dataclass(frozen=True, slots=True)
class _One:
    """One signature of one file: what was read, where it stood, and the hash it wants."""

    place: Text
    what: SignaturePacket | tuple[CmsFile, SignerInfo] | SshFile | UnknownFile

    @property
    def request(self) -> HashRequest | None:
        """What to hash for it; None where nothing can be."""
        match self.what:
            case SignaturePacket():
                return hash_request(self.what)
            case (_, signer):
                algorithm = digest_algorithm(signer)
                return None if algorithm is None else HashRequest(algorithm)
            case SshFile(signature):
                return HashRequest(signature.hash)
            case UnknownFile():
                return None


@dataclass(frozen=True, slots=True)
class _Content:
    """The signed file: whole in memory where it is small, else its descriptor."""

    held: bytes | int
    covers: tuple[Segment, ...]


def verify(
    artifact: Artifact, signatures: Sequence[Artifact], trust: Trust, ctx: Context
) -> Verified:
    """Collect checks for every signature in every file; the artifact is hashed once."""
    found = tuple(_flatten([read_signature_file(each) for each in signatures]))
    states = _states(artifact, found, ctx)
    small = artifact.size <= MAX_READ and any(
        not isinstance(each.what, UnknownFile | SshFile) for each in found
    )
    held = artifact.read(0, artifact.size) if small else artifact.fileno()
    content = _Content(held, (Range(0, artifact.size),))
    judged = tuple(
        _judge(number, each, state, content, trust, ctx.time)
        for number, (each, state) in enumerate(zip(found, states, strict=True))
    )
    checks = tuple(check for each in judged for check in each.checks)
    return Verified((_unchanged(judged), *checks), tuple(each.facts for each in judged))


def _flatten(files: Sequence[SignatureFile]) -> Iterator[_One]:
    for number, file in enumerate(files, start=1):
        match file:
            case OpenPgpFile(packets):
                for each in packets:
                    yield _One(text("signature file {number}, OpenPGP", number=number), each)
            case CmsFile(signed):
                for signer in signed.signers:
                    place = text("signature file {number}, CMS", number=number)
                    yield _One(place, (file, signer))
            case SshFile():
                yield _One(text("signature file {number}, SSH", number=number), file)
            case UnknownFile():
                yield _One(text("signature file {number}", number=number), file)


def _states(
    artifact: Artifact, found: Sequence[_One], ctx: Context
) -> tuple[HashState | None, ...]:
    """Hash once for all; also where nothing asks for it, since the context may name a SHA-256."""
    requests = [each.request for each in found]
    digests = ctx.digests(artifact, [each for each in requests if each is not None])
    ready = iter(digests.states)
    return tuple(None if each is None else next(ready) for each in requests)


def _judge(
    index: int, one: _One, state: HashState | None, content: _Content, trust: Trust, at: int
) -> Judged:
    match one.what:
        case UnknownFile(why):
            return _unknown(index, one.place, why)
        case SshFile(signature) if state is not None:
            return judge_sshsig(
                signature,
                index=index,
                place=one.place,
                state=state,
                trust=trust,
                purpose=Purpose.FILES,
                at=at,
                covers=content.covers,
                code="blob.sshsig",
            )
        case SshFile():
            return _unknown(index, one.place, Text("The file could not be hashed for it."))
        case SignaturePacket():
            return judge_openpgp(
                one.what,
                index=index,
                place=one.place,
                state=state,
                content=content.held,
                trust=trust,
                purpose=Purpose.FILES,
                at=at,
                sufficient=True,
                covers=content.covers,
                code="blob.openpgp",
            )
        case (file, signer):
            return judge_cms(
                file.signed,
                signer,
                index=index,
                place=one.place,
                state=state,
                content=content.held if isinstance(content.held, bytes) else None,
                trust=trust,
                purpose=Purpose.FILES,
                at=at,
                sufficient=True,
                covers=content.covers,
                code="blob.cms",
                rules=FILE_RULES,
            )


def _unknown(index: int, place: Text, why: Text) -> Judged:
    """A file that is no signature is one that cannot be read: alone it leaves the verdict open."""
    facts = SignatureFacts(
        index=index,
        kind=SignatureType.OPENPGP,
        place=place,
        state=SignatureState.UNREADABLE,
        signer="",
        fingerprint="",
        algorithm="",
        hash="",
        made_at=None,
        reasons=(why,),
        path=(),
    )
    check = Check(
        "blob.unreadable",
        CheckKind.SIGNATURE,
        Aspect.VALID,
        Outcome.WARNING,
        required=False,
        summary=text("The {place} cannot be used: {why}", place=place.english(), why=why.english()),
        signature=index,
        state=SignatureState.UNREADABLE,
    )
    return Judged(facts, (check,))


def _unchanged(judged: Sequence[Judged]) -> Check:
    """The first of the three answers: only a signature can tell for a plain file."""
    states = {each.facts.state for each in judged}
    if SignatureState.BAD in states:
        outcome, words = Outcome.FAIL, Text("A signature does not fit the content of the file.")
    elif states & _GOOD:
        outcome, words = Outcome.PASS, Text("The file is what was signed, every byte of it.")
    elif judged:
        outcome, words = Outcome.NOT_RUN, Text("No signature could be checked against the file.")
    else:
        outcome, words = Outcome.NOT_RUN, Text("There is no signature file beside it.")
    return Check(
        "blob.unchanged" if judged else "blob.unsigned",
        CheckKind.NOTE,
        Aspect.UNCHANGED,
        outcome,
        required=False,
        summary=words,
    )
