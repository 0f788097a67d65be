"""The hash workers as the runner sees them (``interfaces.workers.HashWorkers``)."""

from __future__ import annotations

from collections.abc import Sequence

from signstation.errors import ArtifactChanged, ProtocolViolation
from signstation.interfaces.workers import Progress
from signstation.model.asks import HashOf, Segment, ToSign, bytes_read
from signstation.model.hashes import HashAlgorithm
from signstation.worker.checkpool import size_of
from signstation.worker.frames import FrameType
from signstation.worker.seats import Pool, Task
from signstation.worker.wire import put_asks


class HashPool:
    """Implements ``HashWorkers`` over a pool of hash workers."""

    def __init__(self, pool: Pool) -> None:
        """Use ``pool``, which somebody else closes."""
        self._pool = pool

    async def confirm(self, artifact: int, size: int, asks: Sequence[ToSign]) -> None:
        """Recompute each ask's input from ``covers``.

        Raises GuardRefused where one differs, ArtifactChanged where the file is not ``size`` bytes.
        """
        found = size_of(artifact)
        if found != size:
            raise ArtifactChanged(expected=f"{size} bytes", found=f"{found} bytes")
        body = put_asks(asks)

        async def work(task: Task) -> None:
            await task.call.request(FrameType.CONFIRM, body, (artifact,))

        await self._pool.run(sum(_covered(each.covers) for each in asks), work)

    async def digest(
        self,
        artifact: int,
        progress: Progress,
        algorithm: HashAlgorithm = HashAlgorithm.SHA256,
    ) -> bytes:
        """Return the digest of the whole file."""

        async def work(task: Task) -> bytes:
            task.call.on_progress = progress
            frame = await task.call.request(FrameType.CALL, algorithm.value.encode(), (artifact,))
            return frame.body

        digest = await self._pool.run(size_of(artifact), work)
        if len(digest) != algorithm.size:
            raise ProtocolViolation(reason="a digest of another length")
        return digest


def _covered(segments: Sequence[Segment]) -> int:
    """Return how many bytes have to be read for segments."""
    return sum(
        sum(map(bytes_read, each.segments if isinstance(each, HashOf) else (each,)))
        for each in segments
    )
