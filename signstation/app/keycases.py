"""Making, taking in and giving out keys, and pinning own keys in the station's trust."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path

from signstation.app.durable import write_file
from signstation.app.reading import read_file
from signstation.app.recording import Notes
from signstation.app.trust import TrustSource
from signstation.app.trustpins import identities_of
from signstation.errors import CertificateMissing, RecheckFailed
from signstation.interfaces.workers import KeyWorkers
from signstation.model.keys import KeyInfo, KeyRef, KeyState
from signstation.model.orders import CertificateForm, CertifyOrder, GenerateOrder, X509Use
from signstation.model.trust import Purpose
from signstation.signatures.softwarekey_file import stem_of
from signstation.system.files import shown, writing

GENERATED = "generated on this station"
IMPORTED = "imported on this station"
"""Sources of the pins of own keys."""
MAX_KEY_FILE = 16 * 1024 * 1024
"""Largest key file in bytes that is taken in: a distribution's whole keyring has 5 MB."""
MAX_EXPORT = 16 * 1024 * 1024
"""Largest public half in bytes that is read back after an export."""
MODULES_USAGE = "kernel-modules"
"""The usage of a certificate that is for kernel modules only (``KeyInfo.usages``)."""
CERTIFICATES = (".gpg", ".der", ".allowed_signers")
"""Suffixes of what a store exports that hold exactly the certificate or the line of the key."""
MAX_STEM = 64
"""Most characters of an exported file's name without its suffix."""
_MAIL = re.compile(r"<([^<>@]+)@[^<>@]+>$")
_NOT_OWN = KeyState.PUBLIC_ONLY
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


async def generate(
    keys: KeyWorkers, trust: TrustSource, order: GenerateOrder, notes: Notes
) -> tuple[KeyInfo, ...]:
    """Make a key, record that, and pin it."""
    made = await keys.generate(order)
    await _record(notes, "generated", made)
    await _pin(keys, trust, made, GENERATED, notes)
    return made


async def import_key(
    keys: KeyWorkers, trust: TrustSource, store: str, path: Path, notes: Notes
) -> tuple[KeyInfo, ...]:
    """Take a key or certificate in and record that; only a key of our own is pinned."""
    material = await asyncio.to_thread(read_file, path, MAX_KEY_FILE)
    taken = await keys.import_key(store, material)
    await _record(notes, "imported", taken)
    await _pin(keys, trust, taken, IMPORTED, notes)
    return taken


async def certify(
    keys: KeyWorkers, trust: TrustSource, order: CertifyOrder, notes: Notes
) -> tuple[Path, ...]:
    """Have a key sign its own certificate, pin that, and write it; a request is only written.

    Raises OutputExists, DiskFull, NotWritable, RecheckFailed, and what the key raises.
    """
    parts = await keys.certify(order)
    stem = file_stem(KeyRef(order.key.store, stem_of(order.name)), order.name)
    await notes.key(
        "request made" if order.form is CertificateForm.REQUEST else "certificate made",
        order.key,
        form=order.form.value,
        directory=shown(order.output),
    )
    if order.form is not CertificateForm.REQUEST:
        materials = [(order.name, part) for suffix, part in parts if suffix in CERTIFICATES]
        await _pin_materials(trust, materials, GENERATED, notes, modules=_for_modules(order))
    return await asyncio.to_thread(_write_all, order.output, stem, parts, replace=order.replace)


def _for_modules(order: CertifyOrder) -> bool:
    return order.form is CertificateForm.X509 and order.usage is X509Use.MODULES


async def export_key(
    keys: KeyWorkers, key: KeyRef, directory: Path, notes: Notes, *, replace: bool
) -> tuple[Path, ...]:
    """Write the public half, each form under the key's name, and read it back.

    Recorded before it is written. Raises OutputExists, DiskFull, NotWritable, RecheckFailed.
    """
    parts = await keys.export(key)
    labels = {each.key: each.label for each in await keys.list_keys()}
    stem = file_stem(key, labels.get(key, ""))
    await notes.key("public half exported", key, directory=shown(directory))
    return await asyncio.to_thread(_write_all, directory, stem, parts, replace=replace)


async def _record(notes: Notes, change: str, infos: Sequence[KeyInfo]) -> None:
    for info in infos:
        await notes.key(
            change,
            info.key,
            label=info.label,
            fingerprint=info.fingerprint,
            private="no" if info.state is _NOT_OWN else "yes",
        )


def file_stem(key: KeyRef, label: str) -> str:
    """Return a file name for a key: before the @ of its mail address, else the key's own name.

    ASCII letters, digits, dots, hyphens and underscores only, and never a leading dot.
    """
    mail = _MAIL.search(label)
    stem = mail[1] if mail else Path(key.locator).stem
    return _UNSAFE.sub("-", stem)[:MAX_STEM].strip(".-") or "key"


async def _pin(
    keys: KeyWorkers, trust: TrustSource, infos: Sequence[KeyInfo], source: str, notes: Notes
) -> None:
    """Pin the certificates of own keys; one without certificate vouches for nothing.

    A primary key whose private half is elsewhere is our own when one of its subkeys is here.
    """
    own = {info.parent or info.key: info for info in infos if info.state is not _NOT_OWN}
    for key, info in own.items():
        try:
            parts = await keys.export(key)
        except CertificateMissing:
            continue
        materials = [(info.label, part) for suffix, part in parts if suffix in CERTIFICATES]
        modules = info.usages == (MODULES_USAGE,)
        if materials:
            await _pin_materials(trust, materials, source, notes, modules=modules)


async def _pin_materials(
    trust: TrustSource,
    materials: Sequence[tuple[str, bytes]],
    source: str,
    notes: Notes,
    *,
    modules: bool,
) -> None:
    purpose = Purpose.KERNEL_MODULES if modules else Purpose.ANY
    prepared = await trust.prepare(materials)
    for identity in identities_of(prepared):
        await notes.trust("pinned", identity, source=source, purposes=purpose.value)
    await trust.keep(prepared, trust.origin(source), (purpose,))


def _write_all(
    directory: Path, stem: str, parts: Sequence[tuple[str, bytes]], *, replace: bool
) -> tuple[Path, ...]:
    with writing(directory):
        directory.mkdir(parents=True, exist_ok=True)
    paths = tuple(directory / f"{stem}{suffix}" for suffix, _ in parts)
    for path, (_, content) in zip(paths, parts, strict=True):
        write_file(path, content, mode=0o644, replace=replace)
        if read_file(path, MAX_EXPORT) != content:
            raise RecheckFailed(path=str(path), reason="the file is not what was written")
    return paths
