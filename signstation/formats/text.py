"""Texts signed in the clear: an OpenPGP document that holds the text itself (``.asc``).

A text is never taken for one to be signed so unless a person says it; a signed text is recognised.
The document can stand alone, or beside the text that was signed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from signstation.codec.cleartext import (
    canonical_text,
    check_text,
    parse_cleartext,
)
from signstation.errors import AlreadySigned, RecheckFailed, UsageError
from signstation.formats import text_inspect
from signstation.formats.text_read import is_document, read_text
from signstation.interfaces.artifact import Artifact, Source
from signstation.interfaces.context import Context, ToolContext
from signstation.interfaces.format import Signing
from signstation.model.artifacts import Inspection
from signstation.model.asks import Part, Range
from signstation.model.checks import (
    Aspect,
    Check,
    CheckKind,
    Opinion,
    OpinionOutcome,
    Outcome,
    Verified,
)
from signstation.model.hashes import Digest, HashAlgorithm, sha256
from signstation.model.keys import SignatureType, Slot
from signstation.model.options import Existing, Options, existing_field
from signstation.model.outputs import Sibling
from signstation.model.programs import Completed
from signstation.model.text import Text, text
from signstation.model.trust import Purpose, Trust
from signstation.signatures.judged import Judged
from signstation.signatures.openpgp_clear import (
    Question,
    check_own_cleartext,
    frame_checks,
    judge_cleartext,
    said_of,
    sign_cleartext,
)
from signstation.signatures.openpgp_gpgv import GPGV, ask_gpgv

SUFFIX = ".asc"
_WIDER = Text("gpgv takes words before and behind the signed text, and weak hashes and keys.")


class ClearSigned:
    """The format ``text``; see ``interfaces.format.Format``."""

    id = "text"
    title = Text("Text signed in the clear")
    rules = 1
    purpose = Purpose.FILES
    signature_types = (SignatureType.CLEARTEXT,)
    default_hash = HashAlgorithm.SHA512
    options = (existing_field(Existing.REFUSE, Existing.REFUSE),)

    def recognise(self, source: Source) -> int:
        """Only what is signed in the clear already is of this format by itself."""
        return is_document(source)

    def inspect(self, artifact: Artifact, ctx: Context) -> Inspection:
        """Show the text, and of a signed one only what is signed."""
        return text_inspect.inspect(self.id, artifact, ctx)

    def sign(
        self, artifact: Artifact, slots: tuple[Slot, ...], options: Options, ctx: Context
    ) -> Signing:
        """Yield one round with one ask per slot; return the signed document."""
        del options
        _refuse(slots)
        ctx.digests(artifact)
        data = read_text(artifact)
        if is_document(artifact):
            raise AlreadySigned
        document = yield from sign_cleartext(
            tuple(enumerate(slots)), data, part=Part.FILE, time=ctx.time
        )
        return (Sibling(SUFFIX, document),)

    def recheck(
        self,
        artifact: Artifact,
        outputs: tuple[Artifact, ...],
        slots: tuple[Slot, ...],
        options: Options,
        ctx: Context,
    ) -> tuple[Digest, ...]:
        """Read the document back: it holds the artifact's text, and every number fits."""
        del options
        ctx.digests(artifact)
        data = read_text(artifact)
        if len(outputs) != 1:
            raise RecheckFailed(reason="there is not one signed document")
        document = read_text(outputs[0])
        check_own_cleartext(document, data, tuple(enumerate(slots)), time=ctx.time)
        return (sha256(document),)

    def verify(
        self, artifact: Artifact, signatures: tuple[Artifact, ...], trust: Trust, ctx: Context
    ) -> Verified:
        """Judge the document, or the documents beside a text and whether they hold this text."""
        data = read_text(artifact)
        if is_document(artifact):
            return self._judge((data,), None, trust, ctx)
        check_text(data)
        return self._judge(tuple(map(read_text, signatures)), data, trust, ctx)

    def _judge(
        self, documents: tuple[bytes, ...], beside: bytes | None, trust: Trust, ctx: Context
    ) -> Verified:
        judged: list[Judged] = []
        checks: list[Check] = []
        for number, document in enumerate(documents, start=1):
            clear = parse_cleartext(document)
            place, covers = Text("in the text itself"), (Range(clear.offset, clear.length),)
            if beside is not None:
                place = text("signed text {number} beside it", number=number)
                covers = (Range(0, len(beside)),)
                checks.append(_same(beside, clear.signed))
            question = Question(
                trust, Purpose.FILES, ctx.time, f"{self.id}.openpgp", place, len(judged), covers
            )
            judged += judge_cleartext(clear, question)
            checks += frame_checks(clear, self.id)
        return Verified(
            (_unchanged(judged), *checks, *(check for each in judged for check in each.checks)),
            tuple(each.facts for each in judged),
        )

    def siblings(self) -> tuple[str, ...]:
        """The suffix of a signed document beside its text."""
        return (SUFFIX,)

    def referee(
        self, artifact: Artifact, signatures: tuple[Artifact, ...], trust: Trust, ctx: ToolContext
    ) -> tuple[Opinion, ...]:
        """Ask gpgv about the document, or the first one beside the text."""
        documents = (artifact, *signatures)
        found = [each for each in documents if is_document(each)]
        if not found:
            return ()
        document = found[0]

        def run(arguments: Sequence[str]) -> Completed:
            return ctx.programs.run(GPGV, arguments, descriptors=(document.fileno(),))

        files = (str(ctx.path_of(document, "artifact")),)
        opinion = ask_gpgv(run, ctx.directory, trust, Purpose.FILES, files)
        if opinion.outcome is OpinionOutcome.ACCEPTS:
            opinion = replace(opinion, note=_WIDER)
        return (opinion,)

    def commands(self, slots: tuple[Slot, ...], options: Options) -> tuple[tuple[str, ...], ...]:
        """One call of gpg with all keys, which makes the same document."""
        del options
        _refuse(slots)
        users = [word for each in slots for word in ("--local-user", f"{_fingerprint(each)}!")]
        digest = ("--digest-algo", slots[0].hash.value)
        return (("gpg", "--clearsign", *digest, *users, "--output", f"FILE{SUFFIX}", "FILE"),)


def _refuse(slots: tuple[Slot, ...]) -> None:
    if not slots or any(each.kind is not SignatureType.CLEARTEXT for each in slots):
        raise UsageError(reason="a text is signed in the clear with OpenPGP keys")


def _fingerprint(slot: Slot) -> str:
    profile = slot.signer.openpgp
    return str(slot.signer.key) if profile is None else profile.fingerprint


def _same(beside: bytes, signed: bytes) -> Check:
    """Whether the file beside a document has the signed text."""
    if canonical_text(beside) != signed:
        outcome, words = Outcome.FAIL, Text("The file is not the text that was signed.")
    elif beside != signed.replace(b"\r\n", b"\n") + b"\n":
        outcome = Outcome.WARNING
        words = Text("The file has line ends or blanks before them that no signature covers.")
    else:
        outcome, words = Outcome.PASS, Text("The file is the text that was signed.")
    return Check(
        "text.content", CheckKind.CONTENT, Aspect.UNCHANGED, outcome, required=True, summary=words
    )


def _unchanged(judged: list[Judged]) -> Check:
    if judged:
        code, (outcome, words) = "text.unchanged", said_of(judged)
    else:
        code, outcome = "text.unsigned", Outcome.NOT_RUN
        words = Text("There is no signed text beside it.")
    return Check(code, CheckKind.NOTE, Aspect.UNCHANGED, outcome, required=False, summary=words)


FORMAT = ClearSigned()
