"""The station's log: one file in the state directory, small and private."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

MAX_LOG = 4 * 1024 * 1024
"""Size in bytes from which the log is put aside at the next start; one older log is kept."""
_FORMAT = "%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s"
_NAME = "signstation.log"


def attach(home: Path, *, owner: bool) -> Callable[[], None]:
    """Send what signstation's packages log to ``log/signstation.log`` of the state directory.

    Returns the call that ends it. Several processes append to one file; only the owner puts a large
    one aside. A log that cannot be written never stops the work.
    """
    logger = logging.getLogger("signstation")
    handler = _handler(home / "log", owner=owner)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)

    def detach() -> None:
        logger.removeHandler(handler)
        handler.close()

    return detach


def _handler(directory: Path, *, owner: bool) -> logging.Handler:
    path = directory / _NAME
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        if owner and path.exists() and path.stat().st_size > MAX_LOG:
            path.replace(path.with_suffix(".log.1"))
        handler = logging.FileHandler(path, encoding="utf-8", errors="backslashreplace")
        path.chmod(0o600)
    except OSError:
        return logging.NullHandler()
    handler.setFormatter(logging.Formatter(_FORMAT))
    return handler
