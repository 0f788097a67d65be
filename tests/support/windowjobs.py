"""What a recorded station answers about its jobs: pauses, and the sealed orders behind them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Protocol, TypeVar

from signstation.errors import UsageError
from signstation.model.jobdetail import JobCommands, JobDetail, JobSigner
from signstation.model.jobs import JobRow
from signstation.model.keys import Protection
from tests.support import windowdata

T = TypeVar("T")


class _Script(Protocol):
    jobs: tuple[JobRow, ...]


class _Recording(Protocol):
    @property
    def script(self) -> _Script: ...

    def _answer(self, name: str, argument: object, give: Callable[[], T]) -> Future[T]: ...


class RecordedJobs:
    """The part of ``RecordedStation`` that concerns pauses and orders."""

    def job_detail(self: _Recording, job: int) -> Future[JobDetail]:
        """Answer with an order whose names are those of the job."""

        def give() -> JobDetail:
            for each in self.script.jobs:
                if each.id == job:
                    return detail(each)
            raise UsageError(reason=f"there is no job {job}")

        return self._answer("job_detail", job, give)

    def pause(self: _Recording, job: int | None = None) -> Future[tuple[int, ...]]:
        """Pause what has not ended."""
        return self._answer("pause", job, lambda: _set_paused(self.script, job, paused=True))

    def unpause(self: _Recording, job: int | None = None) -> Future[tuple[int, ...]]:
        """Let it go on."""
        return self._answer("unpause", job, lambda: _set_paused(self.script, job, paused=False))


def _set_paused(script: _Script, job: int | None, *, paused: bool) -> tuple[int, ...]:
    chosen = tuple(
        each.id
        for each in script.jobs
        if job in {None, each.id} and not each.state.final and each.paused is not paused
    )
    script.jobs = tuple(
        replace(each, paused=paused) if each.id in chosen else each for each in script.jobs
    )
    return chosen


def detail(job: JobRow) -> JobDetail:
    """Return an order in which every name is taken from the job."""
    return JobDetail(
        job=job.id,
        request_sha256=job.request_sha256.hex(),
        signing_time=windowdata.NOW,
        surface="window",
        uid=1000,
        pid=4711,
        signers=tuple(
            JobSigner(each, job.title, "RSA-4096", Protection.SOFTWARE, "ab" * 32)
            for each in job.keys
        ),
        commands=(
            JobCommands(
                format="rpm",
                artifacts=job.steps,
                first=job.title,
                signatures=tuple(f"OpenPGP, SHA-512, by {each}" for each in job.keys),
                commands=tuple(
                    ("rpmsign", "--define", f"_gpg_name {each}", "--addsign", "FILE")
                    for each in job.keys
                ),
            ),
        ),
    )
