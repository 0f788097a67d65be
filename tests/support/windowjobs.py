"""The sealed order behind a recorded job: signers, and the commands that do the same by hand."""

from __future__ import annotations

from signstation.model.jobdetail import JobCommands, JobDetail, JobSigner
from signstation.model.jobs import JobRow
from signstation.model.keys import Protection
from tests.support import windowdata


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
