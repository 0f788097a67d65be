"""Bodies of the frames that are sent for every item: binary, because JSON costs a tenth of an item.

Both ends are of the same build (hello), so enums travel as their position. Every reader takes bytes
that a hostile worker may have made, and gives a value or ProtocolViolation.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar, assert_never

from signstation.errors import ProtocolViolation, SignstationError
from signstation.interfaces.signed import Signed
from signstation.model.asks import (
    MAX_BATCH,
    Compression,
    HashOf,
    Literal,
    Part,
    Plain,
    Range,
    Segment,
    ToSign,
    Unpacked,
)
from signstation.model.hashes import Digest, HashAlgorithm
from signstation.model.keys import Scheme
from signstation.model.outputs import Output, Patch, Patched, Sibling
from signstation.worker.failures import take_error
from signstation.worker.frames import put_json, take_json

MAX_SEGMENTS = 0xFFFF
"""Most segments of one ask and of one HashOf: what 16 bits count."""
MAX_PATCHES = 4096
"""Most patches of one output."""
MAX_OUTPUTS = 64
"""Most outputs of one item: one per slot and the artifact itself."""

_SUFFIX = re.compile(rb"(?:\.[A-Za-z0-9]{1,16}){1,3}")
"""What a sibling may be called: it becomes a part of a file name."""
SEED = 32
"""Bytes of an item's seed."""

T = TypeVar("T")
E = TypeVar("E", bound=Enum)

_U8, _U16, _U32, _U64 = (struct.Struct(form) for form in (">B", ">H", ">I", ">Q"))
_ASK = struct.Struct(">BBBBIH")  # slot, scheme, part, is a message, length of input, segments
_RANGE = struct.Struct(">BQQ")
_LITERAL = struct.Struct(">BI")
_HASH_OF = struct.Struct(">BBH")
_UNPACKED = struct.Struct(">BBQQQ")
_KIND_AND_COUNT = struct.Struct(">BH")
_RANGE_FIELDS = struct.Struct(">QQ")
_UNPACKED_FIELDS = struct.Struct(">BQQQ")
_PATCH = struct.Struct(">QQI")
_JOB = struct.Struct(f">HQQ{SEED}sB")  # terms, step, size, seed, whether a digest follows
_SIGNED = struct.Struct(">32sQB")  # SHA-256, nanoseconds of hashing, outputs

_SCHEMES, _PARTS, _ALGORITHMS = tuple(Scheme), tuple(Part), tuple(HashAlgorithm)
_COMPRESSIONS = tuple(Compression)
_SCHEME_NUMBER = {each: number for number, each in enumerate(_SCHEMES)}
_PART_NUMBER = {each: number for number, each in enumerate(_PARTS)}
_ALGORITHM_NUMBER = {each: number for number, each in enumerate(_ALGORITHMS)}
_USE = struct.Struct(">IIB")  # session, item, round
_IS_ANSWER, _IS_ERROR = 0, 1
_IS_RANGE, _IS_LITERAL, _IS_HASH_OF, _IS_UNPACKED = 0, 1, 2, 3
_IS_PATCHED, _IS_SIBLING = 0, 1


class Reader:
    """Takes values out of a body, in order."""

    __slots__ = ("_at", "_body")

    def __init__(self, body: bytes) -> None:
        """Start at the first byte."""
        self._body = body
        self._at = 0

    def take(self, form: struct.Struct) -> tuple[Any, ...]:
        """Take one struct."""
        try:
            values = form.unpack_from(self._body, self._at)
        except struct.error as error:
            raise ProtocolViolation(reason="a body is too short") from error
        self._at += form.size
        return values

    def raw(self, length: int) -> bytes:
        """Take ``length`` bytes."""
        value = self._body[self._at : self._at + length]
        if len(value) != length:
            raise ProtocolViolation(reason="a body is too short")
        self._at += length
        return value

    def rest(self) -> bytes:
        """Take what is left."""
        return self.raw(len(self._body) - self._at)

    def end(self, value: T) -> T:
        """Return ``value`` when nothing is left."""
        if self._at != len(self._body):
            raise ProtocolViolation(reason="a body is too long")
        return value

    def count(self, number: int, limit: int) -> range:
        """Return a range of ``number``, which is at most ``limit``."""
        if number > limit:
            raise ProtocolViolation(reason=f"{number} parts where {limit} are the most")
        return range(number)


def _pick(values: tuple[E, ...], number: int) -> E:
    if number >= len(values):
        raise ProtocolViolation(reason="an unknown enum value")
    return values[number]


def _put_segment(segment: Segment) -> bytes:
    match segment:
        case Range(offset, length):
            return _RANGE.pack(_IS_RANGE, offset, length)
        case Literal(value):
            return _LITERAL.pack(_IS_LITERAL, len(value)) + value
        case Unpacked(compression, offset, length, size):
            number = _COMPRESSIONS.index(compression)
            return _UNPACKED.pack(_IS_UNPACKED, number, offset, length, size)
        case HashOf(algorithm, segments):
            head = _HASH_OF.pack(_IS_HASH_OF, _ALGORITHM_NUMBER[algorithm], len(segments))
            return head + b"".join(map(_put_segment, segments))
    assert_never(segment)


def _take_segment(body: Reader) -> Segment:
    (kind,) = body.take(_U8)
    if kind != _IS_HASH_OF:
        return _take_plain(body, kind)
    algorithm, count = body.take(_KIND_AND_COUNT)
    segments = [_take_plain(body, body.take(_U8)[0]) for _ in body.count(count, MAX_SEGMENTS)]
    return HashOf(_pick(_ALGORITHMS, algorithm), tuple(segments))


def _take_plain(body: Reader, kind: int) -> Plain:
    if kind == _IS_RANGE:
        offset, length = body.take(_RANGE_FIELDS)
        return Range(offset, length)
    if kind == _IS_LITERAL:
        return Literal(body.raw(body.take(_U32)[0]))
    if kind == _IS_UNPACKED:
        number, offset, length, size = body.take(_UNPACKED_FIELDS)
        return Unpacked(_pick(_COMPRESSIONS, number), offset, length, size)
    raise ProtocolViolation(reason="an unknown segment")


def put_asks(asks: Sequence[ToSign]) -> bytes:
    """Write a batch."""
    parts = [_U8.pack(len(asks))]
    for ask in asks:
        scheme, part = _SCHEME_NUMBER[ask.scheme], _PART_NUMBER[ask.part]
        given, is_message = ask.input, ask.message is not None
        parts.append(_ASK.pack(ask.slot, scheme, part, is_message, len(given), len(ask.covers)))
        parts.append(given)
        parts.extend(map(_put_segment, ask.covers))
    return b"".join(parts)


def take_asks(body: Reader) -> tuple[ToSign, ...]:
    """Read a batch of 1 to MAX_BATCH asks."""
    (count,) = body.take(_U8)
    if count == 0:
        raise ProtocolViolation(reason="an empty batch")
    return tuple(_take_ask(body) for _ in body.count(count, MAX_BATCH))


def _take_ask(body: Reader) -> ToSign:
    slot, scheme, part, is_message, length, segments = body.take(_ASK)
    given = body.raw(length)
    covers = tuple(_take_segment(body) for _ in body.count(segments, MAX_SEGMENTS))
    return ToSign(
        slot=slot,
        scheme=_pick(_SCHEMES, scheme),
        part=_pick(_PARTS, part),
        covers=covers,
        digest=None if is_message else given,
        message=given if is_message else None,
    )


def put_answers(answers: Sequence[bytes]) -> bytes:
    """Write signatures."""
    return b"".join([_U8.pack(len(answers)), *(_U32.pack(len(a)) + a for a in answers)])


def take_answers(body: bytes) -> tuple[bytes, ...]:
    """Read signatures."""
    reader = Reader(body)
    (count,) = reader.take(_U8)
    answers = tuple(reader.raw(reader.take(_U32)[0]) for _ in reader.count(count, MAX_BATCH))
    return reader.end(answers)


@dataclass(frozen=True, slots=True)
class UseKey:
    """The asks of one signer in one round of one item, for an open session."""

    session: int
    item: int
    round: int
    asks: tuple[ToSign, ...]


def put_use_key(use: UseKey) -> bytes:
    """Write the body of USE_KEY."""
    return _USE.pack(use.session, use.item, use.round) + put_asks(use.asks)


def take_use_key(body: bytes) -> UseKey:
    """Read the body of USE_KEY."""
    reader = Reader(body)
    session, item, round_number = reader.take(_USE)
    return reader.end(UseKey(session, item, round_number, take_asks(reader)))


def put_results(results: Sequence[bytes | SignstationError]) -> bytes:
    """Write what a key answered: signatures, and errors in the place of some."""
    parts = [_U8.pack(len(results))]
    for result in results:
        if isinstance(result, bytes):
            parts.append(_LITERAL.pack(_IS_ANSWER, len(result)) + result)
        else:
            error = put_json(result.to_wire())
            parts.append(_LITERAL.pack(_IS_ERROR, len(error)) + error)
    return b"".join(parts)


def take_results(body: bytes) -> tuple[bytes | SignstationError, ...]:
    """Read what a key answered."""
    reader = Reader(body)
    (count,) = reader.take(_U8)
    results: list[bytes | SignstationError] = []
    for _ in reader.count(count, MAX_BATCH):
        kind, length = reader.take(_LITERAL)
        value = reader.raw(length)
        results.append(take_error(take_json(value)) if kind == _IS_ERROR else value)
    return reader.end(tuple(results))


@dataclass(frozen=True, slots=True)
class Job:
    """What differs from item to item of one order; what they share is in the defined terms."""

    terms: int
    step: int
    size: int
    seed: bytes
    sha256: bytes | None


def put_job(job: Job) -> bytes:
    """Write the body of SIGN."""
    head = _JOB.pack(job.terms, job.step, job.size, job.seed, job.sha256 is not None)
    return head + (job.sha256 or b"")


def take_job(body: Reader) -> Job:
    """Read the body of SIGN."""
    terms, step, size, seed, known = body.take(_JOB)
    sha256 = body.raw(32) if known else None
    return Job(terms, step, size, seed, sha256)


def put_recheck(job: Job, patches: Sequence[Patch]) -> bytes:
    """Write the body of RECHECK; ``patches`` of an output that is not written yet."""
    return b"".join([put_job(job), _U16.pack(len(patches)), *map(_put_patch, patches)])


def take_recheck(body: Reader) -> tuple[Job, tuple[Patch, ...]]:
    """Read the body of RECHECK."""
    job = take_job(body)
    (count,) = body.take(_U16)
    return job, tuple(_take_patch(body) for _ in body.count(count, MAX_PATCHES))


def put_signed(sha256: bytes, hash_ns: int, outputs: Sequence[Output]) -> bytes:
    """Write what a generator returned."""
    parts = [_SIGNED.pack(sha256, hash_ns, len(outputs))]
    for output in outputs:
        match output:
            case Patched(patches):
                parts.append(_U8.pack(_IS_PATCHED) + _U16.pack(len(patches)))
                parts.extend(map(_put_patch, patches))
            case Sibling(suffix, content):
                name = suffix.encode()
                parts.append(_U8.pack(_IS_SIBLING) + _U16.pack(len(name)) + name)
                parts.append(_U32.pack(len(content)))
                parts.append(content)
            case _:
                assert_never(output)
    return b"".join(parts)


def take_signed(body: bytes, worker: int) -> Signed:
    """Read what a generator returned in worker number ``worker``."""
    reader = Reader(body)
    sha256, hash_ns, count = reader.take(_SIGNED)
    outputs = tuple(_take_output(reader) for _ in reader.count(count, MAX_OUTPUTS))
    return reader.end(Signed(outputs, sha256, worker, hash_ns))


def _take_output(body: Reader) -> Output:
    kind, length = body.take(_KIND_AND_COUNT)
    if kind == _IS_PATCHED:
        return Patched(tuple(_take_patch(body) for _ in body.count(length, MAX_PATCHES)))
    if kind != _IS_SIBLING:
        raise ProtocolViolation(reason="an unknown output")
    suffix = body.raw(length)
    if not _SUFFIX.fullmatch(suffix):
        raise ProtocolViolation(reason="a suffix that could lead elsewhere")
    return Sibling(suffix.decode(), body.raw(body.take(_U32)[0]))


def _put_patch(patch: Patch) -> bytes:
    return _PATCH.pack(patch.offset, patch.old_length, len(patch.new)) + patch.new


def _take_patch(body: Reader) -> Patch:
    offset, old_length, length = body.take(_PATCH)
    return Patch(offset, old_length, body.raw(length))


def put_digests(digests: Sequence[Digest]) -> bytes:
    """Write digests of outputs."""
    return b"".join(_U8.pack(_ALGORITHM_NUMBER[d.algorithm]) + d.value for d in digests)


_SIZES = tuple(each.size for each in _ALGORITHMS)


def take_digests(body: bytes, count: int) -> tuple[Digest, ...]:
    """Read exactly ``count`` digests."""
    reader = Reader(body)
    found: list[Digest] = []
    for _ in range(count):
        (number,) = reader.take(_U8)
        algorithm = _pick(_ALGORITHMS, number)
        found.append(Digest(algorithm, reader.raw(_SIZES[number])))
    return reader.end(tuple(found))


def whole(body: bytes, take: Callable[[Reader], T]) -> T:
    """Read one value that fills the body."""
    reader = Reader(body)
    return reader.end(take(reader))
