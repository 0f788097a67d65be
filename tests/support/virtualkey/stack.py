"""A private pcscd with test YubiKeys in it, in name spaces of its own; fixtures use ``Stack``."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

READER = "Yubico YubiKey OTP+FIDO+CCID 00 00"
"""The first slot of the reader, as PC/SC names it."""

_TREE = Path(__file__).resolve().parents[3]
_PORT = 35963  # compiled into vpcd; the name space is the stack's own
_WAIT_SECONDS = 30
_READER_FILE = """FRIENDLYNAME "Yubico YubiKey OTP+FIDO+CCID"
DEVICENAME /dev/null:0x8C7B
LIBPATH {library}
CHANNELID 0x8C7B
"""
_SCRIPT = """ip link set lo up
mkdir -p /run/pcscd
mount --bind "$1/run" /run/pcscd
shift
{ cd "$1" && exec "$2" -m tests.support.virtualkey "$3" "$4" "$5" "$6"; } &
exec pcscd --foreground --error --config "$7"
"""


class Handle:
    """What a test does to the key by hand: pull it, touch it, break it, look at it."""

    def __init__(self, path: Path) -> None:
        """``path`` is the control socket."""
        self._path = path

    def _order(self, **order: object) -> object:
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(self._path))
            with line.makefile("rw", encoding="utf-8") as text:
                text.write(json.dumps(order) + "\n")
                text.flush()
                return json.loads(text.readline())

    def eject(self) -> None:
        """Pull it out."""
        self._order(do="eject")

    def insert(self) -> None:
        """Put it back."""
        self._order(do="insert")

    def finger(self, what: str) -> None:
        """Say what the person does from now on: touches, refuses, away."""
        self._order(do="finger", finger=what)

    def blinked(self, times: int = 1) -> bool:
        """Wait until it asked for a touch so many times."""
        return bool(self._order(do="touched", times=times, seconds=_WAIT_SECONDS))

    def fault(self, instruction: int, status: int, times: int = 1) -> None:
        """Let it answer an instruction with another status word."""
        self._order(do="fault", instruction=instruction, status=status, times=times)

    def state(self) -> dict[str, Any]:
        """Return tries left, signature counter, origins of the keys, counts, last commands."""
        found = self._order(do="state")
        assert isinstance(found, dict)
        return found


class Stack:
    """pcscd, vpcd and one YubiKey; ``environment`` is what a client needs to reach them."""

    def __init__(self, serial: int = 12345678, firmware: str = "5.7.1") -> None:
        """Start in a new directory with a short name (Unix sockets)."""
        self.directory = Path(tempfile.mkdtemp(prefix="vk-", dir="/tmp"))
        (self.directory / "run").mkdir()
        readers = self.directory / "readers"
        readers.mkdir()
        library = next(Path("/usr/lib").glob("**/pcsc/drivers/serial/libifdvpcd.so"))
        (readers / "vpcd").write_text(_READER_FILE.format(library=library))
        control = self.directory / "control"
        self.environment = {"PCSCLITE_CSOCK_NAME": str(self.directory / "run" / "pcscd.comm")}
        with (self.directory / "log").open("wb") as log:
            self._process = subprocess.Popen(
                ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
                 "--propagation", "private", "sh", "-ec", _SCRIPT, "stack", str(self.directory),
                 str(_TREE), sys.executable, str(_PORT), str(control), str(serial), firmware,
                 str(readers)],
                stdout=log, stderr=log, env=os.environ | {"PYTHONPATH": str(_TREE)},
            )  # fmt: skip
        self.key = Handle(control)
        self._until_ready(control)

    def _until_ready(self, control: Path) -> None:
        end = time.monotonic() + _WAIT_SECONDS
        pcscd = Path(self.environment["PCSCLITE_CSOCK_NAME"])
        while time.monotonic() < end and self._process.poll() is None:
            if pcscd.exists() and control.exists() and self._asked():
                return
            time.sleep(0.02)
        log = (self.directory / "log").read_text(errors="replace")
        self.close()
        raise AssertionError(f"the test reader did not start: {log}")

    def _asked(self) -> bool:
        """Whether pcscd has powered the card, so that a client will see it."""
        with suppress(OSError, ValueError):
            found = subprocess.run(
                ["opensc-tool", "--list-readers"], check=False, capture_output=True, text=True,
                env=os.environ | self.environment, timeout=_WAIT_SECONDS,
            )  # fmt: skip
            return any(line.split()[:2] == ["0", "Yes"] for line in found.stdout.splitlines())
        return False

    def close(self) -> None:
        """Kill everything inside; unshare ignores SIGTERM."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()
