"""OpenPGP signatures of one text: in the text itself, and in files beside it of either form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from signstation.codec.armor import ArmorKind, dearmor, is_armored
from signstation.codec.cleartext import BEGIN_SIGNATURE, ClearText, is_cleartext, parse_cleartext
from signstation.codec.openpgp import SignaturePacket, parse_signatures
from signstation.errors import ArtifactMalformed, LimitReached
from signstation.model.asks import Range
from signstation.model.checks import Aspect, Check, CheckKind, Outcome, SignatureFacts
from signstation.model.checks import SignatureState as State
from signstation.model.keys import SignatureType
from signstation.model.text import Text, text
from signstation.model.trust import Purpose, Trust
from signstation.signatures.judged import Judged
from signstation.signatures.openpgp_clear import Question, frame_checks, judge_cleartext
from signstation.signatures.openpgp_verify import judge_openpgp, start_hash

GOOD = frozenset({State.GOOD_TRUSTED, State.GOOD_UNKNOWN_KEY, State.GOOD_BUT_KEY})
"""States in which the number fits the content."""


@dataclass(slots=True)
class SignedText:
    """Collects what is said of a text's signatures, one file after the other.

    ``data`` is the file itself, over which detached signatures are; ``at`` the reference time in
    Unix seconds; ``code`` the format's id, with which the codes of checks begin. ``clear`` are the
    signed texts that were found beside it: whether they say the same is the format's question.
    """

    data: bytes
    trust: Trust
    purpose: Purpose
    at: int
    code: str
    judged: list[Judged] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    clear: list[ClearText] = field(default_factory=list)

    def take_own(self, clear: ClearText, place: Text) -> None:
        """Judge the signatures that the text carries itself."""
        self._take_clear(clear, place, ())

    def take(self, read: Callable[[], bytes], place: Text) -> None:
        """Judge a file beside it: detached signatures, or the same text signed in the clear.

        What cannot be read is an unreadable signature. ``read`` gives the file's bytes and may
        raise LimitReached; its other errors pass.
        """
        try:
            data = read()
            if is_cleartext(data):
                clear = parse_cleartext(data)
                self._take_clear(clear, place, (Range(0, len(self.data)),))
                self.clear.append(clear)
            else:
                self._take_packets(data, place)
        except ArtifactMalformed as error:
            words = "It is damaged at byte {offset}: {expected} expected, {found}."
            why = text(words, offset=error.offset, expected=error.expected, found=error.found)
            self._unreadable(place, why)
        except LimitReached as error:
            why = text("It has more than {limit} {what}.", limit=error.limit, what=error.what)
            self._unreadable(place, why)

    def outcome(self) -> Outcome:
        """Return the first of the three answers, as far as the text itself goes."""
        states = {each.facts.state for each in self.judged}
        if State.BAD in states:
            return Outcome.FAIL
        return Outcome.PASS if states & GOOD else Outcome.NOT_RUN

    def _take_clear(self, clear: ClearText, place: Text, covers: tuple[Range, ...]) -> None:
        code, first = f"{self.code}.openpgp", len(self.judged)
        question = Question(self.trust, self.purpose, self.at, code, place, first, covers)
        self.judged += judge_cleartext(clear, question)
        self.checks += frame_checks(clear, self.code)

    def _take_packets(self, data: bytes, place: Text) -> None:
        packets = data
        if is_armored(data):
            if not data.startswith(BEGIN_SIGNATURE):
                self._unreadable(place, Text("There is something before the signature."))
                return
            blocks = [each for each in dearmor(data) if each.kind is ArmorKind.SIGNATURE]
            packets = b"".join(each.data for each in blocks)
        found = parse_signatures(packets)
        if not found:
            self._unreadable(place, Text("It holds no signature."))
        for each in found:
            self.judged.append(self._judge(each, place))

    def _judge(self, packet: SignaturePacket, place: Text) -> Judged:
        state = start_hash(packet)
        if state is not None:
            state.update(self.data)
        return judge_openpgp(
            packet,
            index=len(self.judged),
            place=place,
            state=state,
            content=self.data,
            trust=self.trust,
            purpose=self.purpose,
            at=self.at,
            sufficient=True,
            covers=(Range(0, len(self.data)),),
            code=f"{self.code}.openpgp",
        )

    def _unreadable(self, place: Text, why: Text) -> None:
        """A file that is no signature: alone it leaves the verdict open."""
        index, state = len(self.judged), State.UNREADABLE
        facts = SignatureFacts(
            index, SignatureType.OPENPGP, place, state, "", "", "", "", None, (why,), ()
        )
        words = "The {place} cannot be used: {why}"
        check = Check(
            f"{self.code}.unreadable",
            CheckKind.SIGNATURE,
            Aspect.VALID,
            Outcome.WARNING,
            required=False,
            summary=text(words, place=place.english(), why=why.english()),
            signature=index,
            state=state,
        )
        self.judged.append(Judged(facts, (check,)))
