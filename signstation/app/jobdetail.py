"""What a job was ordered to do, exactly: its signers, and the real tools' equivalent commands."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from signstation.interfaces.format import Format, Packed
from signstation.jobs.rows import StoredJob
from signstation.jobs.runner import Runner
from signstation.jobs.sealed import Items
from signstation.model.asks import Compression
from signstation.model.jobdetail import JobCommands, JobDetail, JobSigner
from signstation.model.keys import Slot
from signstation.model.requests import COMPRESSION, RequestItem
from signstation.registry.plugins import load_formats
from signstation.reports.tables import SIGNATURES

Commands = tuple[tuple[str, ...], ...]


async def job_detail(runner: Runner, job: int) -> JobDetail:
    """Read a job's request. Raises UsageError where there is none, StoreDamaged."""
    row = await runner.job(job)
    stored = await runner.stored(job)
    return await asyncio.to_thread(_detail, stored, row.request_sha256)


def _detail(stored: StoredJob, request: bytes) -> JobDetail:
    signing = stored.signing
    return JobDetail(
        job=stored.id,
        request_sha256=request.hex(),
        signing_time=signing.request.signing_time,
        surface=signing.caller.surface,
        uid=signing.caller.uid,
        pid=signing.caller.pid,
        signers=tuple(
            JobSigner(
                key=str(each.key),
                label=each.label,
                algorithm=each.type.title,
                protection=each.protection,
                spki_sha256=each.spki_sha256.hex(),
            )
            for each in signing.profiles
        ),
        commands=_commands(stored, load_formats()),
    )


def _commands(stored: StoredJob, formats: Mapping[str, Format]) -> tuple[JobCommands, ...]:
    """Group artifacts that are signed alike: 100,000 of them have a few groups."""
    items = Items(stored.signing)
    groups: dict[tuple[object, ...], list[int]] = {}
    requested = stored.signing.request.items
    for ordinal, item in enumerate(requested):
        alike = (item.format, item.slots, item.options, dict(item.facts).get(COMPRESSION))
        groups.setdefault(alike, []).append(ordinal)
    found: list[JobCommands] = []
    for ordinals in groups.values():
        item, slots = requested[ordinals[0]], items.slots(ordinals[0])
        kind = formats.get(item.format)
        found.append(
            JobCommands(
                format=item.format,
                artifacts=len(ordinals),
                first=item.name,
                signatures=tuple(map(_words, slots)),
                commands=_by_hand(kind, item, slots) if kind else (),
            )
        )
    return tuple(found)


def _by_hand(kind: Format, item: RequestItem, slots: tuple[Slot, ...]) -> Commands:
    compression = dict(item.facts).get(COMPRESSION)
    if compression is not None and isinstance(kind, Packed):
        return kind.commands_inside(Compression(compression), slots, item.options)
    return kind.commands(slots, item.options)


def _words(slot: Slot) -> str:
    return f"{SIGNATURES[slot.kind]}, {slot.hash.title}, by {slot.signer.key}"
