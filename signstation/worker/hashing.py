"""The hash worker: recomputes what keys are asked to sign from approved bytes.

It parses nothing; where an ask names what is inside a compressed artifact, it decompresses.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator

from signstation.codec.compression import MAX_PACKED, MAX_UNPACKED, unpack
from signstation.errors import (
    ArtifactMalformed,
    ArtifactUnreadable,
    GuardRefused,
    ProtocolViolation,
)
from signstation.model.asks import HashOf, Literal, Range, Segment, ToSign, Unpacked
from signstation.model.hashes import HashAlgorithm, HashState
from signstation.system.artifact import FileArtifact
from signstation.worker.channel import Channel, Message
from signstation.worker.desk import Desk
from signstation.worker.frames import FrameType
from signstation.worker.wire import take_asks, whole

CHUNK = 1024 * 1024
"""Bytes per read."""
CHECKPOINT = 8 * 1024 * 1024
"""Bytes between two checkpoints (DESIGN.md section 6)."""

MAX_LITERALS = 64 * 1024
"""Most bytes of one ask that are not the artifact's: attributes and trailers take some hundred."""

Checkpoint = Callable[[int], None]


class Covered:
    """The bytes of an artifact that segments name, read once per use and in small pieces."""

    def __init__(self, artifact: FileArtifact, checkpoint: Checkpoint) -> None:
        """``checkpoint`` is called with the bytes read so far and may raise Cancelled."""
        self._artifact = artifact
        self._checkpoint = checkpoint
        self._buffer = bytearray(CHUNK)
        self._read = 0
        self._since = 0

    def feed(self, segment: Segment, use: Callable[[memoryview], None]) -> None:
        """Hand the bytes of a segment to ``use``. Raises GuardRefused for bytes that are not there.

        A view is valid only within the call.
        """
        match segment:
            case Literal(value):
                use(memoryview(value))
            case Range(offset, length):
                for piece in self._pieces(offset, length):
                    use(piece)
            case Unpacked():
                self._unpack(segment, use)
            case HashOf(algorithm, segments):
                state = hashlib.new(algorithm.value, usedforsecurity=False)
                for inner in segments:
                    self.feed(inner, state.update)
                use(memoryview(state.digest()))

    def _unpack(self, segment: Unpacked, use: Callable[[memoryview], None]) -> None:
        """Hand on the bytes of a segment, and read the stream to its end all the same."""
        start, end = segment.offset, segment.offset + segment.length
        size = self._artifact.size
        if end > segment.size or segment.size > MAX_UNPACKED or size > MAX_PACKED:
            raise GuardRefused(reason="an ask covers more than a compressed artifact may hold")
        at = 0
        try:
            for piece in unpack(self._pieces(0, size), segment.compression, segment.size):
                use(memoryview(piece)[max(0, start - at) : max(0, end - at)])
                at += len(piece)
        except ArtifactMalformed as error:
            raise GuardRefused(reason=f"the artifact cannot be decompressed: {error}") from error
        if at != segment.size:
            raise GuardRefused(reason="an artifact holds less than an ask says")

    def _pieces(self, offset: int, length: int) -> Iterator[memoryview]:
        if offset + length > self._artifact.size:
            raise GuardRefused(reason="an ask covers bytes beyond the end of the artifact")
        while length:
            view = memoryview(self._buffer)[: min(CHUNK, length)]
            try:
                count = os.preadv(self._artifact.fileno(), (view,), offset)
            except OSError as error:
                raise ArtifactUnreadable(reason=error.strerror or "") from error
            if count == 0:
                raise ArtifactUnreadable(reason="the file became shorter while it was read")
            yield view[:count]
            offset += count
            length -= count
            self._note(count)

    def _note(self, count: int) -> None:
        self._read += count
        self._since += count
        if self._since >= CHECKPOINT:
            self._since = 0
            self._checkpoint(self._read)


class _Comparison:
    """Compares a stream with expected bytes without collecting it."""

    def __init__(self, expected: bytes) -> None:
        self._expected = memoryview(expected)
        self._at = 0
        self._same = True

    def update(self, piece: memoryview) -> None:
        end = self._at + len(piece)
        self._same = self._same and self._expected[self._at : end] == piece
        self._at = end

    def result(self) -> bool:
        return self._same and self._at == len(self._expected)


def confirm(ask: ToSign, covered: Covered) -> None:
    """Recompute one ask's input from its ``covers``; raise GuardRefused where it differs.

    A digest is the scheme's hash over the concatenated segments, a message is the concatenation
    itself. A digest of a scheme without a hash (ML-DSA's mu) cannot be recomputed from bytes alone
    and is refused.
    """
    _has_ground(ask)
    if ask.digest is None:
        comparison = _Comparison(ask.input)
        for segment in ask.covers:
            covered.feed(segment, comparison.update)
        same = comparison.result()
    else:
        if ask.scheme.hash is None:
            raise GuardRefused(reason="a digest that does not follow from bytes")
        state: HashState = hashlib.new(ask.scheme.hash.value)
        for segment in ask.covers:
            covered.feed(segment, state.update)
        same = state.digest() == ask.digest
    if not same:
        raise GuardRefused(reason="an ask does not follow from the bytes that it names")


def _has_ground(ask: ToSign) -> None:
    """Refuse an ask that is made of literals alone: nothing of the artifact would be in it."""
    inner = [part for each in ask.covers if isinstance(each, HashOf) for part in each.segments]
    segments = [*ask.covers, *inner]
    literals = sum(len(each.value) for each in segments if isinstance(each, Literal))
    if literals > MAX_LITERALS or not any(isinstance(each, Range | Unpacked) for each in segments):
        raise GuardRefused(reason="an ask does not cover the artifact")


def _algorithm(name: bytes) -> HashAlgorithm:
    try:
        return HashAlgorithm(name.decode("ascii", "replace"))
    except ValueError as error:
        raise ProtocolViolation(reason="a hash that is not known") from error


class HashWorker:
    """Answers CONFIRM (asks, one descriptor) and CALL (a hash's name, one descriptor)."""

    def __init__(self, channel: Channel) -> None:
        """Answer over ``channel``."""
        self._desk = Desk(channel, self.handle)
        self.serve = self._desk.serve

    def handle(self, message: Message) -> bytes:
        """Run one message."""
        if len(message.descriptors) != 1:
            message.close()
            raise ProtocolViolation(reason="one descriptor belongs to each call")
        with FileArtifact(message.descriptors[0], owned=True) as artifact:
            checkpoint = self._desk.progress(message.number, artifact.size)
            covered = Covered(artifact, checkpoint)
            if message.type is FrameType.CONFIRM:
                for ask in whole(message.body, take_asks):
                    confirm(ask, covered)
                return b""
            state = hashlib.new(_algorithm(message.body).value, usedforsecurity=False)
            covered.feed(Range(0, artifact.size), state.update)
            return state.digest()


def build(channel: Channel, _config: bytes) -> HashWorker:
    """Make the worker; nothing of the configuration concerns it."""
    return HashWorker(channel)
