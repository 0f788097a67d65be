"""The context that formats run in: pinned time and randomness, and one hashing pass."""

from __future__ import annotations

import hashlib
import os
import time as clock
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from signstation.errors import ArtifactChanged, ArtifactUnreadable
from signstation.interfaces.artifact import Artifact
from signstation.model.asks import Range
from signstation.model.hashes import Digest, Digests, HashAlgorithm, HashRequest, HashState
from signstation.model.members import Surroundings
from signstation.system.files_overlay import PatchedArtifact
from signstation.worker.feeding import Feeder

CHUNK = 1024 * 1024
"""Bytes per read of the hashing pass: large enough for hashlib to release the GIL usefully."""
APART_FROM = 4 * CHUNK
"""Bytes above which threads are worth their start."""
CHECKPOINT = 8 * 1024 * 1024
"""Bytes between two checkpoints (DESIGN.md section 6)."""


def ignore(_done: int) -> None:
    """Take no notice of progress."""


@dataclass(slots=True)
class _Running:
    """One hash of the pass and the range of the file that it takes."""

    state: HashState
    start: int
    end: int

    def feed(self, chunk: memoryview, offset: int) -> None:
        start, end = max(self.start, offset), min(self.end, offset + len(chunk))
        if start < end:
            self.state.update(chunk[start - offset : end - offset])


def _feed_all(running: tuple[_Running, ...], chunk: memoryview, offset: int) -> None:
    for each in running:
        each.feed(chunk, offset)


class _Behind:
    """Feeds hashes in threads while the next chunk is read; each chunk is read once for all."""

    def __init__(self, pool: ThreadPoolExecutor, running: tuple[_Running, ...]) -> None:
        self._pool = pool
        self._running = running
        self._under_way: list[Future[None]] = []

    def feed(self, chunk: memoryview, offset: int) -> None:
        """Wait for the chunk before, and begin with this one."""
        self.finish()
        self._under_way = [self._pool.submit(each.feed, chunk, offset) for each in self._running]

    def finish(self) -> None:
        """Wait for the chunk that was begun."""
        for future in self._under_way:
            future.result()


def _reader(artifact: Artifact) -> Callable[[memoryview, int], int]:
    """Return what fills a buffer from an offset: by the descriptor where there is one."""
    if isinstance(artifact, PatchedArtifact):
        return artifact.read_into
    descriptor = artifact.fileno()

    def read(view: memoryview, offset: int) -> int:
        try:
            return os.preadv(descriptor, [view], offset)
        except OSError as error:
            raise ArtifactUnreadable(reason=error.strerror or "") from error

    return read


class StepContext:
    """Implements ``interfaces.context.Context`` for one artifact in one process."""

    def __init__(
        self,
        *,
        time: int,
        seed: bytes = bytes(32),
        expected: bytes | None = None,
        progress: Callable[[int], None] = ignore,
        surroundings: Surroundings | None = None,
        feeder: Feeder | None = None,
    ) -> None:
        """``expected``: the SHA-256 that the request names; ``progress`` may raise Cancelled."""
        self._time = time
        self._seed = seed
        self._expected = expected
        self._progress = progress
        self._surroundings = surroundings
        self._feeder = feeder
        self._sha256: bytes | None = None
        self._hash_ns = 0

    @property
    def time(self) -> int:
        """Signing or reference time in Unix seconds."""
        return self._time

    @property
    def surroundings(self) -> Surroundings | None:
        """What the station found beside the artifact."""
        return self._surroundings

    def stream(self, pieces: Sequence[Range]) -> int | None:
        """Return a descriptor of the pieces as one stream, where the worker has a feeder."""
        return None if self._feeder is None else self._feeder.stream(pieces)

    @property
    def sha256(self) -> bytes | None:
        """SHA-256 of the artifact that ``digests`` read last, None before."""
        return self._sha256

    @property
    def hash_ns(self) -> int:
        """Nanoseconds spent in ``digests`` so far, for the counters of a step."""
        return self._hash_ns

    def random(self, label: str, size: int) -> bytes:
        """HKDF-SHA256 of the item's seed with ``label`` as info."""
        return HKDF(SHA256(), size, salt=None, info=label.encode()).derive(self._seed)

    def checkpoint(self, done: int) -> None:
        """Hand on progress; the callback raises Cancelled."""
        self._progress(done)

    def digests(self, artifact: Artifact, wanted: Sequence[HashRequest] = ()) -> Digests:
        """Read once and hash; of a large file in threads, and while the next chunk is read."""
        size = artifact.size
        whole = _Running(hashlib.sha256(), 0, size)
        running = {(HashAlgorithm.SHA256, 0, size, b""): whole}
        keys: list[tuple[HashAlgorithm, int, int, bytes]] = []
        for each in wanted:
            end = size if each.length is None else each.offset + each.length
            key = (each.algorithm, each.offset, end, each.prefix)
            keys.append(key)
            if key not in running:
                state = hashlib.new(each.algorithm.value, each.prefix, usedforsecurity=False)
                running[key] = _Running(state, each.offset, end)
        began = clock.monotonic_ns()
        self._pass(artifact, tuple(running.values()))
        self._hash_ns += clock.monotonic_ns() - began
        self._sha256 = digest = whole.state.digest()
        if self._expected is not None and digest != self._expected:
            raise ArtifactChanged(expected=self._expected.hex(), found=digest.hex())
        return Digests(
            Digest(HashAlgorithm.SHA256, digest), tuple(running[key].state for key in keys)
        )

    def _pass(self, artifact: Artifact, running: tuple[_Running, ...]) -> None:
        if artifact.size <= APART_FROM:
            self._feed(artifact, lambda chunk, at: _feed_all(running, chunk, at))
            return
        with ThreadPoolExecutor(len(running)) as pool:
            behind = _Behind(pool, running)
            self._feed(artifact, behind.feed)
            behind.finish()

    def _feed(self, artifact: Artifact, use: Callable[[memoryview, int], object]) -> None:
        size, read = artifact.size, _reader(artifact)
        # two in turn: of a large file, one is hashed while the other is filled
        length = min(CHUNK, max(size, 1))
        buffers = cycle([bytearray(length) for _ in range(1 if size <= APART_FROM else 2)])
        offset = since = 0
        while offset < size:
            view = memoryview(next(buffers))[: min(length, size - offset)]
            count = read(view, offset)
            if count == 0:
                raise ArtifactUnreadable(reason="the file became shorter while it was read")
            use(view[:count], offset)
            offset += count
            since += count
            if since >= CHECKPOINT:
                since = 0
                self.checkpoint(offset)
