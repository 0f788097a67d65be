"""Environment variables that only the command line knows."""

from __future__ import annotations

COMPLETE_VARIABLE = "_SIGNSTATION_COMPLETE"
"""By it a shell asks for completions, without arguments; click's rule."""
