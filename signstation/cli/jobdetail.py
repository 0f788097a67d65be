"""The lines of ``job show`` below the table: keys, commands, digests, and where the time went."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from signstation.cli.output import nearby
from signstation.model.jobdetail import JobDetail
from signstation.model.jobs import JobState, Phase, StepRow
from signstation.reports.words import show

PHASES = {
    Phase.WAIT: "waiting for the key",
    Phase.HASH: "reading and hashing",
    Phase.KEY: "signing with the key",
    Phase.STAGE: "writing a private copy",
    Phase.RECHECK: "verifying the copy",
    Phase.SYNC: "syncing to the disk",
    Phase.PUBLISH: "giving it its name",
}
MAX_DIGESTS = 1000
"""Most digests that are printed for people; --json has all."""


def order_lines(detail: JobDetail) -> Iterator[str]:
    """Yield what was ordered, as escaped lines."""
    time = datetime.fromtimestamp(detail.signing_time, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    yield f"Request (SHA-256) {detail.request_sha256}"
    yield f"Signing time      {time}"
    yield f"Ordered by        {show(detail.surface)}, user {detail.uid}, process {detail.pid}"
    for signer in detail.signers:
        yield f"Key {show(signer.key)}"
        yield f"  {show(signer.label)}, {show(signer.algorithm)}, {signer.protection.value}"
        yield f"  public key (SHA-256) {signer.spki_sha256}"
    for group in detail.commands:
        more = f" and {group.artifacts - 1} more" if group.artifacts > 1 else ""
        yield f"{group.format}: {show(group.first)}{more}"
        for signature in group.signatures:
            yield f"  {show(signature)}"
        for command in group.commands:
            yield f"  $ {show(shlex.join(command))}"


def digest_lines(steps: Sequence[StepRow]) -> Iterator[str]:
    """Yield the SHA-256 of what was published, as sha256sum prints it."""
    done = [each for each in steps if each.state is JobState.DONE and each.output_sha256]
    if done:
        yield ""
        yield "SHA-256 of the results:"
    for each in done[:MAX_DIGESTS]:
        digest = each.output_sha256.hex() if each.output_sha256 else ""
        yield f"  {digest}  {show(nearby(each.outputs[0]))}"
    if len(done) > MAX_DIGESTS:
        yield f"  and {len(done) - MAX_DIGESTS} more: --json has them all"


def counter_lines(steps: Sequence[StepRow]) -> Iterator[str]:
    """Yield the time of all artifacts together by phase; they run side by side."""
    spent: Counter[Phase] = Counter()
    for step in steps:
        for each in step.counters:
            spent[each.phase] += each.nanoseconds
    if spent:
        yield ""
        yield "Time of all artifacts together:"
    for phase in Phase:
        if phase in spent:
            yield f"  {spent[phase] / 1e6:10.1f} ms  {PHASES[phase]}"
