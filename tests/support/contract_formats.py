"""What every format must do: samples of each, and the helpers of tests/unit/formats/test_contract.

A format's helper fills tests/support/samples_<id>.py with ``SAMPLES: Mapping[str, MakeSample]``, at
least one. Samples are made once for each run; they must be small (below 64 KiB) and quick.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache

from signstation.codec.compression import unpack
from signstation.errors import ArtifactMalformed, SignstationError
from signstation.interfaces.artifact import Artifact
from signstation.interfaces.format import Format
from signstation.model.artifacts import Inspection
from signstation.model.asks import Batch, HashOf, Literal, Range, Segment, ToSign, Unpacked
from signstation.model.checks import Verdict, Verified
from signstation.model.hashes import Digests, HashRequest
from signstation.model.keys import Slot
from signstation.model.members import Surroundings
from signstation.model.options import Options, resolve
from signstation.model.outputs import Output, Patched, Sibling
from signstation.model.trust import Trust
from signstation.registry.plugins import load_formats
from signstation.system.artifact import FileArtifact
from signstation.verification.verdict import verdict
from signstation.worker.context import StepContext

FLIPS = 16
"""Places of each range that are changed, one after the other, besides its ends."""


Ranges = Callable[[bytes], tuple[range, ...]]
"""Given a file, ranges of it."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One artifact with signers and trust, so that signing and verifying it gives TRUSTED.

    ``answer`` is the key store. Of the signed file, a change in ``covered`` must never be trusted
    and one in ``noticed`` must at least be mentioned; of a detached signature, a change in
    ``detached`` must never be trusted when it stands alone. ``malformed``: files by name that must
    give a typed error or a verdict other than TRUSTED and UNSIGNED.
    """

    content: bytes
    slots: tuple[Slot, ...]
    answer: Callable[[ToSign], bytes]
    trust: Trust
    time: int
    options: Mapping[str, str] = field(default_factory=dict)
    covered: Ranges = lambda content: (range(len(content)),)
    noticed: Ranges = lambda _: ()
    detached: Ranges = lambda signature: (range(len(signature)),)
    malformed: Mapping[str, bytes] = field(default_factory=dict)
    surroundings: Surroundings | None = None  # of the content
    recognised: bool = True  # by content, before it is signed; else what is made of it is


MakeSample = Callable[[], Sample]


def samples_of(format_id: str) -> Mapping[str, MakeSample]:
    """Return a format's samples, none where nobody wrote the module."""
    name = f"tests.support.samples_{format_id}"
    if importlib.util.find_spec(name) is None:
        return {}
    found: Mapping[str, MakeSample] = importlib.import_module(name).SAMPLES
    return found


def sample_names() -> list[tuple[str, str]]:
    """Return (format, sample) for every format that the registry finds."""
    return [(name, each) for name in load_formats() for each in samples_of(name)]


@cache
def make_case(format_id: str, sample: str) -> FormatCase:
    """Make a sample, once in each run of the tests."""
    return FormatCase(load_formats()[format_id], samples_of(format_id)[sample]())


class CountingContext(StepContext):
    """A StepContext that counts how often the file was read as a whole."""

    def __init__(
        self,
        *,
        time: int,
        expected: bytes | None = None,
        surroundings: Surroundings | None = None,
    ) -> None:
        super().__init__(time=time, expected=expected, surroundings=surroundings)
        self.passes = 0

    def digests(self, artifact: Artifact, wanted: Sequence[HashRequest] = ()) -> Digests:
        """Count and hash."""
        self.passes += 1
        return super().digests(artifact, wanted)


@contextmanager
def artifacts(*contents: bytes) -> Iterator[tuple[FileArtifact, ...]]:
    """Give files in memory as artifacts."""
    with ExitStack() as stack:
        opened: list[FileArtifact] = []
        for content in contents:
            descriptor = os.memfd_create("artifact", os.MFD_CLOEXEC)
            opened.append(
                stack.enter_context(FileArtifact(_filled(descriptor, content), owned=True))
            )
        yield tuple(opened)


def _filled(descriptor: int, content: bytes) -> int:
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(content)
    return descriptor


def apply(content: bytes, output: Output) -> bytes:
    """Return the file that an output means, patches checked for order and overlap."""
    match output:
        case Sibling():
            return output.content
        case Patched():
            parts: list[bytes] = []
            at = 0
            for patch in output.patches:
                assert at <= patch.offset, "patches overlap or are not sorted"
                assert patch.offset + patch.old_length <= len(content), "a patch leaves the file"
                parts += [content[at : patch.offset], patch.new]
                at = patch.offset + patch.old_length
            return b"".join((*parts, content[at:]))


def covered(content: bytes, segments: Sequence[Segment]) -> bytes:
    """Return the bytes that segments name, as the hash worker does."""
    parts: list[bytes] = []
    for each in segments:
        match each:
            case Range():
                assert each.offset + each.length <= len(content), "it covers more than there is"
                parts.append(content[each.offset : each.offset + each.length])
            case Literal():
                parts.append(each.value)
            case Unpacked():
                inside = b"".join(unpack((content,), each.compression))
                assert len(inside) == each.size
                parts.append(inside[each.offset : each.offset + each.length])
            case HashOf():
                inner = covered(content, each.segments)
                parts.append(hashlib.new(each.algorithm.value, inner).digest())
    return b"".join(parts)


@dataclass(frozen=True, slots=True)
class Run:
    """One signing: what was asked in each round, the answers, the outputs, the passes."""

    rounds: tuple[Batch, ...]
    answers: tuple[tuple[bytes, ...], ...]
    outputs: tuple[Output, ...]
    passes: int


@dataclass(frozen=True, slots=True)
class FormatCase:
    """A format and one of its samples."""

    format: Format
    sample: Sample

    @property
    def options(self) -> Options:
        """The sample's options, completed."""
        return resolve(self.format.options, dict(self.sample.options))

    def context(self, expected: bytes | None = None) -> CountingContext:
        """A context at the sample's time."""
        around = self.sample.surroundings
        return CountingContext(time=self.sample.time, expected=expected, surroundings=around)

    def sign(
        self,
        content: bytes | None = None,
        answers: Sequence[Sequence[bytes]] | None = None,
        options: Options | None = None,
    ) -> Run:
        """Sign with the sample's keys, or with recorded ``answers``."""
        rounds: list[Batch] = []
        given: list[tuple[bytes, ...]] = []
        ctx = self.context()
        data = self.sample.content if content is None else content
        with artifacts(data) as (artifact,):
            signing = self.format.sign(artifact, self.sample.slots, options or self.options, ctx)
            batch = next(signing)
            while True:
                recorded = None if answers is None else answers[len(rounds)]
                rounds.append(batch)
                new = map(self.sample.answer, batch) if recorded is None else recorded
                given.append(tuple(new))
                try:
                    batch = signing.send(given[-1])
                except StopIteration as end:
                    outputs: tuple[Output, ...] = end.value
                    return Run(tuple(rounds), tuple(given), outputs, ctx.passes)

    def inspect(self, content: bytes | None = None) -> Inspection:
        """Inspect the sample, or another file."""
        with artifacts(self.sample.content if content is None else content) as (artifact,):
            return self.format.inspect(artifact, self.context())

    def signed(self) -> tuple[bytes, tuple[bytes, ...]]:
        """Return the signed file, and its detached signatures where there are any."""
        content = self.sample.content
        outputs = self.sign().outputs
        siblings = tuple(each.content for each in outputs if isinstance(each, Sibling))
        for each in outputs:
            if isinstance(each, Patched):
                content = apply(self.sample.content, each)
        return content, siblings

    def recheck(self, outputs: Sequence[bytes]) -> tuple[bytes, ...]:
        """Recheck staged outputs; return the digests."""
        with artifacts(self.sample.content, *outputs) as (artifact, *staged):
            found = self.format.recheck(
                artifact, tuple(staged), self.sample.slots, self.options, self.context()
            )
        return tuple(each.value for each in found)

    def verify(
        self, content: bytes, siblings: Sequence[bytes] = (), trust: Trust | None = None
    ) -> Verified:
        """Verify with the sample's trust, or another."""
        with artifacts(content, *siblings) as (artifact, *beside):
            return self.format.verify(
                artifact,
                tuple(beside),
                self.sample.trust if trust is None else trust,
                self.context(),
            )

    def verdict(
        self, content: bytes, siblings: Sequence[bytes] = (), trust: Trust | None = None
    ) -> Verdict:
        """The verdict; INDETERMINATE where nothing can be read."""
        try:
            return verdict(self.verify(content, siblings, trust).checks)
        except ArtifactMalformed:
            return Verdict.INDETERMINATE


def flips(content: bytes, ranges: Sequence[range]) -> Iterator[tuple[int, bytes]]:
    """Yield (place, content with one bit changed there): ends of the ranges and places between."""
    for each in ranges:
        step = max(len(each) // FLIPS, 1)
        for place in sorted({*each[::step], *each[:2], *each[-2:]}):
            changed = bytearray(content)
            changed[place] ^= 1 << place % 8
            yield place, bytes(changed)


def error_of(call: Callable[..., object], *given: object, **named: object) -> str:
    """Run and return the code of the typed error that was raised, empty where there was none."""
    try:
        call(*given, **named)
    except SignstationError as error:
        return error.code
    return ""
