"""Builds the RPM that brings a keyring: rpmbuild with nothing of this machine in the package."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from signstation.errors import ToolFailed
from signstation.system.programs import Programs

TIMEOUT = 120.0
"""Seconds that rpmbuild may take: it packs two small files."""


def build_rpm(files: Mapping[str, bytes], time: int, scratch: Path) -> bytes:
    """Return the unsigned package of a spec, the first of ``files``, and its sources.

    ``scratch`` is an empty private directory, ``time`` the build time in Unix seconds. Blocks.
    Raises ToolMissing, ToolTimedOut and ToolFailed.
    """
    sources = scratch / "sources"
    sources.mkdir()
    for name, content in files.items():
        (sources / name).write_bytes(content)
    define = {
        "_topdir": str(scratch),
        "_sourcedir": str(sources),
        "_rpmdir": str(scratch / "rpms"),
        "_dbpath": str(scratch / "database"),
        "_buildhost": "localhost",
        "use_source_date_epoch_as_buildtime": "1",
        "clamp_mtime_to_source_date_epoch": "1",
    }
    options = [part for name, value in define.items() for part in ("--define", f"{name} {value}")]
    done = Programs(scratch).run(
        "rpmbuild",
        ("-bb", *options, str(sources / next(iter(files)))),
        environment={"SOURCE_DATE_EPOCH": str(time)},
        timeout=TIMEOUT,
        cwd=scratch,
    )
    built = sorted((scratch / "rpms").rglob("*.rpm"))
    if done.status != 0 or len(built) != 1:
        said = done.stderr.decode(errors="replace").strip().rsplit("\n", 1)[-1]
        raise ToolFailed(program="rpmbuild", exit_status=done.status, output=said[:500])
    return built[0].read_bytes()
