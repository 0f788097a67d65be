"""A release's way in and out: media, private copies, earlier versions, exports, saved profiles."""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from signstation.app.auditing import checkpoint_file
from signstation.app.copyin import CopyIn, needs_copy, remove_old, unchanged
from signstation.app.examine import Examiner
from signstation.app.exporting import Export
from signstation.app.media import mounted_media
from signstation.audit.checkpoint import CHECKPOINT
from signstation.errors import Cancelled, RecheckFailed, StoreDamaged
from signstation.jobs.runner import Runner, system_clock
from signstation.model.copies import CopiedIn, CopyNews, CopyOrder
from signstation.model.exports import Exported, ExportOrder
from signstation.model.media import Medium
from signstation.model.orders import VerifyOrder
from signstation.model.station import VerifiedPath
from signstation.reports.html import report_html
from signstation.reports.verification import SCHEMA, error_json, verification_json
from signstation.system.files import shown
from signstation.system.programs import Programs

T = TypeVar("T")
News = Callable[[CopyNews], Awaitable[None]]
REPORT_TITLE = "Verification report"


@dataclass(frozen=True, slots=True)
class ReleaseCases:
    """Carries out what concerns a whole release. Lives on the runner's event loop.

    ``work`` is where private copies go; ``home`` is HOME of the programs that are asked; ``state``
    is the state directory, of whose audit log a checkpoint goes with every export.
    """

    runner: Runner
    examiner: Examiner
    work: Path
    home: Path
    state: Path

    async def media(self) -> tuple[Medium, ...]:
        """Return the media that are mounted now."""
        return await asyncio.to_thread(mounted_media, Programs(self.home))

    async def copy_in(self, order: CopyOrder, news: News) -> CopiedIn:
        """Copy into the private work area where it is needed or wished."""
        if not order.always and not await asyncio.to_thread(needs_copy, order.paths):
            return unchanged(order.paths)
        needed = await self._needed()
        await asyncio.to_thread(remove_old, self.work, needed, time.time())

        def start(tell: Callable[[CopyNews], None], stop: threading.Event) -> CopiedIn:
            return CopyIn(self.work / secrets.token_hex(8), tell, stop).run(order.paths)

        return await _in_thread(start, news)

    async def _needed(self) -> Sequence[Path]:
        """Return a path of each job that is not final: its copy must stay."""
        paths: list[Path] = []
        for job in await self.runner.jobs():
            if not job.state.final:
                paths += [Path(row.path) for row in (await self.runner.steps(job.id))[:1]]
        return paths

    async def export(self, order: ExportOrder, news: News) -> Exported:
        """Write, read back, verify what is on the medium, put the report beside it, sync."""
        started = time.monotonic()

        def write(
            tell: Callable[[CopyNews], None], stop: threading.Event
        ) -> tuple[Export, int, int]:
            def check() -> None:
                if stop.is_set():
                    raise Cancelled

            export = Export(order, tell, check)
            return export, *export.write()

        export, files, size = await _in_thread(write, news)
        below = (each.relative_to(order.root) for each in order.files)
        try:
            reports = await self._reports(tuple(export.directory / each for each in below))
            await asyncio.to_thread(export.finish, reports)
        except BaseException:
            await asyncio.to_thread(export.remove)  # nothing half done stays on the medium
            raise
        return Exported(
            directory=export.directory,
            files=files,
            size=size,
            seconds=round(time.monotonic() - started, 3),
            report=export.directory / "report.html",
        )

    async def _reports(self, paths: tuple[Path, ...]) -> dict[str, bytes]:
        """Verify the exported files from where they are now."""
        results: list[VerifiedPath] = []

        async def keep(result: VerifiedPath) -> None:
            await asyncio.sleep(0)
            results.append(result)

        await self.examiner.verify(VerifyOrder(paths), keep)
        failed = [each for each in results if each.error is not None]
        if failed:
            raise RecheckFailed(path=shown(failed[0].path), reason="it cannot be read back")
        verified = [each.verification for each in results if each.verification is not None]
        now = system_clock()
        checkpoint, errors = await asyncio.to_thread(_checkpoint, self.state)
        data = {
            "schema": SCHEMA,
            "type": "report",
            "made_at": now,
            "checkpoint": checkpoint,
            "verifications": [verification_json(each) for each in verified],
            "errors": errors,
        }
        return {
            **({CHECKPOINT: checkpoint.encode()} if checkpoint else {}),
            "report.html": report_html(REPORT_TITLE, verified, made_at=now).encode(),
            "report.json": (json.dumps(data, indent=1) + "\n").encode(),
        }


def _checkpoint(state: Path) -> tuple[str, list[dict[str, object]]]:
    """Return a checkpoint of the audit log, or none and why: a damaged log vouches for nothing."""
    try:
        return checkpoint_file(state).decode(), []
    except StoreDamaged as error:
        return "", [error_json(error, None)]


async def _in_thread(
    work: Callable[[Callable[[CopyNews], None], threading.Event], T], news: News
) -> T:
    """Run blocking work in a thread and pass on its news; a cancelled caller stops it."""
    loop, stop = asyncio.get_running_loop(), threading.Event()
    queue: asyncio.Queue[CopyNews | None] = asyncio.Queue()

    def tell(each: CopyNews) -> None:
        loop.call_soon_threadsafe(queue.put_nowait, each)

    running = asyncio.ensure_future(asyncio.to_thread(work, tell, stop))
    running.add_done_callback(lambda _: queue.put_nowait(None))
    try:
        while (each := await queue.get()) is not None:
            await news(each)
        return await running
    finally:
        stop.set()  # when the caller is gone the thread ends by itself at its next piece
