"""``signstation``: with a command it is the command line, alone it opens the window."""

from __future__ import annotations

import importlib
import os
import sys

from signstation.cli.variables import COMPLETE_VARIABLE
from signstation.effects import ExitStatus

_DISPLAYS = ("WAYLAND_DISPLAY", "DISPLAY", "QT_QPA_PLATFORM")
_NO_DISPLAY = """\
signstation: The window needs a display, and there is none here.
  Why: Neither WAYLAND_DISPLAY nor DISPLAY is set.
  Effect: Nothing was signed and no file was changed.
  Do: Use the command line: signstation --help
  Do: See everything at work: signstation demo
"""


def main() -> int:
    """Run and return the exit status."""
    arguments = sys.argv[1:]
    if arguments or COMPLETE_VARIABLE in os.environ:
        status: int = importlib.import_module("signstation.cli.main").main(arguments)
        return status
    return _window()


def _window() -> int:
    if not any(os.environ.get(name) for name in _DISPLAYS):
        sys.stderr.write(_NO_DISPLAY)
        return int(ExitStatus.HOST)
    # Neither is for the command line. The station's process first: it opens while Qt is imported.
    process = importlib.import_module("signstation.app.apart").for_window()
    try:
        status: int = importlib.import_module("signstation.gui.main").main(sys.argv, process)
    finally:
        process.close()
    return status


if __name__ == "__main__":
    sys.exit(main())
