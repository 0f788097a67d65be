"""Reading a small file that a person named, bounded and only when it is a regular file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from signstation.errors import LimitReached, NotARegularFile
from signstation.system.files import reading_error, shown


def read_file(path: Path, limit: int) -> bytes:
    """Return the content. Blocks.

    Raises PathMissing, ArtifactUnreadable, NotARegularFile, and LimitReached above ``limit`` bytes.
    """
    try:
        # Non-blocking, so that a named pipe without a writer does not hold us up.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise NotARegularFile(path=shown(path), kind="special file")
            content = file.read(limit + 1)
    except OSError as error:
        raise reading_error(error, path) from error
    if len(content) > limit:
        raise LimitReached(what=f"bytes of {shown(path)}", limit=limit)
    return content
