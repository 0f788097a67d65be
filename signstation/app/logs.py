"""The station's log, and how a bug becomes an error with an id that finds its traceback there."""

from __future__ import annotations

import logging
import secrets
from contextlib import suppress
from pathlib import Path

from signstation.errors import Effect, InternalError

MAX_LOG = 4 * 1024 * 1024
"""Size in bytes from which the log is put aside at the next start; one older log is kept."""
_FORMAT = "%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s"
_LOG = logging.getLogger(__name__)
_NAME = "signstation.log"


def configure(home: Path, *, owner: bool) -> None:
    """Send what signstation's packages log to ``log/signstation.log`` of the state directory.

    Several processes append to one file; only the owner puts a large one aside. A log that cannot
    be written never stops the work.
    """
    directory = home / "log"
    path = directory / _NAME
    with suppress(OSError):
        directory.mkdir(mode=0o700, exist_ok=True)
        if owner and path.exists() and path.stat().st_size > MAX_LOG:
            path.replace(path.with_suffix(".log.1"))
        handler = logging.FileHandler(path, encoding="utf-8", errors="backslashreplace")
        path.chmod(0o600)
        handler.setFormatter(logging.Formatter(_FORMAT))
        logger = logging.getLogger("signstation")
        for old in tuple(logger.handlers):
            logger.removeHandler(old)
            old.close()
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)


def internal(error: BaseException) -> InternalError:
    """Log what escaped with its traceback and return the error that people see instead."""
    name = secrets.token_hex(4)
    _LOG.error("internal error %s", name, exc_info=error)
    return InternalError(id=name, effect=Effect.UNKNOWN)
