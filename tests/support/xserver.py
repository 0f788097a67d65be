"""A private X server with a window manager, for the tests that need a real screen.

A process has one Qt platform, and that of the tests is `offscreen`: run the window under test as a
program of its own with the environment given here.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

SCREEN = "1280x720x24"
"""The smallest screen that signstation must fit (DESIGN.md section 9)."""

_DISPLAY_DIGITS = 16


@contextmanager
def x_server() -> Iterator[Mapping[str, str]]:
    """Start Xvfb and openbox; yields an environment for subprocess; stops both at the end.

    Blocks until the server answers; it picks a free display number by itself.
    """
    read_end, write_end = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write_end), "-screen", "0", SCREEN, "-nolisten", "tcp"],
        pass_fds=(write_end,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(write_end)
    with server, os.fdopen(read_end, "rb") as numbers:
        try:
            number = numbers.readline(_DISPLAY_DIGITS).decode("ascii").strip()
            if not number:
                message = "Xvfb ended before it had a display"
                raise RuntimeError(message)
            environment = {**os.environ, "DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"}
            manager = subprocess.Popen(
                ["openbox", "--sm-disable"],
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            with manager:
                try:
                    yield environment
                finally:
                    manager.terminate()
        finally:
            server.terminate()
