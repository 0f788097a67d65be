"""The one thing that the runner knows of time."""

from __future__ import annotations

from collections.abc import Callable

Clock = Callable[[], int]
"""Unix seconds, now."""
