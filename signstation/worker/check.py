"""The check worker: runs formats over hostile bytes, in a sandbox and without keys."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TypeVar

from signstation.codec.plain import from_plain, to_plain
from signstation.errors import FormatUnknown, ProtocolViolation
from signstation.interfaces.archive import Archive
from signstation.interfaces.format import Format, Nested, Signing, Surrounded
from signstation.model.artifacts import Inspection, Severity
from signstation.model.asks import MAX_ROUNDS
from signstation.model.members import NamedMember, Surroundings
from signstation.model.trust import Trust
from signstation.registry.plugins import detect, load_formats
from signstation.system.artifact import FileArtifact
from signstation.system.files_overlay import PatchedArtifact
from signstation.worker.channel import Channel, Message
from signstation.worker.context import StepContext
from signstation.worker.desk import Desk
from signstation.worker.feeding import Feeder
from signstation.worker.frames import FrameType, put_json, take_json
from signstation.worker.terms import SigningTerms, Terms, take_terms
from signstation.worker.wire import (
    Job,
    put_asks,
    put_digests,
    put_signed,
    take_answers,
    take_job,
    take_recheck,
    whole,
)

T = TypeVar("T", SigningTerms, Trust)


@dataclass(slots=True)
class _Running:
    """A signing generator that waits for answers."""

    generator: Signing
    artifact: FileArtifact
    context: StepContext
    rounds: int = 0


class CheckWorker:
    """Answers CALL (recognise, inspect, members, open, …), SIGN with its ANSWERS, and RECHECK."""

    def __init__(self, channel: Channel) -> None:
        """Load the formats; answer over ``channel``."""
        self._channel = channel
        self._formats: Mapping[str, Format] = load_formats()
        self._terms: dict[int, Terms] = {}
        self._running: dict[int, _Running] = {}
        self._feeder: Feeder | None = None
        self._desk = Desk(channel, self.handle)
        self.serve = self._desk.serve

    def feed_from(self, artifact: int) -> None:
        """Be able to read pieces of this file as one stream; before ``confine``. Raises OSError."""
        self._feeder = Feeder(artifact)

    def handle(self, message: Message) -> bytes:
        """Run one message."""
        with ExitStack() as stack:
            files = [
                stack.enter_context(FileArtifact(each, owned=True)) for each in message.descriptors
            ]
            match message.type:
                case FrameType.DEFINE:
                    self._terms[message.number] = take_terms(message.body)
                    return b""
                case FrameType.SIGN:
                    self._begin(message, files)
                    stack.pop_all()  # the artifact lives as long as the generator
                    return self._advance(message.number, None)
                case FrameType.ANSWERS:
                    return self._answers(message)
                case FrameType.RECHECK:
                    return self._recheck(message, files)
                case FrameType.CALL:
                    return self._call(message, files)
                case _:
                    raise ProtocolViolation(reason=f"{message.type.name} to a check worker")

    def _defined(self, number: int, kind: type[T]) -> T:
        terms = self._terms.get(number)
        if not isinstance(terms, kind):
            raise ProtocolViolation(reason="terms that were not defined")
        return terms

    def _format(self, format_id: str) -> Format:
        found = self._formats.get(format_id)
        if found is None:
            raise FormatUnknown(path=format_id)
        return found

    def _context(self, job: Job, terms: SigningTerms, number: int, size: int) -> StepContext:
        return StepContext(
            time=terms.time,
            seed=job.seed,
            expected=job.sha256,
            progress=self._desk.progress(number, size),
        )

    def _begin(self, message: Message, files: list[FileArtifact]) -> None:
        job = whole(message.body, take_job)
        terms = self._defined(job.terms, SigningTerms)
        (artifact,) = files
        context = self._context(job, terms, message.number, artifact.size)
        generator = self._format(terms.format).sign(artifact, terms.slots, terms.options, context)
        self._running[message.number] = _Running(generator, artifact, context)

    def _answers(self, message: Message) -> bytes:
        self._desk.resumed(message.number)
        return self._advance(message.number, take_answers(message.body))

    def _advance(self, number: int, answers: tuple[bytes, ...] | None) -> bytes:
        """Run a generator to its next batch or its end; whatever ends it closes it."""
        running = self._running.get(number)
        if running is None:
            raise ProtocolViolation(reason="answers for a call that is not running")
        with ExitStack() as stack:
            stack.callback(self._drop, number)
            try:
                batch = running.generator.send(answers)  # type: ignore[arg-type]
            except StopIteration as end:
                return self._signed(running, end.value)
            running.rounds += 1
            if running.rounds > MAX_ROUNDS:
                raise ProtocolViolation(reason="a format asks in too many rounds")
            self._channel.send(FrameType.ASKS, number, put_asks(batch))
            stack.pop_all()
        return self._desk.suspend(number, lambda: self._drop(number))

    def _signed(self, running: _Running, outputs: object) -> bytes:
        context = running.context
        if context.sha256 is None:
            context.digests(running.artifact)
        return put_signed(context.sha256 or b"", context.hash_ns, outputs)  # type: ignore[arg-type]

    def _drop(self, number: int) -> None:
        running = self._running.pop(number)
        try:
            running.generator.close()
        finally:
            running.artifact.close()

    def _recheck(self, message: Message, files: list[FileArtifact]) -> bytes:
        job, patches = whole(message.body, take_recheck)
        terms = self._defined(job.terms, SigningTerms)
        artifact, *staged = files
        outputs = (PatchedArtifact(artifact, patches),) if patches else tuple(staged)
        size = artifact.size + sum(each.size for each in outputs)
        context = self._context(job, terms, message.number, size)
        return put_digests(
            self._format(terms.format).recheck(
                artifact, outputs, terms.slots, terms.options, context
            )
        )

    def _call(self, message: Message, files: list[FileArtifact]) -> bytes:
        call = take_json(message.body)
        artifact, *signatures = files
        format_id = call.get("format")
        found = (
            self._format(str(format_id))
            if format_id is not None
            else detect(self._formats, artifact)
        )
        if call["method"] == "recognise":
            return put_json({"format": found.id})
        if call["method"] == "members":
            named = found.members(artifact) if isinstance(found, Surrounded) else ()
            return put_json({"members": to_plain(named, tuple[NamedMember, ...])})
        size = sum(each.size for each in files)
        beside = call.get("surroundings")
        context = StepContext(
            time=int(str(call.get("time", 0))),
            progress=self._desk.progress(message.number, size),
            surroundings=None if beside is None else from_plain(beside, Surroundings),
            feeder=self._feeder,
        )
        if call["method"] == "open":
            if not isinstance(found, Nested | Archive):
                raise ProtocolViolation(reason=f"{found.id} has no members to be opened")
            opened = found.open_member(artifact, str(call["place"]), signatures[0], context)
            return put_json({"opened": to_plain(opened)})
        seen = found.inspect(artifact, context)
        if call["method"] == "glance":
            return put_json({"inspection": to_plain(_brief(seen))})
        inspection = to_plain(seen)
        if call["method"] == "inspect":
            return put_json({"inspection": inspection})
        trust = self._defined(int(str(call["trust"])), Trust)
        verified = found.verify(artifact, tuple(signatures), trust, context)
        return put_json({"inspection": inspection, "verified": to_plain(verified)})


def _brief(inspection: Inspection) -> Inspection:
    """What a station needs to know of one file among thousands."""
    blockers = tuple(each for each in inspection.findings if each.severity is Severity.BLOCKER)
    return replace(inspection, sections=(), findings=blockers)


def build(channel: Channel, _config: bytes) -> CheckWorker:
    """Make the worker; nothing of the configuration concerns it."""
    return CheckWorker(channel)
