"""What nobody expected: logged once with its traceback, and told by an id that finds it there."""

from __future__ import annotations

import logging
import uuid

from signstation.effects import Effect
from signstation.errors import InternalError

_LOG = logging.getLogger(__name__)


def bug(error: BaseException) -> InternalError:
    """Log an unexpected exception and return the error that stands for it."""
    ident = uuid.uuid4().hex
    _LOG.error("internal error %s", ident, exc_info=error)
    return InternalError(id=ident, effect=Effect.UNKNOWN)
