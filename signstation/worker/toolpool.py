"""The tool workers as the runner sees them (``interfaces.workers.ToolWorkers``)."""

from __future__ import annotations

from collections.abc import Sequence

from signstation.codec.plain import from_plain
from signstation.model.checks import Opinion
from signstation.model.trust import Trust
from signstation.system.memory import in_memory
from signstation.worker.frames import FrameType, put_json, take_json
from signstation.worker.seats import Pool, Task


class ToolPool:
    """Implements ``ToolWorkers`` over a pool of tool workers, one call in each at a time."""

    def __init__(self, pool: Pool) -> None:
        """Use ``pool``, which somebody else closes."""
        self._pool = pool

    async def referee(
        self, artifact: int, signatures: Sequence[int], format_id: str, trust: Trust, time: int
    ) -> tuple[Opinion, ...]:
        """Run ``Format.referee``."""

        async def work(task: Task) -> tuple[Opinion, ...]:
            call = {
                "method": "referee",
                "format": format_id,
                "trust": task.lane.define(trust),
                "time": time,
            }
            body = put_json(call)
            frame = await task.call.request(FrameType.CALL, body, (artifact, *signatures))
            return from_plain(take_json(frame.body).get("opinions"), tuple[Opinion, ...])

        return await self._pool.run(0, work)

    async def prepare_trust(self, files: Sequence[tuple[str, bytes]]) -> Trust:
        """Turn anchor files (label, content) into Trust; raises KeyUnreadable naming the label."""
        labels = [[label, len(content)] for label, content in files]
        call = put_json({"method": "prepare_trust", "files": labels, "time": 0})

        with in_memory(content for _, content in files) as descriptor:

            async def work(task: Task) -> Trust:
                frame = await task.call.request(FrameType.CALL, call, (descriptor,))
                return from_plain(take_json(frame.body).get("trust"), Trust)

            return await self._pool.run(0, work)
