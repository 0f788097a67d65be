"""The JSON objects of ``signstation station``: backups, and what was cleared away."""

from __future__ import annotations

from pathlib import Path

from signstation.app.backup import Contents
from signstation.app.retention import Freed
from signstation.cli.objects import head
from signstation.reports.verification import Json


def backup_json(contents: Contents, path: Path, beside: str | None) -> Json:
    """Return a backup that was written or restored; ``beside``: where an old state lies now."""
    return {
        **head("backup"),
        "path": str(path),
        "made": contents.made,
        "program": contents.program,
        "with_keys": contents.with_keys,
        "files": len(contents.files),
        "size": sum(each.size for each in contents.files),
        "kept_beside": beside,
    }


def pruned_json(freed: Freed, *, removed: bool) -> Json:
    """Return what is old of one kind; ``removed`` is false where it was only looked at."""
    return {
        **head("pruned"),
        "kind": freed.kind.value,
        "count": freed.count,
        "size": freed.size,
        "removed": removed,
    }
